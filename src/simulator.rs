//! A WhatsApp Cloud API look-alike and the page with the phone, so that everything runs without an account.
//! It speaks HTTP only: it must not know the engine, the store or any connector, which cannot tell it from Meta.
//! Nothing is sent anywhere but to the webhook URL of each account.

mod controls;
mod draft;
mod faults;
mod graph;
mod graph_error;
mod inbound;
mod interactive;
mod media;
mod objects;
mod page;
mod phones;
mod samples;
mod send;
mod span;
mod template_fill;
mod template_list;
mod webhook;
mod world;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use tokio::sync::{Semaphore, watch};

use self::faults::Faults;
use self::webhook::Outlet;
use self::world::World;

/// Pages that may listen for changes at once.
const MOST_LISTENERS: usize = 64;

/// What the simulator is started with.
pub struct Settings {
    /// The business accounts that it plays; requests are told apart by their phone number and account ids.
    pub accounts: Vec<Account>,
    /// The demo clock: milliseconds UTC.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Moves the demo clock forward by so many milliseconds.
    pub advance: Arc<dyn Fn(i64) + Send + Sync>,
}

/// One business phone number with the secrets that Meta would share with its owner.
#[derive(Clone)]
pub struct Account {
    /// The channel it stands for; names the webhook path.
    pub channel_id: String,
    /// The id in `/{phone}/messages`.
    pub phone_number_id: String,
    /// The id in `/{waba}/message_templates`.
    pub business_account_id: String,
    /// The number as people write it.
    pub display_phone_number: String,
    /// The bearer token that its owner must show.
    pub access_token: String,
    /// Signs webhooks.
    pub app_secret: String,
    /// Echoed in the webhook handshake.
    pub verify_token: String,
    /// Where webhooks go; filled when the server knows its address.
    pub webhook_url: String,
}

/// The running simulator; shared by every request.
pub struct Simulator {
    accounts: Vec<Account>,
    outlets: Vec<Outlet>,
    base: Mutex<String>,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
    advance: Arc<dyn Fn(i64) + Send + Sync>,
    /// Rises with every change that a phone shows; `closed` ends the event streams.
    changes: watch::Sender<Change>,
    listeners: Arc<Semaphore>,
    http: Option<reqwest::Client>,
    media_key: [u8; 32],
}

/// What an open page learns: that something changed, or that the server goes away.
#[derive(Clone, Copy, Default)]
struct Change {
    number: u64,
    closed: bool,
}

impl Simulator {
    /// Starts with no customer; phones appear when somebody writes from or to them.
    pub fn new(settings: Settings) -> Arc<Self> {
        let outlets = settings.accounts.iter().map(|account| Outlet::new(&account.webhook_url)).collect();
        let mut media_key = [0_u8; 32];
        world::fill_random(&mut media_key);
        Arc::new(Self {
            accounts: settings.accounts,
            outlets,
            base: Mutex::default(),
            world: Mutex::new(World::new()),
            faults: Mutex::default(),
            now: settings.now,
            advance: settings.advance,
            changes: watch::Sender::default(),
            listeners: Arc::new(Semaphore::new(MOST_LISTENERS)),
            http: webhook::http_client(),
            media_key,
        })
    }

    /// Everything under `/sim`, to be merged into the server's router.
    ///
    /// `nest` would not do: it serves `/sim` but never `/sim/`, which is the page's address.
    pub fn mount(self: &Arc<Self>) -> Router {
        Router::new().nest_service("/sim", self.router())
    }

    /// Every address of the simulator, without its `/sim`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .merge(page::routes())
            .merge(graph::routes())
            .merge(phones::routes())
            .merge(controls::routes())
            .fallback(page::otherwise)
            .with_state(Arc::clone(self))
    }

    /// Tells it the address of the server that receives webhooks: each account's go to
    /// `{base}/webhooks/{channel id}`.
    pub fn set_webhook_base(&self, base: &str) {
        let base = base.trim_end_matches('/');
        base.clone_into(&mut lock(&self.base));
        for (account, outlet) in self.accounts.iter().zip(&self.outlets) {
            outlet.set_url(&format!("{base}/webhooks/{}", account.channel_id));
        }
    }

    /// Ends the event streams of open pages, so that a graceful shutdown need not wait for them.
    pub fn close(&self) {
        self.changes.send_modify(|change| change.closed = true);
    }

    fn now(&self) -> i64 {
        (self.now)()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    fn changed(&self) {
        self.changes.send_modify(|change| change.number += 1);
    }
}

/// A poisoned lock is taken all the same: the data behind it is a toy's, and a frozen toy helps nobody.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
