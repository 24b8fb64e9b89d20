//! The agents: sockets that log in, accept what is offered and answer what they are told to answer.

use crate::load::Board;
use crate::webhook::{Connection, header};
use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub const PASSWORD: &str = "bench-password-1";

/// The socket of one agent; dropping it closes the socket.
pub struct Agent {
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<Parameters<'a>>,
    #[serde(borrow, default)]
    error: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Parameters<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    interaction_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Spoken<'a>>,
    #[serde(borrow, default)]
    messages: Vec<Spoken<'a>>,
}

#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(borrow, default)]
    direction: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

/// Logs in and gives the session's cookie.
async fn log_in(address: SocketAddr, login: &str) -> anyhow::Result<String> {
    let mut connection = Connection::open(address).await?;
    let headers = format!("content-type: application/json\r\norigin: http://{address}\r\n");
    let body = format!(r#"{{"login":"{login}","password":"{PASSWORD}"}}"#);
    let (status, head) = connection.call("POST", "/login", &headers, &body).await?;
    if status != 204 {
        bail!("login of {login}: {status} {}", connection.said());
    }
    let lower = head.replace("Set-Cookie", "set-cookie");
    let cookie = header(&lower, "set-cookie").context("a login without a cookie")?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// Logs all of them in and connects them.
pub async fn connect_all(
    board: &Rc<Board>,
    address: SocketAddr,
    logins: &[String],
    works: bool,
) -> anyhow::Result<Vec<Agent>> {
    let mut connected = Vec::new();
    for login in logins {
        let cookie = log_in(address, login).await?;
        connected.push(connect(board, address, &cookie, works).await.with_context(|| login.clone())?);
    }
    Ok(connected)
}

/// Opens the socket, starts the session and, when asked to work, becomes available.
async fn connect(board: &Rc<Board>, address: SocketAddr, cookie: &str, works: bool) -> anyhow::Result<Agent> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse()?);
    headers.insert("origin", format!("http://{address}").parse()?);
    headers.insert("sec-websocket-protocol", "guichet.v1".parse()?);
    let config = WebSocketConfig::default()
        .read_buffer_size(if works { 65_536 } else { 4096 })
        .write_buffer_size(4096);
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    let (mut socket, _) = opened.context("the server refuses the socket")?;
    ask(&mut socket, "session.start", "{}").await?;
    if works {
        ask(&mut socket, "agent.set_state", r#"{"state":"available"}"#).await?;
    }
    let (mut sink, mut stream) = socket.split();
    let (out, mut queue) = mpsc::unbounded_channel::<String>();
    let board = Rc::clone(board);
    let reads = tokio::task::spawn_local(async move {
        while let Some(frame) = stream.next().await {
            match frame {
                Ok(Message::Text(text)) if works => take(&board, &out, &text),
                Ok(Message::Close(reason)) => board.failed(format!("the server closed a socket: {reason:?}")),
                Ok(_) => {}
                Err(error) => board.failed(format!("a socket broke: {error}")),
            }
        }
    });
    let writes = tokio::task::spawn_local(async move {
        while let Some(text) = queue.recv().await {
            let mut more = Some(text);
            while let Some(text) = more {
                // The reading half reports a socket that broke.
                drop(sink.feed(Message::text(text)).await);
                more = queue.try_recv().ok();
            }
            drop(sink.flush().await);
        }
    });
    Ok(Agent { tasks: [reads, writes] })
}

/// Asks once and waits for the answer, passing over what else arrives.
async fn ask(socket: &mut WebSocketStream<TcpStream>, method: &str, params: &str) -> anyhow::Result<()> {
    let request = format!(r#"{{"jsonrpc":"2.0","id":"{method}","method":"{method}","params":{params}}}"#);
    socket.send(Message::text(request)).await?;
    let wait = async {
        while let Some(frame) = socket.next().await {
            let Message::Text(text) = frame? else { continue };
            let frame: Frame<'_> = serde_json::from_str(&text).with_context(|| format!("a frame: {text}"))?;
            if frame.id.as_deref() == Some(method) {
                return match frame.error {
                    Some(error) => bail!("{method}: {error}"),
                    None => Ok(()),
                };
            }
        }
        bail!("the server closed the socket before it answered {method}")
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .with_context(|| format!("no answer to {method}"))?
}

/// What an agent does with a frame.
fn take(board: &Board, out: &mpsc::UnboundedSender<String>, text: &str) {
    let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else {
        return board.failed(format!("a frame that is not as the protocol says: {text}"));
    };
    if let Some(error) = frame.error {
        return board.failed(format!("{} was refused: {error}", frame.id.unwrap_or_default()));
    }
    if frame.id.is_some_and(|id| id.starts_with("accept-")) {
        return board.accepted();
    }
    let Some(event) = frame.params.filter(|_| frame.method.as_deref() == Some("event")) else { return };
    let interaction = event.interaction_id.unwrap_or_default();
    match event.kind.as_deref() {
        Some("interaction.offered") => {
            let id = board.next_request();
            let accept = format!(
                r#"{{"jsonrpc":"2.0","id":"accept-{id:016}","method":"interaction.accept","params":{{"interaction_id":"{interaction}"}}}}"#
            );
            drop(out.send(accept));
            for message in &event.messages {
                board.framed(message.text.as_deref().unwrap_or_default());
            }
        }
        Some("message.added") => {
            let Some(message) = event.message.filter(|message| message.direction == "in") else { return };
            let Some(index) = board.framed(message.text.as_deref().unwrap_or_default()) else { return };
            if board.answers() {
                let mut reply = String::with_capacity(256);
                let _written = write!(
                    reply,
                    r#"{{"jsonrpc":"2.0","id":"reply-{index:016}","method":"message.send","params":{{"interaction_id":"{interaction}","text":"r{index:09} thank you, somebody looks into it and writes again today"}}}}"#
                );
                drop(out.send(reply));
            }
        }
        _ => {}
    }
}
