//! Everything that can be asked of the engine.

#![expect(missing_docs, reason = "the fields of a variant are told in the line above it")]

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    ContactCommand, Conversion, DecisionRow, PolicyError, RawDelivery, RequestRow, ShareCommand,
    SuperviseCommand,
};
use crate::domain::{
    AgentId, AgentState, Alias, AliasKind, Book, Capacity, CardSection, ChannelId, ChannelKind, Choice,
    Contact, ContactId, DeliveryError, DeliveryState, DraftMode, Interaction, InteractionId, Media, MediaId,
    Message, MessageId, MessageKind, Note, Role, RoleId, Skill, SkillId, SkillLevel, Span, Status, Team,
    TeamId, Template, TemplateValues, Time, TranscriptId,
};

/// An input on its way, with what the engine may not make itself.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The caller's number, given back with the answer.
    pub ticket: u64,
    /// A random number for jitter.
    pub random: u64,
    /// The input.
    pub input: Input,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    /// The agent.
    pub agent_id: AgentId,
    /// Which of its sockets; 0: a request without one.
    pub session: u64,
}

/// A request that may be sent again: its id (16 characters or more) and a hash of its method and parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The id the client chose.
    pub id: String,
    /// SHA-256 of method and parameters, in hex.
    pub hash: String,
}

/// Everything that wakes the engine.
#[derive(Debug, Clone)]
pub enum Input {
    /// A provider reports something about a channel account.
    Channel { channel_id: ChannelId, input: ChannelInput },
    /// An agent asks for something.
    Command { caller: Caller, request: Option<RequestKey>, command: Command },
    /// The operator asks on the command line, or the server for itself (first start, demo data). Not checked for rights.
    Admin(AdminCommand),
    /// Who may log in under this name? → `Answer::Credentials`
    FindLogin { login: String },
    /// A password was right: remember the session. Hashes are SHA-256 in hex of what the client holds.
    OpenLogin { agent_id: AgentId, hash: String, expires_at: Time },
    /// Log out.
    CloseLogin { hash: String },
    /// Whose cookie or token is this? → `Answer::Caller`, or `not_found`
    Authenticate { hash: String },
    /// A socket closed.
    Disconnected { caller: Caller },
    /// A provider answered a send, or did not.
    Sent { message_id: MessageId, attempt: u32, result: SendResult },
    /// A file was fetched and stored, or not.
    MediaFetched { media_id: MediaId, result: Result<StoredMedia, FetchFailure> },
    /// The mail server answered, or did not.
    TranscriptSent { transcript_id: TranscriptId, attempt: u32, result: MailResult },
    /// A text was translated, or not; the reason is a key that clients translate.
    Translated { message_id: MessageId, attempt: u32, result: Result<String, String> },
    /// A channel's templates were read.
    Templates { channel_id: ChannelId, templates: Vec<Template> },
    /// Files whose rows were erased are gone.
    FilesRemoved { media_ids: Vec<MediaId> },
    /// Contacts who have been silent for as long as the configuration keeps them: they are erased.
    EraseSilent { contact_ids: Vec<ContactId> },
    /// Scripts went live, or were refused.
    PolicyChanged { generation: i64, live: bool, script: Option<String>, errors: Vec<PolicyError> },
    /// A section of a contact's card has come, or will not.
    CardSection { contact_id: ContactId, section: CardSection },
    /// These bots, by name with title, are on duty, and no others. → `Answer::Agents`: every bot there is
    Bots { on_duty: BTreeMap<String, String> },
    /// A plugin runs, was refused or stopped.
    PluginChanged { plugin: String, state: String, errors: Vec<PolicyError> },
    /// Something an administrator should know, from a room that can't write events itself.
    Notice { level: String, code: String, message: String },
    /// Time went on.
    Tick,
}

impl Input {
    /// What kind of input it is, for logs: never what it says.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Channel { .. } => "channel",
            Self::Command { .. } => "command",
            Self::Admin(_) => "admin",
            Self::FindLogin { .. } => "find_login",
            Self::OpenLogin { .. } => "open_login",
            Self::CloseLogin { .. } => "close_login",
            Self::Authenticate { .. } => "authenticate",
            Self::Disconnected { .. } => "disconnected",
            Self::Sent { .. } => "sent",
            Self::MediaFetched { .. } => "media_fetched",
            Self::TranscriptSent { .. } => "transcript_sent",
            Self::Translated { .. } => "translated",
            Self::Templates { .. } => "templates",
            Self::FilesRemoved { .. } => "files_removed",
            Self::EraseSilent { .. } => "erase_silent",
            Self::PolicyChanged { .. } => "policy_changed",
            Self::CardSection { .. } => "card_section",
            Self::Bots { .. } => "bots",
            Self::PluginChanged { .. } => "plugin_changed",
            Self::Notice { .. } => "notice",
            Self::Tick => "tick",
        }
    }
}

/// A file now stored here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMedia {
    /// Bytes.
    pub size: i64,
    /// Its type, sniffed where the provider was wrong.
    pub mime: String,
}

/// Why a file could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFailure {
    /// Whether trying again makes sense.
    pub again: bool,
    /// What went wrong, without personal data.
    pub reason: String,
}

/// How a provider knows the person who wrote. At least one alias identifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Every alias the provider gave.
    pub aliases: Vec<(AliasKind, String)>,
    /// The profile's name, if given.
    pub name: Option<String>,
}

/// What a provider reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelInput {
    /// The contact wrote.
    Message(InboundMessage),
    /// A delivery state.
    Status {
        /// The provider's id of our message.
        provider_id: String,
        /// The mark we sent along, if it came back.
        mark: Option<String>,
        /// How far it has come.
        state: DeliveryState,
        /// When.
        at: Time,
        /// Why it failed.
        error: Option<DeliveryError>,
        /// How the provider knows the recipient.
        aliases: Vec<(AliasKind, String)>,
    },
    /// The contact set or removed (`None`) an emoji.
    Reaction { provider_id: String, target: String, emoji: Option<String>, sender: Sender, sent_at: Time },
    /// The contact changed a message.
    Edit { target: String, text: String, sender: Sender, sent_at: Time },
    /// The contact took a message back.
    Revoke { target: String, sender: Sender, sent_at: Time },
    /// The same person has new names.
    AliasChanged {
        old: (AliasKind, String),
        new: Vec<(AliasKind, String)>,
        text: String,
        provider_id: String,
        at: Time,
    },
    /// The business wrote from elsewhere (its phone app).
    Echo(InboundMessage),
    /// The contact types. Told to who has the interaction, never stored.
    Typing { sender: Sender },
    /// Templates changed at the provider: read them again.
    TemplatesChanged,
    /// The provider tells something about the account.
    Notice { level: String, code: String, message: String },
    /// A signed delivery that could not be understood, kept raw.
    Raw(RawDelivery),
}

/// A message as a connector understood it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The provider's id: each message once.
    pub provider_id: String,
    /// From whom (for an echo: to whom).
    pub sender: Sender,
    /// When it was sent.
    pub sent_at: Time,
    /// What it is.
    pub kind: MessageKind,
    /// Its text, cleaned (`domain::clean_text`).
    pub text: String,
    /// Its files.
    pub media: Vec<InboundMedia>,
    /// What its kind says beyond text, as JSON; empty: nothing.
    pub data: String,
    /// The provider's id of the message it answers.
    pub reply_to: Option<String>,
    /// Whether it was passed on.
    pub forwarded: bool,
}

/// A file that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMedia {
    /// The id it will have here; random, made by the edge.
    pub media_id: MediaId,
    /// The provider's id.
    pub provider_media_id: String,
    /// Its type, as the provider says.
    pub mime: String,
    /// Its name.
    pub filename: Option<String>,
    /// Text under it.
    pub caption: Option<String>,
    /// Whether it is a voice note.
    pub voice: bool,
    /// Its bytes, when they came with the message and are stored here already: there is nothing to fetch.
    pub stored: Option<i64>,
}

/// What a provider said to a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendResult {
    /// It took it.
    Accepted {
        /// Its id of the message.
        provider_id: String,
        /// How it knows the recipient.
        aliases: Vec<(AliasKind, String)>,
    },
    /// Nothing was taken, and trying again later makes sense.
    Retry { after: Option<Span>, error: DeliveryError },
    /// It refused.
    Failed { error: DeliveryError },
    /// It refused everything of this account until somebody mends it.
    ChannelDown { error: DeliveryError },
    /// Whether it took it is not known.
    Unknown { error: DeliveryError },
}

/// What a mail server said to a transcript. Reasons are keys that clients translate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailResult {
    /// It took it.
    Sent,
    /// It took nothing, and trying again later makes sense.
    Retry { reason: String },
    /// It refused.
    Failed { reason: String },
    /// Whether it took it is not known.
    Unknown { reason: String },
}

/// Which interactions somebody may see, for those who look into the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// Who.
    pub agent_id: AgentId,
    /// All of them.
    pub everything: bool,
    /// Else its own and consulted ones, and all with these contacts: those it works with now.
    pub contacts: Vec<ContactId>,
}

/// What an agent may ask. One family a file under `decide/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A socket opens; a cursor is judged by the feed, not here. → `Answer::Session`
    StartSession,
    /// → `Answer::Agent`
    SetState { state: AgentState, reason: Option<String> },
    /// → `Answer::Inbox`
    Inbox,
    /// May the caller read it? → `Answer::Interaction` (from the world, or loaded with the batch)
    Get { interaction_id: InteractionId },
    /// → `Answer::Why`
    Why { interaction_id: InteractionId },
    /// → `Answer::Interaction`
    Accept { interaction_id: InteractionId },
    /// → `Answer::Interaction`
    Refuse { interaction_id: InteractionId, reason: Option<String> },
    /// Takes the next waiting work. → `Answer::Interaction`
    Pull { skill: Option<SkillId> },
    /// → `Answer::Messages`
    Send {
        interaction_id: InteractionId,
        text: Option<String>,
        media: Vec<(MediaId, Option<String>)>,
        template: Option<TemplateValues>,
        reply_to: Option<MessageId>,
    },
    /// Tries a failed or unknown message again, perhaps as it was written instead of translated. → `Answer::Messages`
    Retry { interaction_id: InteractionId, message_id: MessageId, untranslated: bool },
    /// → `Answer::Interaction`
    SetTranslation {
        interaction_id: InteractionId,
        my_language: String,
        their_language: String,
        translate_theirs: bool,
        translate_mine: bool,
    },
    /// Translates a message of the contact. → `Answer::Messages`
    Translate { interaction_id: InteractionId, message_id: MessageId },
    /// → `Answer::Messages`
    React { interaction_id: InteractionId, message_id: MessageId, emoji: String },
    /// → `Answer::Interaction`
    MarkRead { interaction_id: InteractionId },
    /// → `Answer::Done`
    Typing { interaction_id: InteractionId },
    /// → `Answer::Done`
    SaveDraft {
        interaction_id: InteractionId,
        mode: DraftMode,
        text: String,
        media: Vec<MediaId>,
        reply_to: Option<MessageId>,
    },
    /// → `Answer::Interaction`
    SetOutcome {
        interaction_id: InteractionId,
        status: Status,
        disposition: Option<String>,
        note: Option<String>,
        tags: Option<BTreeSet<String>>,
    },
    /// Detach and close. → `Answer::Interaction`
    Close { interaction_id: InteractionId },
    /// → `Answer::Interaction`
    Detach { interaction_id: InteractionId },
    /// Transfer and consult. → `Answer::Interaction`
    Share(ShareCommand),
    /// What a supervisor may ask. → as `SuperviseCommand` says
    Supervise(SuperviseCommand),
    /// → `Answer::Note`
    AddNote { interaction_id: InteractionId, message_id: Option<MessageId>, text: String },
    /// Sends what the contact saw to one e-mail address. → `Answer::Transcript`
    SendTranscript { interaction_id: InteractionId, email: String },
    /// Puts a tag on an interaction, or on one of its messages. → `Answer::Tags`
    AddTag { interaction_id: InteractionId, message_id: Option<MessageId>, tag: String },
    /// Takes it off again. → `Answer::Tags`
    RemoveTag { interaction_id: InteractionId, message_id: Option<MessageId>, tag: String },
    /// Tags in use that begin so, those used most first. → `Answer::KnownTags`
    ListTags { prefix: String, limit: usize },
    /// Gives a customer timer more time. → `Answer::Interaction`
    ExtendTimer { interaction_id: InteractionId },
    /// What a quick reply is filled in with, for one interaction or none. → `Answer::Prefill`
    Prefill { interaction_id: Option<InteractionId> },
    /// Whether a quick reply is among the caller's favourites; that there is such a one, the caller knows. → `Answer::Done`
    Star { quick_reply_id: String, starred: bool },
    /// What the caller's password is checked with. → `Answer::Credentials`
    ReadCredentials,
    /// A new password, by its hash, in place of the one with the hash that was checked. Other logins of the caller end; the one
    /// with the hash `login` goes on. → `Answer::Done`
    ChangePassword { old_hash: String, new_hash: String, login: String },
    /// → `Answer::Templates`
    ListTemplates { channel_id: ChannelId },
    /// → `Answer::Outbound`
    StartOutbound {
        contact_id: Option<ContactId>,
        address: Option<String>,
        channel_id: ChannelId,
        skill: Option<SkillId>,
        template: Option<TemplateValues>,
        text: Option<String>,
        subject: Option<String>,
    },
    /// Goes on with a contact on another channel. → `Answer::Outbound`
    Convert(Box<Conversion>),
    /// Puts work aside until a time; `None`: takes it back. → `Answer::Interaction`
    Snooze { interaction_id: InteractionId, until: Option<Time> },
    /// What the caller put aside. → `Answer::Page`
    Snoozed,
    /// Looks in a book. → `Answer::Agents`, `Queues`, `TeamsAtWork`; for contacts `Done`: the store has them
    Directory { book: Book, query: String, limit: usize },
    /// About a contact. → `Answer::Contact`
    Contact(ContactCommand),
    /// A file was uploaded and stored. → `Answer::Media`
    AddMedia { media_id: MediaId, mime: String, filename: Option<String>, size: i64 },
    /// What may the caller search in? → `Answer::Sight`
    Search,
    /// May the caller see this file? → `Answer::Media`
    ReadMedia { media_id: MediaId },
    /// What a bot may ask. → as `BotCommand` says
    Bot(BotCommand),
    /// What an administrator may ask. → as `AdminCommand` says
    Administer(AdminCommand),
}

/// What a bot may ask beside what agents may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BotCommand {
    /// Says something to the contact, perhaps with choices. → `Answer::Messages`
    Say { interaction_id: InteractionId, text: String, choices: Vec<Choice> },
    /// Gives its work to people: a skill (by default the one that it came for), with a note. → `Answer::Interaction`
    HandOver { interaction_id: InteractionId, skill: Option<SkillId>, note: Option<String> },
    /// Puts one question to the contact of resolved work, anybody's. → `Answer::Messages`
    Ask { interaction_id: InteractionId, text: String, choices: Vec<Choice>, within: Span },
}

/// What an administrator, or the operator on the command line, may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminCommand {
    /// Makes or changes an agent by login. → `Answer::Agent`
    SaveAgent {
        login: String,
        name: Option<String>,
        role: Option<RoleId>,
        password_hash: Option<String>,
        skills: Option<Vec<SkillLevel>>,
        teams: Option<BTreeSet<TeamId>>,
        capacity: Option<Capacity>,
        removed: bool,
    },
    /// Makes or changes a role. → `Answer::Done`
    SaveRole(Role),
    /// → `Answer::Done`
    RemoveRole { role: RoleId },
    /// → `Answer::Roles`
    ListRoles,
    /// → `Answer::Done`
    SaveSkill(Skill),
    /// → `Answer::Done`
    SaveTeam(Team),
    /// Removes an agent. → `Answer::Agent`
    RemoveAgent { login: String },
    /// Gives an agent another password and ends its logins. → `Answer::Done`
    ResetPassword { login: String, password_hash: String },
    /// Removes a skill that nothing uses. → `Answer::Done`
    RemoveSkill { skill: SkillId },
    /// All dispositions of a skill. → `Answer::Done`
    SaveDispositions { skill: SkillId, dispositions: Vec<String>, required: Option<bool> },
    /// Removes a team that nothing uses. → `Answer::Done`
    RemoveTeam { team: TeamId },
    /// A bearer token for an agent, by the hash of its text. → `Answer::Done`
    AddToken { name: String, login: String, hash: String },
    /// → `Answer::Done`
    RevokeToken { name: String },
    /// → `Answer::Agents`
    ListAgents,
    /// → `Answer::Skills`
    ListSkills,
    /// → `Answer::Teams`
    ListTeams,
    /// → `Answer::Channels`
    ListChannels,
    /// → `Answer::Tokens`
    ListTokens,
    /// May the caller test this channel? → `Answer::Done`
    TestChannel { channel_id: ChannelId },
    /// May the caller have the scripts read again? → `Answer::Done`
    ReloadScripts,
    /// A script was written and put live.
    SaveScript {
        /// Its file.
        name: String,
    },
    /// An older generation of scripts was put live.
    RollScriptsBack {
        /// Which.
        generation: i64,
    },
    /// May the caller read who did what? → `Answer::Done`
    ReadAudit,
    /// How long things are kept. → `Answer::Retention`
    ReadRetention,
    /// May the caller read reports? → `Answer::Done`
    ReadReport,
    /// May the caller take anything out? → `Answer::Done`
    MayExport,
    /// May the caller take this out? → `Answer::Done`
    Export { what: String },
    /// May the caller take this contact's data out? → `Answer::Done`
    ExportContact { contact_id: ContactId },
    /// Erases a contact. → `Answer::Done`
    EraseContact { contact_id: ContactId },
    /// Marks or names a contact. → `Answer::Done`
    SaveContact {
        contact_id: ContactId,
        name: Option<String>,
        language: Option<String>,
        vip: Option<bool>,
        blocked: Option<bool>,
    },
}

/// What the inputs of a batch may need from the store that the world does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColdKeys {
    /// Aliases of senders.
    pub aliases: BTreeSet<(ChannelKind, AliasKind, String)>,
    /// Dedupe keys.
    pub dedupe: BTreeSet<String>,
    /// Providers' ids of messages (found with their interactions).
    pub provider_ids: BTreeSet<(ChannelId, String)>,
    /// Messages by id (found with their interactions).
    pub messages: BTreeSet<MessageId>,
    /// Interactions by id (with contact, notes, and decisions if asked by `why`).
    pub interactions: BTreeSet<InteractionId>,
    /// Interactions whose decisions are asked for.
    pub decisions: BTreeSet<InteractionId>,
    /// Interactions whose notes are asked for.
    pub notes: BTreeSet<InteractionId>,
    /// Contacts by id (with all aliases).
    pub contacts: BTreeSet<ContactId>,
    /// Contacts all of whose interactions are asked for, by id only.
    pub work_of: BTreeSet<ContactId>,
    /// Requests that may be repeats.
    pub requests: BTreeSet<(AgentId, String)>,
    /// Files by id (found with their messages and those messages' interactions).
    pub media: BTreeSet<MediaId>,
}

impl ColdKeys {
    /// Whether there is nothing to load.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the store found for [`ColdKeys`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cold {
    /// Every alias of every identity that was asked for by alias, contact or interaction.
    pub aliases: Vec<Alias>,
    /// The contacts of all of these.
    pub contacts: Vec<Contact>,
    /// Those asked for, those of messages found, and for each identity found its newest interaction on each channel account.
    pub interactions: Vec<Interaction>,
    /// Those asked for by id or by provider's id, and those of files found.
    pub messages: Vec<Message>,
    /// Keys that exist.
    pub dedupe: Vec<String>,
    /// Requests that were answered.
    pub requests: Vec<RequestRow>,
    /// Which interactions the contacts asked for by `work_of` have.
    pub work_of: Vec<(ContactId, InteractionId)>,
    /// Files.
    pub media: Vec<Media>,
    /// Decisions.
    pub decisions: Vec<DecisionRow>,
    /// Notes.
    pub notes: Vec<Note>,
}
