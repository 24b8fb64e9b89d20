//! The event log as plugins follow it: one reader behind the commits for all of them, so that ten plugins that keep up cost
//! one read. Who is further behind reads for itself. It must not know who wants what.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::calls::locked;
use crate::port::{LoggedEvent, Store, StoreError};

/// Events remembered: some seconds of a busy desk.
const RECENT_MAX: usize = 2_000;
/// Events of one read.
const PAGE: u32 = 250;

/// See the file's head.
pub(crate) struct Log {
    store: Arc<dyn Store>,
    end: watch::Receiver<i64>,
    recent: Mutex<VecDeque<Arc<LoggedEvent>>>,
    reading: tokio::sync::Mutex<()>,
}

impl Log {
    pub(crate) fn new(store: Arc<dyn Store>, end: watch::Receiver<i64>) -> Self {
        Self { store, end, recent: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The newest event.
    pub(crate) fn end(&self) -> i64 {
        *self.end.borrow()
    }

    /// Waits until there is one after `seq`.
    pub(crate) async fn grown(&self, seq: i64) {
        let mut end = self.end.clone();
        if end.wait_for(|end| *end > seq).await.is_err() {
            // The desk is gone; so is whoever waits, soon.
            std::future::pending::<()>().await;
        }
    }

    /// Some events after `seq`, in order; none: there are none.
    pub(crate) async fn after(&self, seq: i64) -> Result<Vec<Arc<LoggedEvent>>, StoreError> {
        if let Some(known) = self.known(seq) {
            return Ok(known);
        }
        if seq >= self.end() {
            return Ok(Vec::new());
        }
        let _reading = self.reading.lock().await;
        if let Some(known) = self.known(seq) {
            return Ok(known);
        }
        let page: Vec<_> = self.store.log_after(seq, PAGE).await?.into_iter().map(Arc::new).collect();
        let mut recent = locked(&self.recent);
        // What is newer than what is remembered takes its place: most plugins are there.
        let newer = match (recent.back(), page.first()) {
            (Some(last), Some(first)) if last.event.seq + 1 < first.event.seq => {
                recent.clear();
                true
            }
            (Some(last), Some(first)) => last.event.seq + 1 == first.event.seq,
            (None, _) => true,
            (Some(_), None) => false,
        };
        if newer {
            recent.extend(page.iter().cloned());
            while recent.len() > RECENT_MAX {
                recent.pop_front();
            }
        }
        Ok(page)
    }

    fn known(&self, seq: i64) -> Option<Vec<Arc<LoggedEvent>>> {
        let recent = locked(&self.recent);
        let first = recent.front()?.event.seq;
        let at = usize::try_from(seq + 1 - first).ok().filter(|at| *at < recent.len())?;
        Some(recent.iter().skip(at).take(PAGE as usize).cloned().collect())
    }
}
