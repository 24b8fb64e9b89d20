//! What happened: the facts that a batch adds to the log and that clients may be told.
//!
//! Events hold ids, not bodies, so that erasing a contact does not break the log; whoever delivers one looks the bodies up.

#![expect(missing_docs, reason = "the fields of a variant are told in the line above it")]

use serde::{Deserialize, Serialize};

use crate::domain::{
    AgentId, AgentState, CardSection, ContactId, InteractionId, MessageId, NoteId, SkillId, Status, Time, To,
    TranscriptId, TranscriptState,
};

crate::domain::words! {
    /// Which countdown.
    TimerKind {
        /// The contact waits.
        Agent = "agent",
        /// The agent waits.
        Customer = "customer",
    }
}

crate::domain::words! {
    /// What became of a countdown.
    TimerChange {
        /// It began.
        Started = "started",
        /// It got more time.
        Extended = "extended",
        /// Half of it is gone.
        Yellow = "yellow",
        /// It reached zero.
        Red = "red",
        /// It ended before zero.
        Stopped = "stopped",
    }
}

/// A fault in a script or plugin, where an administrator finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyError {
    /// The file, relative to the installation (`scripts/routing.lua`).
    pub file: String,
    /// Its line, from 1; 0: not known.
    pub line: u32,
    /// Its column, from 1; 0: not known.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// Work began.
    InteractionCreated,
    /// It waits in a queue.
    InteractionQueued,
    /// It is proposed to an agent.
    InteractionOffered { agent_id: AgentId },
    /// An offer ended: `accepted`, `refused`, `expired`, `withdrawn` or `disconnected`.
    InteractionOfferEnded { agent_id: AgentId, reason: String },
    /// An agent has it.
    InteractionAssigned { agent_id: AgentId },
    /// It changed hands because somebody said so: `from` had it, if anybody did.
    InteractionTransferred { by: AgentId, from: Option<AgentId>, to: To },
    /// A colleague may read it and write notes.
    InteractionConsultStarted { agent_id: AgentId, by: AgentId },
    /// A colleague may not any more: `ended`, `left`, `transferred` (it is the colleague's own now), `released` (it left its
    /// agent's hands), `closed` or `removed`.
    InteractionConsultEnded { agent_id: AgentId, reason: String },
    /// It left an agent's inbox and is in nobody's.
    InteractionDetached { agent_id: Option<AgentId> },
    /// Its status changed.
    InteractionStatusChanged { from: Status, to: Status, by: Option<AgentId> },
    /// Its outcome was written.
    InteractionOutcomeSet { by: AgentId },
    /// It ended.
    InteractionClosed,
    /// Its service window is `open`, `closing` (an hour left) or `closed`.
    InteractionWindowChanged { state: String },
    /// Its languages were chosen, or its translation switched.
    InteractionTranslationSet { by: AgentId },
    /// Its agent has read it.
    InteractionRead { agent_id: AgentId },
    /// It goes on elsewhere, and stays open here.
    InteractionConverted { to: InteractionId, by: AgentId },
    /// Its agent put it aside until a time: it left the inbox.
    InteractionSnoozed { agent_id: AgentId, until: Time },
    /// Its contact's name, attributes, marks or addresses changed.
    ContactChanged { contact_id: ContactId, by: Option<AgentId> },
    /// Two contacts became one, or (`merged` false) are two again.
    ContactMerged { contact_id: ContactId, into: ContactId, merged: bool, by: AgentId },
    /// A section of its contact's card has come, or will not. Never stored.
    CardChanged { contact_id: ContactId, section: CardSection },
    /// A message came or was written.
    MessageAdded { message_id: MessageId },
    /// A message's delivery, text or files changed.
    MessageChanged { message_id: MessageId },
    /// Emoji on a message changed.
    MessageReaction { message_id: MessageId },
    /// A note was written.
    NoteAdded { note_id: NoteId },
    /// Tags changed: on a message, or on the interaction itself.
    TagChanged {
        #[serde(default)]
        message_id: Option<MessageId>,
        #[serde(default)]
        added: Vec<String>,
        #[serde(default)]
        removed: Vec<String>,
        #[serde(default)]
        by: Option<AgentId>,
    },
    /// A transcript left, will be tried again, or did not leave; `reason` is a key that clients translate.
    TranscriptChanged {
        transcript_id: TranscriptId,
        agent_id: AgentId,
        state: TranscriptState,
        reason: Option<String>,
    },
    /// A countdown changed.
    TimerChanged { timer: TimerKind, change: TimerChange },
    /// Somebody types. Never stored.
    Typing { agent_id: Option<AgentId> },
    /// The caller's draft changed. The socket on which it was written is not told (0: it was none).
    DraftChanged {
        agent_id: AgentId,
        #[serde(skip)]
        session: u64,
    },
    /// An agent starred a quick reply, or took the star away.
    QuickReplyStarred { agent_id: AgentId, quick_reply_id: String, starred: bool },
    /// An agent's state, skills or role changed.
    AgentChanged { agent_id: AgentId, state: AgentState },
    /// An agent's rights changed or ended: its sockets close.
    AgentRevoked { agent_id: AgentId },
    /// A queue's counters changed. Never stored.
    QueueChanged { skill: SkillId },
    /// Scripts went live or were refused.
    PolicyChanged { generation: i64, live: bool, script: Option<String>, errors: Vec<PolicyError> },
    /// A plugin is `running`, `waiting` (for a grant), `refused` (its newest files are), `suspended` or `removed`.
    PluginChanged { plugin: String, state: String, errors: Vec<PolicyError> },
    /// A contact was erased.
    ContactErased { contact_id: ContactId },
    /// An alarm or a piece of news for administrators: `level` is `info`, `warning` or `alarm`; `code` is for programs.
    Notice { level: String, code: String, message: String },
}

/// Who may see an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Agents it concerns: who holds, is offered, is consulted on, watches or loses the interaction. Sorted, each once.
    pub agents: Vec<AgentId>,
    /// Whether everybody who supervises sees it.
    pub supervisors: bool,
    /// Whether everybody who administers sees it.
    pub administrators: bool,
}

/// One thing that happened, in its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number: dense, in commit order. 0 for events that are not stored (typing, counters).
    pub seq: i64,
    /// When.
    pub time: Time,
    /// On which interaction.
    pub interaction_id: Option<InteractionId>,
    /// That interaction's revision after it.
    pub revision: i64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
    /// For whom.
    pub audience: Audience,
}

impl EventKind {
    /// Its name on the wire, such as `interaction.offered`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InteractionCreated => "interaction.created",
            Self::InteractionQueued => "interaction.queued",
            Self::InteractionOffered { .. } => "interaction.offered",
            Self::InteractionOfferEnded { .. } => "interaction.offer_ended",
            Self::InteractionAssigned { .. } => "interaction.assigned",
            Self::InteractionTransferred { .. } => "interaction.transferred",
            Self::InteractionConsultStarted { .. } => "interaction.consult_started",
            Self::InteractionConsultEnded { .. } => "interaction.consult_ended",
            Self::InteractionDetached { .. } => "interaction.detached",
            Self::InteractionStatusChanged { .. } => "interaction.status_changed",
            Self::InteractionOutcomeSet { .. } => "interaction.outcome_set",
            Self::InteractionClosed => "interaction.closed",
            Self::InteractionWindowChanged { .. } => "interaction.window_changed",
            Self::InteractionTranslationSet { .. } => "interaction.translation_set",
            Self::InteractionRead { .. } => "interaction.read",
            Self::InteractionConverted { .. } => "interaction.converted",
            Self::InteractionSnoozed { .. } => "interaction.snoozed",
            Self::ContactChanged { .. } => "contact.changed",
            Self::ContactMerged { .. } => "contact.merged",
            Self::CardChanged { .. } => "card.changed",
            Self::MessageAdded { .. } => "message.added",
            Self::MessageChanged { .. } => "message.changed",
            Self::MessageReaction { .. } => "message.reaction",
            Self::NoteAdded { .. } => "note.added",
            Self::TagChanged { .. } => "tag.changed",
            Self::TranscriptChanged { .. } => "transcript.changed",
            Self::TimerChanged { .. } => "timer.changed",
            Self::Typing { .. } => "typing",
            Self::DraftChanged { .. } => "draft.changed",
            Self::QuickReplyStarred { .. } => "quick_reply.starred",
            Self::AgentChanged { .. } => "agent.changed",
            Self::AgentRevoked { .. } => "agent.revoked",
            Self::QueueChanged { .. } => "queue.changed",
            Self::PolicyChanged { .. } => "policy.changed",
            Self::PluginChanged { .. } => "plugin.changed",
            Self::ContactErased { .. } => "contact.erased",
            Self::Notice { .. } => "notice",
        }
    }
}
