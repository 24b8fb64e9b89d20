//! The demo's handles: the clock, the faults and the stream of changes. Knows nothing of messages.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::faults::Faults;
use super::page::{guard, refusal, rfc3339};
use super::{Change, Simulator, lock, span};

/// `/clock`, `/faults`, `/events`.
pub(super) fn routes() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/clock", get(clock).post(advance))
        .route("/faults", get(faults).post(set_faults).delete(clear_faults))
        .route("/events", get(events))
        .layer(middleware::from_fn(guard))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance: String,
}

async fn clock(State(simulator): State<Arc<Simulator>>) -> Response {
    Json(json!({"now": rfc3339(simulator.now())})).into_response()
}

async fn advance(State(simulator): State<Arc<Simulator>>, body: Bytes) -> Response {
    let wish = serde_json::from_slice::<Advance>(&body)
        .map_err(|error| format!("send {{\"advance\":\"25h\"}}: {error}"))
        .and_then(|wish| span::parse(&wish.advance));
    match wish {
        Err(told) => refusal(StatusCode::BAD_REQUEST, &told),
        Ok(ms) => {
            (simulator.advance)(ms);
            simulator.changed();
            clock(State(simulator)).await
        }
    }
}

async fn faults(State(simulator): State<Arc<Simulator>>) -> Json<Faults> {
    Json(lock(&simulator.faults).clone())
}

async fn set_faults(State(simulator): State<Arc<Simulator>>, body: Bytes) -> Response {
    let wish = serde_json::from_slice::<Faults>(&body)
        .map_err(|error| error.to_string())
        .and_then(|wish| wish.check().map(|()| wish));
    match wish {
        Err(told) => refusal(StatusCode::BAD_REQUEST, &told),
        Ok(wish) => {
            lock(&simulator.faults).clone_from(&wish);
            simulator.changed();
            Json(wish).into_response()
        }
    }
}

async fn clear_faults(State(simulator): State<Arc<Simulator>>) -> StatusCode {
    *lock(&simulator.faults) = Faults::default();
    simulator.changed();
    StatusCode::NO_CONTENT
}

/// A line per change; what changed is asked for, so that a slow page never has more than one line to catch up.
async fn events(State(simulator): State<Arc<Simulator>>) -> Response {
    let Ok(place) = Arc::clone(&simulator.listeners).try_acquire_owned() else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "too many pages listen");
    };
    let mut changes = simulator.changes.subscribe();
    changes.mark_changed();
    let stream = futures_util::stream::unfold((changes, place), next_change);
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}

type Listening = (watch::Receiver<Change>, OwnedSemaphorePermit);

async fn next_change((mut changes, place): Listening) -> Option<(Result<Event, Infallible>, Listening)> {
    changes.changed().await.ok()?;
    let change = *changes.borrow_and_update();
    if change.closed {
        return None;
    }
    let event = Event::default().event("change").data(change.number.to_string());
    Some((Ok(event), (changes, place)))
}
