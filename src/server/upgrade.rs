//! From an HTTP request to a WebSocket, and its goodbye. Whose socket it is and what is said on it is not its business.
//!
//! The upgrade is ours, not axum's, for the sake of the buffers: of 128 KiB each way, a thousand idle sockets would hold
//! 131 MiB; of a few KiB, next to nothing.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::lane::Close;
use super::reply::Failure;
use crate::clock::pause;

/// Held by every socket all the time. Requests have a few hundred bytes; longer ones are read in several goes.
const READ_BUFFER: usize = 2 * 1024;
/// Frames gathered for one system call.
const WRITE_BUFFER: usize = 4 * 1024;
/// What a client may still send after the close, before it is hung up on.
const REST_MAX: usize = 1024 * 1024;
/// How long a close may take before the connection is dropped.
const CLOSE_MS: u64 = 1_000;

/// A socket over plain TCP; TLS ends at a proxy.
pub(crate) type Wire = WebSocketStream<TcpStream>;

/// A handshake that may go through.
pub(crate) struct Upgrade {
    accept: HeaderValue,
    subprotocol: Option<&'static str>,
    on: OnUpgrade,
}

impl Upgrade {
    /// Reads a handshake. A client that names no subprotocol gets ours; one that names others only can't be served.
    pub(crate) fn read(request: &mut Request, subprotocol: &'static str) -> Result<Self, Failure> {
        let accept = accept_key(request.headers())?;
        let named = named(request.headers(), subprotocol)?;
        let subprotocol = named.then_some(subprotocol);
        Ok(Self { accept, subprotocol, on: hyper::upgrade::on(request) })
    }

    /// The answer to the client, and the way to its socket once it has that.
    pub(crate) fn go(self, frame_max: usize) -> (Response, impl Future<Output = Option<Wire>>) {
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let answer = response.headers_mut();
        answer.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        answer.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(subprotocol) = self.subprotocol {
            answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        (response, wire(self.on, frame_max))
    }
}

/// `None`: the client left in the middle of the handshake.
async fn wire(on: OnUpgrade, frame_max: usize) -> Option<Wire> {
    let parts = on.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(Some(frame_max))
        .max_message_size(Some(frame_max));
    let (stream, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
    Some(WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await)
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

/// Whether the client named the subprotocol.
fn named(headers: &HeaderMap, subprotocol: &str) -> Result<bool, Failure> {
    let mut named = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().peekable();
    if named.peek().is_none() {
        return Ok(false);
    }
    let ours = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|name| name.trim() == subprotocol);
    if ours {
        Ok(true)
    } else {
        Err(Failure::new(StatusCode::BAD_REQUEST, format!("The subprotocol here is {subprotocol}")))
    }
}

/// Sends the close frame if it still can be sent, and takes what the client was still sending, so that its side sees the
/// close and not a broken connection.
pub(crate) async fn say_goodbye(wire: &mut Wire, close: Close) {
    tokio::select! {
        () = goodbye(wire, close) => {}
        () = pause(CLOSE_MS) => {}
    }
}

async fn goodbye(wire: &mut Wire, close: Close) {
    let frame = CloseFrame { code: close.code.into(), reason: close.reason.into() };
    if wire.close(Some(frame)).await.is_err() || wire.get_mut().shutdown().await.is_err() {
        return;
    }
    let mut rest = vec![0_u8; READ_BUFFER];
    let mut taken = 0;
    while let Ok(n @ 1..) = wire.get_mut().read(&mut rest).await
        && taken < REST_MAX
    {
        taken += n;
    }
}
