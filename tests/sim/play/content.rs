//! What is written: messages of contacts, files, templates filled in well or badly.

use guichet::domain::{MediaId, MessageKind, TemplateValues, Time};
use guichet::engine::{InboundMedia, InboundMessage, Sender};

use crate::act::{Content, Fill};
use crate::outside::Memory;

/// A contact's message.
pub(super) fn inbound(
    memory: &mut Memory,
    sender: Sender,
    content: Content,
    sent_at: Time,
) -> InboundMessage {
    let provider_id = memory.fresh("wamid.in");
    let (kind, text, data) = match content {
        Content::Text => (MessageKind::Text, format!("Bonjour, question {}", sent_at.0 % 97), ""),
        Content::Picture => (MessageKind::Image, "Voici".to_owned(), ""),
        Content::Voice => (MessageKind::Audio, String::new(), ""),
        Content::Place => {
            (MessageKind::Location, "Paris".to_owned(), r#"{"latitude":48.85,"longitude":2.35}"#)
        }
        Content::Choice => (MessageKind::Choice, "Oui".to_owned(), r#"{"id":"yes"}"#),
        Content::Unsupported => (MessageKind::Unsupported, String::new(), r#"{"type":"hologram"}"#),
        Content::Hostile => {
            (MessageKind::Text, format!("\u{FFFD}\u{202E}{}\n\r\t👩‍👩‍👧", "é".repeat(4_200)), "{")
        }
    };
    let media = match content {
        Content::Picture => vec![file(memory, "image/jpeg", false), file(memory, "image/png", false)],
        Content::Voice => vec![file(memory, "audio/ogg", true)],
        Content::Text | Content::Place | Content::Choice | Content::Unsupported | Content::Hostile => {
            Vec::new()
        }
    };
    InboundMessage {
        provider_id,
        sender,
        sent_at,
        kind,
        text,
        media,
        data: data.to_owned(),
        reply_to: None,
        forwarded: content == Content::Picture,
    }
}

fn file(memory: &mut Memory, mime: &str, voice: bool) -> InboundMedia {
    let name = memory.fresh("file");
    InboundMedia {
        media_id: media_id(&name),
        provider_media_id: name,
        mime: mime.to_owned(),
        filename: None,
        caption: (!voice).then(|| "Ma photo".to_owned()),
        voice,
        stored: None,
    }
}

pub(super) fn media_id(name: &str) -> MediaId {
    name.parse().expect("a media id")
}

/// A template as somebody filled it in.
pub(super) fn template(fill: Fill, picture: Option<MediaId>) -> TemplateValues {
    let values = |name: &str, parameters: &[(&str, &str)]| TemplateValues {
        name: name.to_owned(),
        language: "fr".to_owned(),
        parameters: parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..TemplateValues::default()
    };
    match fill {
        Fill::Good | Fill::NoChannel => values("order", &[("1", "Marie"), ("2", "42")]),
        Fill::Picture => TemplateValues { header_media: picture, ..values("picture", &[]) },
        Fill::Missing => values("order", &[("1", "Marie")]),
        Fill::Extra => values("hello", &[("1", "Marie")]),
        Fill::Paused => values("paused", &[]),
        Fill::NoSuch => values("ghost", &[]),
    }
}
