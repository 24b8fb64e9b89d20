//! What a plugin is told of an event: what its rights allow, and nothing else. It decides nothing about who is told.

use serde_json::{Map, Value as Json, json};

use super::rights::Rights;
use crate::domain::{AgentId, Author, Contact, Interaction, Message, MessageId, Ownership};
use crate::engine::EventKind;
use crate::port::LoggedEvent;

/// The event as a table.
pub(crate) fn told(logged: &LoggedEvent, rights: &Rights) -> Json {
    let event = &logged.event;
    let mut table = Map::new();
    table.insert("id".to_owned(), json!(format!("e{}", event.seq)));
    table.insert("type".to_owned(), json!(event.kind.name()));
    table.insert("time".to_owned(), json!(event.time.0));
    if let Some(row) = &logged.interaction {
        table.insert("interaction".to_owned(), interaction(row, rights));
    }
    if let Some(known) = &logged.contact {
        table.insert("contact".to_owned(), contact(known, logged.interaction.as_deref(), rights));
    }
    if let Some(text) = &logged.message {
        table.insert("message".to_owned(), message(text, rights));
    }
    if let Some(note) = logged.note.as_ref().filter(|_| rights.texts) {
        table.insert("note".to_owned(), json!({ "id": note.note_id.to_string(), "text": note.text }));
    }
    details(&event.kind, &mut table);
    Json::Object(table)
}

/// What an event says beside the bodies it is about.
fn details(kind: &EventKind, table: &mut Map<String, Json>) {
    let mut put = |key: &str, value: Json| drop(table.insert(key.to_owned(), value));
    if let EventKind::InteractionStatusChanged { from, to, by } = kind {
        put("from", json!(from.as_str()));
        put("to", json!(to.as_str()));
        put("by", json!(by.map(|id| id.to_string())));
    }
    if let EventKind::InteractionOffered { agent_id } | EventKind::InteractionAssigned { agent_id } = kind {
        put("agent_id", json!(agent_id.to_string()));
    }
    if let EventKind::TagChanged { added, removed, .. } = kind {
        put("added", json!(added));
        put("removed", json!(removed));
    }
    if let EventKind::TimerChanged { timer, change } = kind {
        put("timer", json!(timer.as_str()));
        put("change", json!(change.as_str()));
    }
    if let EventKind::InteractionWindowChanged { state } = kind {
        put("state", json!(state));
    }
}

/// An interaction as a table.
pub(crate) fn interaction(row: &Interaction, rights: &Rights) -> Json {
    let address = rights.contacts.contains("address").then_some(&row.address);
    json!({
        "id": row.interaction_id.to_string(),
        "address": address,
        "channel": row.channel_id.as_str(),
        "kind": row.kind.as_str(),
        "status": row.status.as_str(),
        "ownership": row.ownership.as_str(),
        "agent_id": row.agent_id.map(|id| id.to_string()),
        "skill": row.skill.as_ref().map(crate::domain::SkillId::as_str),
        "language": row.language,
        "tags": row.tags,
        "disposition": row.disposition,
        "outbound": row.outbound,
        "created_at": row.created_at.0,
        "window_ends_at": row.window_ends_at.map(|time| time.0),
    })
}

/// A contact as a table: the granted fields.
pub(crate) fn contact(known: &Contact, row: Option<&Interaction>, rights: &Rights) -> Json {
    let mut table = Map::new();
    table.insert("id".to_owned(), json!(known.contact_id.to_string()));
    let mut field = |name: &str, value: Json| {
        if rights.contacts.contains(name) {
            table.insert(name.to_owned(), value);
        }
    };
    field("name", json!(known.name));
    field("language", json!(known.language));
    field("vip", json!(known.vip));
    field("attributes", json!(known.attributes));
    field("address", json!(row.map(|row| &row.address)));
    Json::Object(table)
}

/// A message as a table. What it says is a right of its own.
pub(crate) fn message(text: &Message, rights: &Rights) -> Json {
    let author = match &text.author {
        Author::Contact => "contact",
        Author::Agent(_) => "agent",
        Author::System => "system",
        Author::Elsewhere => "elsewhere",
    };
    let texts = rights.texts;
    let file = |file: &crate::domain::Media| json!({ "id": file.media_id.as_str(), "mime": file.mime, "size": file.size });
    json!({
        "id": text.message_id.to_string(),
        "direction": text.direction.as_str(),
        "author": author,
        "kind": text.kind.as_str(),
        "state": text.state.as_str(),
        "sent_at": text.sent_at.0,
        "text": texts.then_some(&text.text),
        "choice": choice(text).filter(|_| texts),
        "files": texts.then(|| text.media.iter().map(file).collect::<Vec<_>>()),
    })
}

/// The id of the button or list entry that was chosen, if one was.
fn choice(text: &Message) -> Option<String> {
    let data: Json = serde_json::from_str(&text.data).ok()?;
    let id = ["button_reply", "list_reply"].iter().find_map(|kind| data.get(kind)?.get("id"));
    id.or_else(|| data.get("payload"))?.as_str().map(str::to_owned)
}

/// Whether an agent has it in hand now.
pub(crate) fn held_by(row: &Interaction, agent_id: AgentId) -> bool {
    row.ended_at.is_none() && row.ownership == Ownership::Assigned && row.agent_id == Some(agent_id)
}

/// The message that an event is about, if it is one that the contact has just written.
pub(crate) fn wrote(logged: &LoggedEvent) -> Option<MessageId> {
    let message = logged.message.as_ref().filter(|message| message.author == Author::Contact)?;
    matches!(logged.event.kind, EventKind::MessageAdded { .. }).then_some(message.message_id)
}
