//! What a delivery said, as JSON to read and compare: empty parts left out.

use guichet::domain::{AliasKind, DeliveryError};
use guichet::engine::{ChannelInput, InboundMessage, Sender};
use serde_json::{Value, json};

fn aliases(aliases: &[(AliasKind, String)]) -> Value {
    aliases.iter().map(|(kind, value)| format!("{kind} {value}")).collect::<Vec<_>>().into()
}

fn sender(sender: &Sender) -> Value {
    json!({ "aliases": aliases(&sender.aliases), "name": sender.name })
}

fn error(error: Option<&DeliveryError>) -> Value {
    error.map_or(
        Value::Null,
        |error| json!({ "code": error.code, "reason": error.reason, "details": error.details }),
    )
}

fn message(message: &InboundMessage) -> Value {
    let media: Vec<Value> = message
        .media
        .iter()
        .map(|media| {
            json!({
                "provider_media_id": media.provider_media_id, "mime": media.mime, "filename": media.filename,
                "caption": media.caption, "voice": media.voice,
            })
        })
        .collect();
    let data: Value = if message.data.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&message.data).expect("data is JSON")
    };
    json!({
        "id": message.provider_id, "sender": sender(&message.sender), "sent_at": message.sent_at.to_string(),
        "kind": message.kind.as_str(), "text": message.text, "media": media, "data": data,
        "reply_to": message.reply_to, "forwarded": message.forwarded,
    })
}

pub(crate) fn shown(input: &ChannelInput) -> Value {
    let mut shown = match input {
        ChannelInput::Message(it) => json!({ "message": message(it) }),
        ChannelInput::Echo(it) => json!({ "echo": message(it) }),
        ChannelInput::Status { provider_id, mark, state, at, error: why, aliases: names } => {
            json!({ "status": {
            "id": provider_id, "mark": mark, "state": state.as_str(), "at": at.to_string(),
            "error": error(why.as_ref()), "aliases": aliases(names),
        } })
        }
        ChannelInput::Reaction { provider_id, target, emoji, sender: who, sent_at } => json!({ "reaction": {
            "id": provider_id, "target": target, "emoji": emoji, "sender": sender(who), "sent_at": sent_at.to_string(),
        } }),
        ChannelInput::Edit { target, text, sender: who, sent_at } => json!({ "edit": {
            "target": target, "text": text, "sender": sender(who), "sent_at": sent_at.to_string(),
        } }),
        ChannelInput::Revoke { target, sender: who, sent_at } => json!({ "revoke": {
            "target": target, "sender": sender(who), "sent_at": sent_at.to_string(),
        } }),
        ChannelInput::AliasChanged { old, new, text, provider_id, at } => json!({ "alias_changed": {
            "old": format!("{} {}", old.0, old.1), "new": aliases(new), "text": text, "id": provider_id,
            "at": at.to_string(),
        } }),
        ChannelInput::Typing { sender: who } => json!({ "typing": sender(who) }),
        ChannelInput::TemplatesChanged => json!("templates_changed"),
        ChannelInput::Notice { level, code, message } => {
            json!({ "notice": format!("{level} {code}: {message}") })
        }
        ChannelInput::Raw(raw) => {
            json!({ "raw": { "body": raw.body, "reason": raw.reason, "hash": raw.hash.len() } })
        }
    };
    prune(&mut shown);
    shown
}

/// Leaves out what says nothing.
fn prune(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, part| {
            let empty_list = part.as_array().is_some_and(Vec::is_empty);
            !(part.is_null() || empty_list || *part == json!("") || *part == json!(false))
        });
        object.iter_mut().filter(|(key, _)| *key != "data").for_each(|(_, part)| prune(part));
    }
}
