//! Keeps the search index behind the log, a step at a time, whenever the desk has a moment.
//!
//! It must not know what is indexed or how; the store does. Under load it waits for quiet moments and falls behind, visibly
//! (`guichet_index_behind`); agents never wait for it. Who searches has it hurry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

use super::Inner;
use crate::clock::pause;
use crate::port::StoreError;

/// Events of one step. It holds the writer for a millisecond or two, and whoever writes a message meanwhile waits as long.
const STEP: u32 = 128;
/// Events of one step while the desk works: a few tenths of a millisecond.
const SMALL_STEP: u32 = 16;
/// How long it waits for a quiet moment before it takes a step all the same, in milliseconds: else a day of load would never
/// be found. At full load the index then takes next to nothing, where following at once took a sixth of the time.
const GIVE_WAY_MS: u64 = 250;
/// How often it looks for one, in milliseconds. Between two commits of a desk that is half busy there is one soon.
const LOOK_MS: u64 = 5;
/// After a step that changed nothing, how long commits are gathered before the next look, in milliseconds.
const GATHER_MS: u64 = 200;
/// After a fault of the database, in milliseconds.
const FAULT_MS: u64 = 2_000;
/// How long a search waits for what was stored before it, in milliseconds.
const CATCH_UP_MS: u64 = 2_000;

/// The index's place in the desk.
#[derive(Debug)]
pub(super) struct Indexing {
    /// Rings at each commit.
    pub(super) committed: Notify,
    /// Rings when somebody searches.
    hurry: Notify,
    /// How many wait for the index.
    searching: AtomicUsize,
    /// The log is followed up to here.
    followed: watch::Sender<i64>,
}

impl Indexing {
    /// Whether somebody waits for it.
    fn is_asked_for(&self) -> bool {
        self.searching.load(Ordering::Relaxed) > 0
    }
}

impl Default for Indexing {
    fn default() -> Self {
        Self {
            committed: Notify::new(),
            hurry: Notify::new(),
            searching: AtomicUsize::new(0),
            followed: watch::Sender::new(0),
        }
    }
}

/// Goes on until the store is closed.
pub(super) async fn keep_indexed(desk: Arc<Inner>) {
    let mut newest = desk.newest.clone();
    loop {
        // Something was stored since the last step: more comes any moment.
        let works = newest.has_changed().unwrap_or(false);
        newest.mark_unchanged();
        let step = if works && !desk.indexing.is_asked_for() { SMALL_STEP } else { STEP };
        match desk.store.index_more(step).await {
            Ok(indexed) => {
                desk.metrics.index_behind.set(indexed.behind);
                desk.indexing.followed.send_replace(indexed.seq);
                if indexed.complete {
                    rest(&desk).await;
                } else {
                    give_way(&desk).await;
                }
            }
            // Closed, or another process writes now: this one ends too.
            Err(StoreError::Fenced) => return,
            Err(error) => {
                if desk.inbox.is_closed() {
                    return;
                }
                tracing::warn!(%error, "the search index can't be brought up to date; trying again");
                pause(FAULT_MS).await;
            }
        }
    }
}

/// Waits for the next commit, and a little longer, so that a step follows many events.
async fn rest(desk: &Inner) {
    tokio::select! {
        () = desk.indexing.hurry.notified() => {}
        () = async {
            desk.indexing.committed.notified().await;
            pause(GATHER_MS).await;
        } => {}
    }
}

/// Waits while others have more urgent work.
async fn give_way(desk: &Inner) {
    let mut waited = 0;
    while !desk.indexing.is_asked_for() && desk.inbox.is_busy() && waited < GIVE_WAY_MS {
        tokio::select! {
            () = desk.indexing.hurry.notified() => return,
            () = pause(LOOK_MS) => waited += LOOK_MS,
        }
    }
}

/// Counts one who waits, for as long as the wait lasts.
struct Searching<'a>(&'a AtomicUsize);

impl<'a> Searching<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Searching<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inner {
    /// Waits until the index has followed the log up to `seq`, a bounded time. How many events it still lacks.
    pub(super) async fn indexed_to(&self, seq: i64) -> i64 {
        let mut followed = self.indexing.followed.subscribe();
        let _searching = Searching::begin(&self.indexing.searching);
        self.indexing.hurry.notify_one();
        tokio::select! {
            // The sender lives as long as the desk.
            _ = followed.wait_for(|followed| *followed >= seq) => {}
            () = pause(CATCH_UP_MS) => {}
        }
        let now = *followed.borrow();
        (seq - now).max(0)
    }
}
