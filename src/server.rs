//! HTTP and sockets: logins, agents' and visitors' sockets, `/rpc`, webhooks, files, the console's pages, health and metrics.
//!
//! It turns wire types into commands and the engine's answers and events back, and owns what belongs to connections: who is
//! connected, what waits for each, limits and headers. It must not know the engine's rules, databases or providers' shapes.

mod address;
mod address_books;
mod answers;
mod app;
mod auth;
mod commands;
mod connections;
mod console;
mod contacts;
mod csv;
mod dispatch;
mod export;
mod feed;
mod files;
mod health;
mod lane;
mod login;
mod mend;
mod origin;
mod oversight;
mod password;
mod plugins;
mod quick_replies;
mod rate;
mod recent;
mod reference;
mod reply;
mod report;
mod routes;
mod rpc;
mod scripts;
mod search;
mod sessions;
mod socket;
mod throttle;
mod upgrade;
mod visitor;
mod webhook;
mod wire;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::pause;
use crate::runtime::Desk;

pub use app::Options;
pub use password::hash_password;
pub use report::Reporting;

/// How long open sockets and requests may take to end.
const GOODBYE_MS: u64 = 5_000;
/// How often it is looked whether they have.
const LOOK_MS: u64 = 20;

/// A running server.
#[derive(Debug)]
pub struct Server {
    app: Arc<app::App>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// Starts serving on an address that is already open.
pub fn start(listener: TcpListener, desk: Desk, options: Options) -> Server {
    let simulator = options.simulator.clone();
    let app = app::App::new(desk, options);
    if let Some(news) = app.desk.take_news() {
        tokio::spawn(feed::run(Arc::clone(&app), news));
    }
    let router = routes::all(&app, simulator);
    let (stop, stopped) = watch::channel(false);
    let accepting = tokio::spawn(connections::accept(listener, router, Arc::clone(&app), stopped));
    Server { app, stop, accepting }
}

impl Server {
    /// Takes no more connections, sends agents away with 1012 (they resume elsewhere or later) and lets requests end.
    pub async fn shut_down(self) {
        self.stop.send_replace(true);
        self.app.sessions.close_all(lane::Close::RESTARTING);
        self.app.visits.stop();
        let ended = async {
            while self.app.sessions.len() + self.app.visits.len() + self.app.open.connections() > 0 {
                pause(LOOK_MS).await;
            }
        };
        tokio::select! {
            () = ended => {}
            () = pause(GOODBYE_MS) => tracing::warn!("some connections did not end in time"),
        }
        self.accepting.abort();
    }
}
