//! The one table of methods: name, what goes in, what comes out, who may, and whether it changes something.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{answer, contact, params, plugin};
use crate::domain::Permission;

/// What sending a request again does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It only reads, or what it does can be done twice without harm.
    Harmless,
    /// It changes something: a lasting id makes it act once.
    Remembered,
}

/// A method's place in the table.
#[derive(Clone, Copy)]
pub struct MethodInfo {
    /// Which.
    pub method: Method,
    /// Its name on the wire.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What its caller must be allowed to do; `None`: any caller.
    pub permission: Option<Permission>,
    /// What sending it again does.
    pub repeat: Repeat,
    /// The schema of its parameters.
    pub params: fn(&mut SchemaGenerator) -> Schema,
    /// The schema of its result.
    pub result: fn(&mut SchemaGenerator) -> Schema,
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

macro_rules! methods {
    ($($variant:ident $name:literal $params:ty => $result:ty, $permission:expr, $repeat:ident, $summary:literal;)*) => {
        /// What a client may ask.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Method { $(#[doc = $summary] $variant,)* }

        /// Every method, in the order of the reference.
        pub const METHODS: &[MethodInfo] = &[$(MethodInfo {
            method: Method::$variant,
            name: $name,
            summary: $summary,
            permission: $permission,
            repeat: Repeat::$repeat,
            params: schema::<$params>,
            result: schema::<$result>,
        },)*];

        impl Method {
            /// Finds one by its name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
            /// Its name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// What sending it again does.
            pub fn repeat(self) -> Repeat {
                match self { $(Self::$variant => Repeat::$repeat,)* }
            }
            /// What its caller must be allowed to do.
            pub fn permission(self) -> Option<Permission> {
                match self { $(Self::$variant => $permission,)* }
            }
        }
    };
}

const ANY: Option<Permission> = None;
const HANDLE: Option<Permission> = Some(Permission::Handle);
const EXTEND_TIMER: Option<Permission> = Some(Permission::ExtendTimer);
const SUPERVISE: Option<Permission> = Some(Permission::Supervise);
const SEARCH: Option<Permission> = Some(Permission::Search);
const ADMINISTER: Option<Permission> = Some(Permission::Administer);
const EXPORT: Option<Permission> = Some(Permission::Export);
const ERASE: Option<Permission> = Some(Permission::Erase);
const REPORT: Option<Permission> = Some(Permission::Report);

methods! {
    SessionStart "session.start" params::SessionStart => answer::SessionStarted<'static>, ANY, Harmless,
        "Begins with a snapshot, or goes on after a cursor; then events follow. Only on the socket.";
    SetState "agent.set_state" params::SetState => answer::OneAgent<'static>, ANY, Remembered,
        "Says whether the caller may be offered work.";
    InboxList "inbox.list" params::Nothing => answer::Interactions<'static>, ANY, Harmless,
        "The caller's offered and assigned work.";
    InteractionGet "interaction.get" params::OfInteraction => answer::WholeInteraction<'static>, ANY, Harmless,
        "One interaction with its notes and the caller's draft.";
    InteractionHistory "interaction.history" params::History => answer::History<'static>, ANY, Harmless,
        "A page of an interaction's messages, going back.";
    InteractionAccept "interaction.accept" params::OfInteraction => answer::OneInteraction<'static>, HANDLE, Remembered,
        "Takes offered work.";
    InteractionRefuse "interaction.refuse" params::Refuse => answer::OneInteraction<'static>, HANDLE, Remembered,
        "Gives offered work back to its queue.";
    InteractionPull "interaction.pull" params::Pull => answer::OneInteraction<'static>, Some(Permission::Pull), Remembered,
        "Takes the next waiting work.";
    InteractionSetOutcome "interaction.set_outcome" params::SetOutcome => answer::OneInteraction<'static>, HANDLE, Remembered,
        "Writes status, disposition, a note and tags.";
    InteractionClose "interaction.close" params::OfInteraction => answer::OneInteraction<'static>, HANDLE, Remembered,
        "Detaches and closes resolved or closed work: it ends.";
    InteractionDetach "interaction.detach" params::OfInteraction => answer::OneInteraction<'static>, HANDLE, Remembered,
        "Takes work out of the inbox; the contact's next message brings it back.";
    InteractionTransfer "interaction.transfer" params::Transfer => answer::OneInteraction<'static>, Some(Permission::Transfer), Remembered,
        "Offers work to an agent, who may refuse, or gives it to a skill or a team.";
    InteractionEndTransfer "interaction.end_transfer" params::OfInteraction => answer::OneInteraction<'static>, HANDLE, Remembered,
        "Takes an offer to an agent back, before it is answered.";
    InteractionConsult "interaction.consult" params::Consult => answer::OneInteraction<'static>, Some(Permission::Consult), Remembered,
        "Lets a colleague read the work and write notes on it.";
    InteractionEndConsult "interaction.end_consult" params::EndConsult => answer::OneInteraction<'static>, ANY, Remembered,
        "Ends a colleague's consult, or one's own.";
    InteractionList "interaction.list" params::ListInteractions => answer::InteractionPage<'static>, SUPERVISE, Harmless,
        "Anybody's work, newest first, a page at a time.";
    InteractionConvert "interaction.convert" params::Convert => answer::Outbound<'static>, Some(Permission::Convert), Remembered,
        "Goes on with the contact on another channel; the old interaction stays open.";
    InteractionSnooze "interaction.snooze" params::Snooze => answer::OneInteraction<'static>, Some(Permission::Snooze), Remembered,
        "Puts work aside until a time, or until the contact writes.";
    InboxSnoozed "inbox.snoozed" params::Nothing => answer::InteractionPage<'static>, ANY, Harmless,
        "What the caller put aside.";
    InteractionWhy "interaction.why" params::OfInteraction => answer::Why<'static>, ANY, Harmless,
        "Why work came where it is.";
    MessageSend "message.send" params::Send => answer::OneMessage<'static>, HANDLE, Remembered,
        "Sends text, files or a template to the contact.";
    MessageRetry "message.retry" params::Retry => answer::OneMessage<'static>, HANDLE, Remembered,
        "Tries a failed or unknown message again.";
    MessageReact "message.react" params::React => answer::OneMessage<'static>, HANDLE, Remembered,
        "Sets or removes an emoji on a message.";
    MessageMarkRead "message.mark_read" params::OfInteraction => answer::OneInteraction<'static>, HANDLE, Remembered,
        "Marks the contact's messages as read, here and at the provider.";
    MessageTyping "message.typing" params::OfInteraction => answer::Done, HANDLE, Harmless,
        "Tells the contact that somebody types.";
    DraftSave "draft.save" params::SaveDraft => answer::Done, HANDLE, Remembered,
        "Keeps an unfinished reply.";
    OutboundStart "outbound.start" params::StartOutbound => answer::Outbound<'static>, Some(Permission::Outbound), Remembered,
        "Begins work with a contact, with its first message.";
    DirectorySearch "directory.search" params::SearchDirectory => contact::Found<'static>, ANY, Harmless,
        "Finds agents, skills, teams or contacts. Contacts need one of card, outbound, convert, supervise.";
    ContactGet "contact.get" params::OfContact => contact::Card<'static>, Some(Permission::Card), Harmless,
        "A contact with its addresses, past interactions and likely duplicates.";
    ContactInteractions "contact.interactions" params::PastInteractions => contact::PastInteractions<'static>, Some(Permission::Card), Harmless,
        "A page of a contact's interactions, going back.";
    ContactSave "contact.save" params::SaveContact => contact::OneContact<'static>, Some(Permission::EditContact), Remembered,
        "Changes a contact, or makes one.";
    ContactMerge "contact.merge" params::MergeContact => contact::OneContact<'static>, Some(Permission::MergeContact), Remembered,
        "Joins two contacts that are one person, or parts them again.";
    ContactBlock "contact.block" params::BlockContact => contact::OneContact<'static>, Some(Permission::BlockContact), Remembered,
        "Keeps a contact's messages from everybody, or no longer.";
    ContactOptOut "contact.opt_out" params::OptOut => contact::OneContact<'static>, Some(Permission::EditContact), Remembered,
        "Records that a contact wants no more outbound messages, or wants them again.";
    CardGet "card.get" params::OfInteraction => contact::Card<'static>, Some(Permission::Card), Harmless,
        "The card of an interaction's contact, with what other systems know of it.";
    TemplateList "template.list" params::OfChannel => answer::Templates<'static>, ANY, Harmless,
        "A channel's templates, with what a form needs.";
    QuickReplyList "quick_reply.list" params::FindQuickReplies => answer::QuickReplies<'static>, ANY, Harmless,
        "Texts to insert into a reply, with their forms.";
    QuickReplyRender "quick_reply.render" params::RenderQuickReply => answer::RenderedQuickReply<'static>, ANY, Harmless,
        "A quick reply's text with everything filled in.";
    QuickReplyStar "quick_reply.star" params::StarQuickReply => answer::Done, ANY, Remembered,
        "Makes a quick reply one of the caller's favourites, or none.";
    SearchRun "search.run" params::SearchRun => answer::SearchResult<'static>, SEARCH, Harmless,
        "Looks words up in messages, notes, contacts' names and addresses, tags and dispositions; newest first.";
    NoteAdd "note.add" params::AddNote => answer::OneNote<'static>, ANY, Remembered,
        "Writes a note that only colleagues see.";
    TranscriptSend "transcript.send" params::SendTranscript => answer::OneTranscript<'static>, Some(Permission::Transcript), Remembered,
        "Sends what the contact saw to one e-mail address, as text and pictures in their place.";
    TagAdd "tag.add" params::OneTag => answer::Tags<'static>, HANDLE, Remembered,
        "Puts a tag on an interaction or on one of its messages; colleagues see it, the contact never does.";
    TagRemove "tag.remove" params::OneTag => answer::Tags<'static>, HANDLE, Remembered,
        "Takes a tag off again.";
    TagList "tag.list" params::FindTags => answer::KnownTags<'static>, ANY, Harmless,
        "Tags in use, those used most first.";
    TimerExtend "timer.extend" params::OfInteraction => answer::OneInteraction<'static>, EXTEND_TIMER, Remembered,
        "Gives the contact longer to answer: more time on the customer timer, as `timers.lua` allows.";
    ChangePassword "agent.change_password" params::ChangePassword => answer::Done, ANY, Harmless,
        "Changes the caller's password; its other logins end.";
    BoardGet "board.get" params::Nothing => answer::Board<'static>, SUPERVISE, Harmless,
        "The live board: queues, agents, countdowns at risk.";
    SuperviseWatch "supervise.watch" params::Watch => answer::Watching<'static>, SUPERVISE, Remembered,
        "Watches work, until told otherwise or offline: its events come as if it were the caller's.";
    SuperviseReassign "supervise.reassign" params::Reassign => answer::OneInteraction<'static>, SUPERVISE, Remembered,
        "Gives anybody's work to an agent, a skill or a team, at once.";
    SuperviseTakeOver "supervise.take_over" params::OfInteraction => answer::OneInteraction<'static>, SUPERVISE, Remembered,
        "Takes anybody's work.";
    SuperviseSetAgentState "supervise.set_agent_state" params::SetAgentState => answer::OneAgent<'static>, SUPERVISE, Remembered,
        "Changes another agent's state.";
    TranslationSet "translation.set" params::SetTranslation => answer::OneInteraction<'static>, Some(Permission::Translate), Remembered,
        "Chooses the languages of an interaction and switches translation on or off, each way.";
    MessageTranslate "message.translate" params::OfMessage => answer::OneMessage<'static>, Some(Permission::Translate), Remembered,
        "Translates a message of the contact, or tries again.";
    TranslationLanguages "translation.languages" params::Nothing => answer::Languages<'static>, Some(Permission::Translate), Harmless,
        "The languages that the translator knows.";
    AdminAgentsList "admin.agents.list" params::Nothing => answer::Agents<'static>, ADMINISTER, Harmless,
        "Every agent.";
    AdminAgentsSave "admin.agents.save" params::SaveAgent => answer::OneAgent<'static>, ADMINISTER, Harmless,
        "Makes or changes an agent.";
    AdminAgentsRemove "admin.agents.remove" params::OfLogin => answer::OneAgent<'static>, ADMINISTER, Remembered,
        "Removes an agent: its work goes back, its logins end, and history still names it.";
    AdminAgentsResetPassword "admin.agents.reset_password" params::ResetPassword => answer::NewPassword<'static>, ADMINISTER, Harmless,
        "Gives an agent another password and ends its logins.";
    AdminRolesList "admin.roles.list" params::Nothing => answer::Roles<'static>, ADMINISTER, Harmless,
        "Every role, with what it may do.";
    AdminRolesSave "admin.roles.save" params::SaveRole => answer::Done, ADMINISTER, Remembered,
        "Makes or changes a role; its holders' sockets begin afresh.";
    AdminRolesRemove "admin.roles.remove" params::OfRole => answer::Done, ADMINISTER, Remembered,
        "Removes a role that nobody has.";
    AdminSkillsList "admin.skills.list" params::Nothing => answer::Skills<'static>, ADMINISTER, Harmless,
        "Every skill.";
    AdminSkillsSave "admin.skills.save" params::SaveSkill => answer::Done, ADMINISTER, Remembered,
        "Makes or changes a skill.";
    AdminSkillsRemove "admin.skills.remove" params::OfSkill => answer::Done, ADMINISTER, Remembered,
        "Removes a skill that nobody holds and no open work needs.";
    AdminDispositionsList "admin.dispositions.list" params::MaybeSkill => answer::Dispositions<'static>, ADMINISTER, Harmless,
        "The dispositions of each skill.";
    AdminDispositionsSave "admin.dispositions.save" params::SaveDispositions => answer::Done, ADMINISTER, Remembered,
        "Writes all dispositions of a skill; history keeps those that go.";
    AdminTeamsList "admin.teams.list" params::Nothing => answer::Teams<'static>, ADMINISTER, Harmless,
        "Every team.";
    AdminTeamsSave "admin.teams.save" params::SaveTeam => answer::Done, ADMINISTER, Remembered,
        "Makes or changes a team.";
    AdminTeamsRemove "admin.teams.remove" params::OfTeam => answer::Done, ADMINISTER, Remembered,
        "Removes a team that nobody is in.";
    AdminChannelsList "admin.channels.list" params::Nothing => answer::Channels<'static>, ADMINISTER, Harmless,
        "Every channel account, what it can do and how it does.";
    AdminChannelsTest "admin.channels.test" params::OfChannel => answer::ChannelTested<'static>, ADMINISTER, Harmless,
        "Asks a channel's provider whether the account works.";
    AdminTokensList "admin.tokens.list" params::Nothing => answer::Tokens<'static>, ADMINISTER, Harmless,
        "Every bearer token, without what it is.";
    AdminTokensAdd "admin.tokens.add" params::AddToken => answer::NewToken<'static>, ADMINISTER, Harmless,
        "Makes a bearer token and shows it, once.";
    AdminTokensRevoke "admin.tokens.revoke" params::RevokeToken => answer::Done, ADMINISTER, Remembered,
        "Revokes a bearer token and closes its sockets.";
    AdminScriptsGet "admin.scripts.get" params::Nothing => answer::Scripts<'static>, ADMINISTER, Harmless,
        "Which scripts decide, and what is wrong with newer ones.";
    AdminScriptsReload "admin.scripts.reload" params::Nothing => answer::Scripts<'static>, ADMINISTER, Harmless,
        "Reads the scripts again now.";
    AdminPluginsList "admin.plugins.list" params::Nothing => plugin::Plugins<'static>, ADMINISTER, Harmless,
        "Every plugin: how it stands, what it asks for, what it was granted, its settings.";
    AdminPluginsReload "admin.plugins.reload" params::Nothing => plugin::Plugins<'static>, ADMINISTER, Harmless,
        "Looks at the folder of plugins now.";
    AdminPluginsGrant "admin.plugins.grant" params::GrantPlugin => plugin::OnePlugin<'static>, ADMINISTER, Harmless,
        "Grants a plugin exactly what it asks for, and starts it.";
    AdminPluginsRevoke "admin.plugins.revoke" params::OfPlugin => plugin::OnePlugin<'static>, ADMINISTER, Harmless,
        "Takes everything back that a plugin was granted, and stops it.";
    AdminPluginsConfigure "admin.plugins.configure" params::ConfigurePlugin => plugin::OnePlugin<'static>, ADMINISTER, Harmless,
        "Sets a plugin's settings; it learns of them at once.";
    AdminPluginsResume "admin.plugins.resume" params::OfPlugin => plugin::OnePlugin<'static>, ADMINISTER, Harmless,
        "Lets a suspended plugin go on where it was.";
    AdminScriptsRead "admin.scripts.read" params::OfScript => answer::ScriptSource<'static>, ADMINISTER, Harmless,
        "A script's source, as the folder has it.";
    AdminScriptsCheck "admin.scripts.check" params::DraftScript => answer::TriedScript<'static>, ADMINISTER, Harmless,
        "Tries a draft with the other scripts and their tests; nothing is changed.";
    AdminScriptsSave "admin.scripts.save" params::SaveScript => answer::TriedScript<'static>, ADMINISTER, Harmless,
        "Tries a script and, if it is good, writes it into the folder and puts it live.";
    AdminScriptsRollback "admin.scripts.rollback" params::OfGeneration => answer::Scripts<'static>, ADMINISTER, Harmless,
        "Puts an older generation's files back into the folder, and live.";
    AdminAuditList "admin.audit.list" params::ListAudit => answer::Audit<'static>, ADMINISTER, Harmless,
        "Who did what, newest first.";
    AdminRetentionGet "admin.retention.get" params::Nothing => answer::Retention, ADMINISTER, Harmless,
        "How long things are kept. The configuration says so: it deletes for good.";
    AdminContactsExport "admin.contacts.export" params::OfContact => answer::ExportedContact, EXPORT, Harmless,
        "Everything that is kept of one contact; more than fits into an answer is at `/export/contacts/{id}`.";
    AdminContactsErase "admin.contacts.erase" params::OfContact => answer::Done, ERASE, Remembered,
        "Erases a contact: names, addresses, texts, notes and files. Open work with it ends.";
    ReportDaily "report.daily" params::DailyReport => answer::DailyReport, REPORT, Harmless,
        "What a day's work came to: in all, by skill and by agent.";
    ExportInteractions "export.interactions" params::ExportInteractions => answer::ExportAddress, EXPORT, Harmless,
        "The address of a file with the interactions of a time.";
    Discover "rpc.discover" params::Nothing => serde_json::Value, ANY, Harmless,
        "This protocol as an OpenRPC document.";
}

impl std::fmt::Debug for MethodInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MethodInfo").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_found_by_name() {
        for info in METHODS {
            assert_eq!(Method::named(info.name), Some(info.method));
            assert_eq!((info.method.name(), info.method.repeat()), (info.name, info.repeat));
            assert_eq!(info.method.permission(), info.permission);
        }
        assert_eq!(Method::named("session.Start"), None);
    }
}
