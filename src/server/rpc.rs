//! `POST /rpc`: the same methods as on the socket, one request a call, for programs.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::auth::{Guard, who};
use super::dispatch::{Served, Via, serve};
use super::reply::{Failure, json};

pub(crate) async fn call(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let who = who(&app, &headers, Guard::Origin).await?;
    if !app.rates.take(who.agent_id, app.desk.clock().now()) {
        return Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests; wait a second").after(1));
    }
    let text = std::str::from_utf8(&body)
        .map_err(|_| Failure::new(StatusCode::BAD_REQUEST, "The body is not UTF-8"))?;
    Ok(match serve(&app, &who, Via::Http, text).await {
        Served::Frame(text) => json(text),
        // A request without an id is ignored, here too.
        Served::Nothing | Served::Start { .. } | Served::LoginEnded => StatusCode::NO_CONTENT.into_response(),
    })
}
