//! How an interaction, with its contact and timers, looks on the wire.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Id, Moment, Word};
use crate::domain::{
    AgentId, ChannelKind, ContactId, DraftMode, InteractionId, MessageId, NoteId, Ownership, Status,
};

/// One piece of work with a contact on one channel, whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Interaction<'a> {
    /// Its id.
    pub interaction_id: Id<InteractionId>,
    /// The channel account.
    pub channel_id: &'a str,
    /// That account's kind.
    pub kind: Word<ChannelKind>,
    /// With whom; `null` once erased.
    pub contact: Option<Contact<'a>>,
    /// What its agent says of it.
    pub status: Word<Status>,
    /// Who has it.
    pub ownership: Word<Ownership>,
    /// The agent it is offered or assigned to.
    pub agent_id: Option<Id<AgentId>>,
    /// The agent who had it last.
    pub last_agent_id: Option<Id<AgentId>>,
    /// Colleagues who may read and add notes.
    pub consulted: Vec<Id<AgentId>>,
    /// The colleague who was asked to take it over, and may accept or refuse; it stays assigned until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// The skill it was routed to.
    pub skill: Option<&'a str>,
    /// The interaction it follows on its channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<Id<InteractionId>>,
    /// The interaction on another channel that it was converted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub converted_from: Option<Id<InteractionId>>,
    /// Whether an agent began it.
    pub outbound: bool,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'a str>,
    /// The language routing decided on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
    /// Until when free text may be sent; `null`: nothing received yet, or a channel without a window.
    pub window_ends_at: Option<Moment>,
    /// Countdowns and deadlines.
    pub timers: Timers,
    /// The contact's messages since the agent last marked read.
    pub unread: u32,
    /// The newest message's first words.
    pub last_line: &'a str,
    /// When the newest message came or went.
    pub last_message_at: Option<Moment>,
    /// The business outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<&'a str>,
    /// Tags.
    pub tags: &'a BTreeSet<String>,
    /// When it began.
    pub created_at: Moment,
    /// When its agent accepted it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Moment>,
    /// When it ended; then nothing changes any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
    /// How it is translated; left out while that was never chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation: Option<Translating<'a>>,
    /// Rises by one with each event that changes it.
    pub revision: i64,
    /// The caller's unfinished reply; only in snapshots and `interaction.get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft<'a>>,
    /// What its channel can do.
    pub capabilities: Capabilities,
}

/// Work offered by its agent to a colleague.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Transfer {
    /// The colleague.
    pub agent_id: Id<AgentId>,
    /// Until when the colleague may answer.
    pub offer_expires_at: Moment,
}

/// The person on the other side, with the address this interaction goes to.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Contact<'a> {
    /// Its id.
    pub contact_id: Id<ContactId>,
    /// The name to show.
    pub name: &'a str,
    /// Preferred language, a two-letter code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
    /// The address as people read it.
    pub address: &'a str,
    /// A mark for routing.
    pub vip: bool,
    /// Whether messages from this contact are kept aside: nobody is told of them.
    pub blocked: bool,
    /// Whether the contact asked for no more outbound messages.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
}

/// How an interaction is translated.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Translating<'a> {
    /// The agent's language.
    pub my_language: &'a str,
    /// The contact's.
    pub their_language: &'a str,
    /// Whether what the contact writes is translated.
    pub translate_theirs: bool,
    /// Whether what the agent writes is.
    pub translate_mine: bool,
}

/// Countdowns and deadlines of an interaction.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Timers {
    /// How long the contact has waited for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Timer>,
    /// How long the agent has waited for the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Timer>,
    /// When the running offer expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_expires_at: Option<Moment>,
    /// When a resolved or closed interaction ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Moment>,
    /// When a snoozed interaction comes back to its agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Moment>,
}

/// One countdown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Timer {
    /// When it began.
    pub started_at: Moment,
    /// When half of it is gone.
    pub yellow_at: Moment,
    /// When it reaches zero.
    pub red_at: Moment,
    /// Its length, extensions included; what is left is the way from now to `red_at`.
    pub total_seconds: i64,
    /// How often it was extended.
    pub extended: u32,
    /// How often it may still be extended (`timer.extend`), by who may.
    pub extensions_left: u32,
    /// What one extension adds; left out: it can't be extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extend_by_seconds: Option<i64>,
    /// Where it stands.
    pub state: TimerState,
}

/// Where a countdown stands.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimerState {
    /// More than half is left.
    Running,
    /// Half is gone.
    Yellow,
    /// It reached zero.
    Red,
}

/// What a channel can do.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Capabilities {
    /// Whether free text is only allowed for a time after the contact's last message.
    pub window: bool,
    /// Whether there are pre-approved templates.
    pub templates: bool,
    /// Whether messages may carry files.
    pub media: bool,
    /// Whether reactions can be sent.
    pub reactions: bool,
    /// Whether a typing sign can be sent.
    pub typing: bool,
    /// Whether a conversation has a subject.
    pub subject: bool,
    /// Longest text, in Unicode characters; 0: no text at all.
    pub text_max: usize,
}

/// An unfinished reply or note.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Draft<'a> {
    /// What it is to become.
    pub mode: Word<DraftMode>,
    /// Its text.
    pub text: &'a str,
    /// Files already uploaded.
    pub media: Vec<&'a str>,
    /// The message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Id<MessageId>>,
    /// When it was saved.
    pub saved_at: Moment,
}

/// Text that only colleagues see.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Note<'a> {
    /// Its id.
    pub note_id: Id<NoteId>,
    /// Where it stands.
    pub interaction_id: Id<InteractionId>,
    /// The message it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Id<MessageId>>,
    /// Who wrote it; left out: the server or a bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Id<AgentId>>,
    /// What it says.
    pub text: &'a str,
    /// When it was written.
    pub created_at: Moment,
}
