//! The engine's own thread: gather, load what is cold, decide, hand over, and begin again while the store commits.
//!
//! It must not know sockets, providers or SQL. What it promises: nothing decided is told before its batch, and every batch
//! before it, is stored. When a commit fails, that batch and the one decided after it are discarded and the world is loaded
//! again from the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::inbox::{FailedCommit, Inbox, Waiter, Waiting, Work};
use super::publish::Publisher;
use crate::clock::{Clock, pause};
use crate::domain::{Channel, Conversions, SkillId, Time};
use crate::engine::{
    Cold, Engine, Envelope, Input, Policy, Refusal, RefusalKind, Reply, Retention, Services,
};
use crate::port::{Store, StoreError};
use crate::telemetry::Metrics;

/// How long to wait before looking again at a database that does not answer, in milliseconds.
const RETRY_MS: u64 = 500;

/// Everything the engine's thread works with.
pub(crate) struct Writer {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policy: Arc<dyn Policy + Send + Sync>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) publisher: Publisher,
    pub(crate) to_commit: mpsc::Sender<Work>,
    pub(crate) deadline: watch::Sender<Option<Time>>,
    pub(crate) tokio: Handle,
    pub(crate) channels: Vec<Channel>,
    pub(crate) default_skill: Option<SkillId>,
    pub(crate) services: Services,
    pub(crate) conversions: Conversions,
    pub(crate) retention: Retention,
    pub(crate) random: u64,
    /// The number of the batch handed over last.
    pub(crate) last: i64,
}

fn unavailable() -> Reply {
    Err(Refusal::new(
        RefusalKind::Unavailable,
        "The server could not store this; nothing was changed, try again.",
    ))
}

impl Writer {
    /// Serves until the inbox is closed and empty.
    ///
    /// # Errors
    /// [`StoreError::Fenced`], or a database that refuses to be loaded: the process must end.
    pub(crate) fn run(mut self) -> Result<(), StoreError> {
        self.announce_deadline();
        while let Some(waiting) = self.inbox.gather() {
            self.turn(waiting)?;
        }
        match self.inbox.commit_settled() {
            Ok(()) => Ok(()),
            Err(failed) => {
                tell_lost(failed.work.waiters);
                Err(failed.error)
            }
        }
    }

    /// One batch: decide while the previous one commits, then wait for that one, then send this one.
    fn turn(&mut self, waiting: Vec<Waiting>) -> Result<(), StoreError> {
        let decided = if waiting.is_empty() { None } else { self.decide(waiting) };
        match self.inbox.commit_settled() {
            Ok(()) => {}
            Err(failed) => return self.recover(*failed, decided),
        }
        match decided {
            None => Ok(()),
            Some(Decided::Batch(work)) => {
                self.engine.committed(self.last);
                self.send(work);
                Ok(())
            }
            Some(Decided::Panicked(waiting)) => {
                self.reload()?;
                self.singly(waiting)
            }
        }
    }

    fn send(&mut self, work: Work) {
        self.inbox.commit_begins();
        self.last = work.batch.number;
        self.announce_deadline();
        if let Err(closed) = self.to_commit.blocking_send(work) {
            // The committer ends only after this thread; this is a shutdown that went wrong half way.
            tell_lost(closed.0.waiters);
            self.inbox.commit_ended(Ok(()));
        }
    }

    fn announce_deadline(&self) {
        let next = self.engine.next_deadline().map(|(time, _why)| time);
        self.deadline.send_replace(next);
    }

    /// Decides a batch. `None`: its cold rows could not be loaded, and everybody was told to try again.
    fn decide(&mut self, waiting: Vec<Waiting>) -> Option<Decided> {
        let mut inputs = Vec::with_capacity(waiting.len());
        let mut waiters = Vec::with_capacity(waiting.len());
        for Waiting { input, waiter } in waiting {
            inputs.push(input);
            waiters.push(waiter);
        }
        let envelopes: Vec<Envelope> = (0..)
            .zip(&inputs)
            .map(|(ticket, input)| Envelope { ticket, random: self.next_random(), input: input.clone() })
            .collect();
        let keys = self.engine.cold_keys(&envelopes);
        let cold = if keys.is_empty() {
            Cold::default()
        } else {
            match self.tokio.block_on(self.store.load_cold(keys)) {
                Ok(cold) => cold,
                Err(error) => {
                    tracing::error!(%error, "rows that a batch needs could not be read; its callers were told to try again");
                    tell_lost(waiters);
                    return None;
                }
            }
        };
        let now = self.clock.now();
        let (engine, policy) = (&mut self.engine, &*self.policy);
        // A panic is a bug of ours; it must cost one input, not the desk. The half-changed world is thrown away after it.
        let batch = catch_unwind(AssertUnwindSafe(|| engine.handle(envelopes, cold, policy, now)));
        self.metrics.inputs.inc_by(inputs.len() as u64);
        Some(match batch {
            Ok(batch) => Decided::Batch(Work { batch: Arc::new(batch), inputs, waiters }),
            Err(_panic) => Decided::Panicked(
                inputs.into_iter().zip(waiters).map(|(input, waiter)| Waiting { input, waiter }).collect(),
            ),
        })
    }

    /// `SplitMix64`: well spread and two lines; it only has to keep retries apart.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A commit failed. `decided` was decided on top of it and can't stand.
    fn recover(&mut self, failed: FailedCommit, decided: Option<Decided>) -> Result<(), StoreError> {
        let newer = match decided {
            None => Vec::new(),
            Some(Decided::Batch(work)) => work
                .inputs
                .into_iter()
                .zip(work.waiters)
                .map(|(input, waiter)| Waiting { input, waiter })
                .collect(),
            Some(Decided::Panicked(waiting)) => waiting,
        };
        self.metrics.commits_failed.inc();
        let FailedCommit { error, work } = failed;
        let kept = match &error {
            StoreError::Lost(_) => self.was_committed(work.batch.number),
            StoreError::Fenced => Err(StoreError::Fenced),
            StoreError::Refused(_)
            | StoreError::ReadOnly(_)
            | StoreError::Taken(_)
            | StoreError::Inconsistent { .. }
            | StoreError::Schema(_) => Ok(false),
        };
        let again = match kept {
            Err(fenced) => {
                tell_lost(work.waiters);
                tell_lost(newer.into_iter().map(|waiting| waiting.waiter));
                return Err(fenced);
            }
            Ok(true) => {
                tracing::warn!(%error, "the connection was lost during a commit; the batch is there");
                self.tokio.block_on(self.publisher.release(work));
                Vec::new()
            }
            Ok(false) if matches!(error, StoreError::Refused(_)) => {
                tracing::error!(%error, "a batch was refused; its inputs run singly");
                work.into_waiting()
            }
            Ok(false) => {
                tracing::error!(%error, "a batch could not be stored; its callers were told to try again");
                tell_lost(work.waiters);
                Vec::new()
            }
        };
        self.reload()?;
        self.singly(again)?;
        if newer.is_empty() { Ok(()) } else { self.turn(newer) }
    }

    /// Whether the store has a batch after all.
    ///
    /// # Errors
    /// [`StoreError::Fenced`]: another process writes now; this one must end.
    fn was_committed(&self, number: i64) -> Result<bool, StoreError> {
        loop {
            match self.tokio.block_on(self.store.committed_batch()) {
                Ok(last) => return Ok(last >= number),
                Err(StoreError::Fenced) => return Err(StoreError::Fenced),
                Err(error) => {
                    tracing::error!(%error, "waiting for the database to tell whether a batch was kept");
                    self.tokio.block_on(pause(RETRY_MS));
                }
            }
        }
    }

    /// Loads the world again. While the database does not answer, everybody who asks is told to try again.
    fn reload(&mut self) -> Result<(), StoreError> {
        loop {
            match self.tokio.block_on(self.store.load(self.clock.now())) {
                Ok(mut stored) => {
                    stored.channels.clone_from(&self.channels);
                    stored.default_skill.clone_from(&self.default_skill);
                    stored.services.clone_from(&self.services);
                    stored.conversions.clone_from(&self.conversions);
                    stored.retention = self.retention;
                    self.engine = Engine::new(stored, self.clock.now());
                    self.metrics.unavailable.set(0.0);
                    self.tokio.block_on(self.publisher.reloaded());
                    self.announce_deadline();
                    return Ok(());
                }
                Err(error @ (StoreError::Fenced | StoreError::Inconsistent { .. })) => return Err(error),
                Err(error) => {
                    self.metrics.unavailable.set(1.0);
                    tracing::error!(%error, "the world can't be loaded; trying again");
                    tell_lost(self.inbox.take_asked().into_iter().map(|waiting| waiting.waiter));
                    self.tokio.block_on(pause(RETRY_MS));
                }
            }
        }
    }

    /// Runs inputs one by one, so that a poisonous one harms nobody but itself.
    fn singly(&mut self, waiting: Vec<Waiting>) -> Result<(), StoreError> {
        for one in waiting {
            match self.decide(vec![one]) {
                None => {}
                Some(Decided::Panicked(panicked)) => {
                    self.reload()?;
                    self.put_aside(panicked, "it made the engine panic");
                }
                Some(Decided::Batch(work)) => self.commit_alone(work)?,
            }
        }
        self.announce_deadline();
        Ok(())
    }

    /// Commits one input's batch and waits for it.
    fn commit_alone(&mut self, work: Work) -> Result<(), StoreError> {
        self.last = work.batch.number;
        let written = if work.batch.is_read_only() {
            Ok(())
        } else {
            self.tokio.block_on(self.store.commit(Arc::clone(&work.batch)))
        };
        match written {
            Ok(()) => {
                self.engine.committed(self.last);
                self.tokio.block_on(self.publisher.release(work));
                Ok(())
            }
            Err(StoreError::Refused(problem)) => {
                self.reload()?;
                self.put_aside(work.into_waiting(), &format!("the database refuses it: {problem}"));
                Ok(())
            }
            Err(error) => self.recover(FailedCommit { error, work }, None),
        }
    }

    /// An input that fails even alone: its asker is told, administrators get an alarm, the desk goes on.
    fn put_aside(&self, waiting: Vec<Waiting>, problem: &str) {
        for Waiting { input, waiter } in waiting {
            self.metrics.put_aside.inc();
            tracing::error!(input = input.name(), problem, "an input was put aside");
            // Otherwise an alarm that can't be stored would raise an alarm.
            if !matches!(input, Input::Notice { .. }) {
                self.inbox.tell(Input::Notice {
                    level: "alarm".into(),
                    code: "put_aside".into(),
                    message: format!("An input ({}) was put aside: {problem}", input.name()),
                });
            }
            waiter.answer(Err(Refusal::new(
                RefusalKind::Invalid,
                "This request could not be processed; it was put aside and an administrator was told.",
            )));
        }
    }
}

fn tell_lost(waiters: impl IntoIterator<Item = Waiter>) {
    for waiter in waiters {
        waiter.lost(unavailable());
    }
}

/// What became of a batch of inputs.
enum Decided {
    Batch(Work),
    Panicked(Vec<Waiting>),
}
