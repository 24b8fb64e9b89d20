//! Accepts connections and serves HTTP/1.1 on them, within limits.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::app::App;
use crate::clock::pause;

/// HTTP connections at once; agents' sockets are counted apart.
const CONNECTIONS_MAX: usize = 4_096;
/// How long a request's head may take to arrive, and how long a connection may stay without one.
const HEAD_SECONDS: u64 = 60;
/// Longest head of a request.
const HEAD_BYTES: usize = 64 * 1024;
/// How long to wait before accepting again when the system has no room for another connection.
const NO_ROOM_MS: u64 = 50;

/// How many HTTP connections are open.
#[derive(Debug, Default)]
pub(crate) struct Open(AtomicUsize);

impl Open {
    pub(crate) fn connections(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts one connection for as long as it lives.
struct Place(Arc<App>);

impl Place {
    fn take(app: &Arc<App>) -> Option<Self> {
        let place = Self(Arc::clone(app));
        (app.open.0.fetch_add(1, Ordering::Relaxed) < CONNECTIONS_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts until told to stop.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    app: Arc<App>,
    mut stopped: watch::Receiver<bool>,
) {
    let router = TowerToHyperService::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Beyond the limit a connection is closed at once; its owner sees that rather than waiting for ever.
                if let Some(place) = Place::take(&app) {
                    tokio::spawn(connection(stream, peer, router.clone(), place, stopped.clone()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection can't be accepted");
                pause(NO_ROOM_MS).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: TowerToHyperService<Router>,
    place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    // Frames and answers are written whole; waiting for more would only delay them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let answer = router.call(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS))
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // What goes wrong here is the other side's: a head that is no HTTP, a connection that breaks.
    tokio::select! {
        _ended = &mut connection => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ended = connection.await;
        }
    }
    drop(place);
}
