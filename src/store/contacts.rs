//! Contacts by what they are found by, and their interactions.

use std::collections::BTreeSet;

use super::backend::{Argument, Connection, Read};
use super::decode;
use super::encode::list;
use super::sql::Sql;
use crate::domain::{Contact, ContactId, InteractionId};
use crate::port::{FoundContact, InteractionPage, StoreError};

/// The most contacts that one search gives back, whatever the caller asks for.
const PAGE_MAX: u32 = 100;
/// After every text that begins like another: no word holds it.
const AFTER: char = '\u{10ffff}';

/// How contacts are looked for.
pub(super) enum By {
    /// Each of these begins one of its words; the first narrows most.
    Beginnings(Vec<String>),
    /// One of these is one of its words.
    Words(Vec<String>),
    /// It was merged into this one.
    MergedInto(ContactId),
}

/// Finds them, in the order of the words that they were found by.
pub(super) async fn find<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    by: By,
    limit: u32,
) -> Result<Vec<FoundContact>, StoreError> {
    let limit = limit.min(PAGE_MAX) as usize;
    let read: Read<C::Row, i64> = decode::number;
    let ids = match by {
        By::Beginnings(words) => {
            let stretch = |word: &String| (word.clone(), format!("{word}{AFTER}"));
            let mut stretches = words.iter().map(stretch);
            let Some((from, to)) = stretches.next() else { return Ok(Vec::new()) };
            let arguments: Vec<Argument> = vec![from.into(), to.into(), list(stretches)?.into()];
            c.each(&sql.contacts_found, arguments, "contact_words", read).await?
        }
        By::Words(words) if words.is_empty() => return Ok(Vec::new()),
        By::Words(words) => {
            c.each(&sql.contacts_called, vec![list(words)?.into()], "contact_words", read).await?
        }
        By::MergedInto(into) => {
            let merged =
                c.each(&sql.contacts_merged, vec![into.0.into()], "contacts", decode::contact).await?;
            return with_names(sql, c, merged.into_iter().take(limit).collect()).await;
        }
    };
    let mut seen = BTreeSet::new();
    let ids: Vec<i64> = ids.into_iter().filter(|id| seen.insert(*id)).take(limit).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut contacts = c.each(&sql.contacts, vec![list(&ids)?.into()], "contacts", decode::contact).await?;
    contacts.sort_by_key(|contact| ids.iter().position(|id| *id == contact.contact_id.0));
    with_names(sql, c, contacts).await
}

async fn with_names<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    contacts: Vec<Contact>,
) -> Result<Vec<FoundContact>, StoreError> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let ids = list(contacts.iter().map(|contact| contact.contact_id))?;
    let aliases = c.each(&sql.aliases_of, vec![ids.into()], "aliases", decode::alias).await?;
    let named = contacts.into_iter().map(|contact| FoundContact {
        aliases: aliases.iter().filter(|alias| alias.contact_id == contact.contact_id).cloned().collect(),
        contact,
    });
    Ok(named.collect())
}

/// A page of a contact's interactions.
pub(super) async fn interactions<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    contact_id: ContactId,
    before: Option<InteractionId>,
    limit: u32,
) -> Result<InteractionPage, StoreError> {
    let before = before.map_or(i64::MAX, |interaction_id| interaction_id.0);
    // One more than asked for tells whether there are more.
    let arguments = vec![contact_id.0.into(), before.into(), (i64::from(limit) + 1).into()];
    let mut interactions =
        c.each(&sql.contact_interactions, arguments, "interactions", decode::interaction).await?;
    let more = interactions.len() > limit as usize;
    interactions.truncate(limit as usize);
    Ok(InteractionPage { interactions, more })
}
