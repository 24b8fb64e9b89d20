//! The event log as plugins follow it: one reader behind the commits for all of them, so that ten plugins that keep up cost
//! one read. It reads some events at a time and gives way to a busy desk. Those who are further behind share pages of old events,
//! read one after the other and with rests: catching up must not take what agents wait for. It must not know who wants what.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::calls::locked;
use crate::clock::pause;
use crate::port::{LoggedEvent, StoreError};
use crate::runtime::Desk;

/// Events remembered: some seconds of a busy desk.
const RECENT_MAX: usize = 2_000;
/// Events of one read.
const PAGE: u32 = 250;
/// How long the reader rests, in milliseconds: what comes meanwhile is one read and one waking of everybody.
const REST_MS: u64 = 20;
/// How long those who are behind rest after a page.
const OLD_REST_MS: u64 = 40;
/// Pages of old events remembered.
const OLD_PAGES: usize = 16;
/// How long it gives way to a busy desk.
const GIVE_WAY_MS: u64 = 500;
/// After a fault of the database.
const FAULT_MS: u64 = 500;

type Page = Arc<Vec<Arc<LoggedEvent>>>;

/// See the file's head.
pub(crate) struct Log {
    desk: Desk,
    end: watch::Receiver<i64>,
    recent: Mutex<VecDeque<Arc<LoggedEvent>>>,
    /// Whole pages of old events by their number, the last read at the end.
    old: Mutex<VecDeque<(i64, Page)>>,
    reading: tokio::sync::Mutex<()>,
    /// The newest event that was read.
    read: watch::Sender<i64>,
    /// How many follow it.
    followers: watch::Sender<usize>,
    /// Where the store's connections live: they are shared with what agents wait for.
    main: Handle,
}

/// Somebody follows the log.
pub(crate) struct Follower(watch::Sender<usize>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.send_modify(|followers| *followers = followers.saturating_sub(1));
    }
}

impl Log {
    pub(crate) fn new(desk: Desk, main: Handle) -> Self {
        let end = desk.log_end();
        let read = watch::Sender::new(*end.borrow());
        let (recent, old, reading) = (Mutex::default(), Mutex::default(), tokio::sync::Mutex::default());
        Self { desk, end, recent, old, reading, read, followers: watch::Sender::new(0), main }
    }

    /// The newest event.
    pub(crate) fn end(&self) -> i64 {
        *self.end.borrow()
    }

    /// The log is read while somebody follows it.
    pub(crate) fn follow(&self) -> Follower {
        self.followers.send_modify(|followers| *followers += 1);
        Follower(self.followers.clone())
    }

    /// Waits until one after `seq` was read.
    pub(crate) async fn grown(&self, seq: i64) {
        // The sender lives as long as this.
        drop(self.read.subscribe().wait_for(|read| *read > seq).await);
    }

    /// The newest event that was read.
    pub(crate) fn read(&self) -> i64 {
        *self.read.borrow()
    }

    /// At most so many events after `seq`, in order; none: none were read yet.
    pub(crate) async fn after(&self, seq: i64, most: usize) -> Result<Vec<Arc<LoggedEvent>>, StoreError> {
        if seq >= self.read() {
            return Ok(Vec::new());
        }
        if let Some(known) = self.known(seq, most) {
            return Ok(known);
        }
        let page = self.old(seq / i64::from(PAGE)).await?;
        let found: Vec<_> = page.iter().filter(|it| it.event.seq > seq).take(most).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        // What was in that page is forgotten: whatever comes next.
        self.page(seq, u32::try_from(most).unwrap_or(PAGE).min(PAGE)).await
    }

    /// A page of old events: those after `number` pages.
    async fn old(&self, number: i64) -> Result<Page, StoreError> {
        let known =
            || locked(&self.old).iter().find(|(other, _)| *other == number).map(|(_, page)| Arc::clone(page));
        if let Some(page) = known() {
            return Ok(page);
        }
        let _turn = self.reading.lock().await;
        if let Some(page) = known() {
            return Ok(page);
        }
        self.give_way().await;
        let (first, last) = (number * i64::from(PAGE), (number + 1) * i64::from(PAGE));
        let whole = last <= self.read();
        let mut page = self.page(first, PAGE).await?;
        page.retain(|it| it.event.seq <= last);
        let page = Arc::new(page);
        if whole {
            let mut old = locked(&self.old);
            old.push_back((number, Arc::clone(&page)));
            let many = old.len().saturating_sub(OLD_PAGES);
            old.drain(..many);
        }
        pause(OLD_REST_MS).await;
        Ok(page)
    }

    /// The events before `seq`, as many as were asked for, in order.
    pub(crate) async fn before(&self, seq: i64, most: u32) -> Result<Vec<Arc<LoggedEvent>>, StoreError> {
        self.page(seq - i64::from(most) - 1, most).await
    }

    fn known(&self, seq: i64, most: usize) -> Option<Vec<Arc<LoggedEvent>>> {
        let recent = locked(&self.recent);
        if recent.front()?.event.seq > seq + 1 {
            return None;
        }
        let at = recent.partition_point(|it| it.event.seq <= seq);
        Some(recent.range(at..).take(most).cloned().collect())
    }

    async fn page(&self, seq: i64, most: u32) -> Result<Vec<Arc<LoggedEvent>>, StoreError> {
        let store = Arc::clone(self.desk.store());
        let read = self.main.spawn(async move { store.log_after(seq, most).await }).await;
        let ended = |_| Err(StoreError::ReadOnly("the server ends; the log is not read any more".to_owned()));
        Ok(read.unwrap_or_else(ended)?.into_iter().map(Arc::new).collect())
    }

    async fn give_way(&self) {
        let mut waited = 0;
        while self.desk.busy() && waited < GIVE_WAY_MS {
            pause(10).await;
            waited += 10;
        }
    }

    /// Reads behind the commits until the desk is gone.
    pub(crate) async fn run(self: Arc<Self>) {
        let (mut end, mut followers) = (self.end.clone(), self.followers.subscribe());
        let mut read = *self.read.borrow();
        loop {
            if *followers.borrow() == 0 {
                tokio::select! {
                    _ = followers.wait_for(|followers| *followers > 0) => {}
                    // It ends without having been further than any number: the desk is gone.
                    _ = end.wait_for(|_| false) => return,
                }
                // Who comes now reads for itself what nobody else wanted.
                read = self.end();
                locked(&self.recent).clear();
                self.read.send_replace(read);
            }
            if end.wait_for(|end| *end > read).await.is_err() {
                return;
            }
            self.give_way().await;
            match self.page(read, PAGE).await {
                Ok(page) => {
                    // Nothing between is there any more: it was forgotten.
                    read = page.last().map_or_else(|| self.end(), |last| last.event.seq);
                    self.remember(page);
                    self.read.send_replace(read);
                    pause(REST_MS).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the event log can't be read; trying again");
                    pause(FAULT_MS).await;
                }
            }
        }
    }

    fn remember(&self, page: Vec<Arc<LoggedEvent>>) {
        let mut recent = locked(&self.recent);
        recent.extend(page);
        let old = recent.len().saturating_sub(RECENT_MAX);
        recent.drain(..old);
    }
}
