//! What every request and socket of the server shares.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use serde_json::value::RawValue;

use super::connections::Open;
use super::console::Console;
use super::origin::Origins;
use super::password::Passwords;
use super::rate::Rates;
use super::report::Reporting;
use super::scripts::ScriptsState;
use super::sessions::Sessions;
use super::throttle::Throttle;
use super::visitor::Visits;
use super::wire::Channels;
use crate::protocol;
use crate::runtime::Desk;

/// What an installation decides about its server.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address it listens on.
    pub address: SocketAddr,
    /// The address agents' browsers reach it by, if it is another.
    pub public_url: Option<String>,
    /// Who may put the console into a frame, besides itself.
    pub frame_ancestors: Vec<String>,
    /// Proxies whose word counts (`X-Forwarded-For`) for the address that a request comes from.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Reasons agents choose from when they are unavailable.
    pub unavailable_reasons: Vec<String>,
    /// Its plugins, if it runs any.
    pub plugins: Option<Arc<crate::plugin::Host>>,
    /// How reports are made.
    pub reporting: Reporting,
    /// The simulator's pages, if it is on. Then the clock may be moved by days, and logins outlive that.
    pub simulator: Option<Router>,
}

/// The server's own state. What is durable is the desk's.
pub(crate) struct App {
    pub(crate) desk: Desk,
    pub(crate) options: Options,
    pub(crate) channels: Channels,
    pub(crate) sessions: Sessions,
    pub(crate) visits: Arc<Visits>,
    pub(crate) open: Open,
    pub(crate) origins: Origins,
    /// Places for files being written.
    pub(crate) exports: Arc<tokio::sync::Semaphore>,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) rates: Rates,
    pub(crate) console: Console,
    pub(crate) scripts: ScriptsState,
    /// The protocol document, as JSON.
    pub(crate) document: Box<RawValue>,
    /// The same as a page for people.
    pub(crate) reference: String,
}

impl App {
    pub(crate) fn new(desk: Desk, options: Options) -> Arc<Self> {
        let document = protocol::document();
        Arc::new(Self {
            channels: Channels::new(desk.connectors().map(|connector| connector.channel())),
            origins: Origins::new(options.public_url.as_deref(), options.address)
                .framed(!options.frame_ancestors.is_empty()),
            console: Console::new(&options.frame_ancestors),
            scripts: ScriptsState::new(desk.clock().now()),
            options,
            sessions: Sessions::default(),
            visits: Visits::new(desk.connectors()),
            open: Open::default(),
            exports: Arc::new(tokio::sync::Semaphore::new(super::export::AT_ONCE)),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            rates: Rates::default(),
            reference: super::reference::page(&document),
            desk,
            // A value is always JSON.
            document: serde_json::value::to_raw_value(&document)
                .unwrap_or_else(|_| RawValue::NULL.to_owned()),
        })
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("options", &self.options).finish_non_exhaustive()
    }
}
