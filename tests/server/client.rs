//! An agent's program: a socket that asks, keeps what it is told, and can break off.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::desk::{TestDesk, token_of};

/// How long anything may take before a test says that it does not come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// Events told and not looked at yet.
    pub(crate) events: VecDeque<Value>,
    /// The last event's cursor.
    pub(crate) cursor: Option<String>,
    pub(crate) last_id: u64,
}

/// A handshake with a bearer token.
pub(crate) fn handshake(address: SocketAddr, login: &str) -> Request {
    handshake_with(address, &token_of(login))
}

fn handshake_with(address: SocketAddr, token: &str) -> Request {
    let mut request = format!("ws://{address}/ws").into_client_request().expect("a request");
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    headers.insert("sec-websocket-protocol", "guichet.v1".parse().expect("a header"));
    request
}

/// Opens a socket, or tells the HTTP status that refused it. `buffer`: of the client's TCP, for one that reads slowly.
pub(crate) async fn open(
    address: SocketAddr,
    request: Request,
    buffer: Option<u32>,
) -> Result<WebSocketStream<TcpStream>, u16> {
    let socket = TcpSocket::new_v4().expect("a socket");
    if let Some(bytes) = buffer {
        socket.set_recv_buffer_size(bytes).expect("a buffer");
    }
    let stream = socket.connect(address).await.expect("a connection");
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("the handshake broke: {error}"),
    }
}

impl Client {
    /// Connects and takes the hello.
    pub(crate) async fn connect(desk: &TestDesk, login: &str) -> Self {
        Self::greeted(desk, handshake(desk.address, login)).await
    }

    /// Connects whoever this token belongs to.
    pub(crate) async fn connect_with(desk: &TestDesk, token: &str) -> Self {
        Self::greeted(desk, handshake_with(desk.address, token)).await
    }

    /// The same, and starts a session.
    pub(crate) async fn with_token(desk: &TestDesk, token: &str) -> Self {
        let mut client = Self::connect_with(desk, token).await;
        client.ask("session.start", json!({})).await;
        client
    }

    async fn greeted(desk: &TestDesk, handshake: Request) -> Self {
        let socket = open(desk.address, handshake, None).await.expect("a socket");
        let mut client = Self { socket, events: VecDeque::new(), cursor: None, last_id: 0 };
        let hello = client.frame().await.expect("hello");
        assert_eq!(hello["method"], "hello");
        client
    }

    /// Connects and starts a session with a snapshot.
    pub(crate) async fn start(desk: &TestDesk, login: &str) -> (Self, Value) {
        let mut client = Self::connect(desk, login).await;
        let started = client.ask("session.start", json!({})).await;
        client.cursor = started["cursor"].as_str().map(str::to_owned);
        (client, started)
    }

    /// The same, and available for work.
    pub(crate) async fn available(desk: &TestDesk, login: &str) -> Self {
        let (mut client, _) = Self::start(desk, login).await;
        client.ask("agent.set_state", json!({ "state": "available" })).await;
        client
    }

    /// The next frame; `Err`: the close code (0: none, the connection broke).
    pub(crate) async fn frame(&mut self) -> Result<Value, u16> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match next {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(close))) => return Err(close.map_or(0, |close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// Closes, and waits until the server has noticed.
    pub(crate) async fn leave(&mut self) {
        self.socket.close(None).await.expect("closed");
        while let Some(Ok(_)) = self.socket.next().await {}
    }

    /// The code with which the server closes; what comes before it is passed over.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("sent");
    }

    /// Asks under a given id; gives the whole answer frame.
    pub(crate) async fn ask_as(&mut self, id: Value, method: &str, params: Value) -> Value {
        self.send_text(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
            .await;
        loop {
            let frame = self
                .frame()
                .await
                .unwrap_or_else(|code| panic!("closed with {code} instead of an answer to {method}"));
            if frame["method"] == "event" {
                self.keep(&frame);
            } else if frame["id"] == id {
                return frame;
            }
        }
    }

    fn keep(&mut self, frame: &Value) {
        let event = &frame["params"];
        if let Some(cursor) = event["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
        self.events.push_back(event.clone());
    }

    /// Asks and expects a result.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let frame = self.call(method, params).await;
        assert!(frame["error"].is_null(), "{method}: {}", frame["error"]);
        frame["result"].clone()
    }

    /// Asks again until the answer is as it should be.
    pub(crate) async fn until_asked(
        &mut self,
        what: &str,
        method: &str,
        params: Value,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        for _ in 0..1_000 {
            let answer = self.ask(method, params.clone()).await;
            if holds(&answer) {
                return answer;
            }
            guichet::clock::pause(10).await;
        }
        panic!("still not: {what}");
    }

    /// Asks and expects a refusal; gives its kind.
    pub(crate) async fn refused(&mut self, method: &str, params: Value) -> String {
        let frame = self.call(method, params).await;
        frame["error"]["data"]["kind"]
            .as_str()
            .unwrap_or_else(|| panic!("{method} was not refused: {frame}"))
            .to_owned()
    }

    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        self.ask_as(self.last_id.into(), method, params).await
    }

    /// The next event for which this holds; those before it are passed over.
    pub(crate) async fn event(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let next = self.next_event(what).await;
            if holds(&next) {
                return next;
            }
        }
    }

    async fn next_event(&mut self, what: &str) -> Value {
        while self.events.is_empty() {
            let frame =
                self.frame().await.unwrap_or_else(|code| panic!("closed with {code} instead of {what}"));
            if frame["method"] == "event" {
                self.keep(&frame);
            }
        }
        self.events.pop_front().expect("not empty")
    }

    /// The next event of a type.
    pub(crate) async fn told(&mut self, kind: &str) -> Value {
        self.event(kind, |event| event["type"] == kind).await
    }

    /// Takes offered work; gives its id.
    pub(crate) async fn accept_next(&mut self) -> String {
        let offered = self.told("interaction.offered").await;
        let id = offered["interaction_id"].as_str().expect("an id").to_owned();
        self.ask("interaction.accept", json!({ "interaction_id": id })).await;
        id
    }
}

/// Parameters on an interaction.
pub(crate) fn on(interaction_id: &str, more: Value) -> Value {
    let mut params = more;
    params["interaction_id"] = interaction_id.into();
    params
}
