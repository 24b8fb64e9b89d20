//! One piece of work with a contact on one channel, with its notes and drafts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{
    AgentId, ChannelId, ChannelKind, ContactId, IdentityId, InteractionId, Kept, MediaId, MessageId, NoteId,
    Ownership, SkillId, Status, TeamId, Time, Timers, Translating,
};

/// Whom waiting work is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Anybody who holds the skill at this level or above.
    Skill {
        /// The skill.
        skill: SkillId,
        /// Minimum level, 1–10.
        level: u8,
    },
    /// One agent.
    Agent(AgentId),
    /// Anybody of a team.
    Team(TeamId),
    /// Nobody: held back under a name (closed hours) until something changes.
    Hold(String),
}

/// How an interaction waits in its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Whom it is for.
    pub target: Target,
    /// 0–1000; higher goes first.
    pub priority: u16,
    /// Since when it waits; refusals and expiries keep it.
    pub since: Time,
    /// When `target` gives way to `otherwise`.
    pub until: Option<Time>,
    /// Where it goes then.
    pub otherwise: Option<SkillId>,
    /// Agents it is not offered to before the time (refused, expired: 60 s).
    pub not_before: Vec<(AgentId, Time)>,
}

/// Whom work is handed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// One agent.
    Agent(AgentId),
    /// Whoever holds a skill.
    Skill(SkillId),
    /// Whoever is of a team.
    Team(TeamId),
}

/// Assigned work that a colleague was asked to take: its agent keeps it until the colleague accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The colleague.
    pub to: AgentId,
    /// Until when the colleague may answer.
    pub expires_at: Time,
}

/// One piece of work. Memory holds those that have not ended; an ended one never changes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// Its id.
    pub interaction_id: InteractionId,
    /// The channel account it runs on.
    pub channel_id: ChannelId,
    /// That account's kind.
    pub kind: ChannelKind,
    /// With whom.
    pub contact_id: ContactId,
    /// At which address.
    pub identity_id: IdentityId,
    /// That address as people read it (`+33 6 …`, a user name, an e-mail address).
    pub address: String,
    /// The interaction it follows on its channel.
    pub previous_id: Option<InteractionId>,
    /// The interaction on another channel that it was converted from.
    pub converted_from: Option<InteractionId>,
    /// Whether an agent began it.
    pub outbound: bool,
    /// What it is about, on channels that have a subject.
    pub subject: Option<String>,
    /// What its agent says of it.
    pub status: Status,
    /// Who has it.
    pub ownership: Ownership,
    /// The agent it is offered or assigned to.
    pub agent_id: Option<AgentId>,
    /// The agent who had it last.
    pub last_agent_id: Option<AgentId>,
    /// Colleagues who may read and add notes.
    pub consulted: BTreeSet<AgentId>,
    /// The colleague who was asked to take it over, while it is assigned.
    pub transfer: Option<Transfer>,
    /// The skill it was routed to.
    pub skill: Option<SkillId>,
    /// How it waits, while queued or offered.
    pub waiting: Option<Waiting>,
    /// The language routing decided on, when known.
    pub language: Option<String>,
    /// Until when free text may be sent; `None`: nothing received yet, or a channel without a window.
    pub window_ends_at: Option<Time>,
    /// Whether the end of the window was announced: 1 = an hour before, 2 = closed.
    pub window_told: u8,
    /// Deadlines.
    pub timers: Timers,
    /// The contact's messages since the agent last marked read.
    pub unread: u32,
    /// The newest message.
    pub last_message_id: Option<MessageId>,
    /// The newest message's first words, for the inbox (at most 120 characters).
    pub last_line: String,
    /// When the newest message came or went.
    pub last_message_at: Option<Time>,
    /// The contact's first message not answered yet.
    pub unanswered_since: Option<Time>,
    /// Whether an agent or bot has answered at all.
    pub answered: bool,
    /// The business outcome.
    pub disposition: Option<String>,
    /// Tags on the interaction.
    pub tags: BTreeSet<String>,
    /// When it began.
    pub created_at: Time,
    /// When its agent accepted it last.
    pub assigned_at: Option<Time>,
    /// When its status last changed.
    pub status_since: Time,
    /// When an agent first had it.
    pub accepted_at: Option<Time>,
    /// When an agent first answered.
    pub answered_at: Option<Time>,
    /// When it ended; then nothing changes any more.
    pub ended_at: Option<Time>,
    /// What its translation is set to, if it ever was.
    pub translation: Option<Translating>,
    /// What the engine remembers of it from one input to the next; for nobody's eyes.
    pub kept: Kept,
    /// Rises by one with each event that changes it.
    pub revision: i64,
}

/// Text that only colleagues see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub note_id: NoteId,
    /// Where it stands.
    pub interaction_id: InteractionId,
    /// The message it is about, if one.
    pub message_id: Option<MessageId>,
    /// Who wrote it; `None`: the server or a bot.
    pub agent_id: Option<AgentId>,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub created_at: Time,
}

words! {
    /// What a draft is to become.
    DraftMode {
        /// A message to the contact.
        Reply = "reply",
        /// A note that only colleagues see.
        Note = "note",
    }
}

/// Unfinished writing, kept so that it survives a reload and a change of device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// For which interaction.
    pub interaction_id: InteractionId,
    /// Whose.
    pub agent_id: AgentId,
    /// What it is to become.
    pub mode: DraftMode,
    /// The text; empty with no files: the draft is gone.
    pub text: String,
    /// Files already uploaded.
    pub media: Vec<MediaId>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// When it was saved.
    pub saved_at: Time,
}

impl Draft {
    /// Nothing in it: it stands for a draft that is gone.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.media.is_empty()
    }

    /// What takes the place of a draft that is gone.
    pub fn gone(interaction_id: InteractionId, agent_id: AgentId, now: Time) -> Self {
        let (mode, text, media, reply_to) = (DraftMode::Reply, String::new(), Vec::new(), None);
        Self { interaction_id, agent_id, mode, text, media, reply_to, saved_at: now }
    }
}
