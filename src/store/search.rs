//! Looking things up in the index: newest first, a bounded look, and only what the caller may see.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::backend::{Argument, Connection, Read};
use super::decode;
use super::encode::list;
use super::sql::{Dialect, Sql};
use crate::domain::{Contact, ContactId, Interaction, InteractionId, Message, Note, SearchWord};
use crate::port::{Found, SearchHit, SearchPage, SearchQuery, StoreError};

/// Places in the index that one call looks at. A search that filters nearly everything out ends there, and says so; it never
/// goes through a million messages while others wait.
const LOOK: i64 = 10_000;
/// Hits of one page.
const PAGE_MAX: u32 = 100;

/// The places of the index that hold the words, newest first.
fn places(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!(
            "SELECT rowid AS id FROM documents_index WHERE documents_index MATCH $1 AND rowid < $2 \
             ORDER BY rowid DESC LIMIT {LOOK}"
        ),
        Dialect::Postgres => format!(
            "SELECT document_id AS id FROM documents WHERE lexemes @@ $1::tsquery AND document_id < $2 \
             ORDER BY document_id DESC LIMIT {LOOK}"
        ),
    }
}

/// The statement that finds a page: id, what it is (0 message, 1 note, 2 interaction), and its interaction.
///
/// `CROSS JOIN` keeps `SQLite` going through the places in their order, and stopping at the limit; it can't be told that they are
/// sorted already and would sort all of them. `PostgreSQL` sees it and wants to be asked.
pub(super) fn found(d: Dialect) -> String {
    let order = match d {
        Dialect::Sqlite => "",
        Dialect::Postgres => "ORDER BY place.id DESC ",
    };
    format!(
        "SELECT place.id, CAST(CASE WHEN m.message_id IS NOT NULL THEN 0 WHEN n.note_id IS NOT NULL THEN 1 ELSE 2 END AS BIGINT), \
         i.interaction_id FROM ({places}) AS place \
         LEFT JOIN messages AS m ON m.message_id = place.id LEFT JOIN notes AS n ON n.note_id = place.id \
         {cross} interactions AS i {on} i.interaction_id = COALESCE(m.interaction_id, n.interaction_id, place.id) \
         {and} ($3 = 1 OR (i.ownership IN ('offered', 'assigned') AND i.agent_id = $4) \
         OR (i.ownership = 'detached' AND i.last_agent_id = $4) \
         OR ',' || REPLACE(REPLACE(REPLACE(i.consulted, '[', ''), ']', ''), ' ', '') || ',' \
            LIKE '%,' || CAST($4 AS TEXT) || ',%' \
         OR i.contact_id IN {contacts}) \
         AND ($6 = '' OR i.status = $6) AND ($7 = 0 OR i.agent_id = $7 OR i.last_agent_id = $7) \
         AND ($8 = '' OR i.channel_id = $8) AND ($9 = 0 OR i.contact_id = $9) \
         AND COALESCE(m.created_at, n.created_at, i.created_at) >= $10 \
         AND COALESCE(m.created_at, n.created_at, i.created_at) < $11 \
         AND ($12 = '' OR $12 LIKE CASE WHEN m.message_id IS NOT NULL THEN '%m%' \
            WHEN n.note_id IS NOT NULL THEN '%n%' ELSE '%i%' END) {order}LIMIT $13",
        places = places(d),
        contacts = d.ints(5),
        cross = match d {
            Dialect::Sqlite => "CROSS JOIN",
            Dialect::Postgres => "JOIN",
        },
        on = match d {
            Dialect::Sqlite => "WHERE",
            Dialect::Postgres => "ON",
        },
        and = match d {
            Dialect::Sqlite => "AND",
            Dialect::Postgres => "WHERE",
        },
    )
}

/// How far a look went: the places it saw and the last of them.
pub(super) fn reach(d: Dialect) -> String {
    format!("SELECT COUNT(*), MIN(id) FROM ({}) AS place", places(d))
}

/// The words as the database's index wants to be asked. Stems hold letters and digits only, so nothing can escape the quotes.
fn question(dialect: Dialect, query: &SearchQuery) -> String {
    let (open, or, and, begins) = match dialect {
        Dialect::Sqlite => ('"', " OR ", " AND ", "\" *"),
        Dialect::Postgres => ('\'', " | ", " & ", "':*"),
    };
    let word = |word: &str| format!("{open}{word}{open}");
    let mut parts: Vec<String> = Vec::new();
    for SearchWord { any, prefix } in &query.words {
        let exact = any.iter().map(|stem| word(stem));
        let begin = prefix.iter().map(|prefix| format!("{open}{prefix}{begins}"));
        parts.push(exact.chain(begin).collect::<Vec<_>>().join(or));
    }
    if let Some(agent_id) = query.agent_id {
        parts.push(word(&format!("g_{}", agent_id.0)));
    }
    if let Some(contact_id) = query.contact_id {
        parts.push(word(&format!("c_{}", contact_id.0)));
    }
    if !query.sight.everything {
        let own = std::iter::once(word(&format!("g_{}", query.sight.agent_id.0)));
        let contacts = query.sight.contacts.iter().map(|id| word(&format!("c_{}", id.0)));
        parts.push(own.chain(contacts).collect::<Vec<_>>().join(or));
    }
    let mut question = String::new();
    for part in &parts {
        let and = if question.is_empty() { "" } else { and };
        // Writing to a String can't fail.
        let _written = write!(question, "{and}({part})");
    }
    question
}

/// Looks once.
pub(super) async fn search<C: Connection>(
    sql: &'static Sql,
    dialect: Dialect,
    c: &mut C,
    query: &SearchQuery,
) -> Result<SearchPage, StoreError> {
    if query.words.is_empty() {
        return Ok(SearchPage::default());
    }
    let limit = query.limit.clamp(1, PAGE_MAX) as usize;
    let question = question(dialect, query);
    let before = query.before.unwrap_or(i64::MAX);
    let text = |word: Option<String>| Argument::Text(word.unwrap_or_default());
    let kinds: String = query.kinds.iter().map(|kind| kind.letter()).collect();
    let arguments = vec![
        question.clone().into(),
        before.into(),
        i64::from(query.sight.everything).into(),
        query.sight.agent_id.0.into(),
        list(&query.sight.contacts)?.into(),
        text(query.status.map(|status| status.to_string())),
        query.agent_id.map_or(0, |id| id.0).into(),
        text(query.channel_id.as_ref().map(ToString::to_string)),
        query.contact_id.map_or(0, |id| id.0).into(),
        query.from.map_or(i64::MIN, |time| time.0).into(),
        query.to.map_or(i64::MAX, |time| time.0).into(),
        kinds.into(),
        i64::try_from(limit + 1).unwrap_or(i64::MAX).into(),
    ];
    let read: Read<C::Row, (i64, i64, i64)> = |r| Ok((r.int()?, r.int()?, r.int()?));
    let mut places = c.each(&sql.search, arguments, "documents", read).await?;
    let next = if places.len() > limit {
        places.truncate(limit);
        places.last().map(|(id, ..)| *id)
    } else {
        let read: Read<C::Row, (i64, Option<i64>)> = |r| Ok((r.int()?, r.opt_int()?));
        let seen = c.each(&sql.search_reach, vec![question.into(), before.into()], "documents", read).await?;
        seen.first().and_then(|(count, last)| last.filter(|_| *count >= LOOK))
    };
    Ok(SearchPage { hits: hits(sql, c, &places).await?, next })
}

/// Reads what was found: a query a table.
async fn hits<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    places: &[(i64, i64, i64)],
) -> Result<Vec<SearchHit>, StoreError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let ids = |kind: i64| places.iter().filter(move |(_, of, _)| *of == kind).map(|(id, ..)| *id);
    let messages =
        c.each(&sql.cold_messages, vec![list(ids(0))?.into()], "messages", decode::message).await?;
    let mut messages: BTreeMap<i64, Message> =
        messages.into_iter().map(|message| (message.message_id.0, message)).collect();
    let notes = c.each(&sql.notes, vec![list(ids(1))?.into()], "notes", decode::note).await?;
    let mut notes: BTreeMap<i64, Note> = notes.into_iter().map(|note| (note.note_id.0, note)).collect();
    let around: BTreeSet<i64> = places.iter().map(|(.., id)| *id).collect();
    let found =
        c.each(&sql.interactions, vec![list(&around)?.into()], "interactions", decode::interaction).await?;
    let interactions: BTreeMap<InteractionId, Interaction> =
        found.into_iter().map(|row| (row.interaction_id, row)).collect();
    let people: BTreeSet<ContactId> = interactions.values().map(|row| row.contact_id).collect();
    let found = c.each(&sql.contacts, vec![list(&people)?.into()], "contacts", decode::contact).await?;
    let contacts: BTreeMap<ContactId, Contact> =
        found.into_iter().map(|contact| (contact.contact_id, contact)).collect();
    let hit = |(id, kind, interaction_id): &(i64, i64, i64)| {
        let interaction = interactions.get(&InteractionId(*interaction_id))?.clone();
        let contact = contacts.get(&interaction.contact_id).cloned();
        let found = match kind {
            0 => Found::Message(Box::new(messages.remove(id)?)),
            1 => Found::Note(notes.remove(id)?),
            _ => Found::Interaction,
        };
        Some(SearchHit { interaction, contact, found })
    };
    Ok(places.iter().filter_map(hit).collect())
}
