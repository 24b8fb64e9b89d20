//! Reads for administrators: who did what, everything of one contact, what is to be forgotten, the work of a time.

use super::backend::{Argument, Connection, Read};
use super::decode;
use super::encode::list;
use super::sql::Sql;
use crate::domain::{AgentId, ContactId, InteractionId, MediaId, Note, Time};
use crate::engine::AuditRow;
use crate::port::{AuditQuery, ContactFile, Place, StoreError, WorkRow};

/// The most rows one page holds, whatever the caller asks for.
const PAGE_MAX: u32 = 1_000;
/// The most interactions of one contact that are taken out: decades of writing.
const INTERACTIONS_MAX: i64 = 10_000;

/// A page of the audit log, newest first.
pub(super) async fn audit<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    query: AuditQuery,
) -> Result<Vec<AuditRow>, StoreError> {
    let any = |text: Option<String>| Argument::Text(text.unwrap_or_default());
    let arguments = vec![
        query.before.unwrap_or(i64::MAX).into(),
        query.agent_id.map_or(-1, |agent_id| agent_id.0).into(),
        any(query.action),
        any(query.object),
        query.from.map_or(i64::MIN, |time| time.0).into(),
        query.to.map_or(i64::MAX, |time| time.0).into(),
        i64::from(query.limit.min(PAGE_MAX)).into(),
    ];
    let read: Read<C::Row, AuditRow> = |r| {
        Ok(AuditRow {
            audit_id: r.int()?,
            time: r.time()?,
            agent_id: r.opt_int()?.map(AgentId),
            action: r.text()?,
            object: r.text()?,
            detail: r.text()?,
        })
    };
    c.each(&sql.audit, arguments, "audit", read).await
}

/// Everything that is kept of one contact but its messages, which are read in pages.
pub(super) async fn contact<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    contact_id: ContactId,
) -> Result<Option<ContactFile>, StoreError> {
    let one = || list([contact_id]).map(Argument::Text);
    let contacts = c.each(&sql.contacts, vec![one()?], "contacts", decode::contact).await?;
    let Some(contact) = contacts.into_iter().next() else { return Ok(None) };
    let merged = c.each(&sql.merged_into, vec![one()?], "contacts", decode::number).await?;
    let same: Vec<ContactId> = std::iter::once(contact_id).chain(merged.into_iter().map(ContactId)).collect();
    let ids = || list(&same).map(Argument::Text);
    let aliases = c.each(&sql.aliases_of_contact, vec![ids()?], "aliases", decode::alias).await?;
    let arguments = vec![ids()?, INTERACTIONS_MAX.into()];
    let interactions = c.each(&sql.work_of_contact, arguments, "interactions", decode::interaction).await?;
    let notes: Vec<Note> = c.each(&sql.notes_of_contact, vec![ids()?], "notes", decode::note).await?;
    Ok(Some(ContactFile { contact, aliases, interactions, notes }))
}

/// Which interactions each of some contacts has.
pub(super) async fn work_ids<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    contacts: &std::collections::BTreeSet<ContactId>,
) -> Result<Vec<(ContactId, InteractionId)>, StoreError> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let read: Read<C::Row, (ContactId, InteractionId)> =
        |r| Ok((ContactId(r.int()?), InteractionId(r.int()?)));
    c.each(&sql.work_ids, vec![list(contacts)?.into()], "interactions", read).await
}

/// Files to remove.
pub(super) async fn erased_files<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    limit: u32,
) -> Result<Vec<MediaId>, StoreError> {
    let arguments = vec![i64::from(limit.min(PAGE_MAX)).into()];
    let names = c.each(&sql.erased_files, arguments, "erased_files", decode::words).await?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The next stretch of contacts after one: those with whom nothing is open and nothing was since a time, and how far it goes.
pub(super) async fn silent_contacts<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    before: Time,
    after: ContactId,
    limit: u32,
) -> Result<(Vec<ContactId>, Option<ContactId>), StoreError> {
    let arguments = vec![before.0.into(), after.0.into(), i64::from(limit.min(PAGE_MAX)).into()];
    let read: Read<C::Row, (i64, i64)> = |r| Ok((r.int()?, r.int()?));
    let found = c.each(&sql.silent_contacts, arguments, "contacts", read).await?;
    let last = found.last().map(|(contact_id, _)| ContactId(*contact_id));
    let silent = found.iter().filter(|(_, silent)| *silent == 1);
    Ok((silent.map(|(contact_id, _)| ContactId(*contact_id)).collect(), last))
}

/// Work that began in a time, in the order in which it began.
pub(super) async fn work_since<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    place: Place,
    to: Time,
    limit: u32,
) -> Result<Vec<WorkRow>, StoreError> {
    let arguments = vec![
        place.created_at.0.into(),
        place.interaction_id.0.into(),
        to.0.into(),
        i64::from(limit.min(PAGE_MAX)).into(),
    ];
    c.each(&sql.work_since, arguments, "interactions", decode::work).await
}
