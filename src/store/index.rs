//! The search index, kept behind the event log: what events tell of is read as it is now and written as stems.
//!
//! Not part of a batch on purpose. Making stems and index entries costs as much as storing the message, and nobody's answer
//! should wait for it; here it is done in bites between batches, and under load the index falls behind instead of the agents.
//! The log is its cursor, so a killed process goes on where it was, and doing a bite twice does no harm.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::backend::{Backend, Connection, Read};
use super::decode;
use super::encode::{list, rows as rows_of};
use super::sql::Sql;
use crate::domain::{
    Contact, ContactId, Interaction, InteractionId, Message, MessageId, Note, NoteId, stems,
};
use crate::engine::EventKind;
use crate::port::StoreError;

/// Ids that a bite goes back over for each event it might have followed, for what was stored before there was an index. Ids are
/// shared by everything that has one.
const BACK: i64 = 8;
/// Messages of interactions that changed hands, in one bite: their newest.
const OF_INTERACTIONS: i64 = 2_000;
/// Stems of one document: a long message's beginning.
const STEMS: usize = 1_000;

/// What one step of the index writes.
#[derive(Debug, Default)]
pub(super) struct Bite {
    /// The log is followed up to here.
    pub(super) seq: i64,
    /// What is older than the index has been read back to here.
    pub(super) below: i64,
    /// The log's end when this began.
    pub(super) newest: i64,
    /// Ids, each with its interaction and its stems.
    pub(super) documents: BTreeMap<i64, (InteractionId, String)>,
    moved: bool,
}

impl Bite {
    /// Whether there was nothing left to do.
    pub(super) fn is_empty(&self) -> bool {
        !self.moved
    }
}

/// What events ask to be read.
#[derive(Debug, Default)]
struct Touched {
    messages: BTreeSet<MessageId>,
    /// Most changes of a message are delivery states, which nobody searches; only edited, deleted and translated ones are
    /// written again.
    changed: BTreeSet<MessageId>,
    notes: BTreeSet<NoteId>,
    /// Their own words changed: tags, outcome.
    interactions: BTreeSet<InteractionId>,
    /// Who may see them changed, with everything in them.
    whole: BTreeSet<InteractionId>,
}

impl Touched {
    fn add(&mut self, interaction_id: Option<InteractionId>, kind: &EventKind) {
        match kind {
            EventKind::MessageAdded { message_id } => drop(self.messages.insert(*message_id)),
            EventKind::MessageChanged { message_id } => drop(self.changed.insert(*message_id)),
            EventKind::NoteAdded { note_id } => drop(self.notes.insert(*note_id)),
            EventKind::TagChanged { message_id: Some(message_id), .. } => {
                self.messages.insert(*message_id);
            }
            EventKind::InteractionCreated
            | EventKind::InteractionOutcomeSet { .. }
            | EventKind::ContactChanged { .. }
            | EventKind::TagChanged { message_id: None, .. } => self.interactions.extend(interaction_id),
            EventKind::InteractionAssigned { .. }
            | EventKind::InteractionConsultStarted { .. }
            | EventKind::InteractionConsultEnded { .. }
            | EventKind::ContactMerged { .. } => self.whole.extend(interaction_id),
            EventKind::InteractionQueued
            | EventKind::InteractionOffered { .. }
            | EventKind::InteractionOfferEnded { .. }
            | EventKind::InteractionDetached { .. }
            | EventKind::InteractionStatusChanged { .. }
            | EventKind::InteractionClosed
            | EventKind::InteractionWindowChanged { .. }
            | EventKind::InteractionRead { .. }
            | EventKind::MessageReaction { .. }
            | EventKind::TimerChanged { .. }
            | EventKind::Typing { .. }
            | EventKind::DraftChanged { .. }
            | EventKind::AgentChanged { .. }
            | EventKind::AgentRevoked { .. }
            | EventKind::QueueChanged { .. }
            | EventKind::PolicyChanged { .. }
            | EventKind::InteractionTransferred { .. }
            | EventKind::InteractionTranslationSet { .. }
            | EventKind::InteractionConverted { .. }
            | EventKind::InteractionSnoozed { .. }
            | EventKind::CardChanged { .. }
            | EventKind::TranscriptChanged { .. }
            | EventKind::QuickReplyStarred { .. }
            | EventKind::PluginChanged { .. }
            // What is erased takes its documents along.
            | EventKind::ContactErased { .. }
            | EventKind::Notice { .. } => {}
        }
    }
}

/// Rows to be indexed.
#[derive(Debug, Default)]
struct Rows {
    messages: Vec<Message>,
    notes: Vec<Note>,
    interactions: Vec<Interaction>,
}

/// Reads the next bite: the newest events first; when there are none left, what is older than the index.
pub(super) async fn gather<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    limit: u32,
) -> Result<Bite, StoreError> {
    let limit = i64::from(limit);
    let read: Read<C::Row, (i64, i64, i64)> = |r| Ok((r.int()?, r.int()?, r.int()?));
    let progress = c.each(&sql.index_progress, Vec::new(), "index_progress", read).await?;
    let (seq, below, newest) = progress.first().copied().unwrap_or_default();
    let mut bite = Bite { seq, below, newest, ..Bite::default() };
    let events = c.each(&sql.index_events, vec![seq.into(), limit.into()], "events", decode::event).await?;
    let rows = if let Some(last) = events.last() {
        bite.seq = last.seq;
        let mut touched = Touched::default();
        for event in &events {
            touched.add(event.interaction_id, &event.kind);
        }
        follow(sql, c, touched).await?
    } else if below > 0 {
        bite.below = (below - BACK * limit).max(0);
        between(sql, c, bite.below, below).await?
    } else {
        return Ok(bite);
    };
    bite.moved = true;
    bite.documents = documents(sql, c, rows).await?;
    Ok(bite)
}

/// Reads what events told of.
async fn follow<C: Connection>(sql: &'static Sql, c: &mut C, touched: Touched) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    let changed = touched.messages.union(&touched.changed);
    let ids: Vec<MessageId> = changed.copied().collect();
    if !ids.is_empty() {
        let found = c.each(&sql.cold_messages, vec![list(ids)?.into()], "messages", decode::message).await?;
        let said = |message: &Message| {
            let other = message.edited || message.deleted || message.translation.is_some();
            touched.messages.contains(&message.message_id) || other
        };
        rows.messages = found.into_iter().filter(said).collect();
    }
    if !touched.notes.is_empty() {
        rows.notes = c.each(&sql.notes, vec![list(&touched.notes)?.into()], "notes", decode::note).await?;
    }
    if !touched.whole.is_empty() {
        let ids = list(&touched.whole)?;
        let arguments = vec![ids.clone().into(), OF_INTERACTIONS.into()];
        rows.messages.extend(c.each(&sql.index_messages_of, arguments, "messages", decode::message).await?);
        rows.notes.extend(c.each(&sql.cold_notes, vec![ids.into()], "notes", decode::note).await?);
    }
    let ids: BTreeSet<InteractionId> = touched.interactions.union(&touched.whole).copied().collect();
    rows.interactions = interactions(sql, c, &ids).await?;
    Ok(rows)
}

/// Reads what has these ids, for the time before the index.
async fn between<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    from: i64,
    to: i64,
) -> Result<Rows, StoreError> {
    let range = || vec![from.into(), to.into()];
    Ok(Rows {
        messages: c.each(&sql.index_messages_between, range(), "messages", decode::message).await?,
        notes: c.each(&sql.index_notes_between, range(), "notes", decode::note).await?,
        interactions: c
            .each(&sql.index_interactions_between, range(), "interactions", decode::interaction)
            .await?,
    })
}

async fn interactions<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    ids: &BTreeSet<InteractionId>,
) -> Result<Vec<Interaction>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    c.each(&sql.interactions, vec![list(ids)?.into()], "interactions", decode::interaction).await
}

/// Makes documents of rows. Each also carries who may see it (see [`sight`]), which is why its interaction is read too.
async fn documents<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    rows: Rows,
) -> Result<BTreeMap<i64, (InteractionId, String)>, StoreError> {
    let mut around: BTreeMap<InteractionId, Interaction> =
        rows.interactions.iter().map(|row| (row.interaction_id, row.clone())).collect();
    let of_messages = rows.messages.iter().map(|message| message.interaction_id);
    let of_notes = rows.notes.iter().map(|note| note.interaction_id);
    let missing: BTreeSet<InteractionId> =
        of_messages.chain(of_notes).filter(|id| !around.contains_key(id)).collect();
    let more = interactions(sql, c, &missing).await?;
    around.extend(more.into_iter().map(|row| (row.interaction_id, row)));
    let people: BTreeSet<ContactId> = rows.interactions.iter().map(|row| row.contact_id).collect();
    let contacts: BTreeMap<ContactId, Contact> = if people.is_empty() {
        BTreeMap::new()
    } else {
        let found = c.each(&sql.contacts, vec![list(&people)?.into()], "contacts", decode::contact).await?;
        found.into_iter().map(|contact| (contact.contact_id, contact)).collect()
    };

    let mut documents = BTreeMap::new();
    let mut add = |document_id, interaction_id, text| documents.insert(document_id, (interaction_id, text));
    for message in &rows.messages {
        let files = message.media.iter().flat_map(|file| [&file.caption, &file.filename]);
        let translated = message.translation.as_ref().map(|it| it.text.as_str());
        let texts = std::iter::once(message.text.as_str())
            .chain(files.filter_map(Option::as_deref))
            .chain(translated)
            .chain(message.tags.iter().map(String::as_str));
        let of = message.interaction_id;
        add(message.message_id.0, of, document(texts, around.get(&of)));
    }
    for note in &rows.notes {
        let of = note.interaction_id;
        add(note.note_id.0, of, document([note.text.as_str()], around.get(&of)));
    }
    for row in &rows.interactions {
        let name = contacts.get(&row.contact_id).map(|contact| contact.name.as_str());
        let texts = row
            .tags
            .iter()
            .map(String::as_str)
            .chain(row.disposition.as_deref())
            .chain(name)
            .chain(std::iter::once(row.address.as_str()));
        add(row.interaction_id.0, row.interaction_id, document(texts, Some(row)));
    }
    Ok(documents)
}

fn document<'a>(texts: impl IntoIterator<Item = &'a str>, row: Option<&Interaction>) -> String {
    let mut text = String::new();
    for stem in stems(texts, STEMS) {
        text.push_str(&stem);
        text.push(' ');
    }
    if let Some(row) = row {
        sight(row, &mut text);
    }
    text.truncate(text.trim_end().len());
    text
}

/// Adds who may see an interaction, in words that nobody can type: `g_5` for an agent, `c_7` for its contact. So a search for a
/// common word by an agent with a dozen interactions does not go through everybody's. It only narrows; the answer is judged
/// by the rows as they are.
fn sight(row: &Interaction, text: &mut String) {
    let agents: BTreeSet<_> =
        row.agent_id.iter().chain(&row.last_agent_id).chain(&row.consulted).copied().collect();
    for agent_id in agents {
        // Writing to a String can't fail.
        let _written = write!(text, "g_{} ", agent_id.0);
    }
    let _written = write!(text, "c_{}", row.contact_id.0);
}

/// Writes a bite in one transaction of its own, if the writer's epoch is still this one.
pub(super) async fn write<B: Backend>(
    sql: &'static Sql,
    c: &mut B::Connection,
    bite: &Bite,
    epoch: i64,
) -> Result<(), StoreError> {
    let written = i64::try_from(bite.documents.len()).unwrap_or(i64::MAX);
    c.run(B::BEGIN, Vec::new()).await?;
    let place = vec![bite.seq.into(), bite.below.into(), written.into(), epoch.into()];
    if c.run(&sql.begin_index, place).await? == 0 {
        return Err(StoreError::Fenced);
    }
    let documents = rows_of(&bite.documents, |row, (document_id, (interaction_id, stems))| {
        row.put(document_id).put(stems).put(interaction_id);
    })?;
    if let Some(documents) = documents {
        c.run(&sql.index_documents, vec![documents.into()]).await?;
    }
    c.run("COMMIT", Vec::new()).await.map(drop)
}
