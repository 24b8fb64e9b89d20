//! A transcript: what a contact saw of an interaction, sent to one e-mail address; and which of its messages that is.

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{
    AgentId, Author, DeliveryState, Direction, InteractionId, Media, MediaState, Message, MessageId,
    MessageKind, Time, TranscriptId,
};

words! {
    /// How far a transcript has come.
    TranscriptState {
        /// It waits for another try.
        Queued = "queued",
        /// It is with the mail server.
        Sending = "sending",
        /// The mail server took it.
        Sent = "sent",
        /// It was not and will not be taken.
        Failed = "failed",
        /// Whether it was taken is not known; it is not sent again by itself.
        Unknown = "unknown",
    }
}

/// One sending of a transcript. Its row stays: who sent what to which address is worth knowing later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// Its id.
    pub transcript_id: TranscriptId,
    /// Of which interaction.
    pub interaction_id: InteractionId,
    /// Who sent it.
    pub agent_id: AgentId,
    /// The one address.
    pub email: String,
    /// The language of what is written around the messages.
    pub language: String,
    /// The last message in it: later ones are not, however late it leaves.
    pub last_message_id: MessageId,
    /// How far it has come.
    pub state: TranscriptState,
    /// Times it was handed to the mail server.
    pub attempts: u32,
    /// When the next try is due, while queued.
    pub retry_at: Option<Time>,
    /// Why it did not leave at the last try, as a key that clients translate.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Time,
    /// When its fate was known.
    pub settled_at: Option<Time>,
}

/// What a contact saw of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Whether the contact wrote it.
    pub by_contact: bool,
    /// Its parts, in order.
    pub parts: Vec<SeenPart<'a>>,
}

/// A part of what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeenPart<'a> {
    /// Words.
    Text(&'a str),
    /// A picture in its place.
    Picture(&'a Media),
    /// Something that a transcript does not hold.
    Omitted,
    /// It was taken back.
    Deleted,
}

impl Message {
    /// What its contact saw of it; `None`: nothing. A list of what is shown, so that a new kind of message or state is not
    /// shown until somebody says so.
    pub fn seen(&self) -> Option<Seen<'_>> {
        let (by_contact, arrived) = match (self.direction, &self.author) {
            (Direction::In, _) => (true, self.state == DeliveryState::Received),
            (Direction::Out, Author::Agent(_) | Author::System | Author::Elsewhere | Author::Contact) => {
                (false, left(self.state))
            }
        };
        if !arrived {
            return None;
        }
        if self.deleted {
            return Some(Seen { by_contact, parts: vec![SeenPart::Deleted] });
        }
        let shows_pictures = match self.kind {
            MessageKind::Image | MessageKind::Template => true,
            MessageKind::Text
            | MessageKind::Audio
            | MessageKind::Video
            | MessageKind::Document
            | MessageKind::Sticker
            | MessageKind::Location
            | MessageKind::Contacts
            | MessageKind::Choice
            | MessageKind::Form
            | MessageKind::Order => false,
            MessageKind::Unsupported => return Some(Seen { by_contact, parts: vec![SeenPart::Omitted] }),
            // News of the channel; nobody said it.
            MessageKind::System => return None,
        };
        let mut parts: Vec<SeenPart<'_>> = Vec::new();
        for media in &self.media {
            let picture =
                shows_pictures && media.state == MediaState::Stored && media.mime.starts_with("image/");
            parts.push(if picture { SeenPart::Picture(media) } else { SeenPart::Omitted });
        }
        let text = self.shown_text();
        if text.is_empty() {
            parts.extend(self.media.iter().filter_map(|media| media.caption.as_deref()).map(SeenPart::Text));
        } else {
            parts.push(SeenPart::Text(text));
        }
        if parts.is_empty() {
            parts.push(SeenPart::Omitted);
        }
        Some(Seen { by_contact, parts })
    }
}

/// Whether a message of this state has left for its contact. One of unknown fate may not have been seen.
fn left(state: DeliveryState) -> bool {
    match state {
        DeliveryState::Accepted
        | DeliveryState::Sent
        | DeliveryState::Delivered
        | DeliveryState::Read
        | DeliveryState::Played => true,
        DeliveryState::Queued
        | DeliveryState::Sending
        | DeliveryState::Unknown
        | DeliveryState::Failed
        | DeliveryState::Received => false,
    }
}
