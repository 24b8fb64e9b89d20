//! Messages, their media and their delivery.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{
    AgentId, ChannelId, DeliveryState, InteractionId, MediaId, MessageId, Span, TemplateValues, Time,
    Translation, TranslationState,
};

words! {
    /// Which way a message went.
    Direction {
        /// From the contact.
        In = "in",
        /// To the contact.
        Out = "out",
    }
}

words! {
    /// What a message is.
    MessageKind {
        /// Text.
        Text = "text",
        /// A picture.
        Image = "image",
        /// Sound; a voice note is marked on its media.
        Audio = "audio",
        /// A film.
        Video = "video",
        /// A file.
        Document = "document",
        /// A sticker.
        Sticker = "sticker",
        /// A place.
        Location = "location",
        /// Contact cards.
        Contacts = "contacts",
        /// A button or list entry that the contact chose.
        Choice = "choice",
        /// A filled form.
        Form = "form",
        /// An order from a catalogue.
        Order = "order",
        /// A pre-approved template.
        Template = "template",
        /// News of the channel itself ("changed number").
        System = "system",
        /// Something the channel could not tell; kept and shown as such.
        Unsupported = "unsupported",
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The contact.
    Contact,
    /// An agent.
    Agent(AgentId),
    /// The server itself, on a script's word (an automatic reply).
    System,
    /// The business from elsewhere (its phone app).
    Elsewhere,
}

words! {
    /// Where a file stands.
    MediaState {
        /// Not here yet; a job fetches it.
        Pending = "pending",
        /// Stored here.
        Stored = "stored",
        /// Could not be had.
        Failed = "failed",
    }
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Its id here.
    pub media_id: MediaId,
    /// The message it belongs to; `None`: uploaded and not sent yet.
    pub message_id: Option<MessageId>,
    /// The agent who uploaded it; `None`: it came from a contact.
    pub agent_id: Option<AgentId>,
    /// Its type, such as `image/jpeg`.
    pub mime: String,
    /// The file's name, when it has one.
    pub filename: Option<String>,
    /// Text under it.
    pub caption: Option<String>,
    /// Bytes, when known.
    pub size: Option<i64>,
    /// Whether it is a voice note.
    pub voice: bool,
    /// Where it stands.
    pub state: MediaState,
    /// The account it is fetched from, for inbound files.
    pub channel_id: Option<ChannelId>,
    /// The provider's name for it.
    pub provider_media_id: Option<String>,
    /// Times its fetch was tried.
    pub attempts: u32,
    /// When the next try is due.
    pub retry_at: Option<Time>,
    /// When it was first named.
    pub created_at: Time,
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// Who set it.
    pub author: Author,
    /// The emoji.
    pub emoji: String,
}

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    /// The provider's code, when it gave one.
    pub code: Option<i64>,
    /// What to tell the agent, as a key that clients translate (`window_closed`, `undeliverable`, `template_paused`, …).
    pub reason: String,
    /// The provider's own words.
    pub details: String,
}

/// One message. Its text is what its author wrote; what the contact has of it is [`Message::shown_text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub message_id: MessageId,
    /// Where it stands.
    pub interaction_id: InteractionId,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// What it is.
    pub kind: MessageKind,
    /// Its text, or what stands for it (a template filled in, a button's title).
    pub text: String,
    /// Its files.
    pub media: Vec<Media>,
    /// What its kind says beyond text, as JSON (a place, cards, an order, an unknown part kept raw); empty: nothing.
    pub data: String,
    /// The template and its values, for templates that we send.
    pub template: Option<TemplateValues>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Whether the contact passed it on from elsewhere.
    pub forwarded: bool,
    /// Whether the contact changed it since.
    pub edited: bool,
    /// Whether the contact took it back; its text is then empty.
    pub deleted: bool,
    /// Emoji on it, one an author.
    pub reactions: Vec<Reaction>,
    /// Tags on it, for colleagues only.
    pub tags: BTreeSet<String>,
    /// How far it has come.
    pub state: DeliveryState,
    /// Why it failed.
    pub error: Option<DeliveryError>,
    /// Its translation, if one was asked for.
    pub translation: Option<Translation>,
    /// The provider's name for it.
    pub provider_id: Option<String>,
    /// Times it was handed to the provider. Also the second half of the mark that status reports carry back.
    pub attempts: u32,
    /// When the next try is due, while queued.
    pub retry_at: Option<Time>,
    /// How long the last wait was, for the backoff.
    pub backoff: Span,
    /// When its author sent it (the provider's time for inbound ones).
    pub sent_at: Time,
    /// When it was stored here.
    pub created_at: Time,
}

impl Message {
    /// Its text as the contact has it: of what an agent wrote, the translation, once that is there.
    pub fn shown_text(&self) -> &str {
        match &self.translation {
            Some(translation)
                if self.direction == Direction::Out && translation.state == TranslationState::Ok =>
            {
                &translation.text
            }
            Some(_) | None => &self.text,
        }
    }

    /// Whether its translation is being made.
    pub fn waits_for_translation(&self) -> bool {
        self.translation.as_ref().is_some_and(|translation| translation.state == TranslationState::Pending)
    }
}
