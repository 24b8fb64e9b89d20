//! The event log read back: who was to see what since a cursor, with the bodies as they are now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::backend::{Connection, Read};
use super::decode;
use super::encode::list;
use super::sql::Sql;
use crate::domain::{AgentId, ContactId, InteractionId, MessageId, NoteId};
use crate::engine::{Event, EventKind};
use crate::port::{LoggedEvent, StoreError};

/// How many events one call looks at, whoever they are for.
const WINDOW: i64 = 10_000;
/// How many one call gives back at most, whatever the caller asks for.
const PAGE_MAX: u32 = 1_000;

/// Which events.
pub(super) struct Wanted {
    pub(super) cursor: i64,
    pub(super) agent_id: AgentId,
    pub(super) supervises: bool,
    pub(super) administers: bool,
    pub(super) limit: u32,
}

/// The oldest event kept and the newest; with none kept, the next one that will be and the last one that was.
pub(super) async fn bounds<C: Connection>(sql: &'static Sql, c: &mut C) -> Result<(i64, i64), StoreError> {
    let read: Read<C::Row, (Option<i64>, i64)> = |r| Ok((r.opt_int()?, r.int()?));
    let bounds = c.each(&sql.event_bounds, Vec::new(), "events", read).await?;
    let (oldest, newest) = bounds.first().copied().unwrap_or_default();
    Ok((oldest.unwrap_or(newest + 1), newest))
}

/// Reads them, and the number of the last one looked at.
pub(super) async fn after<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    wanted: Wanted,
) -> Result<(Vec<LoggedEvent>, i64), StoreError> {
    let (oldest, newest) = bounds(sql, c).await?;
    // What was forgotten needs no look.
    let from = wanted.cursor.max(oldest - 1);
    let to = newest.min(from.saturating_add(WINDOW));
    if from >= to {
        return Ok((Vec::new(), wanted.cursor.max(newest.min(from))));
    }
    let limit = wanted.limit.min(PAGE_MAX);
    let arguments = vec![
        from.into(),
        to.into(),
        format!("%,{},%", wanted.agent_id.0).into(),
        i64::from(wanted.supervises).into(),
        i64::from(wanted.administers).into(),
        i64::from(limit).into(),
    ];
    let events = c.each(&sql.events, arguments, "events", decode::event).await?;
    // A full page ends where it ends; else everything up to `to` was looked at.
    let last = match events.last() {
        Some(last) if events.len() >= limit as usize => last.seq,
        Some(_) | None => to,
    };
    Ok((bodies(sql, c, events).await?, last))
}

/// Reads the log after an event, whoever may see it.
pub(super) async fn all_after<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    seq: i64,
    limit: u32,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let arguments = vec![seq.into(), i64::from(limit.min(PAGE_MAX)).into()];
    let events = c.each(&sql.index_events, arguments, "events", decode::event).await?;
    bodies(sql, c, events).await
}

/// The message that an event is about.
fn message_of(kind: &EventKind) -> Option<MessageId> {
    match kind {
        EventKind::MessageAdded { message_id }
        | EventKind::MessageChanged { message_id }
        | EventKind::MessageReaction { message_id }
        | EventKind::TagChanged { message_id: Some(message_id), .. } => Some(*message_id),
        EventKind::InteractionCreated
        | EventKind::InteractionQueued
        | EventKind::InteractionOffered { .. }
        | EventKind::InteractionOfferEnded { .. }
        | EventKind::InteractionAssigned { .. }
        | EventKind::InteractionTransferred { .. }
        | EventKind::InteractionConsultStarted { .. }
        | EventKind::InteractionConsultEnded { .. }
        | EventKind::InteractionDetached { .. }
        | EventKind::InteractionStatusChanged { .. }
        | EventKind::InteractionOutcomeSet { .. }
        | EventKind::InteractionClosed
        | EventKind::InteractionWindowChanged { .. }
        | EventKind::InteractionTranslationSet { .. }
        | EventKind::InteractionRead { .. }
        | EventKind::NoteAdded { .. }
        | EventKind::TranscriptChanged { .. }
        | EventKind::TagChanged { message_id: None, .. }
        | EventKind::TimerChanged { .. }
        | EventKind::Typing { .. }
        | EventKind::DraftChanged { .. }
        | EventKind::QuickReplyStarred { .. }
        | EventKind::AgentChanged { .. }
        | EventKind::AgentRevoked { .. }
        | EventKind::QueueChanged { .. }
        | EventKind::PolicyChanged { .. }
        | EventKind::PluginChanged { .. }
        | EventKind::Notice { .. }
        | EventKind::InteractionConverted { .. }
        | EventKind::InteractionSnoozed { .. }
        | EventKind::ContactChanged { .. }
        | EventKind::ContactMerged { .. }
        | EventKind::ContactErased { .. }
        | EventKind::CardChanged { .. } => None,
    }
}

fn note_of(kind: &EventKind) -> Option<NoteId> {
    if let EventKind::NoteAdded { note_id } = kind { Some(*note_id) } else { None }
}

/// Adds the bodies: one query a table for the whole page.
async fn bodies<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    events: Vec<Event>,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let interaction_ids: BTreeSet<InteractionId> =
        events.iter().filter_map(|event| event.interaction_id).collect();
    let message_ids: BTreeSet<MessageId> =
        events.iter().filter_map(|event| message_of(&event.kind)).collect();
    let note_ids: BTreeSet<NoteId> = events.iter().filter_map(|event| note_of(&event.kind)).collect();

    let mut interactions = BTreeMap::new();
    let mut contacts = BTreeMap::new();
    if !interaction_ids.is_empty() {
        let arguments = vec![list(&interaction_ids)?.into()];
        for found in c.each(&sql.interactions, arguments, "interactions", decode::interaction).await? {
            interactions.insert(found.interaction_id, Arc::new(found));
        }
        let contact_ids: BTreeSet<ContactId> = interactions.values().map(|found| found.contact_id).collect();
        let arguments = vec![list(&contact_ids)?.into()];
        for found in c.each(&sql.contacts, arguments, "contacts", decode::contact).await? {
            contacts.insert(found.contact_id, Arc::new(found));
        }
    }
    let mut messages = BTreeMap::new();
    if !message_ids.is_empty() {
        let arguments = vec![list(&message_ids)?.into()];
        for found in c.each(&sql.cold_messages, arguments, "messages", decode::message).await? {
            messages.insert(found.message_id, Arc::new(found));
        }
    }
    let mut notes = BTreeMap::new();
    if !note_ids.is_empty() {
        for found in c.each(&sql.notes, vec![list(&note_ids)?.into()], "notes", decode::note).await? {
            notes.insert(found.note_id, Arc::new(found));
        }
    }
    let logged = events.into_iter().map(|event| {
        let interaction = event.interaction_id.and_then(|id| interactions.get(&id)).map(Arc::clone);
        LoggedEvent {
            contact: interaction.as_ref().and_then(|found| contacts.get(&found.contact_id)).map(Arc::clone),
            message: message_of(&event.kind).and_then(|id| messages.get(&id)).map(Arc::clone),
            note: note_of(&event.kind).and_then(|id| notes.get(&id)).map(Arc::clone),
            interaction,
            event,
        }
    });
    Ok(logged.collect())
}
