//! `GET /chat/{channel id}/socket`: one visitor's socket, within its limits. It carries frames and knows none of their words.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::{Error as WireError, Message};

use super::super::address::address_of;
use super::super::app::App;
use super::super::lane::Close;
use super::super::mend::mend;
use super::super::reply::Failure;
use super::super::upgrade::{Upgrade, Wire, say_goodbye};
use super::{Entrance, allowed};
use crate::clock::{Pace, pause};
use crate::port::{Said, VISITOR_FRAME_MAX, VISITOR_HEARTBEAT_SECONDS, Visit};

const SUBPROTOCOL: &str = "guichet.chat.v1";
/// Frames of one socket: a person's and its page's. So many at once, then one every so many microseconds.
const FRAMES: (i64, i64) = (50_000, 200);
/// Pings that may stay unanswered.
const MISSED_MAX: u32 = 2;
/// How long nothing may move while there is something to write.
const STUCK_MS: u64 = VISITOR_HEARTBEAT_SECONDS * 1_000 * MISSED_MAX as u64;

pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Extension(peer): Extension<SocketAddr>,
    mut request: Request,
) -> Result<Response, Failure> {
    let entrance = Entrance::find(&app, &id)?;
    let visitors = entrance.visitors()?;
    allowed(&app, visitors, request.headers())?;
    let address = address_of(&app.options.trusted_proxies, peer, request.headers());
    let upgrade = Upgrade::read(&mut request, SUBPROTOCOL)?;
    let (now, most) = (app.desk.clock().now(), visitors.sockets_per_address());
    let place = app.visits.come(address, most, now).ok_or_else(|| {
        let message = "Too many chats from this address; try again in a moment";
        Failure::new(StatusCode::TOO_MANY_REQUESTS, message).after(5)
    })?;
    let visit = visitors.begin();
    let (response, wire) = upgrade.go(VISITOR_FRAME_MAX);
    tokio::spawn(async move {
        let _place = place;
        if let Some(mut wire) = wire.await
            && let Flow::Close(close) = live(&app, visit, &mut wire).await
        {
            say_goodbye(&mut wire, close).await;
        }
    });
    Ok(response)
}

/// How a socket's life goes on.
enum Flow {
    On,
    Close(Close),
    Gone,
}

async fn live(app: &App, mut visit: Box<dyn Visit>, wire: &mut Wire) -> Flow {
    let mut pace = Pace::default();
    let mut missed = 0;
    let mut beat = Box::pin(pause(VISITOR_HEARTBEAT_SECONDS * 1_000));
    let hello = Said { frames: vec![visit.hello(app.desk.clock().now())], parting: None };
    let mut flow = write(wire, hello).await;
    while matches!(flow, Flow::On) {
        let said = tokio::select! {
            incoming = wire.next() => {
                missed = 0;
                match text_of(incoming) {
                    Err(end) => return end,
                    Ok(None) => continue,
                    Ok(Some(_)) if !pace.take(app.desk.clock().now(), FRAMES.0, FRAMES.1) => {
                        return Flow::Close(Close::TOO_MANY);
                    }
                    Ok(Some(text)) => visit.frame(&mend(&text), &app.desk).await,
                }
            }
            () = visit.rung() => visit.news(&app.desk).await,
            () = app.visits.until_stopped() => return Flow::Close(Close::RESTARTING),
            () = &mut beat => {
                if missed >= MISSED_MAX {
                    return Flow::Close(Close::GONE);
                }
                missed += 1;
                beat = Box::pin(pause(VISITOR_HEARTBEAT_SECONDS * 1_000));
                if wire.send(Message::Ping(Bytes::new())).await.is_err() {
                    return Flow::Gone;
                }
                continue;
            }
        };
        flow = write(wire, said).await;
    }
    flow
}

/// The text that came, if one did; or how this socket ends.
fn text_of(incoming: Option<Result<Message, WireError>>) -> Result<Option<String>, Flow> {
    match incoming {
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_) | Message::Frame(_))) => Err(Flow::Close(Close::NOT_TEXT)),
        Some(Err(WireError::Capacity(CapacityError::MessageTooLong { .. }))) => {
            Err(Flow::Close(Close::TOO_LARGE))
        }
        Some(Err(WireError::Utf8(_))) => Err(Flow::Close(Close::NOT_UTF8)),
        Some(Err(WireError::Protocol(_))) => Err(Flow::Close(Close::NOT_WEBSOCKET)),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Flow::Gone),
    }
}

async fn write(wire: &mut Wire, said: Said) -> Flow {
    let all = async {
        for frame in said.frames {
            wire.feed(Message::Text(frame.into())).await?;
        }
        wire.flush().await
    };
    let written = tokio::select! {
        written = all => written.is_ok(),
        () = pause(STUCK_MS) => false,
    };
    match said.parting {
        _ if !written => Flow::Gone,
        Some(parting) => Flow::Close(Close { code: parting.code, reason: parting.reason }),
        None => Flow::On,
    }
}
