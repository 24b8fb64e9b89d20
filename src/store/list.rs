//! Lists of interactions that have ended, a page at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::backend::{Argument, Connection, Read};
use super::decode;
use super::encode::list;
use super::sql::{LIST_SCAN, Sql};
use crate::domain::{ContactId, InteractionId};
use crate::engine::Filter;
use crate::port::{EndedPage, StoreError};

/// What does not matter is an empty text, or 0.
fn text(value: Option<impl ToString>) -> Argument {
    value.map_or_else(String::new, |value| value.to_string()).into()
}

/// Reads a page.
pub(super) async fn ended<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    filter: Filter,
) -> Result<EndedPage, StoreError> {
    let before = filter.before.map_or(i64::MAX, |interaction_id| interaction_id.0);
    let limit = filter.limit as usize;
    let arguments: Vec<Argument> = vec![
        before.into(),
        text(filter.status),
        text(filter.ownership),
        filter.agent_id.map_or(0, |agent_id| agent_id.0).into(),
        text(filter.skill),
        text(filter.channel_id),
        // One more than asked for tells whether there are more.
        (i64::from(filter.limit) + 1).into(),
    ];
    let mut found = c.each(&sql.ended, arguments, "interactions", decode::interaction).await?;
    let next = if found.len() > limit {
        found.truncate(limit);
        found.last().map(|last| last.interaction_id)
    } else {
        let read: Read<C::Row, (i64, Option<i64>)> = |r| Ok((r.int()?, r.opt_int()?));
        let looked_at = c.each(&sql.ended_looked_at, vec![before.into()], "interactions", read).await?;
        looked_at
            .first()
            .filter(|(count, _)| *count >= LIST_SCAN)
            .and_then(|(_, oldest)| oldest.map(InteractionId))
    };
    let people: BTreeSet<ContactId> = found.iter().map(|row| row.contact_id).collect();
    let mut contacts = BTreeMap::new();
    if !people.is_empty() {
        let arguments = vec![list(&people)?.into()];
        for contact in c.each(&sql.contacts, arguments, "contacts", decode::contact).await? {
            contacts.insert(contact.contact_id, Arc::new(contact));
        }
    }
    let interactions = found.into_iter().map(|row| {
        let contact = contacts.get(&row.contact_id).map(Arc::clone);
        (Arc::new(row), contact)
    });
    Ok(EndedPage { interactions: interactions.collect(), next })
}
