//! Customers and agents as they are outside: signed webhooks that are sent again until they are acknowledged, and a socket
//! client that resumes by cursor and sends unanswered requests again under the same id.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::process::Server;

/// Customers who write.
pub(crate) struct Contacts {
    number: usize,
    next: u64,
    acknowledged: BTreeSet<String>,
    /// Posted and not acknowledged: to be sent again, as Meta does.
    open: BTreeMap<String, Vec<u8>>,
    http: reqwest::Client,
}

fn unique(prefix: &str) -> String {
    format!(
        "{prefix}{:032x}",
        u128::from(getrandom::u64().unwrap()) << 64 | u128::from(getrandom::u64().unwrap())
    )
}

pub(crate) fn http() -> reqwest::Client {
    // The client is built with TLS, which wants to know its cryptography even for plain connections.
    let _already = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Contacts {
    pub(crate) fn new(number: usize) -> Self {
        Self { number, next: 0, acknowledged: BTreeSet::new(), open: BTreeMap::new(), http: http() }
    }

    pub(crate) fn acknowledged(&self) -> impl Iterator<Item = &String> {
        self.acknowledged.iter()
    }

    fn delivery(&mut self) -> (String, Vec<u8>) {
        let customer = usize::try_from(self.next).unwrap() % self.number;
        let wamid = unique("wamid.");
        self.next += 1;
        let seconds = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let number = format!("3361234{customer:04}");
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [{
        "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "33184800000", "phone_number_id": "106540352242922"},
            "contacts": [{"profile": {"name": format!("Customer {customer}")}, "wa_id": number, "user_id": format!("FR.{customer}")}],
            "messages": [{"from": number, "id": wamid, "timestamp": seconds.to_string(), "type": "text",
                "text": {"body": format!("message {}", self.next)}}],
        }}]}]});
        (wamid, body.to_string().into_bytes())
    }

    async fn post(http: &reqwest::Client, base: &str, body: Vec<u8>) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"demo-secret").unwrap();
        mac.update(&body);
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let answer = http
            .post(format!("{base}/webhooks/whatsapp-demo"))
            .header("x-hub-signature-256", signature)
            .body(body)
            .send()
            .await;
        matches!(answer, Ok(answer) if answer.status() == 200)
    }

    /// Sends again what was not acknowledged.
    pub(crate) async fn resend(&mut self, server: &Server) {
        for (wamid, body) in std::mem::take(&mut self.open) {
            assert!(Self::post(&self.http, &server.base, body).await, "a repeated delivery is acknowledged");
            self.acknowledged.insert(wamid);
        }
    }

    fn settle(&mut self, wamids: Vec<String>) {
        for wamid in wamids {
            self.open.remove(&wamid);
            self.acknowledged.insert(wamid);
        }
    }

    /// Writes, several at a time, until the server is gone.
    pub(crate) async fn write(&mut self, server: &Server) {
        loop {
            let deliveries: Vec<_> = (0..8).map(|_| self.delivery()).collect();
            self.open.extend(deliveries.iter().cloned());
            let posts = deliveries.iter().map(|(_, body)| Self::post(&self.http, &server.base, body.clone()));
            let answers = futures_util::future::join_all(posts).await;
            let gone = answers.contains(&false);
            let kept = deliveries.into_iter().zip(answers).filter(|(_, acknowledged)| *acknowledged);
            self.settle(kept.map(|((wamid, _), _)| wamid).collect());
            if gone {
                return;
            }
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An agent's client.
pub(crate) struct Agent {
    login: &'static str,
    cookie: Option<String>,
    cursor: Option<String>,
    socket: Option<Socket>,
    /// Messages seen by their events, to find repeats.
    seen: BTreeSet<String>,
    /// Requests that were not answered: id, method, parameters.
    open: BTreeMap<String, (String, Value)>,
    /// Texts whose sending was acknowledged.
    sent: BTreeSet<String>,
    offers: VecDeque<String>,
}

impl Agent {
    pub(crate) fn new(login: &'static str) -> Self {
        Self {
            login,
            cookie: None,
            cursor: None,
            socket: None,
            seen: BTreeSet::new(),
            open: BTreeMap::new(),
            sent: BTreeSet::new(),
            offers: VecDeque::new(),
        }
    }

    pub(crate) fn sent(&self) -> impl Iterator<Item = &String> {
        self.sent.iter()
    }

    /// Everything that was asked for has been answered by now.
    pub(crate) fn check(&self) {
        assert!(self.open.is_empty(), "{} requests of {} were never answered", self.open.len(), self.login);
    }

    /// Connects with the session of before, resumes at the cursor and sends unanswered requests again.
    pub(crate) async fn come_back(&mut self, server: &Server) {
        if self.cookie.is_none() {
            let answer = http()
                .post(format!("{}/login", server.base))
                .header("origin", &server.base)
                .json(&json!({"login": self.login, "password": "guichet"}))
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 204);
            let cookie = answer.headers()["set-cookie"].to_str().unwrap();
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        let mut request =
            format!("{}/ws", server.base.replacen("http", "ws", 1)).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("cookie", self.cookie.as_deref().unwrap().parse().unwrap());
        headers.insert("origin", server.base.parse().unwrap());
        headers.insert("sec-websocket-protocol", "guichet.v1".parse().unwrap());
        let (socket, _) =
            tokio_tungstenite::connect_async(request).await.expect("a login survives a restart");
        self.socket = Some(socket);
        let start = unique("start-");
        let parameters = self.cursor.as_ref().map_or(json!({}), |cursor| json!({"cursor": cursor}));
        self.write(&start, "session.start", &parameters).await.unwrap();
        self.read_until(&start).await.unwrap();
        let open: Vec<_> = self
            .open
            .iter()
            .map(|(id, (method, parameters))| (id.clone(), method.clone(), parameters.clone()))
            .collect();
        for (id, method, parameters) in open {
            self.write(&id, &method, &parameters).await.unwrap();
            self.read_until(&id).await.unwrap();
        }
        let _answer = self.ask("agent.set_state", json!({"state": "available"})).await;
    }

    async fn write(&mut self, id: &str, method: &str, parameters: &Value) -> Option<()> {
        let frame = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}).to_string();
        self.socket.as_mut()?.send(Message::text(frame)).await.ok()
    }

    /// Asks; gives the answer's frame, or nothing if the server is gone.
    pub(crate) async fn ask(&mut self, method: &str, parameters: Value) -> Option<Value> {
        let id = unique("");
        self.open.insert(id.clone(), (method.to_owned(), parameters.clone()));
        self.write(&id, method, &parameters).await?;
        self.read_until(&id).await
    }

    /// Reads frames until the answer to `id`; `None`: the server is gone.
    async fn read_until(&mut self, id: &str) -> Option<Value> {
        loop {
            let frame = self.read().await?;
            if frame["id"] == id {
                return Some(frame);
            }
        }
    }

    async fn read(&mut self) -> Option<Value> {
        loop {
            let message = self.socket.as_mut()?.next().await?.ok()?;
            let Message::Text(text) = message else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            self.note(&frame);
            return Some(frame);
        }
    }

    /// Keeps the cursor, finds repeats, settles answered requests.
    fn note(&mut self, frame: &Value) {
        if frame["method"] == "event" {
            let event = &frame["params"];
            if let Some(cursor) = event["cursor"].as_str() {
                self.cursor = Some(cursor.to_owned());
            }
            if event["type"] == "message.added" {
                let id = event["message"]["message_id"].as_str().unwrap().to_owned();
                assert!(self.seen.insert(id.clone()), "{id} appeared twice to {}", self.login);
            }
            if event["type"] == "interaction.offered" {
                self.offers.push_back(event["interaction_id"].as_str().unwrap().to_owned());
            }
        } else if let Some(id) = frame["id"].as_str() {
            if let Some(cursor) = frame["result"]["cursor"].as_str() {
                self.cursor = Some(cursor.to_owned());
            }
            if let Some((method, parameters)) = self.open.remove(id)
                && method == "message.send"
                && frame.get("result").is_some()
            {
                self.sent.insert(parameters["text"].as_str().unwrap().to_owned());
            }
        }
    }

    /// Accepts what is offered and answers what is held, until the server is gone.
    pub(crate) async fn work(&mut self) {
        while self.one_round().await.is_some() {}
    }

    async fn one_round(&mut self) -> Option<()> {
        while let Some(interaction_id) = self.offers.pop_front() {
            self.ask("interaction.accept", json!({"interaction_id": interaction_id})).await?;
        }
        let inbox = self.ask("inbox.list", json!({})).await?;
        for interaction in inbox["result"]["interactions"].as_array().cloned().unwrap_or_default() {
            let interaction_id = interaction["interaction_id"].clone();
            if interaction["ownership"] == "offered" {
                self.ask("interaction.accept", json!({"interaction_id": interaction_id})).await?;
            } else {
                let text = unique("answer ");
                self.ask("message.send", json!({"interaction_id": interaction_id, "text": text})).await?;
            }
        }
        Some(())
    }
}
