//! Where inputs wait for the engine: bounded lanes, taken in turn, so that no crowd starves another.
//!
//! It knows nothing of what an input means. Lanes: `agents` (full: `unavailable`), `webhooks` (full: 503, the provider tries
//! again) and `own` (timers, providers' answers, fetched files: never refused, because each answers something that was
//! asked before and is bounded by that).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::engine::{Batch, Input, Reply};
use crate::port::StoreError;

/// Inputs of agents that may wait. 24,000 agents who all press a key at once would still be served within a second or two.
const AGENTS_MAX: usize = 8_192;
/// Inputs of webhooks that may wait; Meta batches up to 1,000 updates in one delivery.
const WEBHOOKS_MAX: usize = 8_192;
/// Inputs decided in one go. Larger batches commit cheaper and answer later.
pub(crate) const BATCH_MAX: usize = 256;
/// Inputs worth deciding while the batch before them commits. Fewer wait for its end and take along who comes meanwhile: one
/// commit for all of them, where each would have begun its own.
const CROWD: usize = 64;
/// How long the server's own news wait for company before they get a commit for themselves: nobody waits for their answer,
/// and most come just before something that somebody waits for.
const OWN_PATIENCE: Duration = Duration::from_millis(5);

/// Who waits for an input's answer.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// Nobody.
    Nobody,
    /// One asker.
    Asker(oneshot::Sender<Reply>),
    /// A delivery of several inputs, answered when all are.
    Delivery(Arc<DeliveryWait>),
}

/// Counts down a delivery's inputs; tells at the last one whether all were kept.
#[derive(Debug)]
pub(crate) struct DeliveryWait {
    left: AtomicUsize,
    lost: AtomicBool,
    done: Mutex<Option<oneshot::Sender<bool>>>,
}

impl DeliveryWait {
    fn one_done(&self, kept: bool) {
        if !kept {
            self.lost.store(true, Ordering::Relaxed);
        }
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(done) = done {
                // The provider may have hung up meanwhile; it will resend, and find everything known.
                let _gone = done.send(!self.lost.load(Ordering::Relaxed));
            }
        }
    }
}

impl Waiter {
    /// Releases the answer.
    pub(crate) fn answer(self, reply: Reply) {
        match self {
            Self::Nobody => {}
            Self::Asker(asker) => {
                // An asker that left has lost nothing: what it asked for is stored, and a repeat gets this answer.
                let _gone = asker.send(reply);
            }
            // A refusal of one update (a blocked contact, say) is as final as an answer: the provider must not resend.
            Self::Delivery(delivery) => delivery.one_done(true),
        }
    }

    /// Tells that the input was not kept and may be tried again.
    pub(crate) fn lost(self, reply: Reply) {
        match self {
            Self::Delivery(delivery) => delivery.one_done(false),
            other @ (Self::Nobody | Self::Asker(_)) => other.answer(reply),
        }
    }
}

/// An input with who waits for it.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) input: Input,
    pub(crate) waiter: Waiter,
}

#[derive(Debug, Default)]
struct Lanes {
    own: VecDeque<Waiting>,
    agents: VecDeque<Waiting>,
    webhooks: VecDeque<Waiting>,
    tick: bool,
    closed: bool,
    /// What became of the commit under way.
    commit: Commit,
}

impl Lanes {
    fn len(&self) -> usize {
        self.own.len() + self.agents.len() + self.webhooks.len() + usize::from(self.tick)
    }

    /// Whether the engine should begin a batch now.
    fn ready(&self) -> bool {
        match self.commit {
            Commit::Failed(_) => true,
            Commit::Idle => self.len() > 0,
            Commit::Running => self.len() >= CROWD,
        }
    }

    /// Whether nothing waits but the server's own news.
    fn only_own(&self) -> bool {
        let own = self.own.len();
        (1..CROWD).contains(&own) && self.len() == own && !self.closed
    }
}

/// Where the one commit that may be under way stands.
#[derive(Debug, Default)]
pub(crate) enum Commit {
    /// None is under way.
    #[default]
    Idle,
    /// One is.
    Running,
    /// It failed.
    Failed(Box<FailedCommit>),
}

/// A batch that was not committed, with all that is needed to try again or to answer.
#[derive(Debug)]
pub(crate) struct FailedCommit {
    /// Why.
    pub(crate) error: StoreError,
    /// The batch and who waits for it.
    pub(crate) work: Work,
}

/// A decided batch on its way to the store.
#[derive(Debug)]
pub(crate) struct Work {
    /// What was decided.
    pub(crate) batch: Arc<Batch>,
    /// What it was decided from, in case it has to be decided again.
    pub(crate) inputs: Vec<Input>,
    /// Who waits for each input.
    pub(crate) waiters: Vec<Waiter>,
}

impl Work {
    /// The inputs again, with who waits for them.
    pub(crate) fn into_waiting(self) -> Vec<Waiting> {
        self.inputs.into_iter().zip(self.waiters).map(|(input, waiter)| Waiting { input, waiter }).collect()
    }
}

/// The lanes and the bell that wakes the engine's thread.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    lanes: Mutex<Lanes>,
    bell: Condvar,
}

/// A lane is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

impl Inbox {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // A thread that panicked while holding the lanes only ever pushed or popped whole items.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent's input.
    pub(crate) fn ask(&self, input: Input) -> Result<oneshot::Receiver<Reply>, Busy> {
        let (asker, answer) = oneshot::channel();
        {
            let mut lanes = self.lanes();
            if lanes.closed || lanes.agents.len() >= AGENTS_MAX {
                return Err(Busy);
            }
            lanes.agents.push_back(Waiting { input, waiter: Waiter::Asker(asker) });
        }
        self.bell.notify_all();
        Ok(answer)
    }

    /// A delivery's inputs: all are taken, or none.
    pub(crate) fn report(&self, inputs: Vec<Input>) -> Result<oneshot::Receiver<bool>, Busy> {
        let (done, answer) = oneshot::channel();
        if inputs.is_empty() {
            let _kept = done.send(true);
            return Ok(answer);
        }
        let wait = Arc::new(DeliveryWait {
            left: AtomicUsize::new(inputs.len()),
            lost: AtomicBool::new(false),
            done: Mutex::new(Some(done)),
        });
        {
            let mut lanes = self.lanes();
            // A delivery larger than the lane must pass when the lane is empty, or it would never.
            if lanes.closed
                || (!lanes.webhooks.is_empty() && lanes.webhooks.len() + inputs.len() > WEBHOOKS_MAX)
            {
                return Err(Busy);
            }
            lanes.webhooks.extend(
                inputs
                    .into_iter()
                    .map(|input| Waiting { input, waiter: Waiter::Delivery(Arc::clone(&wait)) }),
            );
        }
        self.bell.notify_all();
        Ok(answer)
    }

    /// The server's own news: never refused.
    pub(crate) fn tell(&self, input: Input) {
        self.lanes().own.push_back(Waiting { input, waiter: Waiter::Nobody });
        self.bell.notify_all();
    }

    /// A deadline has come.
    pub(crate) fn tick(&self) {
        self.lanes().tick = true;
        self.bell.notify_all();
    }

    /// No more inputs are taken; what waits is still decided.
    pub(crate) fn close(&self) {
        self.lanes().closed = true;
        self.bell.notify_all();
    }

    /// Takes everything that somebody asked for, to be answered while the database is away. The server's own news stay.
    pub(crate) fn take_asked(&self) -> Vec<Waiting> {
        let mut lanes = self.lanes();
        let mut taken: Vec<_> = lanes.agents.drain(..).collect();
        taken.extend(lanes.webhooks.drain(..));
        taken
    }

    /// Whether something waits, or is being stored.
    pub(crate) fn is_busy(&self) -> bool {
        let lanes = self.lanes();
        lanes.len() > 0 || matches!(lanes.commit, Commit::Running)
    }

    /// Whether nothing is taken any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.lanes().closed
    }

    /// How many inputs wait, by lane: agents, webhooks, own.
    pub(crate) fn lengths(&self) -> (usize, usize, usize) {
        let lanes = self.lanes();
        (lanes.agents.len(), lanes.webhooks.len(), lanes.own.len())
    }

    /// Waits for inputs and takes up to [`BATCH_MAX`], a share from each lane in turn. `None`: closed and empty.
    /// Comes back without inputs when a commit has failed, so that the engine learns of it at once.
    pub(crate) fn gather(&self) -> Option<Vec<Waiting>> {
        let mut lanes = self.lanes();
        while !lanes.ready() {
            if lanes.closed && lanes.len() == 0 {
                return None;
            }
            lanes = self.bell.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
        let patient = |lanes: &mut Lanes| matches!(lanes.commit, Commit::Idle) && lanes.only_own();
        let waited = self.bell.wait_timeout_while(lanes, OWN_PATIENCE, patient);
        let (mut lanes, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        if std::mem::take(&mut lanes.tick) {
            taken.push(Waiting { input: Input::Tick, waiter: Waiter::Nobody });
        }
        take_in_turn(&mut lanes, &mut taken);
        Some(taken)
    }

    /// A commit begins.
    pub(crate) fn commit_begins(&self) {
        self.lanes().commit = Commit::Running;
    }

    /// It ended.
    pub(crate) fn commit_ended(&self, result: Result<(), FailedCommit>) {
        self.lanes().commit = match result {
            Ok(()) => Commit::Idle,
            Err(failed) => Commit::Failed(Box::new(failed)),
        };
        self.bell.notify_all();
    }

    /// Waits until no commit is under way, and tells how the last one ended.
    pub(crate) fn commit_settled(&self) -> Result<(), Box<FailedCommit>> {
        let mut lanes = self.lanes();
        loop {
            match std::mem::take(&mut lanes.commit) {
                Commit::Idle => return Ok(()),
                Commit::Failed(failed) => return Err(failed),
                Commit::Running => {
                    lanes.commit = Commit::Running;
                    lanes = self.bell.wait(lanes).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// Takes from the three lanes in turn until the batch is full or all are empty.
fn take_in_turn(lanes: &mut Lanes, taken: &mut Vec<Waiting>) {
    while taken.len() < BATCH_MAX {
        let before = taken.len();
        taken.extend(lanes.own.pop_front());
        taken.extend(lanes.agents.pop_front());
        taken.extend(lanes.webhooks.pop_front());
        if taken.len() == before {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Answer;

    fn login(name: &str) -> Input {
        Input::FindLogin { login: name.into() }
    }

    #[test]
    fn lanes_are_taken_in_turn_and_bounded() {
        let inbox = Inbox::default();
        let mut answers = Vec::new();
        for _ in 0..AGENTS_MAX {
            answers.push(inbox.ask(login("a")).unwrap());
        }
        assert!(inbox.ask(login("a")).is_err(), "a full lane refuses");
        let delivery = inbox.report(vec![login("w"); 3]).unwrap();
        inbox.tell(Input::Tick);
        let first = inbox.gather().unwrap();
        assert_eq!(first.len(), BATCH_MAX);
        let webhooks = first.iter().filter(|waiting| matches!(waiting.waiter, Waiter::Delivery(_))).count();
        assert_eq!(webhooks, 3, "a crowd of agents does not hold webhooks up");
        for waiting in first {
            waiting.waiter.answer(Ok(Answer::Done));
        }
        assert_eq!(delivery.blocking_recv(), Ok(true));
    }

    #[test]
    fn a_delivery_is_whole_or_lost() {
        let inbox = Inbox::default();
        let delivery = inbox.report(vec![login("w"); 2]).unwrap();
        let mut taken = inbox.gather().unwrap();
        taken.pop().unwrap().waiter.lost(Ok(Answer::Done));
        taken.pop().unwrap().waiter.answer(Ok(Answer::Done));
        assert_eq!(delivery.blocking_recv(), Ok(false));
        // One larger than the lane passes while the lane is empty.
        let _large = inbox.report(vec![login("w"); WEBHOOKS_MAX + 1]).unwrap();
        assert!(inbox.report(vec![login("w")]).is_err());
    }

    #[test]
    fn while_a_commit_runs_a_few_wait_and_a_crowd_does_not() {
        let inbox = Inbox::default();
        inbox.commit_begins();
        let _answers: Vec<_> = (1..CROWD).map(|_| inbox.ask(login("a")).unwrap()).collect();
        assert!(!inbox.lanes().ready());
        let _one_more = inbox.ask(login("a")).unwrap();
        assert!(inbox.lanes().ready());
        assert_eq!(inbox.gather().unwrap().len(), CROWD);
        let _alone = inbox.ask(login("a")).unwrap();
        inbox.commit_ended(Ok(()));
        assert!(inbox.lanes().ready(), "nothing is waited for when none runs");
    }

    #[test]
    fn only_the_servers_own_news_wait_for_company() {
        let inbox = Inbox::default();
        inbox.tell(login("own"));
        assert!(inbox.lanes().only_own());
        let _asked = inbox.ask(login("a")).unwrap();
        assert!(!inbox.lanes().only_own());
        assert_eq!(inbox.gather().unwrap().len(), 2);
        inbox.tell(login("own"));
        inbox.tick();
        assert!(!inbox.lanes().only_own(), "a deadline is not made to wait");
        assert_eq!(inbox.gather().unwrap().len(), 2);
        inbox.tell(login("own"));
        inbox.close();
        assert!(!inbox.lanes().only_own(), "nor the end");
    }

    #[test]
    fn closing_lets_what_waits_out() {
        let inbox = Inbox::default();
        inbox.tell(Input::Tick);
        inbox.close();
        assert!(inbox.ask(login("a")).is_err());
        assert_eq!(inbox.gather().map(|taken| taken.len()), Some(1));
        assert!(inbox.gather().is_none());
    }
}
