//! What a method with its parameters asks of the engine.

mod supervision;

use super::plugins;
use crate::domain::{
    Capacity, ChannelKind, DraftMode, InteractionId, Role, Skill, SkillLevel, Span, Team, TemplateValues,
};
use crate::engine::{
    AdminCommand, Command, ContactChanges, ContactCommand, Conversion, Filter, SuperviseCommand,
};
use crate::protocol::params::{
    AddNote, AddToken, BlockContact, ChangePassword, Convert, DailyReport, DraftScript, ExportInteractions,
    FilledTemplate, FindQuickReplies, FindTags, History, ListAudit, MaybeSkill, MergeContact, Nothing,
    OfChannel, OfContact, OfGeneration, OfInteraction, OfLogin, OfMessage, OfRole, OfScript, OfSkill, OfTeam,
    OneTag, OptOut, PastInteractions, Pull, React, Refuse, RenderQuickReply, ResetPassword, Retry,
    RevokeToken, SaveAddress, SaveAgent, SaveContact, SaveDispositions, SaveDraft, SaveRole, SaveScript,
    SaveSkill, SaveTeam, SearchDirectory, SearchRun, Send, SendTranscript, SessionStart, SetOutcome,
    SetState, SetTranslation, Snooze, StarQuickReply, StartOutbound,
};
use crate::protocol::{ErrorShape, INVALID_PARAMS, Method, Request};

/// How long an offer waits unless a skill says otherwise (SPEC §3).
const OFFER_SECONDS: u32 = 45;
const OFFER_RANGE: std::ops::RangeInclusive<u32> = 5..=3_600;
/// Tags in a list, unless asked otherwise.
const TAGS_DEFAULT: u32 = 50;
const TAGS_MAX: u32 = 200;

/// What a request comes to.
pub(crate) enum Plan {
    /// One question to the engine.
    Ask(Command),
    /// Something that the server answers itself, or asks more than one thing for.
    Own(Own),
}

/// What the server answers itself.
pub(crate) enum Own {
    Start(SessionStart),
    History(History),
    List(Filter),
    Directory(SearchDirectory),
    Contact(OfContact),
    Past(PastInteractions),
    Card(OfInteraction),
    QuickReplies(FindQuickReplies),
    RenderQuickReply(RenderQuickReply),
    StarQuickReply(StarQuickReply),
    Search(SearchRun),
    SaveAgent(SaveAgent),
    AddToken(AddToken),
    ChangePassword(ChangePassword),
    Languages,
    Scripts { reload: bool },
    Plugins(plugins::Ask),
    ReadScript(OfScript),
    CheckScript(DraftScript),
    SaveScript(SaveScript),
    RollScriptsBack(OfGeneration),
    ResetPassword(ResetPassword),
    TestChannel(OfChannel),
    Dispositions(MaybeSkill),
    Audit(ListAudit),
    ExportContact(OfContact),
    Report(DailyReport),
    ExportInteractions(ExportInteractions),
    Discover,
}

/// Reads a request's parameters as its method wants them.
#[expect(
    clippy::too_many_lines,
    reason = "a table: a line a method, and the compiler sees that none is missing"
)]
pub(crate) fn plan(method: Method, request: &Request<'_>) -> Result<Plan, ErrorShape<'static>> {
    let on = |command: fn(InteractionId) -> Command| -> Result<Command, ErrorShape<'static>> {
        let OfInteraction { interaction_id } = request.params()?;
        Ok(command(interaction_id.0))
    };
    let plain = |command| -> Result<Command, ErrorShape<'static>> {
        let Nothing {} = request.params()?;
        Ok(command)
    };
    let command = match method {
        Method::SessionStart => return Ok(Plan::Own(Own::Start(request.params()?))),
        Method::InteractionList => return Ok(Plan::Own(Own::List(supervision::filter(request.params()?)))),
        Method::DirectorySearch => return Ok(Plan::Own(Own::Directory(request.params()?))),
        Method::ContactGet => return Ok(Plan::Own(Own::Contact(request.params()?))),
        Method::ContactInteractions => return Ok(Plan::Own(Own::Past(request.params()?))),
        Method::CardGet => return Ok(Plan::Own(Own::Card(request.params()?))),
        Method::InteractionHistory => return Ok(Plan::Own(Own::History(request.params()?))),
        Method::QuickReplyList => return Ok(Plan::Own(Own::QuickReplies(request.params()?))),
        Method::QuickReplyRender => return Ok(Plan::Own(Own::RenderQuickReply(request.params()?))),
        Method::QuickReplyStar => return Ok(Plan::Own(Own::StarQuickReply(request.params()?))),
        Method::ChangePassword => return Ok(Plan::Own(Own::ChangePassword(request.params()?))),
        Method::SearchRun => return Ok(Plan::Own(Own::Search(request.params()?))),
        Method::AdminAgentsResetPassword => return Ok(Plan::Own(Own::ResetPassword(request.params()?))),
        Method::AdminChannelsTest => return Ok(Plan::Own(Own::TestChannel(request.params()?))),
        Method::AdminDispositionsList => return Ok(Plan::Own(Own::Dispositions(request.params()?))),
        Method::AdminAuditList => return Ok(Plan::Own(Own::Audit(request.params()?))),
        Method::AdminContactsExport => return Ok(Plan::Own(Own::ExportContact(request.params()?))),
        Method::ReportDaily => return Ok(Plan::Own(Own::Report(request.params()?))),
        Method::ExportInteractions => return Ok(Plan::Own(Own::ExportInteractions(request.params()?))),
        Method::AdminAgentsSave => return Ok(Plan::Own(Own::SaveAgent(request.params()?))),
        Method::AdminTokensAdd => return Ok(Plan::Own(Own::AddToken(request.params()?))),
        Method::SetState => set_state(request.params()?),
        Method::InboxList => plain(Command::Inbox)?,
        Method::InboxSnoozed => plain(Command::Snoozed)?,
        Method::AdminPluginsList => return bare(request, Own::Plugins(plugins::Ask::List { reload: false })),
        Method::AdminPluginsReload => {
            return bare(request, Own::Plugins(plugins::Ask::List { reload: true }));
        }
        Method::AdminPluginsGrant => {
            let grant = request.params()?;
            plugins::check(&grant)?;
            return Ok(Plan::Own(Own::Plugins(plugins::Ask::Grant(grant))));
        }
        Method::AdminPluginsRevoke => {
            return Ok(Plan::Own(Own::Plugins(plugins::Ask::Revoke(request.params()?))));
        }
        Method::AdminPluginsConfigure => {
            return Ok(Plan::Own(Own::Plugins(plugins::Ask::Configure(request.params()?))));
        }
        Method::AdminPluginsResume => {
            return Ok(Plan::Own(Own::Plugins(plugins::Ask::Resume(request.params()?))));
        }
        Method::AdminScriptsGet => return bare(request, Own::Scripts { reload: false }),
        Method::AdminScriptsReload => return bare(request, Own::Scripts { reload: true }),
        Method::AdminScriptsRead => return Ok(Plan::Own(Own::ReadScript(request.params()?))),
        Method::AdminScriptsCheck => return Ok(Plan::Own(Own::CheckScript(request.params()?))),
        Method::AdminScriptsSave => return Ok(Plan::Own(Own::SaveScript(request.params()?))),
        Method::AdminScriptsRollback => return Ok(Plan::Own(Own::RollScriptsBack(request.params()?))),
        Method::TranslationLanguages => return bare(request, Own::Languages),
        Method::Discover => return bare(request, Own::Discover),
        Method::InteractionGet => on(|interaction_id| Command::Get { interaction_id })?,
        Method::InteractionAccept => on(|interaction_id| Command::Accept { interaction_id })?,
        Method::InteractionClose => on(|interaction_id| Command::Close { interaction_id })?,
        Method::InteractionDetach => on(|interaction_id| Command::Detach { interaction_id })?,
        Method::InteractionWhy => on(|interaction_id| Command::Why { interaction_id })?,
        Method::MessageMarkRead => on(|interaction_id| Command::MarkRead { interaction_id })?,
        Method::MessageTyping => on(|interaction_id| Command::Typing { interaction_id })?,
        Method::InteractionEndTransfer => on(supervision::end_transfer)?,
        Method::SuperviseTakeOver => on(supervision::take_over)?,
        Method::BoardGet => plain(Command::Supervise(SuperviseCommand::Board))?,
        Method::InteractionTransfer => supervision::transfer(request.params()?)?,
        Method::InteractionConsult => supervision::consult(request.params()?),
        Method::InteractionEndConsult => supervision::end_consult(&request.params()?),
        Method::SuperviseWatch => supervision::watch(request.params()?)?,
        Method::SuperviseReassign => supervision::reassign(request.params()?)?,
        Method::SuperviseSetAgentState => supervision::set_agent_state(request.params()?),
        Method::InteractionRefuse => refuse(request.params()?),
        Method::InteractionPull => pull(request.params()?),
        Method::InteractionSetOutcome => set_outcome(request.params()?),
        Method::MessageSend => send(request.params()?),
        Method::MessageRetry => retry(&request.params()?),
        Method::MessageReact => react(request.params()?),
        Method::DraftSave => save_draft(request.params()?),
        Method::OutboundStart => start_outbound(request.params()?),
        Method::TemplateList => list_templates(request.params()?),
        Method::InteractionConvert => convert(request.params()?),
        Method::InteractionSnooze => snooze(&request.params()?),
        Method::ContactSave => Command::Contact(save_contact(request.params()?)),
        Method::ContactMerge => Command::Contact(merge_contact(&request.params()?)),
        Method::ContactBlock => Command::Contact(block_contact(&request.params()?)),
        Method::ContactOptOut => Command::Contact(opt_out(&request.params()?)),
        Method::NoteAdd => add_note(request.params()?),
        Method::TranscriptSend => send_transcript(request.params()?),
        Method::TagAdd => add_tag(request.params()?),
        Method::TagRemove => remove_tag(request.params()?),
        Method::TagList => find_tags(request.params()?)?,
        Method::TimerExtend => on(|interaction_id| Command::ExtendTimer { interaction_id })?,
        Method::AdminAgentsList => plain(Command::Administer(AdminCommand::ListAgents))?,
        Method::AdminSkillsList => plain(Command::Administer(AdminCommand::ListSkills))?,
        Method::AdminTeamsList => plain(Command::Administer(AdminCommand::ListTeams))?,
        Method::TranslationSet => set_translation(request.params()?),
        Method::MessageTranslate => translate(&request.params()?),
        Method::AdminAgentsRemove => {
            let OfLogin { login } = request.params()?;
            Command::Administer(AdminCommand::RemoveAgent { login })
        }
        Method::AdminSkillsRemove => {
            let OfSkill { skill } = request.params()?;
            Command::Administer(AdminCommand::RemoveSkill { skill: skill.0 })
        }
        Method::AdminTeamsRemove => {
            let OfTeam { team } = request.params()?;
            Command::Administer(AdminCommand::RemoveTeam { team: team.0 })
        }
        Method::AdminDispositionsSave => {
            let SaveDispositions { skill, dispositions, required } = request.params()?;
            Command::Administer(AdminCommand::SaveDispositions { skill: skill.0, dispositions, required })
        }
        Method::AdminContactsErase => {
            let OfContact { contact_id } = request.params()?;
            Command::Administer(AdminCommand::EraseContact { contact_id: contact_id.0 })
        }
        Method::AdminChannelsList => plain(Command::Administer(AdminCommand::ListChannels))?,
        Method::AdminTokensList => plain(Command::Administer(AdminCommand::ListTokens))?,
        Method::AdminRetentionGet => plain(Command::Administer(AdminCommand::ReadRetention))?,
        Method::AdminRolesList => plain(Command::Administer(AdminCommand::ListRoles))?,
        Method::AdminRolesSave => Command::Administer(save_role(request.params()?)),
        Method::AdminRolesRemove => {
            let OfRole { role } = request.params()?;
            Command::Administer(AdminCommand::RemoveRole { role: role.0 })
        }
        Method::AdminSkillsSave => Command::Administer(save_skill(request.params()?)?),
        Method::AdminTeamsSave => Command::Administer(save_team(request.params()?)),
        Method::AdminTokensRevoke => {
            let RevokeToken { name } = request.params()?;
            Command::Administer(AdminCommand::RevokeToken { name })
        }
    };
    Ok(Plan::Ask(command))
}

fn set_state(params: SetState) -> Command {
    let SetState { state, reason } = params;
    Command::SetState { state: state.0, reason }
}

fn pull(params: Pull) -> Command {
    let Pull { skill } = params;
    Command::Pull { skill: skill.map(|id| id.0) }
}

fn send_transcript(params: SendTranscript) -> Command {
    let SendTranscript { interaction_id, email } = params;
    Command::SendTranscript { interaction_id: interaction_id.0, email }
}

fn add_tag(params: OneTag) -> Command {
    let OneTag { interaction_id, message_id, tag } = params;
    Command::AddTag { interaction_id: interaction_id.0, message_id: message_id.map(|id| id.0), tag }
}

fn remove_tag(params: OneTag) -> Command {
    let OneTag { interaction_id, message_id, tag } = params;
    Command::RemoveTag { interaction_id: interaction_id.0, message_id: message_id.map(|id| id.0), tag }
}

fn list_templates(params: OfChannel) -> Command {
    let OfChannel { channel_id } = params;
    Command::ListTemplates { channel_id: channel_id.0 }
}

/// What the server answers itself and that takes no parameters.
fn bare(request: &Request<'_>, own: Own) -> Result<Plan, ErrorShape<'static>> {
    let Nothing {} = request.params()?;
    Ok(Plan::Own(own))
}

fn translate(params: &OfMessage) -> Command {
    Command::Translate { interaction_id: params.interaction_id.0, message_id: params.message_id.0 }
}

fn refuse(params: Refuse) -> Command {
    let Refuse { interaction_id, reason } = params;
    Command::Refuse { interaction_id: interaction_id.0, reason }
}

fn set_outcome(params: SetOutcome) -> Command {
    let SetOutcome { interaction_id, status, disposition, notes, tags } = params;
    Command::SetOutcome { interaction_id: interaction_id.0, status: status.0, disposition, note: notes, tags }
}

fn send(params: Send) -> Command {
    let Send { interaction_id, text, media, template, reply_to } = params;
    Command::Send {
        interaction_id: interaction_id.0,
        text,
        media: media.into_iter().map(|file| (file.media_id.0, file.caption)).collect(),
        template: template.map(template_values),
        reply_to: reply_to.map(|id| id.0),
    }
}

fn retry(params: &Retry) -> Command {
    let Retry { interaction_id, message_id, untranslated } = params;
    Command::Retry { interaction_id: interaction_id.0, message_id: message_id.0, untranslated: *untranslated }
}

fn set_translation(params: SetTranslation) -> Command {
    let SetTranslation { interaction_id, my_language, their_language, translate_theirs, translate_mine } =
        params;
    Command::SetTranslation {
        interaction_id: interaction_id.0,
        my_language,
        their_language,
        translate_theirs,
        translate_mine,
    }
}

fn react(params: React) -> Command {
    let React { interaction_id, message_id, emoji } = params;
    Command::React { interaction_id: interaction_id.0, message_id: message_id.0, emoji }
}

fn save_draft(params: SaveDraft) -> Command {
    let SaveDraft { interaction_id, mode, text, media, reply_to } = params;
    Command::SaveDraft {
        interaction_id: interaction_id.0,
        mode: mode.map_or(DraftMode::Reply, |mode| mode.0),
        text,
        media: media.into_iter().map(|id| id.0).collect(),
        reply_to: reply_to.map(|id| id.0),
    }
}

fn add_note(params: AddNote) -> Command {
    let AddNote { interaction_id, message_id, text } = params;
    Command::AddNote { interaction_id: interaction_id.0, message_id: message_id.map(|id| id.0), text }
}

fn find_tags(params: FindTags) -> Result<Command, ErrorShape<'static>> {
    let limit = params.limit.unwrap_or(TAGS_DEFAULT);
    if !(1..=TAGS_MAX).contains(&limit) {
        let mut error = ErrorShape::invalid(INVALID_PARAMS, format!("Field limit goes from 1 to {TAGS_MAX}"));
        error.data.field = Some("limit".into());
        return Err(error);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Command::ListTags { prefix: params.search.unwrap_or_default(), limit })
}

fn template_values(filled: FilledTemplate) -> TemplateValues {
    let FilledTemplate { name, language, parameters, header, buttons } = filled;
    let (header_text, header_media) =
        header.map_or((None, None), |header| (header.text, header.media_id.map(|id| id.0)));
    TemplateValues { name, language, parameters, header_text, header_media, buttons }
}

fn start_outbound(params: StartOutbound) -> Command {
    let StartOutbound { contact_id, address, channel_id, skill_id, template, text, subject } = params;
    Command::StartOutbound {
        contact_id: contact_id.map(|id| id.0),
        address,
        channel_id: channel_id.0,
        skill: skill_id.map(|id| id.0),
        template: template.map(template_values),
        text,
        subject,
    }
}

fn snooze(params: &Snooze) -> Command {
    Command::Snooze { interaction_id: params.interaction_id.0, until: params.until.map(|moment| moment.0) }
}

fn block_contact(params: &BlockContact) -> ContactCommand {
    ContactCommand::Block { contact_id: params.contact_id.0, blocked: params.blocked }
}

fn opt_out(params: &OptOut) -> ContactCommand {
    ContactCommand::OptOut { contact_id: params.contact_id.0, opted_out: params.opted_out }
}

fn convert(params: Convert) -> Command {
    let Convert { interaction_id, channel_id, kind, address, skill_id, template, text, subject } = params;
    Command::Convert(Box::new(Conversion {
        interaction_id: interaction_id.0,
        channel_id: channel_id.map(|id| id.0),
        kind: kind.map(|kind| kind.0),
        address,
        skill: skill_id.map(|id| id.0),
        template: template.map(template_values),
        text,
        subject,
    }))
}

fn save_contact(params: SaveContact) -> ContactCommand {
    let addresses = |all: Vec<SaveAddress>| all.into_iter().map(|it| (it.kind.0, it.address)).collect();
    let SaveContact { contact_id, name, language, vip, attributes, add_addresses, remove_addresses } = params;
    let changes = ContactChanges {
        name,
        language,
        vip,
        attributes,
        add: addresses(add_addresses),
        remove: addresses(remove_addresses),
    };
    ContactCommand::Save { contact_id: contact_id.map(|id| id.0), changes }
}

fn merge_contact(params: &MergeContact) -> ContactCommand {
    let (contact_id, into) = (params.contact_id.0, params.into.0);
    if params.undo {
        ContactCommand::Part { contact_id, into }
    } else {
        ContactCommand::Merge { contact_id, into }
    }
}

fn save_role(params: SaveRole) -> AdminCommand {
    let every = || ChannelKind::ALL.iter().copied().collect();
    AdminCommand::SaveRole(Role {
        title: params.title.unwrap_or_else(|| params.role.0.to_string()),
        role: params.role.0,
        permissions: params.permissions.into_iter().map(|word| word.0).collect(),
        kinds: params.kinds.map_or_else(every, |kinds| kinds.into_iter().map(|word| word.0).collect()),
    })
}

fn save_team(params: SaveTeam) -> AdminCommand {
    let title = params.title.unwrap_or_else(|| params.team.0.to_string());
    AdminCommand::SaveTeam(Team { team: params.team.0, title })
}

fn save_skill(params: SaveSkill) -> Result<AdminCommand, ErrorShape<'static>> {
    let seconds = params.offer_seconds.unwrap_or(OFFER_SECONDS);
    if !OFFER_RANGE.contains(&seconds) {
        let mut error = ErrorShape::invalid(INVALID_PARAMS, "Field offer_seconds goes from 5 to 3600");
        error.data.field = Some("offer_seconds".into());
        return Err(error);
    }
    Ok(AdminCommand::SaveSkill(Skill {
        title: params.title.unwrap_or_else(|| params.skill.0.to_string()),
        skill: params.skill.0,
        offer: Span::seconds(seconds.into()),
        auto_accept: params.auto_accept,
        outbound: params.outbound.into_iter().map(|kind| kind.0).collect(),
        dispositions: params.dispositions,
        disposition_required: params.disposition_required,
    }))
}

/// An agent to make or change, its password already hashed.
pub(crate) fn save_agent(params: SaveAgent, password_hash: Option<String>) -> AdminCommand {
    AdminCommand::SaveAgent {
        login: params.login,
        name: params.name,
        role: params.role.map(|role| role.0),
        password_hash,
        skills: params.skills.map(|skills| {
            skills.into_iter().map(|held| SkillLevel { skill: held.skill.0, level: held.level }).collect()
        }),
        teams: params.teams.map(|teams| teams.into_iter().map(|team| team.0).collect()),
        capacity: params.capacity.map(|room| Capacity {
            total: room.total,
            per_kind: room.per_kind.into_iter().map(|(kind, most)| (kind.0, most)).collect(),
        }),
        removed: params.removed,
    }
}
