//! A visitor of a site with a web chat: a page's socket that says, keeps what it is told, and can break off.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{SinkExt, StreamExt};
use guichet::channel::chat::{Chat, Look, Settings};
use guichet::config::Secret;
use guichet::port::Connector;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use crate::client::open;
use crate::desk::{Setup, TestDesk};

pub(crate) const CHAT: &str = "site";
pub(crate) const HOST: &str = "https://www.example.com";
pub(crate) const IDENTITY_SECRET: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn settings() -> Settings {
    Settings {
        channel_id: CHAT.parse().expect("an id"),
        origins: vec![HOST.into()],
        look: Look::default(),
        identity_secret: Some(Secret::new(IDENTITY_SECRET)),
        text_max: 200,
        file_max: 1_000,
        file_types: vec!["image/*".into(), "text/plain".into()],
        messages_per_minute: 60,
        sockets_per_address: 20,
    }
}

pub(crate) fn chat(settings: Settings) -> Vec<Arc<dyn Connector>> {
    vec![Arc::new(Chat::new(settings).expect("a chat"))]
}

/// A server with the chat of a site beside the usual number.
pub(crate) async fn desk() -> TestDesk {
    TestDesk::start_set(Setup { more: chat(settings()), ..Setup::default() }).await
}

/// A word of the host site about one of its users.
pub(crate) fn signed(user: &str, name: &str, exp: i64, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "sub": user, "name": name, "exp": exp });
    let text = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key does");
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

pub(crate) fn handshake(desk: &TestDesk, channel: &str, origin: Option<&str>) -> Request {
    let address = format!("ws://{}/chat/{channel}/socket", desk.address);
    let mut request = address.into_client_request().expect("a request");
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "guichet.chat.v1".parse().expect("a header"));
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().expect("a header"));
    }
    request
}

pub(crate) struct Visitor {
    socket: WebSocketStream<TcpStream>,
    pub(crate) token: Option<String>,
    pub(crate) cursor: Option<String>,
    frames: VecDeque<Value>,
}

impl Visitor {
    /// Opens a socket and takes the hello.
    pub(crate) async fn connect(desk: &TestDesk) -> Self {
        let request = handshake(desk, CHAT, Some(HOST));
        let socket = open(desk.address, request, None).await.expect("a socket");
        let mut visitor = Self { socket, token: None, cursor: None, frames: VecDeque::new() };
        let hello = visitor.frame().await.expect("hello");
        assert_eq!((&hello["type"], &hello["protocol"]), (&"hello".into(), &1.into()));
        visitor
    }

    /// Starts with these fields; gives what it is told.
    pub(crate) async fn start(&mut self, fields: Value) -> Value {
        let mut start = fields;
        start["type"] = "start".into();
        self.say(start).await;
        let started = self.told("started").await;
        self.token = started["token"].as_str().map(str::to_owned);
        started
    }

    /// Somebody new.
    pub(crate) async fn new(desk: &TestDesk) -> Self {
        let mut visitor = Self::connect(desk).await;
        visitor.start(json!({})).await;
        visitor
    }

    /// Breaks off without a goodbye and comes back where it was.
    pub(crate) async fn resume(self, desk: &TestDesk) -> (Self, Value) {
        let Self { socket, token, cursor, .. } = self;
        drop(socket);
        let mut visitor = Self::connect(desk).await;
        let started = visitor.start(json!({ "token": token, "cursor": cursor })).await;
        (visitor, started)
    }

    /// The line is dead: what the server still says goes nowhere.
    pub(crate) async fn cut(&mut self) {
        self.socket.get_mut().shutdown().await.expect("shut down");
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.send_text(frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.expect("sent");
    }

    /// Writes and waits until it is stored.
    pub(crate) async fn write(&mut self, client_id: &str, text: &str) {
        self.say(json!({ "type": "message", "client_id": client_id, "text": text })).await;
        assert_eq!(self.told("stored").await["client_id"], client_id);
    }

    /// The next frame; `Err`: the close code (0: none, the connection broke).
    pub(crate) async fn frame(&mut self) -> Result<Value, u16> {
        if let Some(frame) = self.frames.pop_front() {
            return Ok(frame);
        }
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match next {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    let cursor = frame["cursor"].as_str().map(str::to_owned);
                    self.cursor = cursor.or_else(|| self.cursor.take());
                    return Ok(frame);
                }
                Some(Ok(Message::Close(close))) => return Err(close.map_or(0, |close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(0),
            }
        }
    }

    /// The next frame of a type; those before it are kept for later.
    pub(crate) async fn told(&mut self, kind: &str) -> Value {
        self.until(kind, |frame| frame["type"] == kind).await
    }

    /// The next frame for which this holds; those before it are kept for later.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut passed = VecDeque::new();
        loop {
            let frame =
                self.frame().await.unwrap_or_else(|code| panic!("closed with {code} instead of {what}"));
            if holds(&frame) {
                passed.extend(self.frames.drain(..));
                self.frames = passed;
                return frame;
            }
            passed.push_back(frame);
        }
    }

    /// The next message for this visitor from somebody of the business.
    pub(crate) async fn answer(&mut self) -> Value {
        let told = self
            .until("an answer", |frame| frame["type"] == "message" && frame["message"]["from"] != "visitor");
        told.await["message"].clone()
    }

    /// The code with which the server closes; what comes before it is passed over.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }

    /// Gives a file; the status and what it is answered.
    pub(crate) async fn upload(
        &self,
        desk: &TestDesk,
        bytes: Vec<u8>,
        name: &str,
        mime: &str,
    ) -> (u16, Value) {
        let part = Part::bytes(bytes).file_name(name.to_owned()).mime_str(mime).expect("a type");
        let post = desk
            .http
            .post(desk.url(&format!("/chat/{CHAT}/media")))
            .header("origin", HOST)
            .bearer_auth(self.token.as_deref().unwrap_or("none"))
            .multipart(Form::new().part("file", part));
        let answer = post.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Asks for a file of the conversation.
    pub(crate) async fn download(&self, desk: &TestDesk, media_id: &str) -> (u16, Vec<u8>) {
        let get = desk.http.get(desk.url(&format!("/chat/{CHAT}/media/{media_id}")));
        let get = get.bearer_auth(self.token.as_deref().unwrap_or("none"));
        let answer = get.send().await.expect("an answer");
        (answer.status().as_u16(), answer.bytes().await.expect("bytes").to_vec())
    }
}

/// The texts of messages.
pub(crate) fn texts(messages: &Value) -> Vec<&str> {
    let all = messages.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|message| message["text"].as_str().expect("a text")).collect()
}
