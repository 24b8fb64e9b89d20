//! The floor: the least that does the job. A signed delivery is checked, parsed, routed by Lua, kept and shown to an
//! agent; an answer is kept and sent to the provider. No state, no rights, no timers, no log: what is left is the limit.

use crate::webhook::SECRET;
use crate::writer::{self, Row};
use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::Sender;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// How the floor is started.
#[derive(clap::Args)]
pub struct Settings {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The database to make.
    #[arg(long)]
    database: PathBuf,
    /// Where the provider listens.
    #[arg(long)]
    provider: SocketAddr,
}

const ROUTE: &str = r#"
local skills = { "invoice", "delivery", "refund", "password", "appointment", "contract", "address", "complaint" }
return function(message)
  for number, word in skills do
    if string.find(message.text, word, 1, true) then return number - 1 end
  end
  return 0
end
"#;

const AGENTS: usize = 24;

type Frames = mpsc::UnboundedSender<Utf8Bytes>;

struct Floor {
    key: Hmac<Sha256>,
    lua: mlua::Lua,
    route: mlua::Function,
    agents: RefCell<[Option<Frames>; AGENTS]>,
    rows: Sender<Row>,
    /// What to do once the row is durable, in the order of the rows.
    waiting: RefCell<VecDeque<After>>,
    provider: Provider,
}

enum After {
    Inbound { agent: usize, frame: Utf8Bytes, answer: oneshot::Sender<()> },
    Reply { agent: usize, frame: Utf8Bytes, request: String },
}

/// Serves until killed.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let (rows, committed) = writer::start(&settings.database)?;
    let lua = mlua::Lua::new();
    let route = lua.load(ROUTE).eval().map_err(|error| anyhow::anyhow!("route: {error}"))?;
    let floor = Rc::new(Floor {
        key: Hmac::new_from_slice(SECRET.as_bytes()).context("key")?,
        lua,
        route,
        agents: RefCell::default(),
        rows,
        waiting: RefCell::default(),
        provider: Provider { address: settings.provider, idle: RefCell::default() },
    });
    tokio::task::spawn_local(release(Rc::clone(&floor), committed));
    let listener = TcpListener::bind(settings.listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let floor = Rc::clone(&floor);
        tokio::task::spawn_local(async move {
            let service = hyper::service::service_fn(|request| answer(Rc::clone(&floor), request));
            let served = hyper::server::conn::http1::Builder::new()
                .max_buf_size(16 * 1024)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            // A client that goes away is no error of ours.
            drop(served.await);
        });
    }
}

/// After each commit: answers, frames and calls to the provider, in the order of the rows.
async fn release(floor: Rc<Floor>, mut committed: mpsc::UnboundedReceiver<usize>) {
    while let Some(count) = committed.recv().await {
        for _ in 0..count {
            let after = floor.waiting.borrow_mut().pop_front();
            match after {
                Some(After::Inbound { agent, frame, answer }) => {
                    floor.show(agent, frame);
                    // A webhook whose sender went away needs no answer.
                    let _gone = answer.send(());
                }
                Some(After::Reply { agent, frame, request }) => {
                    floor.show(agent, frame);
                    tokio::task::spawn_local(send(Rc::clone(&floor), request));
                }
                None => eprintln!("floor: a commit without its rows"),
            }
        }
    }
}

async fn send(floor: Rc<Floor>, request: String) {
    if let Err(error) = floor.provider.send(request).await {
        eprintln!("floor: provider: {error}");
    }
}

impl Floor {
    fn show(&self, agent: usize, frame: Utf8Bytes) {
        if let Some(Some(frames)) = self.agents.borrow().get(agent) {
            drop(frames.send(frame));
        }
    }

    fn keep(&self, row: Row, after: After) {
        self.waiting.borrow_mut().push_back(after);
        drop(self.rows.send(row));
    }

    fn skill(&self, text: &str, from: &str) -> mlua::Result<usize> {
        let message = self.lua.create_table_with_capacity(0, 3)?;
        message.raw_set("text", text)?;
        message.raw_set("from", from)?;
        message.raw_set("kind", "whatsapp")?;
        self.route.call(message)
    }
}

async fn answer(floor: Rc<Floor>, mut request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let empty = |status: StatusCode| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    };
    match request.uri().path() {
        "/readyz" => Ok(empty(StatusCode::OK)),
        "/login" => {
            let body = request.into_body().collect().await?.to_bytes();
            let login: Login<'_> = serde_json::from_slice(&body)?;
            let mut response = empty(StatusCode::NO_CONTENT);
            response
                .headers_mut()
                .insert(header::SET_COOKIE, format!("guichet_session={}", login.login).parse()?);
            Ok(response)
        }
        "/ws" => {
            let cookie = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok());
            let agent = cookie.and_then(number_of).filter(|agent| *agent < AGENTS);
            let key = request.headers().get(header::SEC_WEBSOCKET_KEY).context("no key")?;
            let accept = derive_accept_key(key.as_bytes());
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::task::spawn_local(async move {
                if let Ok(upgraded) = upgrade.await {
                    socket(&floor, agent, upgraded).await;
                }
            });
            let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, "upgrade".parse()?);
            headers.insert(header::UPGRADE, "websocket".parse()?);
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept.parse()?);
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, "guichet.v1".parse()?);
            Ok(response)
        }
        _ => webhook(&floor, request).await.map(empty),
    }
}

/// `guichet_session=bench07` → 6.
fn number_of(cookie: &str) -> Option<usize> {
    cookie.strip_prefix("guichet_session=bench")?.parse::<usize>().ok()?.checked_sub(1)
}

#[derive(Deserialize)]
struct Login<'a> {
    #[serde(borrow)]
    login: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    value: Value<'a>,
}

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow, default)]
    messages: Vec<Written<'a>>,
}

#[derive(Deserialize)]
struct Written<'a> {
    from: &'a str,
    id: &'a str,
    timestamp: &'a str,
    #[serde(borrow)]
    text: Text<'a>,
}

#[derive(Deserialize, Serialize)]
struct Text<'a> {
    #[serde(borrow)]
    body: Cow<'a, str>,
}

async fn webhook(floor: &Floor, request: Request<Incoming>) -> anyhow::Result<StatusCode> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let signature = head.headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    let Some(signature) = signature.and_then(|text| hex::decode(text.strip_prefix("sha256=")?).ok()) else {
        return Ok(StatusCode::UNAUTHORIZED);
    };
    let mut mac = floor.key.clone();
    mac.update(&body);
    if mac.verify_slice(&signature).is_err() {
        return Ok(StatusCode::UNAUTHORIZED);
    }
    let delivery: Delivery<'_> = serde_json::from_slice(&body)?;
    let mut committed = Vec::new();
    for entry in &delivery.entry {
        for message in entry.changes.iter().flat_map(|change| &change.value.messages) {
            committed.push(inbound(floor, message)?);
        }
    }
    for answer in committed {
        answer.await?;
    }
    Ok(StatusCode::OK)
}

fn inbound(floor: &Floor, message: &Written<'_>) -> anyhow::Result<oneshot::Receiver<()>> {
    let skill =
        floor.skill(&message.text.body, message.from).map_err(|error| anyhow::anyhow!("route: {error}"))?;
    let customer: usize = message.from.parse().unwrap_or_default();
    let agent = (skill * 3 + customer % 3) % AGENTS;
    let interaction = format!("i-{}", message.from);
    let frame = serde_json::to_string(&Event {
        jsonrpc: "2.0",
        method: "event",
        params: Added {
            cursor: message.id,
            time: "2026-01-01T00:00:00.000Z",
            kind: "message.added",
            interaction_id: &interaction,
            message: Shown {
                message_id: message.id,
                interaction_id: &interaction,
                direction: "in",
                kind: "text",
                text: &message.text.body,
                state: "received",
            },
        },
    })?;
    let (answer, committed) = oneshot::channel();
    let row = Row {
        id: message.id.to_owned(),
        interaction,
        agent: i64::try_from(agent)?,
        inbound: true,
        body: message.text.body.clone().into_owned(),
        at: message.timestamp.parse()?,
    };
    floor.keep(row, After::Inbound { agent, frame: frame.into(), answer });
    Ok(committed)
}

#[derive(Serialize)]
struct Event<'a> {
    jsonrpc: &'a str,
    method: &'a str,
    params: Added<'a>,
}

#[derive(Serialize)]
struct Added<'a> {
    cursor: &'a str,
    time: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    interaction_id: &'a str,
    message: Shown<'a>,
}

#[derive(Serialize)]
struct Shown<'a> {
    message_id: &'a str,
    interaction_id: &'a str,
    direction: &'a str,
    kind: &'a str,
    text: &'a str,
    state: &'a str,
}

/// One socket: frames out as they come, several in one write; requests in.
async fn socket(floor: &Floor, agent: Option<usize>, upgraded: hyper::upgrade::Upgraded) {
    // The default buffers of 128 KiB cost twenty times the memory and half the throughput.
    let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(4096);
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (mut sink, mut stream) = socket.split();
    let (frames, mut queue) = mpsc::unbounded_channel::<Utf8Bytes>();
    if let Some(slot) = agent.and_then(|agent| floor.agents.borrow_mut().get_mut(agent).map(|_| agent)) {
        floor.agents.borrow_mut()[slot] = Some(frames.clone());
    }
    tokio::task::spawn_local(async move {
        while let Some(first) = queue.recv().await {
            let mut more = Some(first);
            while let Some(frame) = more {
                drop(sink.feed(Message::Text(frame)).await);
                more = queue.try_recv().ok();
            }
            drop(sink.flush().await);
        }
    });
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message
            && let Err(error) = requested(floor, agent.unwrap_or_default(), &frames, &text)
        {
            eprintln!("floor: a request: {error}");
        }
    }
}

#[derive(Deserialize)]
struct Asked<'a> {
    id: &'a str,
    method: &'a str,
    #[serde(borrow)]
    params: Parameters<'a>,
}

#[derive(Deserialize)]
struct Parameters<'a> {
    #[serde(borrow, default)]
    interaction_id: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

#[derive(Serialize)]
struct Answered<'a> {
    jsonrpc: &'a str,
    id: &'a str,
    result: Sent<'a>,
}

#[derive(Serialize)]
struct Sent<'a> {
    message: Shown<'a>,
}

#[derive(Serialize)]
struct Send<'a> {
    messaging_product: &'a str,
    recipient_type: &'a str,
    to: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    text: Text<'a>,
    biz_opaque_callback_data: &'a str,
}

fn requested(floor: &Floor, agent: usize, frames: &Frames, text: &str) -> anyhow::Result<()> {
    let asked: Asked<'_> = serde_json::from_str(text)?;
    if asked.method != "message.send" {
        drop(frames.send(format!(r#"{{"jsonrpc":"2.0","id":"{}","result":{{}}}}"#, asked.id).into()));
        return Ok(());
    }
    let (interaction, body) = (&asked.params.interaction_id, &asked.params.text);
    let message = Shown {
        message_id: asked.id,
        interaction_id: interaction,
        direction: "out",
        kind: "text",
        text: body,
        state: "queued",
    };
    let frame = serde_json::to_string(&Answered { jsonrpc: "2.0", id: asked.id, result: Sent { message } })?;
    let to = format!("+{}", interaction.trim_start_matches("i-"));
    let request = serde_json::to_string(&Send {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        to: &to,
        kind: "text",
        text: Text { body: Cow::Borrowed(body) },
        biz_opaque_callback_data: asked.id,
    })?;
    let row = Row {
        id: asked.id.to_owned(),
        interaction: interaction.clone().into_owned(),
        agent: i64::try_from(agent)?,
        inbound: false,
        body: body.clone().into_owned(),
        at: 0,
    };
    floor.keep(row, After::Reply { agent, frame: frame.into(), request });
    Ok(())
}

/// Kept-alive connections to the provider, as many as are needed at once.
struct Provider {
    address: SocketAddr,
    idle: RefCell<Vec<hyper::client::conn::http1::SendRequest<Full<Bytes>>>>,
}

impl Provider {
    async fn send(&self, body: String) -> anyhow::Result<()> {
        let kept = self.idle.borrow_mut().pop();
        let mut connection = match kept.filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let request = Request::post(format!("/v23.0/{}/messages", crate::webhook::PHONE))
            .header(header::HOST, "provider")
            .header(header::AUTHORIZATION, "Bearer bench-token")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        connection.ready().await?;
        let response = connection.send_request(request).await?;
        anyhow::ensure!(response.status() == StatusCode::OK, "answered {}", response.status());
        response.into_body().collect().await?;
        self.idle.borrow_mut().push(connection);
        Ok(())
    }

    async fn open(&self) -> anyhow::Result<hyper::client::conn::http1::SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(async move { drop(connection.await) });
        Ok(sender)
    }
}
