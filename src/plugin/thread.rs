//! A thread that owns one plugin's VM. It runs a slice at a time and tells what came of it; when a slice spoilt the VM, it makes
//! a new one from the same sources. The VM never leaves its thread.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value as Json};
use tokio::sync::{mpsc, oneshot};

use super::bundle::Bundle;
use super::calls::{Context, JobWish, locked};
use super::kv::Kv;
use super::machine::{Answer, Entry, Machine, Offer, Step};
use super::priority;
use super::pulse::{Pulse, Watch};
use super::rights::Rights;
use super::secrets::Secrets;
use crate::clock::Clock;
use crate::engine::PolicyError;

/// Everything a VM is made from, once and again.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) bundle: Arc<Bundle>,
    pub(crate) rights: Rights,
    pub(crate) settings: Map<String, Json>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) kv: Arc<Mutex<Kv>>,
    pub(crate) clock: Arc<Clock>,
}

impl Parts {
    fn context(&self) -> Context {
        let clock = Arc::clone(&self.clock);
        let (rights, settings) = (self.rights.clone(), self.settings.clone());
        let (secrets, kv) = (Arc::clone(&self.secrets), Arc::clone(&self.kv));
        Context::new(&self.bundle.manifest.name, rights, settings, secrets, kv, Rc::new(move || clock.now()))
    }
}

/// What the thread is asked. What waits is bounded by the handlers under way.
pub(crate) enum Work {
    Start(u64, Arc<Entry>),
    Answer(u64, Answer),
    Cancel(u64),
    Settings(Map<String, Json>),
}

/// What came of a slice.
pub(crate) struct Slice {
    pub(crate) task: u64,
    pub(crate) step: Step,
    /// What was kept or dropped meanwhile.
    pub(crate) writes: Vec<(String, Option<String>)>,
    pub(crate) jobs: Vec<JobWish>,
    pub(crate) lines: Vec<(String, String)>,
}

/// What the thread tells.
pub(crate) enum Told {
    Slice(Slice),
    /// The VM was made anew: these handlers were under way, through no fault of theirs.
    Anew(Vec<u64>),
    /// It could not be made anew.
    Dead(Vec<PolicyError>),
}

/// The other end of the thread. Dropped, it stops whatever runs.
pub(crate) struct VmThread {
    work: Sender<Work>,
    pub(crate) told: mpsc::UnboundedReceiver<Told>,
    pub(crate) offer: Offer,
    pub(crate) bundle: Arc<Bundle>,
    pulse: Arc<Pulse>,
    running: Arc<AtomicU64>,
}

impl VmThread {
    /// Starts a thread and waits until its VM is loaded.
    pub(crate) async fn start(parts: Parts, watch: &Arc<Watch>) -> Result<Self, Vec<PolicyError>> {
        let (work, asked) = channel();
        let (tell, told) = mpsc::unbounded_channel();
        let (ready, loaded) = oneshot::channel();
        let (pulse, running) = (watch.pulse(), Arc::new(AtomicU64::new(0)));
        let (bundle, main) = (Arc::clone(&parts.bundle), parts.bundle.main());
        let broken = |what: String| vec![super::fault::fault(&main, 0, what)];
        let thread = Thread { parts, pulse: Arc::clone(&pulse), running: Arc::clone(&running), tell };
        std::thread::Builder::new()
            .name(format!("plugin-{}", bundle.manifest.name))
            .spawn(move || thread.run(&asked, ready))
            .map_err(|error| broken(format!("no thread to run on: {error}")))?;
        let offer = loaded.await.map_err(|_| broken("it could not be loaded".to_owned()))??;
        Ok(Self { work, told, offer, bundle, pulse, running })
    }

    pub(crate) fn send(&self, work: Work) {
        // A thread that is gone has told so.
        drop(self.work.send(work));
    }

    /// The handler that it does not come back from, if it was given up.
    pub(crate) fn lost(&self) -> Option<u64> {
        self.pulse.lost().then(|| self.running.load(Ordering::Acquire))
    }
}

impl Drop for VmThread {
    fn drop(&mut self) {
        self.pulse.stop.stop_for_ever();
    }
}

struct Thread {
    parts: Parts,
    pulse: Arc<Pulse>,
    running: Arc<AtomicU64>,
    tell: mpsc::UnboundedSender<Told>,
}

impl Thread {
    fn machine(&self) -> Result<Machine, Vec<PolicyError>> {
        Machine::load(&self.parts.bundle, self.parts.context(), Arc::clone(&self.pulse))
    }

    fn run(mut self, asked: &Receiver<Work>, ready: oneshot::Sender<Result<Offer, Vec<PolicyError>>>) {
        priority::give_way();
        let mut machine = match self.machine() {
            Ok(machine) => machine,
            Err(faults) => return drop(ready.send(Err(faults))),
        };
        if ready.send(Ok(machine.offer().clone())).is_err() {
            return;
        }
        while let Ok(work) = asked.recv() {
            let (task, step) = match work {
                Work::Start(task, entry) => {
                    self.running.store(task, Ordering::Release);
                    (task, Some(machine.start(task, &entry)))
                }
                Work::Answer(task, answer) => {
                    self.running.store(task, Ordering::Release);
                    (task, machine.resume(task, &answer))
                }
                Work::Cancel(task) => {
                    machine.cancel(task);
                    continue;
                }
                Work::Settings(settings) => {
                    machine.context().settings.replace(settings.clone());
                    self.parts.settings = settings;
                    machine.settings_changed();
                    continue;
                }
            };
            let Some(step) = step else { continue };
            let spent = matches!(&step, Step::Ended(Err(broken)) if broken.spent);
            let context = machine.context();
            let slice = Slice {
                task,
                step,
                writes: locked(&self.parts.kv).take_changed(),
                jobs: context.jobs.take(),
                lines: context.lines.take(),
            };
            if self.tell.send(Told::Slice(slice)).is_err() {
                return;
            }
            if spent {
                let lost = machine.waiting();
                drop(machine);
                machine = match self.machine() {
                    Ok(machine) => machine,
                    Err(faults) => return drop(self.tell.send(Told::Dead(faults))),
                };
                drop(self.tell.send(Told::Anew(lost)));
            }
        }
    }
}
