//! People, skills, teams, tokens and contacts: what an administrator or the operator changes (SPEC §6).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::audit;
use crate::domain::{
    Agent, AgentId, AgentState, Capacity, ContactId, Ownership, Permission, RoleId, Skill, SkillLevel, Span,
    Target, Team, TeamId, Waiting, Watching,
};
use crate::engine::limits::{CAPACITY, DISPOSITION_CHARS, DISPOSITIONS, NAME_CHARS, SKILLS_PER_AGENT, fits};
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::Desk;
use crate::engine::{
    AdminCommand, Answer, Audience, Effect, EventKind, Refusal, RefusalKind, Reply, TokenRow,
};

/// Units of work a new agent may hold.
const CAPACITY_DEFAULT: u32 = 5;

/// What to change of an agent; what is `None` stays.
pub(super) struct Changes {
    login: String,
    name: Option<String>,
    role: Option<RoleId>,
    password_hash: Option<String>,
    skills: Option<Vec<SkillLevel>>,
    teams: Option<BTreeSet<TeamId>>,
    capacity: Option<Capacity>,
    removed: bool,
}

impl Changes {
    /// It is removed, and stays as it was otherwise.
    pub(super) fn removal(login: String) -> Self {
        Self {
            login,
            name: None,
            role: None,
            password_hash: None,
            skills: None,
            teams: None,
            capacity: None,
            removed: true,
        }
    }
}

impl Turn<'_> {
    pub(super) fn administer_by(&mut self, agent: &Agent, command: AdminCommand) -> Reply {
        // Names of colleagues, skills and teams are no secret; the rest is the administrators' business.
        let lists = matches!(
            command,
            AdminCommand::ListAgents
                | AdminCommand::ListRoles
                | AdminCommand::ListSkills
                | AdminCommand::ListTeams
        );
        let supervises = self.may(agent, Permission::Supervise);
        let permission = if lists && supervises { Permission::Supervise } else { audit::needed(&command) };
        self.permit(agent, permission)?;
        self.administer(Some(agent.agent_id), command)
    }

    /// Carries a command out and writes it down. `None`: the operator, or the server by itself.
    pub(super) fn administer(&mut self, by: Option<AgentId>, command: AdminCommand) -> Reply {
        let act = audit::of_admin(&command);
        let answer = self.change(by, command)?;
        if let Some(act) = act {
            self.audit(by, act);
        }
        Ok(answer)
    }

    fn change(&mut self, by: Option<AgentId>, command: AdminCommand) -> Reply {
        match command {
            AdminCommand::SaveAgent {
                login,
                name,
                role,
                password_hash,
                skills,
                teams,
                capacity,
                removed,
            } => self.save_agent(Changes {
                login,
                name,
                role,
                password_hash,
                skills,
                teams,
                capacity,
                removed,
            }),
            AdminCommand::SaveRole(role) => self.save_role(role),
            AdminCommand::RemoveRole { role } => self.remove_role(&role),
            AdminCommand::ListRoles => Ok(self.list_roles()),
            AdminCommand::SaveSkill(skill) => self.save_skill(skill),
            AdminCommand::SaveTeam(team) => self.save_team(team),
            AdminCommand::AddToken { name, login, hash } => self.add_token(name, &login, hash),
            AdminCommand::RevokeToken { name } => self.revoke_token(&name),
            AdminCommand::ListAgents => {
                let desks = self.world.desks.values().filter(|desk| !desk.agent.removed);
                Ok(Answer::Agents(desks.map(|desk| (Arc::clone(&desk.agent), desk.load)).collect()))
            }
            AdminCommand::ListSkills => Ok(Answer::Skills(self.world.skills.values().cloned().collect())),
            AdminCommand::ListTeams => Ok(Answer::Teams(self.world.teams.values().cloned().collect())),
            AdminCommand::RemoveAgent { login } => self.remove_agent(by, login),
            AdminCommand::ResetPassword { login, password_hash } => {
                self.reset_password(&login, password_hash)
            }
            AdminCommand::RemoveSkill { skill } => self.remove_skill(&skill),
            AdminCommand::SaveDispositions { skill, dispositions, required } => {
                self.save_dispositions(&skill, dispositions, required)
            }
            AdminCommand::RemoveTeam { team } => self.remove_team(&team),
            AdminCommand::ListChannels => Ok(self.list_channels()),
            AdminCommand::ListTokens => Ok(self.list_tokens()),
            AdminCommand::TestChannel { channel_id } => self.known_channel(&channel_id),
            AdminCommand::ReadRetention => Ok(Answer::Retention(self.world.retention)),
            AdminCommand::ReloadScripts
            | AdminCommand::SaveScript { .. }
            | AdminCommand::RollScriptsBack { .. }
            | AdminCommand::ReadAudit
            | AdminCommand::ReadReport
            | AdminCommand::MayExport
            | AdminCommand::Export { .. } => Ok(Answer::Done),
            AdminCommand::ExportContact { contact_id } => self.known_contact(contact_id),
            AdminCommand::EraseContact { contact_id } => self.erase_contact(contact_id),
            AdminCommand::SaveContact { contact_id, name, language, vip, blocked } => {
                self.save_contact(contact_id, name, language, (vip, blocked))
            }
        }
    }

    pub(super) fn save_agent(&mut self, changes: Changes) -> Reply {
        self.check_agent(&changes)?;
        let known = self.world.by_login.get(&changes.login).copied();
        if known.is_none() && changes.removed {
            return refuse(RefusalKind::NotFound, format!("there is no agent {:?}", changes.login));
        }
        let agent_id = match known {
            Some(agent_id) => agent_id,
            None => self.new_agent(&changes.login),
        };
        let rights = |agent: &Agent| (agent.role.clone(), agent.removed, agent.password_hash.clone());
        let before = self.world.agent(agent_id).map(rights);
        let removed = changes.removed;
        self.edit_agent(agent_id, |agent| {
            agent.name = changes.name.unwrap_or_else(|| std::mem::take(&mut agent.name));
            agent.role = changes.role.unwrap_or_else(|| agent.role.clone());
            agent.password_hash =
                changes.password_hash.unwrap_or_else(|| std::mem::take(&mut agent.password_hash));
            agent.skills = changes.skills.unwrap_or_else(|| std::mem::take(&mut agent.skills));
            agent.teams = changes.teams.unwrap_or_else(|| std::mem::take(&mut agent.teams));
            agent.capacity = changes.capacity.unwrap_or_else(|| agent.capacity.clone());
            agent.removed = removed;
        });
        self.world.index.touched_agents.insert(agent_id);
        let skills = self.world.agent(agent_id).map(|agent| agent.skills.clone()).unwrap_or_default();
        self.world.index.changed_queues.extend(skills.into_iter().map(|held| held.skill));
        if let Some(role) = self.world.agent(agent_id).map(|agent| self.world.role(&agent.role)) {
            self.world.with_desk(agent_id, |desk| desk.role = role);
        }
        self.agent_changed(agent_id);
        if known.is_some() && before != self.world.agent(agent_id).map(rights) {
            self.rights_changed(agent_id);
        }
        self.world.find_watchers();
        if removed {
            self.release_work(agent_id);
        }
        self.duty_changed(agent_id);
        Ok(self.agent_answer(agent_id))
    }

    fn check_agent(&self, changes: &Changes) -> Result<(), Refusal> {
        let login = &changes.login;
        let plain = !login.is_empty()
            && login.len() <= 64
            && login.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte));
        if !plain {
            let message = "a login has 1 to 64 letters, digits or - _ . @ +";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("login"));
        }
        if login.starts_with(super::bot::MARK) {
            let message = "a login that begins with @ is a bot's; bots come with plugins";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("login"));
        }
        if let Some(name) = &changes.name {
            fits("name", name, NAME_CHARS)?;
        }
        if let Some(role) = changes.role.as_ref().filter(|role| !self.role_exists(role)) {
            return Err(Refusal::new(RefusalKind::Invalid, format!("there is no role {role}")).field("role"));
        }
        let skills = changes.skills.as_deref().unwrap_or_default();
        if skills.len() > SKILLS_PER_AGENT {
            let message = format!("at most {SKILLS_PER_AGENT} skills");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("skills"));
        }
        let mut seen = BTreeSet::new();
        for held in skills {
            let problem = if !self.world.skills.contains_key(&held.skill) {
                format!("there is no skill {}", held.skill)
            } else if !(1..=10).contains(&held.level) {
                format!("the level of {} must be 1 to 10", held.skill)
            } else if !seen.insert(&held.skill) {
                format!("the skill {} is named twice", held.skill)
            } else {
                continue;
            };
            return Err(Refusal::new(RefusalKind::Invalid, problem).field("skills"));
        }
        if let Some(team) = changes.teams.iter().flatten().find(|team| !self.world.teams.contains_key(*team))
        {
            return Err(Refusal::new(RefusalKind::Invalid, format!("there is no team {team}")).field("teams"));
        }
        let units = changes
            .capacity
            .iter()
            .flat_map(|capacity| std::iter::once(capacity.total).chain(capacity.per_kind.values().copied()));
        if units.max().is_some_and(|units| units > CAPACITY) {
            let message = format!("a capacity is at most {CAPACITY}");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("capacity"));
        }
        Ok(())
    }

    fn new_agent(&mut self, login: &str) -> AgentId {
        let agent_id = AgentId(self.next_id());
        let agent = Agent {
            agent_id,
            login: login.to_owned(),
            name: login.to_owned(),
            bot: false,
            role: RoleId::agent(),
            password_hash: String::new(),
            skills: Vec::new(),
            teams: BTreeSet::new(),
            capacity: Capacity { total: CAPACITY_DEFAULT, per_kind: BTreeMap::new() },
            state: AgentState::Offline,
            reason: None,
            state_since: self.now,
            idle_since: self.now,
            missed_offers: 0,
            watching: Watching::default(),
            removed: false,
        };
        let desk = Desk::new(agent, self.world.role(&RoleId::agent()));
        self.world.index.rank(&desk);
        self.world.desks.insert(agent_id, desk);
        self.world.by_login.insert(login.to_owned(), agent_id);
        agent_id
    }

    /// Rights changed or ended: open sockets close and begin afresh.
    pub(super) fn revoke(&mut self, agent_id: AgentId) {
        let audience = Audience { agents: vec![agent_id], supervisors: false, administrators: true };
        self.global_event(EventKind::AgentRevoked { agent_id }, audience, Some(agent_id));
        self.effects.push(Effect::CloseSockets { agent_id });
    }

    /// A removed agent's work goes back to its queues.
    pub(super) fn release_work(&mut self, agent_id: AgentId) {
        let Some(desk) = self.world.desks.get(&agent_id) else { return };
        let held: Vec<_> = desk.holds.iter().copied().collect();
        let consults: Vec<_> = desk.consults.iter().copied().collect();
        for interaction_id in consults {
            self.consult_ends(interaction_id, agent_id, "removed");
        }
        for interaction_id in held {
            let Some(row) = self.world.work(interaction_id).cloned() else { continue };
            if row.transfer.is_some_and(|transfer| transfer.to == agent_id) {
                self.end_proposal(interaction_id, "withdrawn");
            } else if row.ownership == Ownership::Offered {
                self.end_offer(interaction_id, "withdrawn");
            } else if crate::engine::world::index::is_done(row.status) {
                self.detach(interaction_id);
            } else {
                let skill = row.skill.clone().or_else(|| self.default_skill());
                let target = skill.map_or_else(
                    || Target::Hold("no_skill".to_owned()),
                    |skill| Target::Skill { skill, level: 1 },
                );
                let since = row.unanswered_since.unwrap_or(self.now);
                let waiting = Waiting {
                    target,
                    priority: 0,
                    since,
                    until: None,
                    otherwise: None,
                    not_before: Vec::new(),
                };
                self.queue(interaction_id, waiting);
                self.check_duty(interaction_id);
            }
        }
    }

    fn save_skill(&mut self, skill: Skill) -> Reply {
        fits("title", &skill.title, NAME_CHARS)?;
        if skill.offer < Span::seconds(5) || skill.offer > Span::hours(1) {
            let message = "an offer waits at least 5s and at most 1h";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("offer"));
        }
        if skill.dispositions.len() > DISPOSITIONS {
            let message = format!("at most {DISPOSITIONS} dispositions");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("dispositions"));
        }
        skill.dispositions.iter().try_for_each(|text| fits("dispositions", text, DISPOSITION_CHARS))?;
        self.world.index.changed_queues.insert(skill.skill.clone());
        self.rows.skills_removed.retain(|removed| *removed != skill.skill);
        self.dirty.skills.insert(skill.skill.clone(), skill.clone());
        self.world.skills.insert(skill.skill.clone(), skill);
        Ok(Answer::Done)
    }

    fn save_team(&mut self, team: Team) -> Reply {
        fits("title", &team.title, NAME_CHARS)?;
        self.rows.teams_removed.retain(|removed| *removed != team.team);
        self.dirty.teams.insert(team.team.clone(), team.clone());
        self.world.teams.insert(team.team.clone(), team);
        Ok(Answer::Done)
    }

    fn add_token(&mut self, name: String, login: &str, hash: String) -> Reply {
        let agent_id = self.world.by_login.get(login).copied();
        let person = |agent_id: &AgentId| self.agent(*agent_id).is_ok_and(|agent| !agent.bot);
        let Some(agent_id) = agent_id.filter(person) else {
            return refuse(RefusalKind::NotFound, format!("there is no agent {login:?}"));
        };
        if name.trim().is_empty() {
            return Err(Refusal::new(RefusalKind::Invalid, "a token needs a name").field("name"));
        }
        fits("name", &name, NAME_CHARS)?;
        if self.world.tokens.contains_key(&name) {
            return refuse(RefusalKind::AlreadyDone, format!("there is a token {name:?} already"));
        }
        let token = TokenRow { name, hash, agent_id, created_at: self.now };
        self.rows.tokens_revoked.retain(|other| *other != token.name);
        self.rows.tokens.push(token.clone());
        self.world.add_token(token);
        Ok(Answer::Done)
    }

    fn revoke_token(&mut self, name: &str) -> Reply {
        let Some(token) = self.world.tokens.remove(name) else {
            return refuse(RefusalKind::NotFound, format!("there is no token {name:?}"));
        };
        self.world.keys.remove(&token.hash);
        self.rows.tokens.retain(|other| other.name != name);
        self.rows.tokens_revoked.push(name.to_owned());
        self.revoke(token.agent_id);
        Ok(Answer::Done)
    }

    fn save_contact(
        &mut self,
        contact_id: ContactId,
        name: Option<String>,
        language: Option<String>,
        (vip, blocked): (Option<bool>, Option<bool>),
    ) -> Reply {
        if self.contact(contact_id).is_none() {
            return refuse(RefusalKind::NotFound, format!("there is no contact {contact_id}"));
        }
        if let Some(name) = &name {
            fits("name", name, NAME_CHARS)?;
        }
        if let Some(language) = &language
            && !(language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase()))
            && !language.is_empty()
        {
            let message = "a language is two small letters, such as fr";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("language"));
        }
        self.adopt_contact(contact_id);
        self.edit_contact(contact_id, |contact| {
            contact.name = name.unwrap_or_else(|| std::mem::take(&mut contact.name));
            if let Some(language) = language {
                contact.language = Some(language).filter(|text| !text.is_empty());
            }
            contact.vip = vip.unwrap_or(contact.vip);
            contact.blocked = blocked.unwrap_or(contact.blocked);
        });
        Ok(Answer::Done)
    }
}
