//! After the commit: events to the feed, answers to their askers, effects to the workers. Nothing else may tell anything.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::inbox::{Inbox, Work};
use super::indexing::Indexing;
use crate::clock::Stopwatch;
use crate::engine::{Batch, Effect};
use crate::port::Store;
use crate::telemetry::Metrics;

/// What the feed learns, in commit order.
#[derive(Debug, Clone)]
pub enum News {
    /// A batch is stored; its events may be seen.
    Committed(Arc<Batch>),
    /// The world was loaded again: sockets must announce their agents anew.
    Reloaded,
}

/// The ways out.
#[derive(Debug, Clone)]
pub(crate) struct Publisher {
    pub(crate) news: mpsc::Sender<News>,
    pub(crate) effects: mpsc::Sender<Effect>,
    pub(crate) indexing: Arc<Indexing>,
    /// The newest event stored, for whoever follows the log.
    pub(crate) log_end: watch::Sender<i64>,
}

impl Publisher {
    /// Releases a committed batch. Waits when the feed or the workers are behind, which holds the next commit back.
    pub(crate) async fn release(&self, work: Work) {
        let Work { batch, waiters, .. } = work;
        if let Some(last) = batch.events.last() {
            self.indexing.committed.notify_one();
            self.log_end.send_replace(last.event.seq);
        }
        let mut waiters: Vec<_> = waiters.into_iter().map(Some).collect();
        if !(batch.events.is_empty()
            && batch.passing.is_empty()
            && batch.queues.is_empty()
            && batch.effects.is_empty())
        {
            // A receiver that is gone belongs to a server that is going down: the rows are kept.
            let _going_down = self.news.send(News::Committed(Arc::clone(&batch))).await;
        }
        for answered in &batch.answers {
            let waiter = usize::try_from(answered.ticket)
                .ok()
                .and_then(|at| waiters.get_mut(at))
                .and_then(Option::take);
            if let Some(waiter) = waiter {
                waiter.answer(answered.reply.clone());
            }
        }
        for waiter in waiters.into_iter().flatten() {
            waiter.answer(Ok(crate::engine::Answer::Done));
        }
        for effect in &batch.effects {
            let _going_down = self.effects.send(effect.clone()).await;
        }
    }

    pub(crate) async fn reloaded(&self) {
        let _going_down = self.news.send(News::Reloaded).await;
    }
}

/// Commits batches in the order they were decided, one at a time.
pub(crate) async fn commit_all(
    store: Arc<dyn Store>,
    inbox: Arc<Inbox>,
    metrics: Arc<Metrics>,
    publisher: Publisher,
    mut work: mpsc::Receiver<Work>,
) {
    while let Some(work) = work.recv().await {
        if !work.batch.is_read_only() {
            let stopwatch = Stopwatch::start();
            if let Err(error) = store.commit(Arc::clone(&work.batch)).await {
                inbox.commit_ended(Err(super::inbox::FailedCommit { error, work }));
                continue;
            }
            metrics.commit_seconds.observe(stopwatch.seconds());
            metrics.commits.inc();
            #[expect(clippy::cast_precision_loss, reason = "a batch has at most a few thousand inputs")]
            metrics.batch_inputs.observe(work.inputs.len() as f64);
        }
        // The engine may go on at once; only this task publishes, so the order stays.
        inbox.commit_ended(Ok(()));
        publisher.release(work).await;
    }
}
