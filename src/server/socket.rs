//! `GET /ws`: from an HTTP request to an agent's socket.
//!
//! The upgrade is ours, not axum's, for the sake of the buffers: of 128 KiB each way, a thousand idle agents would hold
//! 131 MiB; of a few KiB, next to nothing.

mod catch_up;
mod start;
mod task;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::app::App;
use super::auth::{Guard, Who, who};
use super::reply::Failure;

/// The subprotocol, with its version.
const SUBPROTOCOL: &str = "guichet.v1";
/// Longest frame a client may send.
pub(crate) const FRAME_MAX: usize = 256 * 1024;
/// Held by every socket all the time. Requests have a few hundred bytes; longer ones are read in several goes.
const READ_BUFFER: usize = 2 * 1024;
/// Frames gathered for one system call.
const WRITE_BUFFER: usize = 4 * 1024;

/// An agent's socket over plain TCP; TLS ends at a proxy.
type Wire = WebSocketStream<TcpStream>;

pub(crate) async fn upgrade(State(app): State<Arc<App>>, mut request: Request) -> Result<Response, Failure> {
    let headers = request.headers();
    let who = who(&app, headers, Guard::Origin).await?;
    let accept = accept_key(headers)?;
    let subprotocol = subprotocol(headers)?;
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // Otherwise the client left in the middle of the handshake.
        if let Ok(Ok(parts)) = upgrade.await.map(hyper::upgrade::Upgraded::downcast::<TokioIo<TcpStream>>) {
            serve(app, who, parts.io.into_inner(), parts.read_buf.to_vec()).await;
        }
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if subprotocol {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    Ok(response)
}

async fn serve(app: Arc<App>, who: Who, stream: TcpStream, read: Vec<u8>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(Some(FRAME_MAX))
        .max_message_size(Some(FRAME_MAX));
    let wire = WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await;
    task::run(app, who, wire).await;
}

/// The answer to the client's key, if the request is a handshake at all.
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, Failure> {
    let names = |name: header::HeaderName, word: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|line| line.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let asked = names(header::CONNECTION, "upgrade") && names(header::UPGRADE, "websocket");
    let known = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
    match key {
        Some(key) if asked && known => HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
            .map_err(|_| Failure::new(StatusCode::BAD_REQUEST, "The WebSocket key is wrong")),
        Some(_) | None => {
            Err(Failure::new(StatusCode::UPGRADE_REQUIRED, "This is a WebSocket address (version 13)"))
        }
    }
}

/// Whether to name the subprotocol. A client that names none gets ours; one that names others only can't be served.
fn subprotocol(headers: &HeaderMap) -> Result<bool, Failure> {
    let mut named = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().peekable();
    if named.peek().is_none() {
        return Ok(false);
    }
    let ours = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|name| name.trim() == SUBPROTOCOL);
    if ours {
        Ok(true)
    } else {
        Err(Failure::new(StatusCode::BAD_REQUEST, "The subprotocol here is guichet.v1"))
    }
}
