//! What a visitor may see: its messages and ours with the agents' names to show, and where the conversation stands. Built field by field
//! from what is allowed, so that nothing else can slip through. It does not know how it travels.

use serde::Serialize;

use crate::domain::{Author, DeliveryState, Direction, Media, Message, MessageId, Ownership, Status};
use crate::engine::EventKind;
use crate::port::Conversation;

/// Who wrote a message, for a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    /// The visitor.
    Visitor,
    /// Somebody of the business.
    Agent,
    /// The server by itself.
    System,
}

/// A message as its visitor sees it.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    message_id: String,
    /// The visitor's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    from: From,
    /// The agent's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    text: &'a str,
    media: Vec<ShownMedia<'a>>,
    sent_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
}

/// A file as its visitor sees it.
#[derive(Debug, Serialize)]
struct ShownMedia<'a> {
    media_id: &'a str,
    mime: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The visitor has not written yet.
    None,
    /// Nobody has it yet.
    Waiting,
    /// An agent has it.
    Open,
    /// It is over; writing goes on with it or begins another.
    Ended,
}

/// Where a conversation stands, with whom, and how much of it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct State {
    conversation: Stage,
    /// The name of the agent who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// How many of the visitor's newest messages no agent has read yet.
    unread: u32,
}

impl State {
    pub(super) fn of(conversation: &Conversation) -> Self {
        let Some(row) = &conversation.interaction else {
            return Self { conversation: Stage::None, agent: None, unread: 0 };
        };
        let over = matches!(row.status, Status::Resolved | Status::Closed) || row.ended_at.is_some();
        let assigned = row.ownership == Ownership::Assigned;
        let stage = match (over, assigned) {
            (true, _) => Stage::Ended,
            (false, true) => Stage::Open,
            (false, false) => Stage::Waiting,
        };
        let holder = row.agent_id.filter(|_| assigned);
        let agent = holder.and_then(|agent_id| conversation.names.get(&agent_id).cloned());
        Self { conversation: stage, agent, unread: row.unread }
    }
}

/// A message for its visitor.
pub(super) fn shown<'a>(conversation: &'a Conversation, message: &'a Message) -> Shown<'a> {
    let (from, name) = match message.author {
        Author::Contact => (From::Visitor, None),
        Author::Agent(agent_id) => (From::Agent, conversation.names.get(&agent_id)),
        Author::Elsewhere => (From::Agent, None),
        Author::System => (From::System, None),
    };
    let own = message.provider_id.as_deref().filter(|_| message.direction == Direction::In);
    Shown {
        message_id: message.message_id.to_string(),
        client_id: own.and_then(|id| id.split_once('.')).map(|(_, client_id)| client_id),
        from,
        name: name.map(String::as_str),
        text: message.shown_text(),
        media: message.media.iter().map(shown_media).collect(),
        sent_at: message.sent_at.to_string(),
        reply_to: message.reply_to.map(|id| id.to_string()),
    }
}

fn shown_media(media: &Media) -> ShownMedia<'_> {
    ShownMedia {
        media_id: media.media_id.as_str(),
        mime: &media.mime,
        filename: media.filename.as_deref(),
        size: media.size,
    }
}

/// The provider's id of a message of ours, which is also the mark by which a report finds it.
pub(super) fn mark(message_id: MessageId, attempt: u32) -> String {
    format!("{message_id}.{attempt}")
}

/// Whether the visitor has said of a message of ours that it came.
pub(super) fn came(state: DeliveryState) -> bool {
    state >= DeliveryState::Delivered
}

/// Whether an event changes what a visitor sees.
pub(super) fn concerns_the_visitor(kind: &EventKind) -> bool {
    match kind {
        EventKind::MessageAdded { .. }
        | EventKind::MessageChanged { .. }
        | EventKind::InteractionAssigned { .. }
        | EventKind::InteractionDetached { .. }
        | EventKind::InteractionQueued
        | EventKind::InteractionStatusChanged { .. }
        | EventKind::InteractionClosed
        | EventKind::InteractionRead { .. } => true,
        EventKind::InteractionCreated
        | EventKind::InteractionOffered { .. }
        | EventKind::InteractionOfferEnded { .. }
        | EventKind::InteractionOutcomeSet { .. }
        | EventKind::InteractionWindowChanged { .. }
        | EventKind::MessageReaction { .. }
        | EventKind::NoteAdded { .. }
        | EventKind::TagChanged { .. }
        | EventKind::TimerChanged { .. }
        | EventKind::Typing { .. }
        | EventKind::DraftChanged { .. }
        | EventKind::TranscriptChanged { .. }
        | EventKind::AgentChanged { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::QueueChanged { .. }
        | EventKind::PolicyChanged { .. }
        | EventKind::InteractionTransferred { .. }
        | EventKind::InteractionConsultStarted { .. }
        | EventKind::InteractionConsultEnded { .. }
        | EventKind::InteractionTranslationSet { .. }
        | EventKind::InteractionConverted { .. }
        | EventKind::InteractionSnoozed { .. }
        | EventKind::ContactChanged { .. }
        | EventKind::ContactMerged { .. }
        | EventKind::ContactErased { .. }
        | EventKind::CardChanged { .. }
        | EventKind::QuickReplyStarred { .. }
        | EventKind::PluginChanged { .. }
        | EventKind::Notice { .. } => false,
    }
}
