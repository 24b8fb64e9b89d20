//! The addresses of the server (PROTOCOL §2), each with its limits, and the headers that every page carries.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::app::App;
use super::reply::Failure;
use super::{console, export, files, health, login, plugins, reference, rpc, socket, visitor, webhook};
use crate::clock::pause;

/// Longest body of a login.
const LOGIN_MAX: usize = 8 * 1024;
/// How long a request may take, its body included.
const PATIENCE_MS: u64 = 60_000;

/// Every address.
pub(crate) fn all(app: &Arc<App>, simulator: Option<Router>) -> Router {
    let quick = Router::new()
        .route("/login", post(login::login).layer(DefaultBodyLimit::max(LOGIN_MAX)))
        .route("/logout", post(login::logout))
        .route("/rpc", post(rpc::call).layer(DefaultBodyLimit::max(socket::FRAME_MAX)))
        .layer(from_fn(in_time));
    let pages = Router::new()
        .merge(quick)
        .route("/ws", get(socket::upgrade))
        .route("/media", post(files::upload).layer(DefaultBodyLimit::disable()))
        .route("/media/{id}", get(files::download))
        .route("/chat/{id}", get(visitor::to_page))
        .route("/chat/{id}/", get(visitor::page))
        .route("/chat/{id}/{name}", get(visitor::file))
        .route("/chat/{id}/socket", get(visitor::upgrade))
        .route("/chat/{id}/media", post(visitor::upload).layer(DefaultBodyLimit::disable()))
        .route("/chat/{id}/media/{media_id}", get(visitor::download))
        .route("/export/interactions", get(export::interactions))
        .route("/export/report", get(export::report))
        .route("/export/contacts/{id}", get(export::contact))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(reference::show))
        .route("/docs/openrpc.json", get(reference::document))
        .route("/docs/reference.css", get(reference::style))
        .fallback(console::serve)
        .layer(from_fn_with_state(Arc::clone(app), with_headers));
    let called = Router::new()
        .route("/plugins/{name}/webhook", get(plugins::webhook).post(plugins::webhook))
        .layer(DefaultBodyLimit::max(plugins::BODY_MAX))
        .layer(from_fn(in_time));
    // Providers are no browsers: no headers for pages on the busiest address.
    let webhooks = Router::new()
        .route("/webhooks/{id}", get(webhook::handshake).post(webhook::delivery))
        .layer(DefaultBodyLimit::max(webhook::BODY_MAX))
        .layer(from_fn(in_time));
    let all = pages.merge(webhooks).merge(called).with_state(Arc::clone(app));
    match simulator {
        Some(simulator) => all.merge(simulator),
        None => all,
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::select! {
        response = next.run(request) => response,
        () = pause(PATIENCE_MS) => {
            Failure::new(StatusCode::REQUEST_TIMEOUT, "The request took too long; send it again").into_response()
        }
    }
}

const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(self)"),
];

async fn with_headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| app.console.policy());
    response
}
