//! What methods answer.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::params::HitKind;
use super::{
    Agent, Channel, Id, Interaction, Message, Moment, Note, Queue, Skill, Team, Template, TimerState, Word,
};
use crate::domain::{
    ChannelKind, Conversions, DecisionId, InteractionId, Permission, TranscriptId, TranscriptState,
};
use crate::engine::TimerKind;

mod admin;

pub use admin::*;

/// Nothing but that it is so.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Done {}

/// `session.start`: with a snapshot, or resumed; then each missed event follows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionStarted<'a> {
    /// Whether the client goes on where it was. Left out when it gave no cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<bool>,
    /// Why it can't go on: `too_old`, `too_far` or `unknown_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// The cursor it goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The cursor up to which events are caught up; later ones follow as they happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who the client is.
    pub agent: Agent<'a>,
    /// What it may do.
    pub permissions: Vec<Word<Permission>>,
    /// Kinds of channel whose work it may handle.
    pub kinds: Vec<Word<ChannelKind>>,
    /// The last event that the snapshot holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Everything to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot<'a>>,
}

/// Everything a client begins with.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Snapshot<'a> {
    /// Offered and assigned work.
    pub interactions: Vec<Interaction<'a>>,
    /// Work that the caller is consulted on.
    pub consulted: Vec<Interaction<'a>>,
    /// What the caller watches; left out: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watching: Option<WatchedThings<'a>>,
    /// Colleagues.
    pub agents: Vec<Agent<'a>>,
    /// Queues that the caller may see.
    pub queues: Vec<Queue<'a>>,
    /// Channel accounts.
    pub channels: Vec<Channel<'a>>,
    /// Skills.
    pub skills: Vec<Skill<'a>>,
    /// What there is beside channels.
    pub services: Services,
    /// Which kinds of channel an interaction of each kind may be converted to.
    #[schemars(with = "std::collections::BTreeMap<String, Vec<Word<ChannelKind>>>")]
    pub conversions: &'a Conversions,
    /// Reasons to choose from when unavailable.
    pub reasons: &'a [String],
    /// Notices for administrators that still hold.
    pub notices: Vec<Notice<'a>>,
}

/// An alarm or a piece of news for administrators.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Notice<'a> {
    /// `info`, `warning` or `alarm`.
    pub level: &'a str,
    /// For programs.
    pub code: &'a str,
    /// For people.
    pub message: &'a str,
}

/// One agent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OneAgent<'a> {
    /// As it is now.
    pub agent: Agent<'a>,
}

/// Agents.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Agents<'a> {
    /// Every one, removed ones included.
    pub agents: Vec<Agent<'a>>,
}

/// Skills.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Skills<'a> {
    /// Every one.
    pub skills: Vec<Skill<'a>>,
}

/// Teams.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Teams<'a> {
    /// Every one.
    pub teams: Vec<Team<'a>>,
}

/// A token, shown once.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NewToken<'a> {
    /// Its name.
    pub name: &'a str,
    /// The token. It is kept as a hash only and can't be shown again.
    pub token: &'a str,
}

/// One interaction.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OneInteraction<'a> {
    /// As it is now.
    pub interaction: Interaction<'a>,
}

/// `interaction.get`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WholeInteraction<'a> {
    /// As it is now.
    pub interaction: Interaction<'a>,
    /// Its notes, oldest first.
    pub notes: Vec<Note<'a>>,
}

/// `inbox.list`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Interactions<'a> {
    /// Offered and assigned work.
    pub interactions: Vec<Interaction<'a>>,
    /// Work that the caller is consulted on.
    pub consulted: Vec<Interaction<'a>>,
}

/// `interaction.list`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InteractionPage<'a> {
    /// Those found, newest first.
    pub interactions: Vec<Interaction<'a>>,
    /// What to give as `before` for the next page; left out: this was the last. A page may have fewer than asked for, or none,
    /// and still have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id<InteractionId>>,
}

/// `supervise.watch`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Watching<'a> {
    /// All that the caller watches now.
    pub watching: WatchedThings<'a>,
}

/// What a supervisor watches.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WatchedThings<'a> {
    /// Whether it is everything.
    pub all: bool,
    /// Skills.
    pub skills: Vec<&'a str>,
    /// Interactions.
    pub interactions: Vec<Id<InteractionId>>,
}

/// `board.get`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Board<'a> {
    /// Every queue.
    pub queues: Vec<Queue<'a>>,
    /// Every agent.
    pub agents: Vec<Agent<'a>>,
    /// Countdowns that are yellow or red, by when they reach zero.
    pub timers: Vec<AtRisk<'a>>,
    /// Whether there are more of them than are shown.
    pub more_timers: bool,
}

/// A countdown that is yellow or red.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AtRisk<'a> {
    /// Which countdown.
    pub timer: Word<TimerKind>,
    /// `yellow` or `red`.
    pub state: TimerState,
    /// When it reaches zero, or did.
    pub red_at: Moment,
    /// The interaction, as it is now.
    pub interaction: Interaction<'a>,
}

/// A page of messages.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct History<'a> {
    /// Oldest first.
    pub messages: Vec<Message<'a>>,
    /// Whether there are older ones.
    pub more: bool,
}

/// A message as it is now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OneMessage<'a> {
    /// The message; the first one when several files were sent.
    pub message: Message<'a>,
    /// All of them, when there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message<'a>>,
}

/// Outbound work and its first message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Outbound<'a> {
    /// The work.
    pub interaction: Interaction<'a>,
    /// What was sent; left out where nothing is sent (the telephone).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message<'a>>,
}

/// A note.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OneNote<'a> {
    /// As it was kept.
    pub note: Note<'a>,
}

/// `transcript.send`: stored and on its way.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OneTranscript<'a> {
    /// The transcript; what becomes of it comes as `transcript.changed`.
    pub transcript: Transcript<'a>,
}

/// A transcript on its way.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Transcript<'a> {
    /// Its id.
    pub transcript_id: Id<TranscriptId>,
    /// Of which interaction.
    pub interaction_id: Id<InteractionId>,
    /// Where it goes.
    pub email: &'a str,
    /// How far it has come.
    pub state: Word<TranscriptState>,
}

/// What this installation has beside its channels.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Services {
    /// Whether transcripts can be sent by e-mail.
    pub transcripts: bool,
    /// Whether messages can be translated.
    pub translation: bool,
}

/// `translation.languages`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Languages<'a> {
    /// Every one.
    pub languages: Vec<Language<'a>>,
}

/// A language that the translator knows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Language<'a> {
    /// Its code, for `translation.set`.
    pub code: &'a str,
    /// Its name, in English as a rule.
    pub name: &'a str,
}

/// The tags of one thing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Tags<'a> {
    /// All that it has now.
    pub tags: &'a BTreeSet<String>,
}

/// Tags to choose from.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct KnownTags<'a> {
    /// Those used most first.
    pub tags: Vec<KnownTag<'a>>,
}

/// A tag in use.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct KnownTag<'a> {
    /// The tag.
    pub tag: &'a str,
    /// On how many interactions and messages.
    pub uses: i64,
}

/// A channel's templates.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Templates<'a> {
    /// Every one, also those that can't be sent now.
    pub templates: Vec<Template<'a>>,
}

/// Quick replies.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QuickReplies<'a> {
    /// Those found.
    pub quick_replies: Vec<QuickReply<'a>>,
}

/// A text to insert, with its form.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QuickReply<'a> {
    /// Its id.
    pub quick_reply_id: &'a str,
    /// What to show.
    pub title: &'a str,
    /// What it says, with what is known filled in; names of fields, and what is not known, stand in braces.
    pub text: String,
    /// The language of the text; left out: it serves all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
    /// What to type for it, with its `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<&'a str>,
    /// Words to find it by.
    pub tags: &'a BTreeSet<String>,
    /// The skills it is for; empty: all.
    pub skills: BTreeSet<&'a str>,
    /// Whether it is a favourite of the caller.
    pub starred: bool,
    /// What to ask for before `quick_reply.render`, in the order of their names; empty: nothing.
    pub fields: Vec<QuickReplyField<'a>>,
}

/// One thing to fill in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QuickReplyField<'a> {
    /// Its name, the key in `fields`.
    pub name: &'a str,
    /// What the form says.
    pub label: &'a str,
    /// What it takes.
    pub kind: FieldKindName,
    /// Whether it must be filled in.
    pub required: bool,
    /// An example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'a str>,
    /// What it begins with; left empty, that is what is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Fewest characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// Most characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// A regular expression that the whole value must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<&'a str>,
    /// The least number or the first date that will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<serde_json::Value>,
    /// The greatest number or the last date that will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<serde_json::Value>,
    /// Whether a number must be whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// What to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<&'a str>,
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKindName {
    /// Any text.
    Text,
    /// A date, as `2026-11-24`.
    Date,
    /// A time of day, as `14:30`.
    Time,
    /// A number, with a point or a comma.
    Number,
    /// One of `options`.
    Choice,
}

/// `quick_reply.render`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RenderedQuickReply<'a> {
    /// Which.
    pub quick_reply_id: &'a str,
    /// The language of the text; left out: it serves all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
    /// The text to insert, nothing left to fill in.
    pub text: &'a str,
}

/// `search.run`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SearchResult<'a> {
    /// What was found, newest first.
    pub hits: Vec<Hit<'a>>,
    /// Give it as `before` to go on; `null`: everything was looked at. A page can hold few hits, or none, and still have a next
    /// one: one call looks at a bounded number of places.
    pub next: Option<String>,
    /// How many of the newest events the index has not followed yet; 0: what was stored before the question is found.
    pub behind: i64,
}

/// One thing found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Hit<'a> {
    /// What it is.
    pub kind: HitKind,
    /// The interaction it stands in.
    pub interaction: Interaction<'a>,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message<'a>>,
    /// The note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note<'a>>,
}

/// `interaction.why`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Why<'a> {
    /// Why it came here, for the agent.
    pub sentence: &'a str,
    /// Each decision, newest first; only for those who supervise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Vec<Decision<'a>>>,
}

/// A question to the policy, or a choice of the engine, with its reasons.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Decision<'a> {
    /// Its id.
    pub decision_id: Id<DecisionId>,
    /// When.
    pub time: Moment,
    /// `route`, `on_message`, `timers`, `auto_close` or `offer`.
    pub question: &'a str,
    /// Which scripts answered.
    pub generation: i64,
    /// File and line of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<&'a str>,
    /// Why the script could not answer, if so; then `answer` is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    /// What was known.
    #[schemars(with = "serde_json::Value")]
    pub facts: &'a RawValue,
    /// The answer.
    #[schemars(with = "serde_json::Value")]
    pub answer: &'a RawValue,
    /// Why others were not chosen.
    #[schemars(with = "serde_json::Value")]
    pub reasons: &'a RawValue,
}

/// The state of the policy's scripts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Scripts<'a> {
    /// The generation that decides now.
    pub generation: i64,
    /// `live`: the newest sources decide; `refused`: an older generation does.
    pub state: &'a str,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// The sources.
    pub scripts: Vec<Script<'a>>,
    /// What is wrong with the newest sources.
    pub errors: Vec<ScriptError<'a>>,
    /// Generations that can be gone back to, oldest first; the last one decides now.
    pub generations: Vec<i64>,
}

/// A script's source, as the folder has it: the one that decides, or a newer one that was refused.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScriptSource<'a> {
    /// Its file.
    pub name: &'a str,
    /// The source.
    pub text: &'a str,
    /// The beginning of its SHA-256: give it when saving.
    pub hash: &'a str,
}

/// What became of a draft.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TriedScript<'a> {
    /// What is wrong; empty: it is good.
    pub errors: Vec<ScriptError<'a>>,
    /// How many of the installation's tests passed with it.
    pub passed: usize,
    /// Whether it was written and decides now.
    pub saved: bool,
    /// The generation that decides now.
    pub generation: i64,
}

/// A source.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Script<'a> {
    /// Its file.
    pub name: &'a str,
    /// The beginning of its SHA-256.
    pub hash: &'a str,
}

/// A fault in a script.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScriptError<'a> {
    /// The file.
    pub file: &'a str,
    /// Its line, from 1; 0: not known.
    pub line: u32,
    /// Its column, from 1; 0: not known.
    pub column: u32,
    /// What is wrong.
    pub message: &'a str,
}

/// A file that was uploaded.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Uploaded<'a> {
    /// Its id, to send it by.
    pub media_id: &'a str,
    /// Its type.
    pub mime: &'a str,
    /// Bytes.
    pub size: i64,
    /// The file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<&'a str>,
}
