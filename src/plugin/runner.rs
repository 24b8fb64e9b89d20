//! One plugin at work: events to its handlers in the order of the log (one after the other for each interaction), jobs when they
//! are due, what others ask of it, and what becomes of all that. It knows no VM from inside and no other plugin.
//!
//! What a handler kept and that its event was handled go to the store together; a command carries a key made of the event.
//! So a killed process handles an event again whose handling was not stored, and what it already said is not said twice.

mod due;
mod exchange;
mod trouble;
mod units;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value as Json};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::bundle::Bundle;
use super::calls::locked;
use super::http::Http;
use super::keep::Keep;
use super::log::{Follower, Log};
use super::machine::{Answer, Broken, Call, Entry, Step, TASKS_MAX};
use super::perform::Performer;
use super::pulse::Watch;
use super::rights::Rights;
use super::thread::{Parts, Slice, Told, VmThread, Work};
use crate::clock::pause;
use crate::domain::{AgentId, InteractionId, Span, Time};
use crate::engine::PolicyError;
use crate::port::{PluginJob, PluginRow, PluginRows, PluginValue};
use crate::runtime::Desk;
use crate::telemetry::Plugin as Label;
use due::Job;
use units::Unit;

/// Failures after which a plugin is suspended …
const FAILURES_MAX: usize = 5;
/// … when they come within this time.
const FAILURES_WITHIN: Span = Span::minutes(1);
/// How long a handler may wait in all, in seconds. What it computes is counted by the watch.
const HANDLER_SECONDS: u32 = 30;
/// How often an event is tried whose handler was ended by another's fault.
const TRIES_MAX: u32 = 3;
/// What a bot may say to one contact within a minute: more is a loop.
const REPLIES_MAX: usize = 20;
/// Lines that reach the log within a second; more are counted.
const LINES_MAX: u32 = 100;
/// What is asked of a plugin at once; more is refused.
const ASKED_MAX: usize = 16;
/// How long handlers may go on when their plugin is to be exchanged, in milliseconds.
const DRAIN_MS: u64 = 2_000;
/// How long a plugin that begins waits until that is stored, in milliseconds.
const STORED_MS: u64 = 10_000;
/// What goes from one version of a plugin to the next, in bytes of JSON.
const SAVED_MAX: usize = 64 * 1024;

/// What all plugins share.
pub(crate) struct Shared {
    pub(crate) desk: Desk,
    pub(crate) log: Arc<Log>,
    pub(crate) keep: Arc<Keep>,
    pub(crate) http: Http,
    pub(crate) watch: Arc<Watch>,
    /// Where the store's connections live.
    pub(crate) main: Handle,
    /// The agents that plugins are.
    pub(crate) agents: Mutex<BTreeMap<String, AgentId>>,
    /// Those of them that are on duty, with their titles.
    pub(crate) on_duty: Mutex<BTreeMap<String, String>>,
    /// The ways to those that run.
    pub(crate) controls: Mutex<BTreeMap<String, mpsc::Sender<Control>>>,
    /// Told which plugin changed.
    pub(crate) changed: mpsc::UnboundedSender<String>,
}

/// How a plugin does, for whoever looks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    pub(crate) suspended: bool,
    pub(crate) generation: u64,
    pub(crate) version: String,
    pub(crate) hash: String,
    /// What is wrong: with newer files, or with what runs.
    pub(crate) errors: Vec<PolicyError>,
    /// Whether these are of newer files.
    pub(crate) refused: bool,
    pub(crate) handled: u64,
    pub(crate) failed: u64,
    pub(crate) behind: i64,
    pub(crate) kept: usize,
}

/// What a plugin is told to do.
pub(crate) enum Control {
    /// Newer files.
    Reload(Arc<Bundle>, Rights, oneshot::Sender<Result<(), Vec<PolicyError>>>),
    Settings(Map<String, Json>),
    /// Goes on after it was suspended.
    Resume,
    /// Somebody asks it something.
    Ask(Entry, oneshot::Sender<Result<Json, String>>),
    /// It ends, and tells what jobs it leaves.
    Stop(oneshot::Sender<Vec<PluginJob>>),
}

enum From {
    Unit(Unit),
    /// A job, and when it was due.
    Job(String, Time),
    Ask(oneshot::Sender<Result<Json, String>>),
}

struct Task {
    from: From,
    /// What it was called for.
    entry: Arc<Entry>,
    /// What its commands' keys begin with, and how many it made.
    key: String,
    commands: u32,
    seconds: u32,
    /// Whether it waits for something outside: it may also wait for its turn, for which it can do nothing.
    waits: bool,
}

/// What a runner begins with.
pub(crate) struct Begin {
    pub(crate) parts: Parts,
    pub(crate) row: Arc<Mutex<PluginRow>>,
    pub(crate) jobs: Vec<PluginJob>,
    pub(crate) status: Arc<Mutex<Status>>,
    pub(crate) control: mpsc::Receiver<Control>,
}

pub(crate) struct Runner {
    shared: Arc<Shared>,
    name: String,
    parts: Parts,
    row: Arc<Mutex<PluginRow>>,
    status: Arc<Mutex<Status>>,
    control: mpsc::Receiver<Control>,
    vm: VmThread,
    tasks: BTreeMap<u64, Task>,
    last_task: u64,
    answers: mpsc::UnboundedSender<(u64, Answer)>,
    answered: mpsc::UnboundedReceiver<(u64, Answer)>,
    /// Events that wait for their turn.
    pending: VecDeque<Unit>,
    /// Interactions one of whose events is being handled.
    busy: BTreeSet<InteractionId>,
    /// The log is read up to here; of that, these are not handled yet.
    read: i64,
    open: BTreeSet<i64>,
    jobs: BTreeMap<String, Job>,
    failures: VecDeque<Time>,
    replies: BTreeMap<InteractionId, VecDeque<Time>>,
    /// Lines for the log in this second.
    lines: u32,
    _follower: Follower,
}

impl Runner {
    /// Loads the plugin. `Err`: why it does not load.
    pub(crate) async fn load(shared: Arc<Shared>, begin: Begin) -> Result<Self, Vec<PolicyError>> {
        let Begin { parts, row, jobs, status, control } = begin;
        let vm = VmThread::start(parts.clone(), &shared.watch).await?;
        let (answers, answered) = mpsc::unbounded_channel();
        let follower = shared.log.follow();
        let (read, first) = {
            let mut row = locked(&row);
            let first = row.seq.is_none();
            let read = row.seq.unwrap_or_else(|| shared.log.end());
            row.seq = Some(read);
            (read, first)
        };
        let mut runner = Self {
            name: parts.bundle.manifest.name.clone(),
            shared,
            parts,
            row,
            status,
            control,
            vm,
            tasks: BTreeMap::new(),
            last_task: 0,
            answers,
            answered,
            pending: VecDeque::new(),
            busy: BTreeSet::new(),
            read,
            open: BTreeSet::new(),
            jobs: due::from_rows(jobs),
            failures: VecDeque::new(),
            replies: BTreeMap::new(),
            lines: 0,
            _follower: follower,
        };
        runner.began();
        runner.plan_jobs();
        let kept = runner.keep_row();
        if first {
            // Where it began is known before anything happens that it would miss if it began again later.
            tokio::select! {
                () = runner.shared.keep.stored(kept) => {}
                // Nothing is stored any more: the server ends.
                () = pause(STORED_MS) => {}
            }
        }
        Ok(runner)
    }

    fn began(&self) {
        let mut status = locked(&self.status);
        status.generation += 1;
        status.version.clone_from(&self.vm.bundle.manifest.version);
        status.hash.clone_from(&self.vm.bundle.hash);
        status.errors.clear();
        status.refused = false;
    }

    fn runs(&self) -> bool {
        !locked(&self.status).suspended
    }

    fn now(&self) -> Time {
        self.parts.clock.now()
    }

    fn agent_id(&self) -> Option<AgentId> {
        locked(&self.shared.agents).get(&self.name).copied()
    }

    /// Works until it is told to stop.
    pub(crate) async fn run(mut self) {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let shared = Arc::clone(&self.shared);
        let clock = Arc::clone(&self.parts.clock);
        loop {
            if self.runs() {
                self.fill().await;
                self.dispatch();
                self.start_jobs();
            }
            let (runs, room, next_job) = (self.runs(), self.room() >= TASKS_MAX / 2, self.next_job());
            tokio::select! {
                told = self.vm.told.recv() => match told {
                    Some(told) => self.told_all(told),
                    None => self.revive("its thread ended").await,
                },
                Some((task, answer)) = self.answered.recv() => self.answer(task, answer),
                control = self.control.recv() => match control {
                    Some(Control::Stop(done)) => {
                        self.stop().await;
                        // Whoever asked may be gone.
                        let _told = done.send(self.job_rows());
                        return;
                    }
                    Some(control) => self.controlled(control).await,
                    None => return self.stop().await,
                },
                () = shared.log.grown(self.read), if runs && room => {}
                () = clock.until(next_job), if runs && next_job.is_some() => {}
                _ = second.tick() => self.second().await,
            }
        }
    }

    async fn controlled(&mut self, control: Control) {
        match control {
            Control::Reload(bundle, rights, done) => {
                let result = self.reload(bundle, rights).await;
                // Whoever asked may be gone.
                let _told = done.send(result);
            }
            Control::Settings(settings) => {
                self.parts.settings.clone_from(&settings);
                self.vm.send(Work::Settings(settings));
            }
            Control::Resume => {
                self.failures.clear();
                {
                    let mut status = locked(&self.status);
                    status.suspended = false;
                    status.errors.clear();
                }
                self.changed();
            }
            Control::Ask(entry, reply) => self.ask(entry, reply),
            Control::Stop(_) => {}
        }
    }

    fn changed(&self) {
        // The host is gone: so is whoever would be told.
        drop(self.shared.changed.send(self.name.clone()));
    }

    fn ask(&mut self, entry: Entry, reply: oneshot::Sender<Result<Json, String>>) {
        let asked = self.tasks.values().filter(|task| matches!(task.from, From::Ask(_))).count();
        let refusal = if !self.runs() {
            "the plugin is suspended"
        } else if !self.vm.offer.roles.contains(entry.kind) {
            "the plugin has no handler for this"
        } else if asked >= ASKED_MAX {
            "the plugin has too much to do"
        } else {
            return self.begin(From::Ask(reply), entry, String::new());
        };
        let _gone = reply.send(Err(refusal.to_owned()));
    }

    /// Begins a handler.
    fn begin(&mut self, from: From, entry: Entry, key: String) {
        self.last_task += 1;
        let (task, entry) = (self.last_task, Arc::new(entry));
        self.vm.send(Work::Start(task, Arc::clone(&entry)));
        self.tasks.insert(task, Task { from, entry, key, commands: 0, seconds: 0, waits: false });
    }

    /// A handler has what it waited for.
    fn answer(&mut self, task: u64, answer: Answer) {
        if let Some(task) = self.tasks.get_mut(&task) {
            task.waits = false;
        }
        self.vm.send(Work::Answer(task, answer));
    }

    /// What was told, and what else was told meanwhile: one look at everything for all of it.
    fn told_all(&mut self, told: Told) {
        self.told(told);
        for _ in 0..TASKS_MAX {
            match self.vm.told.try_recv() {
                Ok(told) => self.told(told),
                Err(_) => return,
            }
        }
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::Slice(slice) => self.slice(slice),
            Told::Anew(lost) => lost.into_iter().for_each(|task| self.again(task)),
            Told::Dead(errors) => self.suspend(errors),
        }
    }

    fn slice(&mut self, slice: Slice) {
        for (level, text) in slice.lines {
            self.lines += 1;
            if self.lines > LINES_MAX {
                continue;
            }
            match level.as_str() {
                "info" => tracing::info!(plugin = self.name, text, "a plugin says"),
                "warn" => tracing::warn!(plugin = self.name, text, "a plugin says"),
                _ => tracing::error!(plugin = self.name, text, "a plugin says"),
            }
        }
        let jobs = self.wished(slice.jobs);
        let values = slice.writes.into_iter();
        let plugin = &self.name;
        let values =
            values.map(|(name, value)| PluginValue { plugin: plugin.clone(), name, value }).collect();
        let mut rows = PluginRows { values, jobs, ..PluginRows::default() };
        match slice.step {
            Step::Waits(call) => self.waits(slice.task, call),
            Step::Ended(result) => {
                if let Some(task) = self.tasks.remove(&slice.task) {
                    self.ended(task, result, &mut rows);
                }
            }
        }
        if !rows.is_empty() {
            self.shared.keep.add(rows);
        }
    }

    fn waits(&mut self, number: u64, call: Call) {
        let flood = call.op == "reply" && !self.may_reply(&call);
        let Some(task) = self.tasks.get_mut(&number) else { return self.vm.send(Work::Cancel(number)) };
        task.commands += 1;
        task.waits = true;
        let key = format!("{}.{}", task.key, task.commands);
        if flood {
            task.waits = false;
            let wrong = format!("more than {REPLIES_MAX} replies to one contact within a minute: a loop?");
            return self.vm.send(Work::Answer(number, Answer { wrong: Some(wrong), ..Answer::default() }));
        }
        let (performer, answers) = (self.performer(), self.answers.clone());
        tokio::spawn(async move {
            let answer = performer.perform(call, key).await;
            // The runner is gone, and the handler with it.
            drop(answers.send((number, answer)));
        });
    }

    fn performer(&self) -> Performer {
        Performer {
            desk: self.shared.desk.clone(),
            http: self.shared.http.clone(),
            rights: self.parts.rights.clone(),
            settings: self.parts.settings.clone(),
            secrets: Arc::clone(&self.parts.secrets),
            agent_id: self.agent_id(),
        }
    }

    /// A bot that says more than a person could read is in a loop with another machine.
    fn may_reply(&mut self, call: &Call) -> bool {
        let id = call.given.get("interaction_id").and_then(Json::as_str);
        let Some(id) = id.and_then(|id| id.parse::<InteractionId>().ok()) else { return true };
        let now = self.now();
        let recent = |times: &mut VecDeque<Time>| {
            times.retain(|time| now - *time < Span::minutes(1));
            !times.is_empty()
        };
        self.replies.retain(|_, times| recent(times));
        let times = self.replies.entry(id).or_default();
        times.push_back(now);
        times.len() <= REPLIES_MAX
    }

    fn ended(&mut self, task: Task, result: Result<Json, Broken>, rows: &mut PluginRows) {
        let failed = result.as_ref().err().map(|broken| broken.error.clone());
        if let Some(error) = &failed {
            self.failed(error.clone());
            self.give_up(&task.entry, error);
        } else {
            locked(&self.status).handled += 1;
        }
        match task.from {
            From::Unit(unit) => {
                self.free(&unit);
                if unit.entries.is_empty() {
                    rows.plugins.extend(self.handled(unit.seq));
                } else {
                    self.pending.push_front(unit);
                }
            }
            From::Job(job, due_at) => rows.jobs.extend(self.job_ended(&job, due_at)),
            From::Ask(reply) => {
                let result = result.map_err(|broken| broken.error.message);
                // What it kept is stored before anybody hears of it.
                let (keep, rows) = (Arc::clone(&self.shared.keep), std::mem::take(rows));
                tokio::spawn(async move {
                    keep.store(rows).await;
                    let _gone = reply.send(result);
                });
            }
        }
    }

    fn measure(&self) {
        // What was read and was none of its business is no work, though its place is not kept for each such event.
        let upto = self.open.first().map_or(self.read, |first| first - 1);
        let behind = (self.shared.log.end() - upto).max(0);
        {
            let mut status = locked(&self.status);
            status.behind = behind;
            status.kept = locked(&self.parts.kv).used();
        }
        let label = Label { plugin: self.name.clone() };
        self.shared.desk.metrics().plugin_behind.get_or_create(&label).set(behind);
    }

    /// A new second for the log, which is told what it was not told.
    fn lines_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.lines).saturating_sub(LINES_MAX);
        if dropped > 0 {
            tracing::warn!(plugin = self.name, dropped, "a plugin says more than {LINES_MAX} lines a second");
        }
    }

    /// Keeps how far it has come.
    fn keep_row(&self) -> u64 {
        let plugins = vec![locked(&self.row).clone()];
        self.shared.keep.add(PluginRows { plugins, ..PluginRows::default() })
    }
}

/// Room for more events.
impl Runner {
    fn room(&self) -> usize {
        TASKS_MAX.saturating_sub(self.pending.len() + self.tasks.len())
    }
}
