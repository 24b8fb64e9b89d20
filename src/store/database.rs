//! The store itself, written once over both databases: the writer's place, batches, and the smaller reads.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, MutexGuard};

use super::backend::{Backend, Connection, Read};
use super::lane::Lane;
use super::sql::Sql;
use super::{cold, contacts, conversation, decode, events, index, list, load, lookup, plugins, search};
use crate::domain::{AgentId, ChannelId, ContactId, Draft, InteractionId, Media, MediaId, MessageId, Time};
use crate::engine::{AuditRow, Cold, ColdKeys, Filter, Stored};
use crate::port::{
    AuditQuery, Commit, ContactFile, Conversation, EndedPage, FoundContact, Indexed, InteractionPage,
    LoggedEvent, MessagePage, Party, PluginRows, SearchPage, SearchQuery, Store, StoreError, Stretch,
    WorkRow,
};

/// Connections for history, events and lists.
const READERS: usize = 3;
/// A connection of its own for what batches need, so that no slow list ever holds the engine up.
const COLD: usize = 1;
/// Connections for what contacts read themselves, so that no crowd of visitors holds the agents up.
const CONTACTS: usize = 2;
/// The most messages one page holds, whatever the caller asks for.
const PAGE_MAX: u32 = 500;

/// A store on one of the databases.
#[derive(Debug)]
#[expect(private_bounds, reason = "which databases there are is this room's business")]
pub struct Database<B: Backend> {
    backend: B,
    sql: &'static Sql,
    readers: Lane<B::Connection>,
    cold: Lane<B::Connection>,
    contacts: Lane<B::Connection>,
    writer: Mutex<Writer<B::Connection>>,
}

/// The connection that writes. It is taken out while it works, so that one that failed, or whose caller went away in the
/// middle, is never used again: its transaction ends with it.
#[derive(Debug)]
struct Writer<C> {
    connection: Option<C>,
    /// Our right to write; `None`: never acquired, or closed.
    epoch: Option<i64>,
}

/// The writer's own row.
pub(super) struct Place {
    pub(super) epoch: i64,
    pub(super) batch: i64,
    pub(super) next_id: i64,
    pub(super) seq: i64,
}

/// Reads the writer's own row.
pub(super) async fn place<C: Connection>(sql: &'static Sql, connection: &mut C) -> Result<Place, StoreError> {
    let read: Read<C::Row, Place> =
        |r| Ok(Place { epoch: r.int()?, batch: r.int()?, next_id: r.int()?, seq: r.int()? });
    let places = connection.each(&sql.writer, Vec::new(), "writer", read).await?;
    places.into_iter().next().ok_or_else(|| StoreError::Inconsistent {
        table: "writer",
        row: "1".to_owned(),
        problem: "is missing; restore the database from a backup".to_owned(),
    })
}

#[expect(private_bounds, reason = "which databases there are is this room's business")]
impl<B: Backend> Database<B> {
    pub(super) fn new(backend: B) -> Self {
        Self {
            sql: backend.sql(),
            backend,
            readers: Lane::new(READERS),
            cold: Lane::new(COLD),
            contacts: Lane::new(CONTACTS),
            writer: Mutex::new(Writer { connection: None, epoch: None }),
        }
    }

    /// What the writer's connection says of its own durability, in the database's words: asked, not assumed.
    ///
    /// # Errors
    /// As any use of the writer.
    pub async fn durability(&self) -> Result<Vec<(String, String)>, StoreError> {
        let mut writer = self.writer.lock().await;
        let (mut connection, _) = self.connected(&mut writer).await?;
        let settings = B::durability(&mut connection).await?;
        writer.connection = Some(connection);
        Ok(settings)
    }

    /// Takes the writer's connection and our epoch, connecting again if it was lost.
    async fn connected(
        &self,
        writer: &mut MutexGuard<'_, Writer<B::Connection>>,
    ) -> Result<(B::Connection, i64), StoreError> {
        let epoch = writer.epoch.ok_or(StoreError::Fenced)?;
        let connection = match writer.connection.take() {
            Some(connection) => connection,
            None => self.backend.writer().await.map_err(|error| match error {
                // It was ours and is somebody else's now.
                StoreError::Taken(_) => StoreError::Fenced,
                StoreError::Fenced
                | StoreError::Refused(_)
                | StoreError::Lost(_)
                | StoreError::ReadOnly(_)
                | StoreError::Inconsistent { .. }
                | StoreError::Schema(_) => error,
            })?,
        };
        Ok((connection, epoch))
    }

    async fn acquire(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        let mut connection = match writer.connection.take() {
            Some(connection) => connection,
            None => self.backend.writer().await?,
        };
        self.backend.migrate(&mut connection).await?;
        connection.run(&self.sql.raise_epoch, Vec::new()).await?;
        writer.epoch = Some(place(self.sql, &mut connection).await?.epoch);
        writer.connection = Some(connection);
        Ok(())
    }

    async fn commit(&self, batch: Commit) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        let (mut connection, epoch) = self.connected(&mut writer).await?;
        let written = connection.transact(self.sql, batch, epoch).await;
        let usable = match &written {
            Ok(()) => true,
            // It says nothing any more, or too late.
            Err(StoreError::Lost(_)) => false,
            // A connection that still takes this is clean again; one that does not is dropped, and its work with it.
            Err(_) => connection.run("ROLLBACK", Vec::new()).await.is_ok(),
        };
        if usable {
            writer.connection = Some(connection);
        }
        written
    }

    /// Reads beside the writer and holds it only for the write.
    async fn index_more(&self, events: u32) -> Result<Indexed, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        let bite = index::gather(self.sql, loan.connection(), events).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        let indexed = Indexed { seq: bite.seq, behind: bite.newest - bite.seq, complete: bite.is_empty() };
        if !bite.is_empty() {
            let mut writer = self.writer.lock().await;
            let (mut connection, epoch) = self.connected(&mut writer).await?;
            let written = index::write::<B>(self.sql, &mut connection, &bite, epoch).await;
            if written.is_ok() || connection.run("ROLLBACK", Vec::new()).await.is_ok() {
                writer.connection = Some(connection);
            }
            written?;
        }
        Ok(indexed)
    }

    async fn search(&self, query: &SearchQuery) -> Result<SearchPage, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        if let Some(in_order) = B::IN_ORDER {
            loan.connection().run(in_order, Vec::new()).await?;
        }
        let page = search::search(self.sql, B::DIALECT, loan.connection(), query).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        Ok(page)
    }

    async fn committed_batch(&self) -> Result<i64, StoreError> {
        let mut writer = self.writer.lock().await;
        let (mut connection, epoch) = self.connected(&mut writer).await?;
        // A commit whose caller went away may still be at work on its own connection. Whoever may begin to write knows that
        // it has ended, and only then is the last batch's fate sealed.
        connection.run(B::BEGIN, Vec::new()).await?;
        let place = place(self.sql, &mut connection).await?;
        connection.run("COMMIT", Vec::new()).await?;
        writer.connection = Some(connection);
        if place.epoch == epoch { Ok(place.batch) } else { Err(StoreError::Fenced) }
    }

    async fn load(&self, now: Time) -> Result<Stored, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let stored = load::load(self.sql, loan.connection(), now).await?;
        loan.done();
        Ok(stored)
    }

    async fn load_cold(&self, keys: ColdKeys) -> Result<Cold, StoreError> {
        if keys.is_empty() {
            return Ok(Cold::default());
        }
        let mut loan = self.cold.take(|| self.backend.cold()).await?;
        // One snapshot: a batch may commit between two of these queries. A single query is one by itself.
        let many = !cold::is_one_query(&keys);
        if many {
            loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        }
        let cold = cold::load(self.sql, loan.connection(), &keys).await?;
        if many {
            loan.connection().run("COMMIT", Vec::new()).await?;
        }
        loan.done();
        Ok(cold)
    }

    async fn messages(
        &self,
        interaction_id: InteractionId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<MessagePage, StoreError> {
        let limit = limit.min(PAGE_MAX);
        let before = before.map_or(i64::MAX, |message_id| message_id.0);
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        // One more than asked for tells whether there are more.
        let arguments = vec![interaction_id.0.into(), before.into(), (i64::from(limit) + 1).into()];
        let mut messages =
            loan.connection().each(&self.sql.messages_before, arguments, "messages", decode::message).await?;
        loan.done();
        let more = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        messages.reverse();
        Ok(MessagePage { messages, more })
    }

    async fn ended(&self, filter: Filter) -> Result<EndedPage, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        let page = list::ended(self.sql, loan.connection(), filter).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        Ok(page)
    }

    async fn events_after(&self, wanted: events::Wanted) -> Result<(Vec<LoggedEvent>, i64), StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        let found = events::after(self.sql, loan.connection(), wanted).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        Ok(found)
    }

    async fn log_after(&self, seq: i64, limit: u32) -> Result<Vec<LoggedEvent>, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        let found = events::all_after(self.sql, loan.connection(), seq, limit).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        Ok(found)
    }

    async fn load_plugins(&self) -> Result<PluginRows, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let rows = plugins::load(self.sql, loan.connection()).await?;
        loan.done();
        Ok(rows)
    }

    async fn save_plugins(&self, rows: &PluginRows) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        let (mut connection, epoch) = self.connected(&mut writer).await?;
        let written = plugins::save::<B>(self.sql, &mut connection, rows, epoch).await;
        if written.is_ok() || connection.run("ROLLBACK", Vec::new()).await.is_ok() {
            writer.connection = Some(connection);
        }
        written
    }

    async fn event_bounds(&self) -> Result<(i64, i64), StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let bounds = events::bounds(self.sql, loan.connection()).await?;
        loan.done();
        Ok(bounds)
    }

    async fn draft(
        &self,
        interaction_id: InteractionId,
        agent_id: AgentId,
    ) -> Result<Option<Draft>, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let arguments = vec![interaction_id.0.into(), agent_id.0.into()];
        let drafts = loan.connection().each(&self.sql.draft, arguments, "drafts", decode::draft).await?;
        loan.done();
        Ok(drafts.into_iter().next())
    }

    async fn contacts_by(&self, by: contacts::By, limit: u32) -> Result<Vec<FoundContact>, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        let found = contacts::find(self.sql, loan.connection(), by, limit).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        Ok(found)
    }

    async fn contact_interactions(
        &self,
        contact_id: ContactId,
        before: Option<InteractionId>,
        limit: u32,
    ) -> Result<InteractionPage, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let page =
            contacts::interactions(self.sql, loan.connection(), contact_id, before, limit.min(PAGE_MAX))
                .await?;
        loan.done();
        Ok(page)
    }

    async fn conversation(
        &self,
        party: &Party,
        part: Stretch,
        limit: u32,
    ) -> Result<Conversation, StoreError> {
        let mut loan = self.contacts.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        let found = conversation::load(self.sql, loan.connection(), party, part, limit).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        Ok(found)
    }

    async fn conversation_media(
        &self,
        party: &Party,
        media_id: &MediaId,
    ) -> Result<Option<Media>, StoreError> {
        let mut loan = self.contacts.take(|| self.backend.reader()).await?;
        let found = conversation::media(self.sql, loan.connection(), party, media_id).await?;
        loan.done();
        Ok(found)
    }

    async fn knows_message(&self, channel_id: &ChannelId, provider_id: String) -> Result<bool, StoreError> {
        let mut loan = self.contacts.take(|| self.backend.reader()).await?;
        let arguments = vec![channel_id.as_str().to_owned().into(), provider_id.into()];
        let found =
            loan.connection().each(&self.sql.knows_message, arguments, "messages", decode::number).await?;
        loan.done();
        Ok(!found.is_empty())
    }

    async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let found = lookup::audit(self.sql, loan.connection(), query).await?;
        loan.done();
        Ok(found)
    }

    async fn contact_file(&self, contact_id: ContactId) -> Result<Option<ContactFile>, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(B::BEGIN_READ, Vec::new()).await?;
        let found = lookup::contact(self.sql, loan.connection(), contact_id).await?;
        loan.connection().run("COMMIT", Vec::new()).await?;
        loan.done();
        Ok(found)
    }

    async fn erased_files(&self, limit: u32) -> Result<Vec<MediaId>, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let found = lookup::erased_files(self.sql, loan.connection(), limit).await?;
        loan.done();
        Ok(found)
    }

    async fn silent_contacts(
        &self,
        before: Time,
        after: ContactId,
        limit: u32,
    ) -> Result<(Vec<ContactId>, Option<ContactId>), StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let found = lookup::silent_contacts(self.sql, loan.connection(), before, after, limit).await?;
        loan.done();
        Ok(found)
    }

    async fn work_since(
        &self,
        place: crate::port::Place,
        to: Time,
        limit: u32,
    ) -> Result<Vec<WorkRow>, StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        let found = lookup::work_since(self.sql, loan.connection(), place, to, limit).await?;
        loan.done();
        Ok(found)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut loan = self.readers.take(|| self.backend.reader()).await?;
        loan.connection().run(&self.sql.ping, Vec::new()).await?;
        loan.done();
        Ok(())
    }

    async fn close(&self) {
        let mut writer = self.writer.lock().await;
        writer.epoch = None;
        let idle = [&self.readers, &self.cold, &self.contacts].map(Lane::close);
        for connection in idle.into_iter().flatten() {
            connection.close().await;
        }
        if let Some(connection) = writer.connection.take() {
            connection.close().await;
        }
        self.backend.release();
    }
}

impl<B: Backend> Store for Database<B> {
    fn acquire(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Self::acquire(self).boxed()
    }

    fn load(&self, now: Time) -> BoxFuture<'_, Result<Stored, StoreError>> {
        Self::load(self, now).boxed()
    }

    fn load_cold(&self, keys: ColdKeys) -> BoxFuture<'_, Result<Cold, StoreError>> {
        Self::load_cold(self, keys).boxed()
    }

    fn commit(&self, batch: Commit) -> BoxFuture<'_, Result<(), StoreError>> {
        Self::commit(self, batch).boxed()
    }

    fn committed_batch(&self) -> BoxFuture<'_, Result<i64, StoreError>> {
        Self::committed_batch(self).boxed()
    }

    fn messages(
        &self,
        interaction_id: InteractionId,
        before: Option<MessageId>,
        limit: u32,
    ) -> BoxFuture<'_, Result<MessagePage, StoreError>> {
        Self::messages(self, interaction_id, before, limit).boxed()
    }

    fn ended(&self, filter: Filter) -> BoxFuture<'_, Result<EndedPage, StoreError>> {
        Self::ended(self, filter).boxed()
    }

    fn events_after(
        &self,
        cursor: i64,
        agent_id: AgentId,
        supervises: bool,
        administers: bool,
        limit: u32,
    ) -> BoxFuture<'_, Result<(Vec<LoggedEvent>, i64), StoreError>> {
        let wanted = events::Wanted { cursor, agent_id, supervises, administers, limit };
        Self::events_after(self, wanted).boxed()
    }

    fn event_bounds(&self) -> BoxFuture<'_, Result<(i64, i64), StoreError>> {
        Self::event_bounds(self).boxed()
    }

    fn draft(
        &self,
        interaction_id: InteractionId,
        agent_id: AgentId,
    ) -> BoxFuture<'_, Result<Option<Draft>, StoreError>> {
        Self::draft(self, interaction_id, agent_id).boxed()
    }

    fn find_contacts(
        &self,
        words: Vec<String>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<FoundContact>, StoreError>> {
        self.contacts_by(contacts::By::Beginnings(words), limit).boxed()
    }

    fn contacts_called(
        &self,
        words: Vec<String>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<FoundContact>, StoreError>> {
        self.contacts_by(contacts::By::Words(words), limit).boxed()
    }

    fn contacts_merged(
        &self,
        into: ContactId,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<FoundContact>, StoreError>> {
        self.contacts_by(contacts::By::MergedInto(into), limit).boxed()
    }

    fn contact_interactions(
        &self,
        contact_id: ContactId,
        before: Option<InteractionId>,
        limit: u32,
    ) -> BoxFuture<'_, Result<InteractionPage, StoreError>> {
        Self::contact_interactions(self, contact_id, before, limit).boxed()
    }

    fn index_more(&self, events: u32) -> BoxFuture<'_, Result<Indexed, StoreError>> {
        Self::index_more(self, events).boxed()
    }

    fn search<'a>(&'a self, query: &'a SearchQuery) -> BoxFuture<'a, Result<SearchPage, StoreError>> {
        Self::search(self, query).boxed()
    }

    fn conversation(
        &self,
        party: Party,
        part: Stretch,
        limit: u32,
    ) -> BoxFuture<'_, Result<Conversation, StoreError>> {
        async move { Self::conversation(self, &party, part, limit).await }.boxed()
    }

    fn conversation_media(
        &self,
        party: Party,
        media_id: MediaId,
    ) -> BoxFuture<'_, Result<Option<Media>, StoreError>> {
        async move { Self::conversation_media(self, &party, &media_id).await }.boxed()
    }

    fn knows_message(
        &self,
        channel_id: ChannelId,
        provider_id: String,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        async move { Self::knows_message(self, &channel_id, provider_id).await }.boxed()
    }

    fn log_after(&self, seq: i64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        Self::log_after(self, seq, limit).boxed()
    }

    fn load_plugins(&self) -> BoxFuture<'_, Result<PluginRows, StoreError>> {
        Self::load_plugins(self).boxed()
    }

    fn save_plugins<'a>(&'a self, rows: &'a PluginRows) -> BoxFuture<'a, Result<(), StoreError>> {
        Self::save_plugins(self, rows).boxed()
    }

    fn audit(&self, query: AuditQuery) -> BoxFuture<'_, Result<Vec<AuditRow>, StoreError>> {
        Self::audit(self, query).boxed()
    }

    fn contact_file(&self, contact_id: ContactId) -> BoxFuture<'_, Result<Option<ContactFile>, StoreError>> {
        Self::contact_file(self, contact_id).boxed()
    }

    fn erased_files(&self, limit: u32) -> BoxFuture<'_, Result<Vec<MediaId>, StoreError>> {
        Self::erased_files(self, limit).boxed()
    }

    fn silent_contacts(
        &self,
        before: Time,
        after: ContactId,
        limit: u32,
    ) -> BoxFuture<'_, Result<(Vec<ContactId>, Option<ContactId>), StoreError>> {
        Self::silent_contacts(self, before, after, limit).boxed()
    }

    fn work_since(
        &self,
        place: crate::port::Place,
        to: Time,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<WorkRow>, StoreError>> {
        Self::work_since(self, place, to, limit).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Self::ping(self).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Self::close(self).boxed()
    }
}
