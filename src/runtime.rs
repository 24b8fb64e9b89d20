//! The shell around the engine: the loop, the commit pipeline, the feed's source, the workers that carry effects out.
//!
//! It must not know wire formats, HTTP or any provider's shapes. Its promise is DESIGN's first rule: nothing is acknowledged,
//! shown or sent before it is stored.
//!
//! [`start`] puts the parts together and gives a [`Desk`], through which everybody above asks, reports and listens.

mod cards;
mod cleaner;
mod editing;
mod house;
mod inbox;
mod indexing;
mod letters;
mod media;
mod outbox;
mod publish;
mod reload;
mod translations;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::domain::{CardSection, ChannelId, Conversions, SkillId, Time};
use crate::engine::{
    Answer, ChannelInput, Engine, Input, Policy, Refusal, RefusalKind, Reply, Retention, Services,
    TranslationRules,
};
use crate::lua::Host;
use crate::port::{
    CardProvider, CardSubject, Connector, Language, Mailer, SearchPage, SearchQuery, Store, StoreError,
    Translator, TranslatorError,
};
use crate::telemetry::{Kind, Metrics};

use cards::Cards;
pub(crate) use cleaner::remove as remove_files;
pub use editing::NotWritten;
pub use inbox::Busy;
use inbox::Inbox;
use letters::Letters;
pub use media::{Media, MediaError};
pub use publish::News;
use publish::Publisher;
use translations::Translations;
use writer::Writer;

/// Batches of news that may wait for the feed. Behind that, commits wait for it.
const NEWS_MAX: usize = 256;
/// Effects that may wait for a worker.
const EFFECTS_MAX: usize = 4_096;

/// What a desk is put together from.
pub struct Parts {
    /// Where everything is kept. Already acquired.
    pub store: Arc<dyn Store>,
    /// The installation's rules.
    pub policy: Arc<dyn Policy + Send + Sync>,
    /// The same as a host of scripts, if it is one: for quick replies and the scripts' state.
    pub scripts: Option<Arc<Host>>,
    /// The ways to providers.
    pub connectors: Vec<Arc<dyn Connector>>,
    /// The way to a mail server, if there is one.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Other systems that know something of contacts.
    pub cards: Vec<Arc<dyn CardProvider>>,
    /// Which kind of channel may be converted to which.
    pub conversions: Conversions,
    /// A translator, if there is one, with what is to be kept to.
    pub translator: Option<(Arc<dyn Translator>, TranslationRules)>,
    /// Files.
    pub media: Media,
    /// The time.
    pub clock: Arc<Clock>,
    /// The skill that takes what no script routes.
    pub default_skill: Option<SkillId>,
    /// How long things are kept.
    pub retention: Retention,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// A running desk. Cheap to clone; all clones are the same desk.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    inbox: Arc<Inbox>,
    store: Arc<dyn Store>,
    scripts: Option<Arc<Host>>,
    folder: reload::Folder,
    /// Held while scripts are written, so that nobody overwrites what was not seen.
    editing: tokio::sync::Mutex<()>,
    connectors: BTreeMap<ChannelId, Arc<dyn Connector>>,
    translations: Option<Arc<Translations>>,
    media: Media,
    cards: Cards,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
    news: Mutex<Option<mpsc::Receiver<News>>>,
    ended: watch::Receiver<Option<Ended>>,
    indexing: Arc<indexing::Indexing>,
    newest: watch::Receiver<i64>,
    cleaner: cleaner::Cleaner,
}

/// How the engine's thread ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to, and everything that waited was stored.
    Orderly,
    /// It can't go on; the process must end. The text says why.
    Failed(String),
}

/// Loads the world and starts the desk.
///
/// # Errors
/// The store can't be loaded.
#[expect(
    clippy::too_many_lines,
    reason = "the desk put together, part by part, in the order in which each needs the others"
)]
pub async fn start(mut parts: Parts) -> Result<Desk, StoreError> {
    let Ways { letters, translations, services } = Ways::of(&mut parts);
    let Parts {
        store,
        policy,
        scripts,
        connectors,
        media,
        clock,
        default_skill,
        metrics,
        cards,
        conversions,
        retention,
        ..
    } = parts;
    let mut stored = store.load(clock.now()).await?;
    stored.channels = connectors.iter().map(|connector| connector.channel().clone()).collect();
    stored.default_skill.clone_from(&default_skill);
    stored.retention = retention;
    stored.services.clone_from(&services);
    stored.conversions.clone_from(&conversions);
    let (channels, last) = (stored.channels.clone(), stored.batch);
    let (log_end, newest) = watch::channel(stored.seq);

    let inbox = Arc::new(Inbox::default());
    let (news, news_out) = mpsc::channel(NEWS_MAX);
    let (effects, effects_out) = mpsc::channel(EFFECTS_MAX);
    let (to_commit, work) = mpsc::channel(1);
    let (deadline, next_deadline) = watch::channel(None);
    let (ended_in, ended) = watch::channel(None);
    let indexing = Arc::new(indexing::Indexing::default());
    let publisher = Publisher { news, effects, indexing: Arc::clone(&indexing), log_end };

    let commits = publish::commit_all(
        Arc::clone(&store),
        Arc::clone(&inbox),
        Arc::clone(&metrics),
        publisher.clone(),
        work,
    );
    // A thread of its own, like the engine's: an embedded database writes on the thread that asks.
    let tokio = Handle::current();
    thread("commit", move || tokio.block_on(commits))?;
    tokio::spawn(alarm(Arc::clone(&clock), Arc::clone(&inbox), next_deadline));

    let connectors: BTreeMap<_, _> =
        connectors.into_iter().map(|connector| (connector.channel().channel_id.clone(), connector)).collect();
    let own = Arc::clone(&inbox);
    let cards = Cards::new(cards, Arc::clone(&clock), Arc::new(move |input| own.tell(input)));
    let desk = Desk(Arc::new(Inner {
        inbox: Arc::clone(&inbox),
        store: Arc::clone(&store),
        scripts,
        folder: reload::Folder::default(),
        editing: tokio::sync::Mutex::default(),
        connectors,
        translations,
        media,
        cards,
        clock: Arc::clone(&clock),
        metrics: Arc::clone(&metrics),
        news: Mutex::new(Some(news_out)),
        ended,
        indexing,
        newest,
        cleaner: cleaner::Cleaner::default(),
    }));
    outbox::start(desk.clone(), letters, effects_out);
    tokio::spawn(indexing::keep_indexed(Arc::clone(&desk.0)));

    let writer = Writer {
        engine: Engine::new(stored, clock.now()),
        store,
        policy,
        inbox: Arc::clone(&inbox),
        clock,
        metrics,
        publisher,
        to_commit,
        deadline,
        tokio: Handle::current(),
        channels,
        default_skill,
        services,
        conversions,
        retention,
        random: random_seed(),
        last,
    };
    // What was interrupted by the end of the last process is settled first.
    inbox.tick();
    thread("engine", move || {
        let end = match writer.run() {
            Ok(()) => Ended::Orderly,
            Err(error) => Ended::Failed(error.to_string()),
        };
        ended_in.send_replace(Some(end));
    })?;
    Ok(desk)
}

/// The ways to mail servers and translators, and what the engine is told of them.
struct Ways {
    letters: Option<Letters>,
    translations: Option<Arc<Translations>>,
    services: Services,
}

impl Ways {
    fn of(parts: &mut Parts) -> Self {
        let (translator, rules) = parts.translator.take().unzip();
        let mailer = parts.mailer.take();
        let services = Services { transcripts: mailer.is_some(), translation: rules };
        let letters =
            mailer.map(|mailer| Letters::new(mailer, Arc::clone(&parts.store), parts.media.clone()));
        let translations =
            translator.map(|translator| Arc::new(Translations::new(translator, Arc::clone(&parts.clock))));
        Self { letters, translations, services }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    started
        .map(drop)
        .map_err(|error| StoreError::ReadOnly(format!("the thread {name:?} can't be started: {error}")))
}

fn random_seed() -> u64 {
    // Without randomness from the system retries of several servers might coincide; nothing else depends on it.
    getrandom::u64().unwrap_or(0x5EED)
}

/// Rings when the engine's next deadline has come, also when the demo's clock is moved.
async fn alarm(clock: Arc<Clock>, inbox: Arc<Inbox>, mut deadline: watch::Receiver<Option<Time>>) {
    /// If a tick did not move its deadline (it always should), look again after this long instead of spinning.
    const AGAIN_MS: u64 = 1_000;
    loop {
        let next = *deadline.borrow_and_update();
        let changed = tokio::select! {
            changed = deadline.changed() => changed,
            () = clock.until(next) => {
                inbox.tick();
                tokio::select! {
                    changed = deadline.changed() => changed,
                    () = crate::clock::pause(AGAIN_MS) => Ok(()),
                }
            }
        };
        if changed.is_err() {
            return;
        }
    }
}

fn busy() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "The server is too busy to take this now; nothing was changed, try again.",
    )
}

impl Desk {
    /// Asks the engine; the answer comes when everything it could have seen is stored.
    ///
    /// # Errors
    /// The engine's refusal, or `unavailable` when the lane is full or the server goes down.
    pub async fn ask(&self, input: Input) -> Reply {
        let answer = self.0.inbox.ask(input).map_err(|Busy| busy())?;
        answer.await.unwrap_or_else(|_| Err(busy()))
    }

    /// Reports a delivery of a channel account. Comes back when all of it is stored.
    ///
    /// # Errors
    /// [`Busy`]: nothing may be acknowledged, the provider must send it again.
    pub async fn report(&self, channel_id: &ChannelId, inputs: Vec<ChannelInput>) -> Result<(), Busy> {
        let inputs = inputs
            .into_iter()
            .map(|input| Input::Channel { channel_id: channel_id.clone(), input })
            .collect();
        match self.0.inbox.report(inputs)?.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Busy),
        }
    }

    /// The server's own news for the engine (a socket closed, a provider answered): never refused.
    pub fn tell(&self, input: Input) {
        self.0.inbox.tell(input);
    }

    /// The stream of committed batches, in order. Only the first caller gets it: one feed serves all sockets.
    pub fn take_news(&self) -> Option<mpsc::Receiver<News>> {
        self.0.news.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The store, for reads that the engine has allowed.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// Looks words up, after the index has caught up with everything stored so far (or two seconds have passed). Also tells how
    /// many events it still lacks.
    ///
    /// # Errors
    /// What the store says.
    pub async fn search(&self, query: &SearchQuery) -> Result<(SearchPage, i64), StoreError> {
        let (_, newest) = self.0.store.event_bounds().await?;
        let behind = self.0.indexed_to(newest).await;
        Ok((self.0.store.search(query).await?, behind))
    }

    /// The number of the newest event stored, as it grows.
    pub fn log_end(&self) -> watch::Receiver<i64> {
        self.0.newest.clone()
    }

    /// Whether so many inputs wait for the engine that what nobody waits for should give way.
    pub fn busy(&self) -> bool {
        self.0.inbox.is_busy()
    }

    /// The scripts, if Lua answers for the policy.
    pub fn scripts(&self) -> Option<&Arc<Host>> {
        self.0.scripts.as_ref()
    }

    /// A channel account's connector.
    pub fn connector(&self, channel_id: &ChannelId) -> Option<&Arc<dyn Connector>> {
        self.0.connectors.get(channel_id)
    }

    /// Every connector.
    pub fn connectors(&self) -> impl Iterator<Item = &Arc<dyn Connector>> {
        self.0.connectors.values()
    }

    /// What other systems know of a contact, as far as it is here; the rest is asked for.
    pub fn card_sections(&self, subject: &CardSubject) -> Vec<CardSection> {
        self.0.cards.sections(subject)
    }

    /// The way to the translator, if there is one.
    pub(crate) fn translations(&self) -> Option<&Arc<Translations>> {
        self.0.translations.as_ref()
    }

    /// The languages that the translator knows; `None`: there is no translator.
    pub async fn languages(&self) -> Option<Result<Vec<Language>, TranslatorError>> {
        Some(self.translations()?.languages().await)
    }

    /// Files.
    pub fn media(&self) -> &Media {
        &self.0.media
    }

    pub(crate) fn cleaner(&self) -> &cleaner::Cleaner {
        &self.0.cleaner
    }

    /// The time.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.0.clock
    }

    /// Counters.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// Brings the counters that are read, not counted, up to date.
    pub fn measure(&self) {
        let (agents, webhooks, own) = self.0.inbox.lengths();
        for (kind, length) in [("agents", agents), ("webhooks", webhooks), ("own", own)] {
            let length = i64::try_from(length).unwrap_or(i64::MAX);
            self.0.metrics.waiting.get_or_create(&Kind { kind }).set(length);
        }
        if let Some(scripts) = self.scripts() {
            self.0.metrics.policy_generation.set(scripts.generation());
        }
    }

    /// Reads every channel's templates again; they arrive as inputs.
    pub fn refresh_templates(&self) {
        for connector in self.connectors() {
            outbox::refresh_templates(self.clone(), Arc::clone(connector));
        }
    }

    /// Watches a folder of scripts and brings every change to life, or refuses it with the reason.
    pub fn watch_scripts(&self, folder: &std::path::Path) {
        if let Some(host) = self.scripts() {
            self.0.folder.watch(self, host, folder);
        }
    }

    /// Reads the watched folder again and tries what is there, changed or not. Comes back when it is live or refused.
    pub async fn reload_scripts(&self) {
        let (Some(host), Some(folder)) = (self.scripts().cloned(), self.0.folder.path()) else { return };
        let desk = self.clone();
        let tried = tokio::task::spawn_blocking(move || {
            reload::try_set(&desk, &host, crate::lua::read_folder(&folder));
        });
        if let Err(error) = tried.await {
            tracing::error!(%error, "the reload of the scripts broke off");
        }
    }

    /// A script failed at call time; its question got the default.
    pub fn scripts_failed(&self, error: crate::engine::PolicyError) {
        let generation = self.scripts().map_or(0, |scripts| scripts.generation());
        self.tell(reload::changed(generation, Err(vec![error])));
    }

    /// Whether the engine still serves.
    pub fn ended(&self) -> Option<Ended> {
        self.0.ended.borrow().clone()
    }

    /// Waits until the engine's thread has ended.
    pub async fn until_ended(&self) -> Ended {
        let mut ended = self.0.ended.clone();
        loop {
            let now = ended.borrow_and_update().clone();
            if let Some(end) = now {
                return end;
            }
            if ended.changed().await.is_err() {
                return Ended::Failed("the engine's thread is gone".into());
            }
        }
    }

    /// Takes no more inputs, lets what waits be stored, and closes the store.
    pub async fn shut_down(&self) -> Ended {
        self.0.inbox.close();
        let end = self.until_ended().await;
        self.0.store.close().await;
        end
    }

    /// Asks for something that answers `Done`.
    ///
    /// # Errors
    /// The engine's refusal.
    pub async fn administer(&self, command: crate::engine::AdminCommand) -> Result<Answer, Refusal> {
        self.ask(Input::Admin(command)).await
    }
}
