//! How a message, its files and its delivery look on the wire.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Id, Moment, Word};
use crate::domain::{
    AgentId, DeliveryState, Direction, InteractionId, MediaState, MessageId, MessageKind, TranslationState,
};

/// One message, whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Message<'a> {
    /// Its id.
    pub message_id: Id<MessageId>,
    /// Where it stands.
    pub interaction_id: Id<InteractionId>,
    /// Which way it went.
    pub direction: Word<Direction>,
    /// Who wrote it.
    pub author: Author,
    /// What it is.
    pub kind: Word<MessageKind>,
    /// Its text, or what stands for it (a template filled in, a button's title). Empty once deleted.
    pub text: &'a str,
    /// Its files.
    pub media: Vec<Media<'a>>,
    /// What its kind says beyond text: a place, cards, an order, an unknown part as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub data: Option<&'a RawValue>,
    /// The template and its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<SentTemplate<'a>>,
    /// The message it answers.
    pub reply_to: Option<Id<MessageId>>,
    /// Whether the contact passed it on from elsewhere.
    pub forwarded: bool,
    /// Whether the contact changed it since.
    pub edited: bool,
    /// Whether the contact took it back.
    pub deleted: bool,
    /// Emoji on it, one an author.
    pub reactions: Vec<Reaction<'a>>,
    /// Tags on it, for colleagues only.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: &'a BTreeSet<String>,
    /// How far it has come.
    pub state: Word<DeliveryState>,
    /// Why it was not delivered.
    pub error: Option<DeliveryError<'a>>,
    /// Its translation; `null`: none.
    pub translation: Option<Translation<'a>>,
    /// When its author sent it (the provider's time for inbound ones).
    pub sent_at: Moment,
    /// When it was stored here.
    pub created_at: Moment,
}

/// Who wrote something.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Author {
    /// The contact.
    Contact,
    /// An agent.
    Agent {
        /// Which.
        agent_id: Id<AgentId>,
    },
    /// The server, on a script's word.
    System,
    /// The business from elsewhere (its phone app).
    Elsewhere,
}

/// A file of a message. Its bytes are at `GET /media/{media_id}`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Media<'a> {
    /// Its id.
    pub media_id: &'a str,
    /// Its type, such as `image/jpeg`.
    pub mime: &'a str,
    /// The file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<&'a str>,
    /// Text under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<&'a str>,
    /// Bytes, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// Whether it is a voice note.
    pub voice: bool,
    /// Where it stands.
    pub state: Word<MediaState>,
}

/// A template that was sent, with its values.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SentTemplate<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its language.
    pub language: &'a str,
    /// The body's values; keys are `1`, `2`, … or names.
    pub parameters: &'a BTreeMap<String, String>,
    /// The header's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<SentHeader<'a>>,
    /// Values of buttons, by position from `0`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub buttons: &'a BTreeMap<String, String>,
}

/// The value of a template's header.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SentHeader<'a> {
    /// What fills its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// Its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<&'a str>,
}

/// An emoji on a message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Reaction<'a> {
    /// Who set it.
    pub author: Author,
    /// The emoji.
    pub emoji: &'a str,
}

/// Why a message was not delivered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeliveryError<'a> {
    /// The provider's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// A key that clients translate: `window_closed`, `undeliverable`, `template_paused`, …
    pub reason: &'a str,
    /// The provider's own words.
    pub details: &'a str,
}

/// A translation of a message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Translation<'a> {
    /// `pending`, `ok`, `failed`, or `skipped` (an agent chose to send the original).
    pub state: Word<TranslationState>,
    /// What it says, once it is there; of an agent's message, all that the contact gets.
    pub text: &'a str,
    /// From which language.
    pub from: &'a str,
    /// Into which.
    pub to: &'a str,
    /// Why it could not be made, as a key that clients translate: `translator_busy`, `translator_refused`,
    /// `translator_unanswered`, `translator_missing`, `language_unknown`, `bad_answer`, `mask_lost`, `too_long`, `ended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
}
