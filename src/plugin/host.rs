//! All plugins of an installation: which there are, what each was granted, which run. It reads the folder again and again, and
//! brings newer files to life or tells what is wrong with them.

mod ask;
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Map, Value as Json};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{mpsc, oneshot};

use super::bundle::{Bundle, folders};
use super::calls::locked;
use super::http::{Http, Lookup};
use super::keep::Keep;
use super::kv::Kv;
use super::log::Log;
use super::priority;
use super::pulse::Watch;
use super::rights::Rights;
use super::runner::{Begin, Control, Runner, Shared, Status};
use super::secrets::Secrets;
use super::thread::Parts;
use crate::clock::pause;
use crate::config::Secret;
use crate::engine::{Answer, Input, PolicyError};
use crate::port::{PluginJob, PluginRow, PluginRows, StoreError};
use crate::runtime::Desk;

pub use ask::{WebhookAnswer, WebhookAsk};
pub use shown::{Shown, State};

/// How often the folder is looked at, in milliseconds.
const LOOK_MS: u64 = 300;
/// Controls that may wait for a plugin.
const CONTROLS_MAX: usize = 64;

/// What an installation says of its plugins.
#[derive(Clone)]
pub struct Settings {
    /// The folder that holds their folders.
    pub folder: PathBuf,
    /// Secrets, by plugin and name.
    pub secrets: BTreeMap<String, BTreeMap<String, Secret>>,
    /// How names are looked up.
    pub lookup: Arc<dyn Lookup>,
}

/// Why something can't be done with a plugin.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// There is no such plugin.
    #[error("there is no plugin {0:?}")]
    Unknown(String),
    /// It does not go together.
    #[error("{0}")]
    Invalid(String),
    /// It can't be done now.
    #[error("{0}")]
    Unavailable(String),
}

/// A plugin, running or not.
struct Entry {
    /// Its newest good files.
    bundle: Option<Arc<Bundle>>,
    /// What is wrong with newer ones.
    faults: Vec<PolicyError>,
    /// When its files were last looked at: names, sizes and times.
    seen: BTreeMap<String, (u64, i64)>,
    row: Arc<Mutex<PluginRow>>,
    kv: Arc<Mutex<Kv>>,
    /// What it had to do when it last stopped.
    jobs: Vec<PluginJob>,
    status: Arc<Mutex<Status>>,
    control: Option<mpsc::Sender<Control>>,
}

/// See the file's head.
pub struct Host {
    settings: Settings,
    work: OnceLock<Work>,
    plugins: tokio::sync::Mutex<BTreeMap<String, Entry>>,
}

/// What it has once there is a desk.
struct Work {
    shared: Arc<Shared>,
    carrier: Carrier,
    changed: Mutex<Option<mpsc::UnboundedReceiver<String>>>,
}

/// A runtime of its own, with a thread that gives way: whatever plugins do takes nothing from those that agents wait for.
struct Carrier(Mutex<Option<Runtime>>);

impl Carrier {
    fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("plugins")
            .on_thread_start(priority::give_way)
            .enable_all()
            .build()?;
        Ok(Self(Mutex::new(Some(runtime))))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &*locked(&self.0) {
            runtime.spawn(task);
        }
    }

    /// Ends what still runs on it, without waiting: it may be ended from within a runtime.
    fn end(&self) {
        if let Some(runtime) = locked(&self.0).take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("folder", &self.settings.folder).finish_non_exhaustive()
    }
}

impl Host {
    /// A host with nothing running yet.
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self { settings, work: OnceLock::new(), plugins: tokio::sync::Mutex::default() })
    }

    /// Takes up what plugins kept, starts those that are granted, and watches their folder as long as the desk lives.
    ///
    /// # Errors
    /// What plugins kept can't be read.
    pub async fn start(self: &Arc<Self>, desk: Desk) -> Result<(), StoreError> {
        let rows = desk.store().load_plugins().await?;
        let unusable = |error: String| StoreError::ReadOnly(format!("plugins can't be run: {error}"));
        let watch = Watch::start().map_err(|error| unusable(error.to_string()))?;
        let http = Http::new(&self.settings.lookup).map_err(|error| unusable(error.to_string()))?;
        let (changed, heard) = mpsc::unbounded_channel();
        let carrier = Carrier::new().map_err(|error| unusable(error.to_string()))?;
        let main = Handle::current();
        let log = Arc::new(Log::new(desk.clone(), main.clone()));
        let keep = Arc::new(Keep::default());
        let (agents, on_duty, controls) = (Mutex::default(), Mutex::default(), Mutex::default());
        tokio::spawn(Arc::clone(&keep).run(desk.clone()));
        tokio::spawn(Arc::clone(&log).run());
        let shared = Shared { desk, log, keep, http, watch, main, agents, on_duty, controls, changed };
        let work = Work { shared: Arc::new(shared), carrier, changed: Mutex::new(Some(heard)) };
        if self.work.set(work).is_err() {
            return Ok(());
        }
        {
            let mut plugins = self.plugins.lock().await;
            *plugins = entries(rows);
            self.look(&mut plugins).await;
            self.tell_bots(&plugins).await;
        }
        if let Some(work) = self.work.get() {
            work.carrier.spawn(Arc::clone(self).watch());
        }
        Ok(())
    }

    /// Stops every plugin, and stores what they kept.
    pub async fn shut_down(&self) {
        let Some(work) = self.work.get() else { return };
        let mut plugins = self.plugins.lock().await;
        for (name, entry) in plugins.iter_mut() {
            stop(work, name, entry).await;
        }
        if work.shared.desk.ended().is_none() {
            work.shared.keep.all_stored().await;
        }
        work.shared.watch.end();
        work.carrier.end();
    }

    async fn watch(self: Arc<Self>) {
        let Some(work) = self.work.get() else { return };
        let Some(mut changed) = locked(&work.changed).take() else { return };
        loop {
            tokio::select! {
                name = changed.recv() => {
                    let Some(name) = name else { return };
                    let plugins = self.plugins.lock().await;
                    self.tell(&plugins, &name);
                    self.tell_bots(&plugins).await;
                }
                () = pause(LOOK_MS) => {
                    if work.shared.desk.ended().is_some() {
                        return;
                    }
                    let mut plugins = self.plugins.lock().await;
                    if self.look(&mut plugins).await {
                        self.tell_bots(&plugins).await;
                    }
                }
            }
        }
    }

    /// Looks at the folder now. Whether something is new.
    async fn look(&self, plugins: &mut BTreeMap<String, Entry>) -> bool {
        let folder = self.settings.folder.clone();
        let known: BTreeMap<String, _> =
            plugins.iter().map(|(name, entry)| (name.clone(), entry.seen.clone())).collect();
        let read = tokio::task::spawn_blocking(move || read_changed(&folder, &known)).await;
        let Ok((found, read)) = read else { return false };
        let mut news = false;
        for (name, seen, bundle) in read {
            let entry = plugins.entry(name.clone()).or_insert_with(|| blank(&name));
            entry.seen = seen;
            let known = entry.bundle.as_ref().map(|known| known.hash.clone());
            let told = match bundle {
                Ok(bundle) if known.as_deref() == Some(&bundle.hash) => {
                    !std::mem::take(&mut entry.faults).is_empty()
                }
                Ok(bundle) => {
                    entry.bundle = Some(Arc::new(bundle));
                    entry.faults.clear();
                    self.bring_up(&name, entry).await;
                    true
                }
                Err(faults) => {
                    entry.faults = faults;
                    true
                }
            };
            if told {
                self.tell(plugins, &name);
            }
            news |= told;
        }
        let gone: Vec<String> = plugins
            .iter()
            .filter(|(name, entry)| {
                !found.contains(*name) && (entry.bundle.is_some() || !entry.faults.is_empty())
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            if let (Some(work), Some(entry)) = (self.work.get(), plugins.get_mut(&name)) {
                stop(work, &name, entry).await;
                entry.bundle = None;
                entry.faults.clear();
                entry.seen.clear();
            }
            self.tell(plugins, &name);
            news = true;
        }
        news
    }

    /// Starts a plugin or brings its newer files to life, if everything that it asks for is granted.
    async fn bring_up(&self, name: &str, entry: &mut Entry) {
        let (Some(work), Some(bundle)) = (self.work.get(), entry.bundle.clone()) else { return };
        let granted = locked(&entry.row).granted_at.is_some();
        if !granted || !missing(&bundle, &entry.row).is_empty() {
            // It runs nothing until it is granted, not even what was granted before: an administrator sees the difference.
            return stop(work, name, entry).await;
        }
        let Ok(rights) = Rights::of(&bundle.manifest) else { return };
        if let Some(control) = &entry.control {
            let (done, result) = oneshot::channel();
            if control.send(Control::Reload(Arc::clone(&bundle), rights.clone(), done)).await.is_ok()
                && result.await.is_ok()
            {
                return;
            }
            entry.control = None;
        }
        let set: Map<String, Json> = serde_json::from_str(&locked(&entry.row).settings).unwrap_or_default();
        let secrets = self.settings.secrets.get(name).cloned().unwrap_or_default();
        let parts = Parts {
            settings: bundle.manifest.settled(&set),
            bundle,
            rights,
            secrets: Arc::new(Secrets::new(secrets)),
            kv: Arc::clone(&entry.kv),
            clock: Arc::clone(work.shared.desk.clock()),
        };
        let (control, controls) = mpsc::channel(CONTROLS_MAX);
        let begin = Begin {
            parts,
            row: Arc::clone(&entry.row),
            jobs: entry.jobs.clone(),
            status: Arc::clone(&entry.status),
            control: controls,
        };
        match Runner::load(Arc::clone(&work.shared), begin).await {
            Ok(runner) => {
                locked(&work.shared.controls).insert(name.to_owned(), control.clone());
                entry.control = Some(control);
                // It finds its agent before it reads the first event.
                let bots = self.bots_with(name, entry);
                if let Some(on_duty) = bots {
                    self.set_bots(on_duty).await;
                }
                work.carrier.spawn(runner.run());
            }
            Err(errors) => {
                let mut status = locked(&entry.status);
                status.errors = errors;
                status.refused = true;
            }
        }
    }

    /// Tells administrators how a plugin stands.
    fn tell(&self, plugins: &BTreeMap<String, Entry>, name: &str) {
        let (Some(work), Some(entry)) = (self.work.get(), plugins.get(name)) else { return };
        let (state, errors) = (entry.state(), entry.errors());
        for error in &errors {
            let PolicyError { file, line, message, .. } = error;
            tracing::error!(plugin = name, file, line, problem = message, "a plugin is in trouble");
        }
        tracing::info!(plugin = name, state = state.as_str(), "a plugin changed");
        work.shared.desk.tell(Input::PluginChanged {
            plugin: name.to_owned(),
            state: state.as_str().to_owned(),
            errors,
        });
    }

    /// The bots on duty, with one that is about to be; `None`: it is no bot.
    fn bots_with(&self, name: &str, entry: &Entry) -> Option<BTreeMap<String, String>> {
        let bundle = entry.bundle.as_ref()?;
        let asks = &bundle.manifest.capabilities;
        if !asks.bot && !asks.survey {
            return None;
        }
        let work = self.work.get()?;
        let mut on_duty = locked(&work.shared.on_duty).clone();
        on_duty.insert(name.to_owned(), bundle.manifest.shown_title());
        Some(on_duty)
    }

    async fn tell_bots(&self, plugins: &BTreeMap<String, Entry>) {
        let bots = plugins.iter().filter_map(|(name, entry)| {
            let bundle = entry.bundle.as_ref()?;
            let asks = &bundle.manifest.capabilities;
            let runs = entry.control.is_some() && !locked(&entry.status).suspended;
            (runs && (asks.bot || asks.survey)).then(|| (name.clone(), bundle.manifest.shown_title()))
        });
        self.set_bots(bots.collect()).await;
    }

    /// Tells the engine who is on duty, and learns which agents they are.
    async fn set_bots(&self, on_duty: BTreeMap<String, String>) {
        let Some(work) = self.work.get() else { return };
        let shared = &work.shared;
        let named =
            |agent: &crate::domain::Agent| Some((agent.login.strip_prefix('@')?.to_owned(), agent.agent_id));
        while shared.desk.ended().is_none() {
            let reply = shared.desk.ask(Input::Bots { on_duty: on_duty.clone() }).await;
            if let Ok(Answer::Agents(agents)) = reply {
                *locked(&shared.agents) = agents.iter().filter_map(|(agent, _)| named(agent)).collect();
                *locked(&shared.on_duty) = on_duty;
                return;
            }
            pause(LOOK_MS).await;
        }
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        &self.settings.folder
    }

    /// What a plugin may learn of contacts.
    pub(super) async fn granted_fields(&self, name: &str) -> BTreeSet<String> {
        let plugins = self.plugins.lock().await;
        let bundle = plugins.get(name).and_then(|entry| entry.bundle.as_ref());
        bundle.map(|bundle| bundle.manifest.capabilities.contacts.clone()).unwrap_or_default()
    }

    fn keep_row(&self, row: PluginRow) -> Option<u64> {
        let keep = &self.work.get()?.shared.keep;
        Some(keep.add(PluginRows { plugins: vec![row], ..PluginRows::default() }))
    }
}

/// What is asked for and not granted.
fn missing(bundle: &Bundle, row: &Mutex<PluginRow>) -> BTreeSet<String> {
    let row = locked(row);
    bundle.manifest.asks().into_iter().filter(|ask| !row.granted.contains(ask)).collect()
}

async fn stop(work: &Work, name: &str, entry: &mut Entry) {
    locked(&work.shared.controls).remove(name);
    let Some(control) = entry.control.take() else { return };
    let (done, stopped) = oneshot::channel();
    if control.send(Control::Stop(done)).await.is_ok() {
        // It is gone either way.
        if let Ok(jobs) = stopped.await {
            entry.jobs = jobs;
        }
    }
    *locked(&entry.status) = Status::default();
}

fn blank(name: &str) -> Entry {
    Entry {
        bundle: None,
        faults: Vec::new(),
        seen: BTreeMap::new(),
        row: Arc::new(Mutex::new(PluginRow {
            plugin: name.to_owned(),
            settings: "{}".to_owned(),
            ..PluginRow::default()
        })),
        kv: Arc::default(),
        jobs: Vec::new(),
        status: Arc::default(),
        control: None,
    }
}

/// What plugins kept, by plugin.
fn entries(rows: PluginRows) -> BTreeMap<String, Entry> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let mut values: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows.plugins {
        let name = row.plugin.clone();
        *locked(&entries.entry(name.clone()).or_insert_with(|| blank(&name)).row) = row;
    }
    for row in rows.values {
        values.entry(row.plugin).or_default().extend(row.value.map(|value| (row.name, value)));
    }
    for (name, values) in values {
        entries.entry(name.clone()).or_insert_with(|| blank(&name)).kv =
            Arc::new(Mutex::new(Kv::new(values)));
    }
    for row in rows.jobs {
        let name = row.plugin.clone();
        entries.entry(name.clone()).or_insert_with(|| blank(&name)).jobs.push(row);
    }
    entries
}

type Seen = BTreeMap<String, (u64, i64)>;
type Read = (String, Seen, Result<Bundle, Vec<PolicyError>>);

/// The names of all plugins in a folder, and those whose files are not as they were seen.
fn read_changed(folder: &std::path::Path, known: &BTreeMap<String, Seen>) -> (BTreeSet<String>, Vec<Read>) {
    let folders = folders(folder);
    let names = folders.keys().cloned().collect();
    let mut read = Vec::new();
    for (name, path) in folders {
        let mut seen = Seen::new();
        see(&path, &mut seen);
        if known.get(&name) != Some(&seen) {
            let bundle = Bundle::read(&path);
            read.push((name, seen, bundle));
        }
    }
    (names, read)
}

/// Sizes and times of files: enough to know that something was saved.
fn see(path: &std::path::Path, seen: &mut Seen) {
    for entry in std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
        let (Ok(metadata), path) = (entry.path().metadata(), entry.path()) else { continue };
        if metadata.is_dir() {
            if seen.len() < crate::lua::FILES_MAX * 4 {
                see(&path, seen);
            }
            continue;
        }
        let time = metadata.modified().ok().and_then(|time| {
            let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_nanos() / 1_000).ok()
        });
        seen.insert(path.display().to_string(), (metadata.len(), time.unwrap_or(0)));
    }
}
