//! The policy of a running installation: one generation of scripts answers, others are kept to go back to.
//!
//! The engine asks from its own thread and always gets an answer in time, if only "take your default". Loading happens
//! beside it; the swap falls between two questions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::address_book::AddressBook;
use super::fault::fault;
use super::limits::{GENERATIONS_KEPT, Limits, MISSES_MAX, MISSES_WITHIN, TELL_AGAIN, TOLD_MAX};
use super::questions::Rules;
use super::quick_reply::QuickReplies;
use super::source::{AUTO_CLOSE, ScriptSet, TIMERS};
use super::trial::check;
use super::worker::{Ask, Outcome, Told, Worker, lost};
use crate::domain::{Status, Time};
use crate::engine::{
    Asked, ClosePlan, Facts, Failure, OnMessage, OutcomeRules, Policy, PolicyError, Route, TimerPlan,
};

/// Called when a running script could not answer. It is called from the engine's thread: hand the fault on and return.
pub type OnFailure = Box<dyn Fn(PolicyError) + Send + Sync>;

/// One generation of scripts, live.
#[derive(Debug)]
struct Live {
    generation: i64,
    set: Arc<ScriptSet>,
    rules: Arc<Rules>,
}

/// The end that asks, and how often it was let down.
struct Asking {
    live: Arc<Live>,
    worker: Option<Worker>,
    misses: VecDeque<Time>,
    /// After too many misses only defaults are given, until the next generation.
    set_aside: bool,
    /// Faults told, and when.
    told: BTreeMap<String, Time>,
}

/// Scripts that answer the engine, and the way to change them.
pub struct Host {
    limits: Limits,
    on_failure: OnFailure,
    asking: Mutex<Asking>,
    live: ArcSwap<Live>,
    /// Held while a set is tried, so that generations follow one another.
    kept: Mutex<VecDeque<(i64, Arc<ScriptSet>)>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic of another caller leaves whole values behind: each is written in one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// Starts with a set that must be good; a caller whose set is broken starts with [`super::defaults`] and says so.
    /// `generation` is the number the set gets.
    pub fn start(
        first: ScriptSet,
        generation: i64,
        limits: Limits,
        on_failure: OnFailure,
    ) -> Result<Arc<Self>, Vec<PolicyError>> {
        let (live, worker) = Self::load(&first, generation, limits)?;
        let kept = VecDeque::from([(generation, Arc::new(first))]);
        let asking = Asking {
            live: Arc::clone(&live),
            worker: Some(worker),
            misses: VecDeque::new(),
            set_aside: false,
            told: BTreeMap::new(),
        };
        Ok(Arc::new(Self {
            limits,
            on_failure,
            asking: Mutex::new(asking),
            live: ArcSwap::new(live),
            kept: Mutex::new(kept),
        }))
    }

    /// Which generation answers.
    pub fn generation(&self) -> i64 {
        self.live.load().generation
    }

    /// The sources that answer now, with those that come with the server where the installation has none.
    pub fn sources(&self) -> Arc<ScriptSet> {
        Arc::clone(&self.live.load().set)
    }

    /// The quick replies that are live.
    pub fn quick_replies(&self) -> Arc<QuickReplies> {
        Arc::clone(&self.live.load().rules.quick_replies)
    }

    /// The address books that are live.
    pub fn address_books(&self) -> Arc<[AddressBook]> {
        Arc::clone(&self.live.load().rules.address_books)
    }

    /// Tries a set and, if it is good, puts it live. Blocks for as long as its tests take; call it beside the engine.
    /// `Err`: what is wrong; the generation before goes on.
    pub fn reload(&self, set: ScriptSet) -> Result<i64, Vec<PolicyError>> {
        let mut kept = locked(&self.kept);
        // What serves already needs no trial and makes no generation, unless it was set aside.
        if !locked(&self.asking).set_aside && set.completed() == *self.sources() {
            return Ok(self.generation());
        }
        let generation = self.generation() + 1;
        let (live, worker) = Self::load(&set, generation, self.limits)?;
        kept.push_back((generation, Arc::new(set)));
        while kept.len() > GENERATIONS_KEPT {
            kept.pop_front();
        }
        let before = {
            let mut asking = locked(&self.asking);
            asking.live = Arc::clone(&live);
            asking.misses.clear();
            asking.set_aside = false;
            asking.told.clear();
            self.live.store(live);
            asking.worker.replace(worker)
        };
        // Ending a thread is nothing the engine should wait for.
        drop(before);
        Ok(generation)
    }

    /// The sources of a generation that can be gone back to.
    pub fn kept(&self, generation: i64) -> Option<ScriptSet> {
        let kept = locked(&self.kept);
        kept.iter().find(|(kept, _)| *kept == generation).map(|(_, set)| ScriptSet::clone(set))
    }

    /// Generations that can be gone back to, oldest first, with the one that is live at the end.
    pub fn generations(&self) -> Vec<i64> {
        locked(&self.kept).iter().map(|(generation, _)| *generation).collect()
    }

    /// Puts an older generation live again, as a new one; without a number, the one before.
    pub fn rollback(&self, to: Option<i64>) -> Result<i64, Vec<PolicyError>> {
        let found = {
            let kept = locked(&self.kept);
            let wanted = match to {
                Some(wanted) => kept.iter().find(|(generation, _)| *generation == wanted),
                None => kept.iter().rev().nth(1),
            };
            wanted.map(|(_, set)| ScriptSet::clone(set))
        };
        let missing = || {
            let kept: Vec<String> = self.generations().iter().map(ToString::to_string).collect();
            let what = format!("that generation is not kept; kept are {}", kept.join(", "));
            vec![fault("scripts", 0, what)]
        };
        self.reload(found.ok_or_else(missing)?)
    }

    fn load(
        set: &ScriptSet,
        generation: i64,
        limits: Limits,
    ) -> Result<(Arc<Live>, Worker), Vec<PolicyError>> {
        let report = check(set, limits, true);
        if !report.errors.is_empty() {
            return Err(report.errors);
        }
        let set = Arc::new(set.completed());
        let broken = |what: String| vec![fault("scripts", 0, what)];
        let mut worker = Worker::start(Arc::clone(&set), limits)
            .map_err(|error| broken(format!("no thread to run them on: {error}")))?;
        let rules = worker.loaded(limits.step * 2);
        let rules =
            rules.ok_or_else(|| broken("they were checked, and then did not load in time".to_owned()))?;
        Ok((Arc::new(Live { generation, set, rules }), worker))
    }

    /// Puts a question to the scripts, and tells a fault that is due.
    fn ask(&self, question: Ask, now: Time) -> Asked<Told> {
        let mut asking = locked(&self.asking);
        let generation = asking.live.generation;
        if asking.set_aside {
            return Asked { answer: Err(set_aside()), generation, at: None };
        }
        let outcome = match &mut asking.worker {
            Some(worker) => worker.ask(question),
            None => Outcome::Lost,
        };
        let error = match outcome {
            Outcome::Answered(Ok((told, at))) => return Asked { answer: Ok(told), generation, at },
            Outcome::Answered(Err(trouble)) => {
                if trouble.spent {
                    asking.missed(now);
                }
                trouble.error
            }
            Outcome::Stopped(error) => {
                asking.missed(now);
                error
            }
            Outcome::NotYet => {
                asking.missed(now);
                return Asked { answer: Err(not_yet()), generation, at: None };
            }
            Outcome::Lost => {
                asking.missed(now);
                let set = Arc::clone(&asking.live.set);
                asking.worker = Worker::start(set, self.limits).ok();
                lost()
            }
        };
        let due = asking.due(&error, now);
        drop(asking);
        let message = format!("{}:{}: {}", error.file, error.line, error.message);
        if due {
            (self.on_failure)(error);
        }
        Asked { answer: Err(Failure { message }), generation, at: None }
    }
}

fn not_yet() -> Failure {
    Failure { message: "scripts are being loaded again after one did not answer".to_owned() }
}

fn set_aside() -> Failure {
    let message =
        "scripts are set aside until they are changed: three questions in 10 s were not answered in time";
    Failure { message: message.to_owned() }
}

impl Asking {
    fn missed(&mut self, now: Time) {
        self.misses.push_back(now);
        while self.misses.front().is_some_and(|first| now - *first > MISSES_WITHIN) {
            self.misses.pop_front();
        }
        self.set_aside = self.misses.len() >= MISSES_MAX;
    }

    /// Whether the fault is to be told: the same one not again for a while.
    fn due(&mut self, error: &PolicyError, now: Time) -> bool {
        self.told.retain(|_, told| now - *told < TELL_AGAIN);
        let key = format!("{}:{}", error.file, error.line);
        if self.told.contains_key(&key) || self.told.len() >= TOLD_MAX {
            return false;
        }
        self.told.insert(key, now);
        true
    }
}

/// The answer of the kind that was asked for. Another kind can't come; if it did, the engine takes its default.
fn expect<T>(asked: Asked<Told>, kind: impl FnOnce(Told) -> Option<T>) -> Asked<T> {
    let mixed = || Failure { message: "the answer belongs to another question".to_owned() };
    let answer = asked.answer.and_then(|told| kind(told).ok_or_else(mixed));
    Asked { answer, generation: asked.generation, at: asked.at }
}

impl Policy for Host {
    fn generation(&self) -> i64 {
        self.live.load().generation
    }

    fn route(&self, facts: &Facts, now: Time) -> Asked<Route> {
        expect(self.ask(Ask::Route(facts.clone(), now), now), |told| match told {
            Told::Route(route) => Some(route),
            Told::OnMessage(_) | Told::Timers(_) => None,
        })
    }

    fn on_message(&self, facts: &Facts, now: Time) -> Asked<OnMessage> {
        let live = self.live.load();
        if !live.rules.asks_on_message {
            return Asked { answer: Ok(OnMessage::Default), generation: live.generation, at: None };
        }
        expect(self.ask(Ask::OnMessage(facts.clone(), now), now), |told| match told {
            Told::OnMessage(answer) => Some(answer),
            Told::Route(_) | Told::Timers(_) => None,
        })
    }

    fn timers(&self, facts: &Facts, now: Time) -> Asked<TimerPlan> {
        let live = self.live.load();
        if let Some((plan, line)) = &live.rules.timers {
            let at = Some(format!("{TIMERS}:{line}"));
            return Asked { answer: Ok(plan.clone()), generation: live.generation, at };
        }
        expect(self.ask(Ask::Timers(facts.clone(), now), now), |told| match told {
            Told::Timers(plan) => Some(plan),
            Told::Route(_) | Told::OnMessage(_) => None,
        })
    }

    fn auto_close(&self, facts: &Facts, _: Time) -> Asked<ClosePlan> {
        let live = self.live.load();
        let (plan, place) = live.rules.close.plan(facts);
        let at = place.map(|line| format!("{AUTO_CLOSE}:{line}"));
        Asked { answer: Ok(plan), generation: live.generation, at }
    }

    fn outcome_rules(&self, _: &Facts, status: Status) -> Asked<OutcomeRules> {
        let live = self.live.load();
        let (rules, place) = live.rules.close.outcome(status);
        let at = place.map(|line| format!("{AUTO_CLOSE}:{line}"));
        Asked { answer: Ok(rules), generation: live.generation, at }
    }
}
