//! `/healthz` (the process lives), `/readyz` (it can serve) and `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::reply::{Failure, json};
use crate::clock::pause;

/// How long the database may take to answer before the server counts as not ready.
const PATIENCE_MS: u64 = 2_000;

pub(crate) async fn healthz(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    match app.desk.ended() {
        None => Ok(json("{\"status\":\"ok\"}".into())),
        Some(_) => Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The engine has ended")),
    }
}

pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    if app.desk.ended().is_some() {
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The engine has ended"));
    }
    let answer = tokio::select! {
        answer = app.desk.store().ping() => answer.map_err(|error| {
            tracing::warn!(%error, "the database does not answer");
            "The database does not answer"
        }),
        () = pause(PATIENCE_MS) => Err("The database takes too long to answer"),
    };
    answer.map_err(|problem| Failure::new(StatusCode::SERVICE_UNAVAILABLE, problem))?;
    Ok(json("{\"status\":\"ready\"}".into()))
}

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    app.desk.measure();
    let open = i64::try_from(app.sessions.len()).unwrap_or(i64::MAX);
    app.desk.metrics().sockets.set(open);
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], app.desk.metrics().text()).into_response()
}
