//! What a batch of inputs comes to: final rows for the store, events for the log, answers and effects for afterwards.

#![expect(missing_docs, reason = "the fields of a variant are told in the line above it")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Event, Forget, Queue, Reply, Retention, Services};
use crate::domain::{
    Agent, AgentId, Alias, AliasKind, Channel, ChannelId, Choice, Contact, ContactId, Conversions,
    DecisionId, Draft, Interaction, InteractionId, Media, MediaId, Message, MessageId, MessageKind, Note,
    Role, RoleId, Skill, SkillId, Span, Team, TeamId, Template, TemplateValues, Time, Transcript,
};

/// A key by which something is known to have happened already. Kept at least 8 days (Meta resends for 7), also after an erase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DedupeRow {
    /// A hash, in hex, so that it holds no personal data.
    pub key: String,
    /// When it may be forgotten.
    pub expires_at: Time,
}

/// An answered request, for when it is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Who asked.
    pub agent_id: AgentId,
    /// The id they chose.
    pub request_id: String,
    /// Hash of method and parameters.
    pub hash: String,
    /// The [`super::Answer`], as JSON.
    pub answer: String,
    /// When it may be forgotten (24 h).
    pub expires_at: Time,
}

/// A question to the policy, or a choice of the engine, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// Its id.
    pub decision_id: DecisionId,
    /// About which interaction.
    pub interaction_id: InteractionId,
    /// When.
    pub time: Time,
    /// `route`, `on_message`, `timers`, `auto_close`, or `offer` (the engine's choice of an agent).
    pub question: String,
    /// What was known, as JSON; personal data by reference only.
    pub facts: String,
    /// The answer, as JSON.
    pub answer: String,
    /// Which scripts answered.
    pub generation: i64,
    /// `scripts/routing.lua:12`, when known.
    pub at: Option<String>,
    /// Why the script could not answer, if so.
    pub error: Option<String>,
    /// Why others were not chosen, as JSON: counts by reason, and the ten nearest candidates.
    pub reasons: String,
    /// All of it in one sentence, for the agent.
    pub sentence: String,
}

/// How much work of a skill was accepted for the first time within five minutes, and how soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLevelRow {
    /// Which skill.
    pub skill: SkillId,
    /// When these five minutes begin.
    pub time: Time,
    /// How much was accepted.
    pub accepted: i64,
    /// How much of it within the target.
    pub in_time: i64,
    /// How long all of it waited together.
    pub waited: Span,
}

/// A login session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginRow {
    /// SHA-256 of the cookie, in hex.
    pub hash: String,
    /// Whose.
    pub agent_id: AgentId,
    /// When it ends.
    pub expires_at: Time,
}

/// A bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Its name.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub hash: String,
    /// Whose rights it has.
    pub agent_id: AgentId,
    /// When it was made.
    pub created_at: Time,
}

/// A tag that is in use somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRow {
    /// The tag.
    pub tag: String,
    /// On how many interactions and messages it was put and not taken off again; 0: it is forgotten.
    pub uses: i64,
}

/// An agent's word on whether a quick reply is among its favourites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StarRow {
    /// Whose.
    pub agent_id: AgentId,
    /// On which quick reply.
    pub quick_reply_id: String,
    /// Whether it is one.
    pub starred: bool,
}

/// Who did what, for those who must be able to look it up. Without secrets and message texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its number.
    pub audit_id: i64,
    /// When.
    pub time: Time,
    /// Who; `None`: the operator on the command line, or the server by itself.
    pub agent_id: Option<AgentId>,
    /// What, such as `role.save`.
    pub action: String,
    /// On what: an id or a name.
    pub object: String,
    /// More about it, as JSON; empty: nothing.
    pub detail: String,
}

/// A delivery that was signed but could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawDelivery {
    /// On which channel account.
    pub channel_id: ChannelId,
    /// SHA-256 of the body, in hex: the same delivery is kept once.
    pub hash: String,
    /// The body, base64 where it is not UTF-8.
    pub body: String,
    /// What was wrong with it.
    pub reason: String,
    /// When it came.
    pub received_at: Time,
}

/// Final rows: each row once, upserted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Contacts.
    pub contacts: Vec<Arc<Contact>>,
    /// Words by which contacts are found.
    pub contact_words: Vec<(String, ContactId)>,
    /// Words by which they are found no longer.
    pub contact_words_gone: Vec<(String, ContactId)>,
    /// Aliases, keyed by kind, alias kind and value.
    pub aliases: Vec<Alias>,
    /// Interactions.
    pub interactions: Vec<Arc<Interaction>>,
    /// Messages, with their channel account (for the provider's id).
    pub messages: Vec<(ChannelId, Arc<Message>)>,
    /// Files.
    pub media: Vec<Media>,
    /// Notes.
    pub notes: Vec<Note>,
    /// Transcripts.
    pub transcripts: Vec<Transcript>,
    /// Drafts; an empty one is deleted.
    pub drafts: Vec<Draft>,
    /// Tags in use; one with no use left is deleted.
    pub tags: Vec<TagRow>,
    /// Stars on quick replies.
    pub stars: Vec<StarRow>,
    /// Agents.
    pub agents: Vec<Arc<Agent>>,
    /// Roles.
    pub roles: Vec<Arc<Role>>,
    /// Roles removed.
    pub roles_removed: Vec<RoleId>,
    /// Skills.
    pub skills: Vec<Skill>,
    /// Skills removed.
    pub skills_removed: Vec<SkillId>,
    /// Teams.
    pub teams: Vec<Team>,
    /// Teams removed.
    pub teams_removed: Vec<TeamId>,
    /// Templates: all of a channel replace what was there.
    pub templates: Vec<(ChannelId, Vec<Template>)>,
    /// Dedupe keys, all new.
    pub dedupe: Vec<DedupeRow>,
    /// Answered requests, all new.
    pub requests: Vec<RequestRow>,
    /// Decisions, all new.
    pub decisions: Vec<DecisionRow>,
    /// Counts for the service level.
    pub service_levels: Vec<ServiceLevelRow>,
    /// Login sessions begun.
    pub logins: Vec<LoginRow>,
    /// Hashes of login sessions ended.
    pub logins_ended: Vec<String>,
    /// Tokens made.
    pub tokens: Vec<TokenRow>,
    /// Names of tokens revoked.
    pub tokens_revoked: Vec<String>,
    /// Raw deliveries; one whose hash is there already is left alone.
    pub raw: Vec<RawDelivery>,
    /// Who did what, all new.
    pub audit: Vec<AuditRow>,
    /// Contacts everything of whom is erased, after everything else of the batch is written.
    pub erased: Vec<ContactId>,
    /// Files to remove whose rows are gone.
    pub erased_files: Vec<MediaId>,
    /// Files that were removed.
    pub removed_files: Vec<MediaId>,
    /// What is older than it is kept.
    pub forget: Option<Forget>,
}

/// One event with the bodies it is about, as they were then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The event.
    pub event: Event,
    /// The interaction.
    pub interaction: Option<Arc<Interaction>>,
    /// Its contact.
    pub contact: Option<Arc<Contact>>,
    /// The message.
    pub message: Option<Arc<Message>>,
    /// The note.
    pub note: Option<Arc<Note>>,
    /// The agent, and how much it holds.
    pub agent: Option<(Arc<Agent>, u32)>,
    /// The draft.
    pub draft: Option<Draft>,
}

/// An answer on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The number from the envelope.
    pub ticket: u64,
    /// The answer.
    pub reply: Reply,
}

/// What to send to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutgoingBody {
    /// Text.
    Text(String),
    /// Text with something to choose from; only where the channel has that.
    Choices {
        /// The text.
        text: String,
        /// Among what.
        choices: Vec<Choice>,
    },
    /// One file.
    Media {
        /// As what.
        kind: MessageKind,
        /// Which file.
        media: Media,
    },
    /// A template.
    Template {
        /// Its values.
        values: TemplateValues,
        /// Its shape.
        template: Template,
        /// The header's file, if it has one.
        header: Option<Media>,
    },
}

/// A message to hand to the provider. Its state `sending` is stored before anybody sees this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Which message.
    pub message_id: MessageId,
    /// Which try, from 1.
    pub attempt: u32,
    /// Through which account.
    pub channel_id: ChannelId,
    /// To whom: every alias known.
    pub to: Vec<(AliasKind, String)>,
    /// What.
    pub body: OutgoingBody,
    /// The provider's id of the message it answers.
    pub reply_to: Option<String>,
    /// What the conversation is about, on channels that have a subject.
    pub subject: Option<String>,
    /// Free text must leave before this; templates have `None`.
    pub window_ends_at: Option<Time>,
}

/// Something to do outside after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Hand a message to the provider; answered by `Input::Sent`.
    Send(Box<Outgoing>),
    /// Fetch a contact's file; answered by `Input::MediaFetched`.
    FetchMedia { media_id: MediaId, channel_id: ChannelId, provider_media_id: String },
    /// Tell the provider that a message was read, and perhaps that somebody types. Best effort.
    MarkRead { channel_id: ChannelId, provider_id: String, typing: bool },
    /// Set or remove (empty) an emoji. Best effort.
    React { channel_id: ChannelId, to: Vec<(AliasKind, String)>, provider_id: String, emoji: String },
    /// Make a transcript and hand it to the mail server; answered by `Input::TranscriptSent`. Its state `sending` is stored
    /// before anybody sees this.
    SendTranscript(Box<Transcript>),
    /// Translate a text; answered by `Input::Translated`. Marks stand for what must not be touched.
    Translate { message_id: MessageId, attempt: u32, from: String, to: String, text: String },
    /// Remove the files whose rows are erased; answered by `Input::FilesRemoved`.
    RemoveErasedFiles,
    /// Find contacts with whom nothing was since then; answered by `Input::EraseSilent`.
    FindSilent { before: Time },
    /// Read a channel's templates again; answered by `Input::Templates`.
    RefreshTemplates { channel_id: ChannelId },
    /// Close an agent's sockets: its rights changed or ended. `None`: all of them; else those of one login.
    CloseSockets { agent_id: AgentId },
    /// Close the sockets of these logins (hashes of their cookies): they have ended.
    CloseLogins { hashes: Vec<String> },
}

/// Everything that a batch of inputs comes to.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Its number, dense over those that write something. A read-only one bears the number of the last that does: its answers
    /// wait for that commit.
    pub number: i64,
    /// The next free number for ids, to be kept with the batch.
    pub next_id: i64,
    /// Rows to write.
    pub rows: Rows,
    /// Events to write and publish, in order.
    pub events: Vec<EventRow>,
    /// Events to publish only (typing).
    pub passing: Vec<EventRow>,
    /// Queues whose counters changed, as they are now.
    pub queues: Vec<Queue>,
    /// Answers to release after the commit.
    pub answers: Vec<Answered>,
    /// Things to do after the commit.
    pub effects: Vec<Effect>,
}

impl Batch {
    /// Whether nothing needs writing: its answers may go as soon as the batches before it are committed.
    pub fn is_read_only(&self) -> bool {
        self.events.is_empty() && self.rows == Rows::default()
    }
}

/// Everything the world is made from: what the store holds that has not ended, plus the configured channels.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// The last committed batch.
    pub batch: i64,
    /// The next free number for ids.
    pub next_id: i64,
    /// The last event.
    pub seq: i64,
    /// Configured channels (from the configuration, not the database).
    pub channels: Vec<Channel>,
    /// The skill that takes what no script routes.
    pub default_skill: Option<SkillId>,
    /// Which kind of channel may be converted to which (from the configuration).
    pub conversions: Conversions,
    /// How long things are kept (from the configuration).
    pub retention: Retention,
    /// Every agent, skill, team, token and login.
    pub agents: Vec<Agent>,
    /// Roles that were saved; the three that are always there may be missing.
    pub roles: Vec<Role>,
    /// Skills.
    pub skills: Vec<Skill>,
    /// Teams.
    pub teams: Vec<Team>,
    /// Tokens.
    pub tokens: Vec<TokenRow>,
    /// Logins that have not expired.
    pub logins: Vec<LoginRow>,
    /// Templates.
    pub templates: Vec<Template>,
    /// Counts for the service level, as far back as the board looks.
    pub service_levels: Vec<ServiceLevelRow>,
    /// Interactions that have not ended.
    pub interactions: Vec<Interaction>,
    /// Their contacts.
    pub contacts: Vec<Contact>,
    /// All aliases of their contacts.
    pub aliases: Vec<Alias>,
    /// Outbound messages that are queued, sending or unknown.
    pub messages: Vec<Message>,
    /// Files still to be fetched.
    pub media: Vec<Media>,
    /// Drafts.
    pub drafts: Vec<Draft>,
    /// Transcripts that are queued or with the mail server.
    pub transcripts: Vec<Transcript>,
    /// What the installation has beside its channels (from the configuration, not the database).
    pub services: Services,
    /// Tags in use.
    pub tags: Vec<TagRow>,
    /// Stars on quick replies.
    pub stars: Vec<StarRow>,
}
