//! What the server tells unasked.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Agent, Draft, Id, Interaction, Message, Moment, Note, Queue, Reaction, ScriptError, Section, Word,
};
use crate::domain::{AgentId, ContactId, InteractionId, MessageId, Status, TranscriptId, TranscriptState};
use crate::engine::{TimerChange, TimerKind};

/// The parameters of the notification `event`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Event<'a> {
    /// Where it stands in the log: what to give to `session.start`. Left out for events that are not kept (typing, counters).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// When it happened.
    pub time: Moment,
    /// On which interaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction_id: Option<Id<InteractionId>>,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody<'a>,
}

/// A place in the log. Opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub i64);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "e{}", self.0)
    }
}

impl Cursor {
    /// Reads one; `None`: not one of ours.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('e')?;
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
        number.map(Self)
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Cursor {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// What happened. `interaction` is whole, as it was just after; left out once its contact was erased.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "type")]
pub enum EventBody<'a> {
    /// Work began.
    #[serde(rename = "interaction.created")]
    Created(About<'a>),
    /// It waits in a queue.
    #[serde(rename = "interaction.queued")]
    Queued(About<'a>),
    /// It is proposed to an agent.
    #[serde(rename = "interaction.offered")]
    Offered(Given<'a>),
    /// An offer ended.
    #[serde(rename = "interaction.offer_ended")]
    OfferEnded {
        /// Whose offer it was.
        agent_id: Id<AgentId>,
        /// `accepted`, `refused`, `expired`, `withdrawn` or `disconnected`.
        reason: &'a str,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// An agent has it.
    #[serde(rename = "interaction.assigned")]
    Assigned(Given<'a>),
    /// It changed hands because somebody said so. `interaction.assigned` or `interaction.queued` follows.
    #[serde(rename = "interaction.transferred")]
    Transferred {
        /// Who said so.
        by: Id<AgentId>,
        /// Who had it; `null`: nobody.
        from: Option<Id<AgentId>>,
        /// Whom it went to: one of `agent`, `skill`, `team`.
        to: HandedTo<'a>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// A colleague may read it and write notes.
    #[serde(rename = "interaction.consult_started")]
    ConsultStarted {
        /// Who asked.
        by: Id<AgentId>,
        /// The colleague, with the interaction.
        #[serde(flatten)]
        given: Given<'a>,
    },
    /// A colleague may not any more.
    #[serde(rename = "interaction.consult_ended")]
    ConsultEnded {
        /// The colleague.
        agent_id: Id<AgentId>,
        /// `ended`, `left`, `transferred` (it is the colleague's own now), `released` (it left its agent's hands), `closed` or
        /// `removed`.
        reason: &'a str,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// It left an agent's inbox and is in nobody's.
    #[serde(rename = "interaction.detached")]
    Detached {
        /// Whose it was.
        agent_id: Option<Id<AgentId>>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// Its status changed.
    #[serde(rename = "interaction.status_changed")]
    StatusChanged {
        /// What it was.
        from: Word<Status>,
        /// What it is.
        to: Word<Status>,
        /// Who changed it; `null`: the contact or the server.
        by: Option<Id<AgentId>>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// Its outcome was written.
    #[serde(rename = "interaction.outcome_set")]
    OutcomeSet {
        /// By whom.
        by: Id<AgentId>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// It ended.
    #[serde(rename = "interaction.closed")]
    Closed(About<'a>),
    /// Its service window changed.
    #[serde(rename = "interaction.window_changed")]
    WindowChanged {
        /// `open`, `closing` (an hour left) or `closed`.
        state: &'a str,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// Its languages were chosen, or its translation switched.
    #[serde(rename = "interaction.translation_set")]
    TranslationSet {
        /// By whom.
        agent_id: Id<AgentId>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// Its agent has read it.
    #[serde(rename = "interaction.read")]
    Read {
        /// Who.
        agent_id: Id<AgentId>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// It goes on elsewhere, and stays open here.
    #[serde(rename = "interaction.converted")]
    Converted {
        /// Where it goes on.
        to: Id<InteractionId>,
        /// Who did it.
        by: Id<AgentId>,
        /// The interaction that stays.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// Its agent put it aside: it left the inbox until a time, or until the contact writes.
    #[serde(rename = "interaction.snoozed")]
    Snoozed {
        /// Whose it was.
        agent_id: Id<AgentId>,
        /// Until when.
        until: Moment,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// The contact of an interaction changed: its name, attributes, marks or addresses.
    #[serde(rename = "contact.changed")]
    ContactChanged {
        /// Which contact.
        contact_id: Id<ContactId>,
        /// Who changed it.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<Id<AgentId>>,
        /// The interaction, with the contact as it is now.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// Two contacts became one, or are two again.
    #[serde(rename = "contact.merged")]
    ContactMerged {
        /// The one whose addresses moved.
        contact_id: Id<ContactId>,
        /// The one that has them, or (not `merged`) had them.
        into: Id<ContactId>,
        /// Whether they are one now.
        merged: bool,
        /// Who did it.
        by: Id<AgentId>,
    },
    /// A section of the contact's card has come, or will not.
    #[serde(rename = "card.changed")]
    CardChanged {
        /// Whose card.
        contact_id: Id<ContactId>,
        /// The section.
        section: Section,
    },
    /// A message came or was written.
    #[serde(rename = "message.added")]
    MessageAdded(MessageAbout<'a>),
    /// A message's delivery, text or files changed.
    #[serde(rename = "message.changed")]
    MessageChanged(MessageAbout<'a>),
    /// Emoji on a message changed.
    #[serde(rename = "message.reaction")]
    MessageReaction {
        /// On which message.
        message_id: Id<MessageId>,
        /// All of them, one an author.
        reactions: Vec<Reaction<'a>>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// A note was written.
    #[serde(rename = "note.added")]
    NoteAdded {
        /// The note; left out once erased.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Note<'a>>,
    },
    /// Tags changed, on a message or on the interaction itself.
    #[serde(rename = "tag.changed")]
    TagChanged {
        /// On which message; left out: on the interaction itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<Id<MessageId>>,
        /// Tags put on.
        added: &'a [String],
        /// Tags taken off.
        removed: &'a [String],
        /// By whom; `null`: the server.
        by: Option<Id<AgentId>>,
        /// That message, as it was just after.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<Message<'a>>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// A transcript left for its address, waits for another try, or did not leave. Who sent it sees it too.
    #[serde(rename = "transcript.changed")]
    TranscriptChanged {
        /// Which.
        transcript_id: Id<TranscriptId>,
        /// Who sent it.
        agent_id: Id<AgentId>,
        /// `sent`, `queued` (it is tried again), `failed` or `unknown` (not sent again by itself).
        state: Word<TranscriptState>,
        /// Why it did not leave, as a key that clients translate: `mail_unreachable`, `mail_busy`, `mail_refused`,
        /// `mail_login`, `mail_tls`, `mail_unanswered`, `restarted`, `unreadable`.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// A countdown changed.
    #[serde(rename = "timer.changed")]
    TimerChanged {
        /// Which.
        timer: Word<TimerKind>,
        /// What became of it.
        change: Word<TimerChange>,
        /// The interaction.
        #[serde(flatten)]
        about: About<'a>,
    },
    /// Somebody types.
    #[serde(rename = "typing")]
    Typing {
        /// The agent who types.
        #[serde(skip_serializing_if = "Option::is_none")]
        agent_id: Option<Id<AgentId>>,
        /// Whether it is the contact.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        contact: bool,
    },
    /// The caller's draft changed, on another of its devices.
    #[serde(rename = "draft.changed")]
    DraftChanged {
        /// The draft; `null`: it is gone.
        draft: Option<Draft<'a>>,
    },
    /// The caller starred a quick reply, or took the star away.
    #[serde(rename = "quick_reply.starred")]
    QuickReplyStarred {
        /// Which.
        quick_reply_id: &'a str,
        /// Whether it is a favourite now.
        starred: bool,
    },
    /// An agent's state, skills or role changed.
    #[serde(rename = "agent.changed")]
    AgentChanged {
        /// As it is now.
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<Agent<'a>>,
    },
    /// A queue's counters changed.
    #[serde(rename = "queue.changed")]
    QueueChanged {
        /// As they are now.
        queue: Queue<'a>,
    },
    /// Scripts went live or were refused.
    #[serde(rename = "policy.changed")]
    PolicyChanged {
        /// The generation that decides now.
        generation: i64,
        /// `live` or `refused`.
        state: &'a str,
        /// The script that was refused.
        #[serde(skip_serializing_if = "Option::is_none")]
        script: Option<&'a str>,
        /// What is wrong, if refused.
        errors: Vec<ScriptError<'a>>,
    },
    /// A plugin runs, waits for a grant, was refused, suspended or removed.
    #[serde(rename = "plugin.changed")]
    PluginChanged {
        /// Which.
        plugin: &'a str,
        /// `running`, `waiting`, `refused`, `suspended` or `removed`.
        state: &'a str,
        /// What is wrong.
        errors: Vec<ScriptError<'a>>,
    },
    /// A contact was erased: forget what you know of it.
    #[serde(rename = "contact.erased")]
    ContactErased {
        /// Which.
        contact_id: Id<ContactId>,
    },
    /// An alarm or a piece of news for administrators.
    #[serde(rename = "notice")]
    Notice {
        /// `info`, `warning` or `alarm`.
        level: &'a str,
        /// For programs.
        code: &'a str,
        /// For people.
        message: &'a str,
    },
}

/// Whom work went to.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandedTo<'a> {
    /// An agent.
    Agent(Id<AgentId>),
    /// A skill.
    Skill(&'a str),
    /// A team.
    Team(&'a str),
}

/// An event that is about an interaction and says no more.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct About<'a> {
    /// As it was just after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Interaction<'a>>,
}

/// An interaction that came into an agent's inbox.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Given<'a> {
    /// Whose inbox.
    pub agent_id: Id<AgentId>,
    /// As it was just after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Interaction<'a>>,
    /// Its last 50 messages, oldest first; only for that agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<Message<'a>>>,
}

/// A message with its interaction.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MessageAbout<'a> {
    /// As it was just after; left out once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message<'a>>,
    /// Its interaction, as it was just after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Interaction<'a>>,
}

/// The parameters of the notification `hello`, the first frame of a socket.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Hello {
    /// The protocol's version.
    pub protocol: u32,
    /// How often the server pings; two missed pings close.
    pub heartbeat_seconds: u64,
    /// Longest frame that the server takes.
    pub max_frame_bytes: usize,
    /// The server's time.
    pub time: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        assert_eq!(Cursor::read(&Cursor(42).to_string()), Some(Cursor(42)));
        for strange in ["", "e", "42", "e-1", "e+1", "e1 ", "E1", "e99999999999999999999"] {
            assert_eq!(Cursor::read(strange), None, "{strange}");
        }
    }
}
