//! The whole server on a port of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use guichet::channel::whatsapp::{Settings, WhatsApp};
use guichet::clock::Clock;
use guichet::config::Secret;
use guichet::domain::{
    Capacity, ChannelKind, Conversions, Ownership, Skill, SkillId, SkillLevel, Span, Status, Target, TeamId,
    Time,
};
use guichet::engine::{
    AdminCommand, Asked, ClosePlan, Facts, OnMessage, OutcomeRules, Policy, Retention, Route, TimerPlan,
    TimerRule, TranslationRules, ZeroAction,
};
use guichet::lua::{Host, Limits};
use guichet::port::{CardProvider, Connector, Mailer, Translator};
use guichet::runtime::{Desk, Media, Parts};
use guichet::server::{Options, Server, hash_password};
use guichet::simulator::Simulator;
use guichet::telemetry::Metrics;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::provider::{BUSINESS, PHONE, Provider, SECRET, signature};
use crate::stand_in::StandIn;

pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const CHANNEL: &str = "whatsapp-test";

/// Login, role, skills.
const PEOPLE: [(&str, &str, &[&str]); 4] = [
    ("alice", "agent", &["support"]),
    ("bruno", "agent", &["sales"]),
    ("sam", "supervisor", &[]),
    ("ada", "administrator", &[]),
];

/// The rules of these tests: who writes of buying goes to sales.
struct Rules;

fn asked<T>(answer: T) -> Asked<T> {
    Asked { answer: Ok(answer), generation: 1, at: None }
}

impl Policy for Rules {
    fn generation(&self) -> i64 {
        1
    }
    fn route(&self, facts: &Facts, _: Time) -> Asked<Route> {
        let skill = if facts.text.contains("buy") { "sales" } else { "support" };
        let target = Target::Skill { skill: skill.parse().expect("a skill"), level: 1 };
        asked(Route { target, ..Route::skill("support".parse().expect("a skill")) })
    }
    fn on_message(&self, _: &Facts, _: Time) -> Asked<OnMessage> {
        asked(OnMessage::Default)
    }
    fn timers(&self, facts: &Facts, _: Time) -> Asked<TimerPlan> {
        let rule = |on_zero| TimerRule {
            total: Span::minutes(10),
            on_zero,
            extend_by: None,
            extend_max: 0,
            extend_roles: Vec::new(),
        };
        let held = facts.ownership != Ownership::Queued;
        asked(TimerPlan { agent: held.then(|| rule(ZeroAction::Alert)), customer: None })
    }
    fn auto_close(&self, _: &Facts, _: Time) -> Asked<ClosePlan> {
        asked(ClosePlan { after: Some(Span::minutes(5)) })
    }
    fn outcome_rules(&self, _: &Facts, _: Status) -> Asked<OutcomeRules> {
        asked(OutcomeRules::default())
    }
}

/// What a server has beside the usual.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) public_url: Option<String>,
    /// Channels beside the `WhatsApp` one.
    pub(crate) more: Vec<Arc<dyn Connector>>,
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    /// Scripts for rules, instead of those of these tests.
    pub(crate) scripts: Option<Arc<Host>>,
    /// Other systems that know something of contacts.
    pub(crate) cards: Vec<Arc<dyn CardProvider>>,
    pub(crate) translator: Option<(Arc<dyn Translator>, TranslationRules)>,
    /// Stands for Meta instead of the provider, with phones for customers; the server shows its pages and moves its clock.
    pub(crate) simulator: Option<Arc<Simulator>>,
    /// The time; by default a clock of its own.
    pub(crate) clock: Option<Arc<Clock>>,
    /// Plugins.
    pub(crate) plugins: Option<guichet::plugin::Settings>,
    /// Their host, if somebody has it already: for one start.
    pub(crate) host: Option<Arc<guichet::plugin::Host>>,
    /// The folder of one that went down before.
    pub(crate) folder: Option<tempfile::TempDir>,
    /// Its database; `None`: `SQLite`, in the folder.
    pub(crate) database: Option<String>,
    /// How long things are kept.
    pub(crate) retention: Retention,
}

/// A running server with its people, its provider and its folder.
pub(crate) struct TestDesk {
    pub(crate) address: SocketAddr,
    pub(crate) desk: Desk,
    pub(crate) clock: Arc<Clock>,
    pub(crate) provider: Provider,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) http: reqwest::Client,
    server: Option<Server>,
    pub(crate) plugins: Option<Arc<guichet::plugin::Host>>,
    pub(crate) database: String,
    folder: tempfile::TempDir,
    /// What it was made from, and for whom, to start it again.
    setup: Setup,
    graph_url: String,
}

pub(crate) fn token_of(login: &str) -> String {
    format!("token-of-{login}")
}

fn password_hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_password(PASSWORD).expect("a hash")).clone()
}

impl TestDesk {
    pub(crate) async fn start() -> Self {
        Self::start_set(Setup::default()).await
    }

    /// With channels beside the `WhatsApp` one, such as `StandIn`s.
    pub(crate) async fn with_channels(more: &[Arc<StandIn>]) -> Self {
        let more = more.iter().map(|channel| Arc::clone(channel) as Arc<dyn Connector>).collect();
        Self::start_set(Setup { more, ..Setup::default() }).await
    }

    pub(crate) async fn start_with(public_url: Option<&str>) -> Self {
        Self::start_set(Setup { public_url: public_url.map(str::to_owned), ..Setup::default() }).await
    }

    /// With scripts for rules: those that come with the server, except for these files.
    pub(crate) async fn with_scripts(files: &[(&str, &str)]) -> Self {
        Self::start_set(Setup { scripts: Some(scripts(files)), ..Setup::default() }).await
    }

    /// With other systems that know something of contacts.
    pub(crate) async fn with_cards(cards: Vec<Arc<dyn CardProvider>>) -> Self {
        Self::start_set(Setup { cards, ..Setup::default() }).await
    }

    pub(crate) async fn start_set(setup: Setup) -> Self {
        let (provider, graph_url) = Provider::start().await;
        let clock = setup.clock.clone().unwrap_or_default();
        Self::serve(setup, graph_url, provider, clock, Arc::new(Metrics::default())).await
    }

    /// Ends, and starts again on the same folder, at the same time, for the same provider.
    pub(crate) async fn restart(mut self) -> Self {
        self.shut_down().await;
        self.desk.shut_down().await;
        let Self { folder, setup, graph_url, provider, clock, metrics, .. } = self;
        Self::serve(Setup { folder: Some(folder), ..setup }, graph_url, provider, clock, metrics).await
    }

    async fn serve(
        mut setup: Setup,
        graph_url: String,
        provider: Provider,
        clock: Arc<Clock>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let before = setup.folder.take();
        let again = before.is_some();
        let folder = before.unwrap_or_else(|| tempfile::tempdir().expect("a folder"));
        let database = setup
            .database
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", folder.path().join("guichet.db").display()));
        let store = guichet::store::open(&database).await.expect("a database");
        store.acquire().await.expect("the only writer");
        let policy: Arc<dyn Policy + Send + Sync> = match &setup.scripts {
            Some(host) => Arc::<Host>::clone(host),
            None => Arc::new(Rules),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let meta = setup.simulator.as_ref().map(|simulator| {
            simulator.set_webhook_base(&format!("http://{address}"));
            format!("http://{address}/sim/graph/v23.0")
        });
        let number = connector(meta.unwrap_or_else(|| graph_url.clone()));
        let more = setup.more.iter().map(Arc::clone);
        let desk = guichet::runtime::start(Parts {
            store,
            policy,
            scripts: setup.scripts.clone(),
            connectors: std::iter::once(number).chain(more).collect(),
            mailer: setup.mailer.clone(),
            cards: setup.cards.clone(),
            conversions: Conversions::default(),
            translator: setup.translator.clone(),
            media: Media::open(&folder.path().join("media")).expect("a folder"),
            clock: Arc::clone(&clock),
            default_skill: "support".parse().ok(),
            retention: setup.retention,
            metrics: Arc::clone(&metrics),
        })
        .await
        .expect("a desk");
        if !again {
            people(&desk).await;
        }
        let plugins = setup.host.take().or_else(|| setup.plugins.clone().map(guichet::plugin::Host::new));
        if let Some(plugins) = &plugins {
            plugins.start(desk.clone()).await.expect("plugins");
        }
        let options = Options { plugins: plugins.clone(), ..options(address, &setup) };
        let server = Some(guichet::server::start(listener, desk.clone(), options));
        let http = reqwest::Client::builder().build().expect("a client");
        Self {
            address,
            desk,
            clock,
            provider,
            metrics,
            http,
            server,
            plugins,
            database,
            folder,
            setup,
            graph_url,
        }
    }

    /// Where files are.
    pub(crate) fn media_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("media")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.clock.now().0 / 1_000
    }

    /// Posts a delivery as Meta would; gives the status.
    pub(crate) async fn deliver(&self, body: Vec<u8>) -> u16 {
        let signature = signature(&body);
        self.deliver_signed(body, Some(&signature)).await
    }

    pub(crate) async fn deliver_signed(&self, body: Vec<u8>, signature: Option<&str>) -> u16 {
        let mut post = self.http.post(self.url(&format!("/webhooks/{CHANNEL}"))).body(body);
        if let Some(signature) = signature {
            post = post.header("X-Hub-Signature-256", signature);
        }
        post.send().await.expect("an answer").status().as_u16()
    }

    /// Customers write, each message in a delivery of its own.
    pub(crate) async fn write(&self, wa_id: &str, messages: &[(&str, &str)]) {
        for message in messages {
            let body = crate::provider::texts(wa_id, &[*message], self.seconds());
            assert_eq!(self.deliver(body).await, 200);
        }
    }

    /// Gives an agent these skills and no others.
    pub(crate) async fn hold_skills(&self, login: &str, skills: &[&str]) {
        let skills =
            skills.iter().map(|skill| SkillLevel { skill: skill.parse().expect("a skill"), level: 5 });
        let command = AdminCommand::SaveAgent {
            login: login.into(),
            name: None,
            role: None,
            password_hash: None,
            skills: Some(skills.collect()),
            teams: None,
            capacity: None,
            removed: false,
        };
        self.desk.administer(command).await.expect("an administrator may");
    }

    /// Puts an agent into these teams and no others.
    pub(crate) async fn join_teams(&self, login: &str, teams: BTreeSet<TeamId>) {
        let command = AdminCommand::SaveAgent {
            login: login.into(),
            name: None,
            role: None,
            password_hash: None,
            skills: None,
            teams: Some(teams),
            capacity: None,
            removed: false,
        };
        self.desk.administer(command).await.expect("an administrator may");
    }

    /// Waits until something holds; fails after a while.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        for _ in 0..1_000 {
            if holds().await {
                return;
            }
            guichet::clock::pause(10).await;
        }
        panic!("still not: {what}");
    }

    /// Ends the process, as far as one in a test can be ended, and gives its folder for the next one.
    pub(crate) async fn end(mut self) -> tempfile::TempDir {
        self.shut_down().await;
        self.desk.shut_down().await;
        self.folder
    }

    pub(crate) async fn shut_down(&mut self) {
        if let Some(server) = self.server.take() {
            server.shut_down().await;
        }
        if let Some(plugins) = self.plugins.take() {
            plugins.shut_down().await;
        }
    }
}

/// The scripts that come with the server, except for these files.
pub(crate) fn scripts(files: &[(&str, &str)]) -> Arc<Host> {
    let mut scripts = guichet::lua::defaults();
    scripts.files.retain(|name, _| !name.contains("/tests/"));
    let files = files.iter().map(|(name, text)| (format!("scripts/{name}"), (*text).to_owned()));
    scripts.files.extend(files);
    let limits = Limits {
        answer: Duration::from_secs(2),
        patience: Duration::from_secs(10),
        step: Duration::from_secs(3),
        ..Limits::default()
    };
    let failed = Box::new(|error| panic!("a script failed: {error:?}"));
    Host::start(scripts, 1, limits, failed).expect("good scripts")
}

fn options(address: SocketAddr, setup: &Setup) -> Options {
    Options {
        address,
        public_url: setup.public_url.clone(),
        frame_ancestors: Vec::new(),
        trusted_proxies: Vec::new(),
        unavailable_reasons: vec!["break".into()],
        plugins: None,
        reporting: guichet::server::Reporting::default(),
        simulator: setup.simulator.as_ref().map(Simulator::mount),
    }
}

fn connector(graph_url: String) -> Arc<dyn Connector> {
    let connector = WhatsApp::new(Settings {
        channel_id: CHANNEL.parse().expect("an id"),
        require_template_for_first_reply: false,
        messages_per_second: 1_000,
        phone_number_id: PHONE.into(),
        business_account_id: BUSINESS.into(),
        graph_url,
        access_token: Secret::new("access-token"),
        app_secret: Secret::new(SECRET),
        verify_token: Secret::new("verify-token"),
    });
    Arc::new(connector.expect("a connector"))
}

async fn people(desk: &Desk) {
    let ask = async |command| desk.administer(command).await.expect("an administrator may");
    for skill in ["support", "sales"] {
        let skill: SkillId = skill.parse().expect("a skill");
        ask(AdminCommand::SaveSkill(Skill {
            title: skill.to_string(),
            skill,
            offer: Span::seconds(45),
            auto_accept: false,
            outbound: ChannelKind::ALL.iter().copied().collect(),
            dispositions: Vec::new(),
            disposition_required: false,
        }))
        .await;
    }
    for (login, role, skills) in PEOPLE {
        let skills =
            skills.iter().map(|skill| SkillLevel { skill: skill.parse().expect("a skill"), level: 5 });
        ask(AdminCommand::SaveAgent {
            login: login.into(),
            name: Some(format!("The {login}")),
            role: role.parse().ok(),
            password_hash: Some(password_hash()),
            skills: Some(skills.collect()),
            teams: None,
            capacity: Some(Capacity { total: 1_000, per_kind: std::collections::BTreeMap::new() }),
            removed: false,
        })
        .await;
        let hash = hex::encode(Sha256::digest(token_of(login)));
        ask(AdminCommand::AddToken { name: login.into(), login: login.into(), hash }).await;
    }
}
