//! Who did what: a row for each act that others must be able to look up later (SPEC §6). Without secrets and message texts.

use serde_json::{Map, Value, json};

use crate::domain::{Agent, AgentId, ContactId, Permission, To};
use crate::engine::turn::Turn;
use crate::engine::{AdminCommand, AuditRow, Command, ContactCommand, SuperviseCommand, Watched};

/// An act as it will be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Act {
    action: &'static str,
    /// On what: an id or a name.
    object: String,
    detail: Value,
}

impl Act {
    pub(super) fn new(action: &'static str, object: &(impl ToString + ?Sized)) -> Self {
        Self { action, object: object.to_string(), detail: Value::Null }
    }

    fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

impl Turn<'_> {
    /// Writes an act down. `None`: the operator on the command line, or the server by itself.
    pub(super) fn audit(&mut self, agent_id: Option<AgentId>, act: Act) {
        let Act { action, object, detail } = act;
        let detail = if detail.is_null() { String::new() } else { detail.to_string() };
        let row = AuditRow {
            audit_id: self.next_id(),
            time: self.now,
            agent_id,
            action: action.to_owned(),
            object,
            detail,
        };
        self.rows.audit.push(row);
    }
}

/// The act that a command is, if it is one; most are everyday work.
pub(super) fn of_command(agent: &Agent, command: &Command) -> Option<Act> {
    match command {
        // Not to which address: that is a person's.
        Command::SendTranscript { interaction_id, .. } => Some(Act::new("transcript.send", interaction_id)),
        Command::ChangePassword { .. } => Some(Act::new("agent.password", &agent.login)),
        Command::Supervise(command) => of_supervisor(command),
        Command::Contact(command) => of_contact(command),
        Command::StartSession
        | Command::SetState { .. }
        | Command::Inbox
        | Command::Get { .. }
        | Command::Why { .. }
        | Command::Accept { .. }
        | Command::Refuse { .. }
        | Command::Pull { .. }
        | Command::Send { .. }
        | Command::Retry { .. }
        | Command::SetTranslation { .. }
        | Command::Translate { .. }
        | Command::React { .. }
        | Command::MarkRead { .. }
        | Command::Typing { .. }
        | Command::SaveDraft { .. }
        | Command::SetOutcome { .. }
        | Command::Close { .. }
        | Command::Detach { .. }
        // Who gave work to whom is told by the work's own events.
        | Command::Share(_)
        | Command::AddNote { .. }
        | Command::AddTag { .. }
        | Command::RemoveTag { .. }
        | Command::ListTags { .. }
        | Command::ExtendTimer { .. }
        | Command::Prefill { .. }
        | Command::Star { .. }
        | Command::ReadCredentials
        | Command::ListTemplates { .. }
        | Command::StartOutbound { .. }
        | Command::Convert(_)
        | Command::Snooze { .. }
        | Command::Snoozed
        | Command::Directory { .. }
        | Command::AddMedia { .. }
        | Command::Search
        | Command::Bot(_)
        | Command::ReadMedia { .. }
        // Written where its caller is known, also when it is the operator.
        | Command::Administer(_) => None,
    }
}

/// Supervisors act on others' work and on others: all of it is written down, also whom they watch.
fn of_supervisor(command: &SuperviseCommand) -> Option<Act> {
    Some(match command {
        SuperviseCommand::Watch { what, on } => {
            let object = match what {
                Watched::Interaction(interaction_id) => interaction_id.to_string(),
                Watched::Skill(skill) => skill.to_string(),
                Watched::All => "all".to_owned(),
            };
            Act::new("supervise.watch", &object).with(json!({ "on": on }))
        }
        SuperviseCommand::Reassign { interaction_id, to } => {
            let to = match to {
                To::Agent(agent_id) => json!({ "agent": agent_id.to_string() }),
                To::Skill(skill) => json!({ "skill": skill }),
                To::Team(team) => json!({ "team": team }),
            };
            Act::new("supervise.reassign", interaction_id).with(json!({ "to": to }))
        }
        SuperviseCommand::TakeOver { interaction_id } => Act::new("supervise.take_over", interaction_id),
        SuperviseCommand::SetAgentState { agent_id, state, .. } => {
            Act::new("supervise.set_agent_state", agent_id).with(json!({ "state": state.as_str() }))
        }
        SuperviseCommand::Board | SuperviseCommand::List(_) => return None,
    })
}

/// What changes who a person is, or whether it is heard. Its attributes change every day.
fn of_contact(command: &ContactCommand) -> Option<Act> {
    let into = |into: &ContactId| json!({ "into": into.to_string() });
    Some(match command {
        ContactCommand::Merge { contact_id, into: other } => {
            Act::new("contact.merge", contact_id).with(into(other))
        }
        ContactCommand::Part { contact_id, into: other } => {
            Act::new("contact.part", contact_id).with(into(other))
        }
        ContactCommand::Block { contact_id, blocked } => {
            Act::new("contact.block", contact_id).with(json!({ "blocked": blocked }))
        }
        ContactCommand::OptOut { contact_id, opted_out } => {
            Act::new("contact.opt_out", contact_id).with(json!({ "opted_out": opted_out }))
        }
        ContactCommand::Get { .. } | ContactCommand::Save { .. } => return None,
    })
}

/// The act that an administrator's command is; lists are none.
pub(super) fn of_admin(command: &AdminCommand) -> Option<Act> {
    Some(match command {
        AdminCommand::SaveAgent { login, removed: true, .. } | AdminCommand::RemoveAgent { login } => {
            Act::new("agent.remove", login)
        }
        AdminCommand::SaveAgent { login, name, role, password_hash, skills, teams, capacity, .. } => {
            let mut changed = Map::new();
            if let Some(role) = role {
                changed.insert("role".into(), role.as_str().into());
            }
            if let Some(skills) = skills {
                changed.insert("skills".into(), json!(skills));
            }
            if let Some(teams) = teams {
                changed.insert("teams".into(), json!(teams));
            }
            for (field, given) in [
                ("name", name.is_some()),
                ("password", password_hash.is_some()),
                ("capacity", capacity.is_some()),
            ] {
                if given {
                    changed.insert(field.into(), true.into());
                }
            }
            Act::new("agent.save", login).with(Value::Object(changed))
        }
        AdminCommand::ResetPassword { login, .. } => Act::new("agent.password", login),
        AdminCommand::SaveRole(role) => {
            let detail = json!({ "permissions": role.permissions, "kinds": role.kinds });
            Act::new("role.save", &role.role).with(detail)
        }
        AdminCommand::RemoveRole { role } => Act::new("role.remove", role),
        AdminCommand::SaveSkill(skill) => Act::new("skill.save", &skill.skill),
        AdminCommand::RemoveSkill { skill } => Act::new("skill.remove", skill),
        AdminCommand::SaveDispositions { skill, .. } => Act::new("dispositions.save", skill),
        AdminCommand::SaveTeam(team) => Act::new("team.save", &team.team),
        AdminCommand::RemoveTeam { team } => Act::new("team.remove", team),
        AdminCommand::AddToken { name, login, .. } => {
            Act::new("token.add", name).with(json!({ "login": login }))
        }
        AdminCommand::RevokeToken { name } => Act::new("token.revoke", name),
        AdminCommand::SaveContact { contact_id, vip, blocked, .. } => {
            Act::new("contact.save", contact_id).with(json!({ "vip": vip, "blocked": blocked }))
        }
        AdminCommand::TestChannel { channel_id } => Act::new("channel.test", channel_id),
        AdminCommand::ReloadScripts => Act::new("scripts.reload", ""),
        AdminCommand::SaveScript { name } => Act::new("script.save", name),
        AdminCommand::RollScriptsBack { generation } => Act::new("scripts.rollback", generation),
        AdminCommand::ExportContact { contact_id } => Act::new("contact.export", contact_id),
        AdminCommand::EraseContact { contact_id } => Act::new("contact.erase", contact_id),
        AdminCommand::Export { what } => Act::new("export", what),
        AdminCommand::ListAgents
        | AdminCommand::ListRoles
        | AdminCommand::ListSkills
        | AdminCommand::ListTeams
        | AdminCommand::ListChannels
        | AdminCommand::ListTokens
        | AdminCommand::ReadAudit
        | AdminCommand::ReadRetention
        | AdminCommand::ReadReport
        | AdminCommand::MayExport => return None,
    })
}

/// What an administrator's command needs.
pub(super) fn needed(command: &AdminCommand) -> Permission {
    match command {
        AdminCommand::ExportContact { .. } | AdminCommand::Export { .. } | AdminCommand::MayExport => {
            Permission::Export
        }
        AdminCommand::EraseContact { .. } => Permission::Erase,
        AdminCommand::ReadReport => Permission::Report,
        AdminCommand::SaveAgent { .. }
        | AdminCommand::RemoveAgent { .. }
        | AdminCommand::ResetPassword { .. }
        | AdminCommand::SaveRole(_)
        | AdminCommand::RemoveRole { .. }
        | AdminCommand::SaveSkill(_)
        | AdminCommand::RemoveSkill { .. }
        | AdminCommand::SaveDispositions { .. }
        | AdminCommand::SaveTeam(_)
        | AdminCommand::RemoveTeam { .. }
        | AdminCommand::AddToken { .. }
        | AdminCommand::RevokeToken { .. }
        | AdminCommand::SaveContact { .. }
        | AdminCommand::TestChannel { .. }
        | AdminCommand::ReloadScripts
        | AdminCommand::SaveScript { .. }
        | AdminCommand::RollScriptsBack { .. }
        | AdminCommand::ListAgents
        | AdminCommand::ListRoles
        | AdminCommand::ListSkills
        | AdminCommand::ListTeams
        | AdminCommand::ListChannels
        | AdminCommand::ListTokens
        | AdminCommand::ReadAudit
        | AdminCommand::ReadRetention => Permission::Administer,
    }
}
