//! What a batch needs from outside the world: one query a table, and only for the keys that were asked for.

use std::collections::BTreeSet;

use serde::Serialize;

use super::backend::{Argument, Connection, Read};
use super::encode::list;
use super::sql::Sql;
use super::{decode, lookup, table};
use crate::domain::{ContactId, IdentityId, InteractionId, MessageId};
use crate::engine::{Cold, ColdKeys};
use crate::port::StoreError;

/// Reads the rows that keys lead to; no keys, no query.
async fn find<C: Connection, T: Send + 'static>(
    connection: &mut C,
    sql: &'static str,
    keys: &BTreeSet<impl Serialize + Sync>,
    table: &'static str,
    read: Read<C::Row, T>,
) -> Result<Vec<T>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    connection.each(sql, vec![list(keys)?.into()], table, read).await
}

/// Whether one query answers all: a busy batch often asks for nothing but whether its messages are new.
pub(super) fn is_one_query(keys: &ColdKeys) -> bool {
    let rest = ColdKeys { dedupe: BTreeSet::new(), requests: BTreeSet::new(), ..keys.clone() };
    rest.is_empty() && (keys.dedupe.is_empty() || keys.requests.is_empty())
}

/// Reads all of it. A file brings its message, a message its interaction: a report on an old one concerns what has ended.
pub(super) async fn load<C: Connection>(
    sql: &'static Sql,
    connection: &mut C,
    keys: &ColdKeys,
) -> Result<Cold, StoreError> {
    let c = connection;
    let media = find(c, &sql.cold_media, &keys.media, "media", decode::media).await?;
    let mut message_ids: BTreeSet<MessageId> = keys.messages.clone();
    message_ids.extend(media.iter().filter_map(|media| media.message_id));
    let mut messages = find(c, &sql.cold_messages, &message_ids, "messages", decode::message).await?;
    messages.extend(
        find(c, &sql.cold_messages_by_provider, &keys.provider_ids, "messages", decode::message).await?,
    );
    messages.sort_by_key(|message| message.message_id);
    messages.dedup_by_key(|message| message.message_id);

    let mut wanted: BTreeSet<InteractionId> = keys.interactions.clone();
    wanted.extend(messages.iter().map(|message| message.interaction_id));
    let aliases = if keys.aliases.is_empty() && keys.contacts.is_empty() && wanted.is_empty() {
        Vec::new()
    } else {
        let arguments: Vec<Argument> =
            vec![list(&keys.aliases)?.into(), list(&keys.contacts)?.into(), list(&wanted)?.into()];
        c.each(&sql.cold_aliases, arguments, table::ALIASES.name, decode::alias).await?
    };

    let identities: BTreeSet<IdentityId> = aliases.iter().map(|alias| alias.identity_id).collect();
    let interactions = if wanted.is_empty() && identities.is_empty() {
        Vec::new()
    } else {
        let arguments: Vec<Argument> = vec![list(&wanted)?.into(), list(&identities)?.into()];
        c.each(&sql.cold_interactions, arguments, table::INTERACTIONS.name, decode::interaction).await?
    };

    let mut people: BTreeSet<ContactId> = keys.contacts.clone();
    people.extend(aliases.iter().map(|alias| alias.contact_id));
    people.extend(interactions.iter().map(|interaction| interaction.contact_id));
    // Who is asked for with all its work is asked for as a person, under every contact that turned out to be this one.
    let merged = find(c, &sql.merged_into, &keys.work_of, "contacts", decode::number).await?;
    let same: BTreeSet<ContactId> =
        keys.work_of.iter().copied().chain(merged.into_iter().map(ContactId)).collect();
    people.extend(&same);
    Ok(Cold {
        contacts: find(c, &sql.contacts, &people, "contacts", decode::contact).await?,
        dedupe: find(c, &sql.cold_dedupe, &keys.dedupe, "dedupe", decode::words).await?,
        requests: find(c, &sql.cold_requests, &keys.requests, "requests", decode::request).await?,
        decisions: find(c, &sql.cold_decisions, &keys.decisions, "decisions", decode::decision).await?,
        notes: find(c, &sql.cold_notes, &keys.notes, "notes", decode::note).await?,
        work_of: lookup::work_ids(sql, c, &same).await?,
        media,
        aliases,
        interactions,
        messages,
    })
}
