//! A thread that owns one VM of policy scripts and answers questions, one after the other.
//!
//! Whoever asks keeps the right to stop waiting: a thread that does not come back is left behind with its VM stopped for
//! ever, and ends by itself when it can. The VM never moves between threads, so no lock is held while scripts run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::book::Book;
use super::fault::fault;
use super::limits::Limits;
use super::questions::{Rules, Trouble};
use super::sandbox::Stop;
use super::source::{ROUTING, ScriptSet};
use crate::domain::Time;
use crate::engine::{Facts, OnMessage, PolicyError, Route, TimerPlan};

/// A question that needs the interpreter.
#[derive(Debug)]
pub(crate) enum Ask {
    Route(Facts, Time),
    OnMessage(Facts, Time),
    Timers(Facts, Time),
}

/// Its answer.
#[derive(Debug)]
pub(crate) enum Told {
    Route(Route),
    OnMessage(OnMessage),
    Timers(TimerPlan),
}

/// What came of a question.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The script answered, or failed by itself.
    Answered(Result<(Told, Option<String>), Trouble>),
    /// It was stopped at its deadline.
    Stopped(PolicyError),
    /// The VM is not loaded yet.
    NotYet,
    /// It did not even stop: the VM was left behind.
    Lost,
}

type Reply = (u64, bool, Result<(Told, Option<String>), Trouble>);

/// The asking end of the thread.
#[derive(Debug)]
pub(crate) struct Worker {
    ask: SyncSender<(u64, Ask)>,
    told: Receiver<Reply>,
    stop: Stop,
    /// The question that the thread has begun.
    begun: Arc<AtomicU64>,
    last: u64,
    limits: Limits,
    /// Comes when the thread is ready for questions; taken when it came.
    ready: Option<Receiver<Arc<Rules>>>,
    /// How long questions waited for that, in all.
    waited: Duration,
}

/// Questions are numbered from here; smaller numbers are steps of loading.
const FIRST: u64 = 1_000_000;

impl Worker {
    /// Starts a thread that loads the set and then answers. Returns at once; the first question waits for the loading.
    pub(crate) fn start(set: Arc<ScriptSet>, limits: Limits) -> std::io::Result<Self> {
        let (ask, asked) = sync_channel::<(u64, Ask)>(1);
        let (tell, told) = sync_channel::<Reply>(2);
        let (ready, is_ready) = sync_channel(1);
        let stop = Stop::default();
        let begun = Arc::new(AtomicU64::new(0));
        let thread = Thread { set, limits, stop: stop.clone(), begun: Arc::clone(&begun) };
        std::thread::Builder::new().name("policy".to_owned()).spawn(move || {
            let Ok(book) = thread.load(1) else { return };
            if ready.send(Arc::clone(&book.questions.rules)).is_ok() {
                thread.serve(book, &asked, &tell);
            }
        })?;
        let ready = Some(is_ready);
        Ok(Self { ask, told, stop, begun, last: FIRST, limits, ready, waited: Duration::ZERO })
    }

    /// Waits until the scripts are loaded.
    pub(crate) fn loaded(&mut self, patience: Duration) -> Option<Arc<Rules>> {
        let rules = self.ready.as_ref()?.recv_timeout(patience).ok()?;
        self.ready = None;
        Some(rules)
    }

    /// Asks, and waits no longer than the limits say.
    pub(crate) fn ask(&mut self, question: Ask) -> Outcome {
        if self.ready.is_some() && self.loaded(self.limits.patience).is_none() {
            self.waited += self.limits.patience;
            return if self.waited < self.limits.step { Outcome::NotYet } else { Outcome::Lost };
        }
        self.last += 1;
        let number = self.last;
        if self.ask.try_send((number, question)).is_err() {
            return Outcome::Lost;
        }
        let slice = self.limits.answer / 2;
        let (mut waited, mut ran) = (Duration::ZERO, Duration::ZERO);
        while waited < self.limits.patience {
            match self.told.recv_timeout(slice) {
                Ok((told, stopped, answer)) if told == number => return finished(stopped, answer),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return Outcome::Lost,
                Err(RecvTimeoutError::Timeout) => {
                    waited += slice;
                    ran += self.turn(number, slice);
                    self.end(number, ran);
                }
            }
        }
        Outcome::Lost
    }

    fn end(&self, number: u64, ran: Duration) {
        if ran >= self.limits.answer {
            self.stop.stop(number);
        }
    }

    /// How much of the time that went by counts: a thread that has not had its turn yet is not a slow script.
    fn turn(&self, number: u64, slice: Duration) -> Duration {
        if self.begun.load(Ordering::Relaxed) >= number { slice } else { Duration::ZERO }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.stop_for_ever();
    }
}

fn finished(stopped: bool, answer: Result<(Told, Option<String>), Trouble>) -> Outcome {
    match answer {
        Err(trouble) if stopped => Outcome::Stopped(trouble.error),
        answer => Outcome::Answered(answer),
    }
}

struct Thread {
    set: Arc<ScriptSet>,
    limits: Limits,
    stop: Stop,
    begun: Arc<AtomicU64>,
}

impl Thread {
    fn load(&self, call: u64) -> Result<Book, Vec<PolicyError>> {
        Book::load(&self.set, self.limits.memory, &self.stop, call, |_, _| Ok(()))
    }

    fn serve(&self, mut book: Book, asked: &Receiver<(u64, Ask)>, tell: &SyncSender<Reply>) {
        while let Ok((number, question)) = asked.recv() {
            self.begun.store(number, Ordering::Relaxed);
            book.vm.begin(number);
            let answer = answer(&book, &question);
            let stopped = book.vm.stopped();
            let spoilt = matches!(&answer, Err(trouble) if stopped || trouble.spent);
            if tell.try_send((number, stopped, answer)).is_err() {
                return;
            }
            // What was stopped half way may have left anything behind in the scripts' own variables.
            let fresh = spoilt.then(|| self.load(number + 1));
            book = match fresh {
                None => book,
                Some(Ok(fresh)) => fresh,
                Some(Err(_)) => return,
            };
        }
    }
}

fn answer(book: &Book, question: &Ask) -> Result<(Told, Option<String>), Trouble> {
    let (lua, questions) = (book.vm.lua(), &book.questions);
    match question {
        Ask::Route(facts, now) => {
            questions.route(lua, facts, *now).map(|(route, at)| (Told::Route(route), at))
        }
        Ask::OnMessage(facts, now) => {
            questions.on_message(lua, facts, *now).map(|(answer, at)| (Told::OnMessage(answer), at))
        }
        Ask::Timers(facts, now) => {
            questions.timers(lua, facts, *now).map(|(plan, at)| (Told::Timers(plan), at))
        }
    }
}

/// The fault of a question that never came back.
pub(crate) fn lost() -> PolicyError {
    fault(ROUTING, 0, "a script did not answer and could not be stopped; it was left behind")
}
