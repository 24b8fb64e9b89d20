//! A visitor of the demo's web chat, whose server is killed while it writes: what was said to be stored is there after each
//! restart, once, and the page goes on where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::process::Server;
use crate::{moment, rounds, seed};

/// A page: what it knows, and what it has said and not been told to be stored.
#[derive(Default)]
struct Page {
    token: Option<String>,
    cursor: Option<String>,
    open: BTreeMap<String, String>,
    stored: BTreeSet<String>,
    /// By our id: the message's number here.
    seen: BTreeMap<String, String>,
    next: u32,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Page {
    /// Connects, goes on after the cursor, and says again what was not answered.
    async fn come_back(&mut self, server: &Server) -> Option<Socket> {
        let address = format!("{}/chat/chat-demo/socket", server.base.replace("http", "ws"));
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("origin", server.base.parse().unwrap());
        request.headers_mut().insert("sec-websocket-protocol", "guichet.chat.v1".parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.ok()?;
        let mut start = json!({ "type": "start" });
        if let Some(token) = &self.token {
            start["token"] = token.as_str().into();
        }
        if let Some(cursor) = &self.cursor {
            start["cursor"] = cursor.as_str().into();
        }
        socket.send(Message::text(start.to_string())).await.ok()?;
        loop {
            let frame = self.frame(&mut socket).await?;
            if frame["type"] == "started" {
                break;
            }
        }
        for (client_id, text) in self.open.clone() {
            self.say(&mut socket, &client_id, &text).await?;
        }
        Some(socket)
    }

    async fn frame(&mut self, socket: &mut Socket) -> Option<Value> {
        loop {
            let Message::Text(text) = socket.next().await?.ok()? else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            if let Some(cursor) = frame["cursor"].as_str() {
                self.cursor = Some(cursor.to_owned());
            }
            if let Some(token) = frame["token"].as_str() {
                self.token = Some(token.to_owned());
            }
            let many = frame["messages"].as_array().cloned().unwrap_or_default();
            for message in many.iter().chain(frame.get("message").filter(|message| message.is_object())) {
                self.note(message);
            }
            return Some(frame);
        }
    }

    /// A message of this visitor is one message, however often it is told.
    fn note(&mut self, message: &Value) {
        let Some(own) = message["client_id"].as_str() else { return };
        let id = message["message_id"].as_str().unwrap().to_owned();
        let known = self.seen.entry(own.to_owned()).or_insert_with(|| id.clone());
        assert_eq!(*known, id, "{own} is two messages");
    }

    /// Says a message until the answer to it came.
    async fn say(&mut self, socket: &mut Socket, client_id: &str, text: &str) -> Option<()> {
        let frame = json!({ "type": "message", "client_id": client_id, "text": text });
        socket.send(Message::text(frame.to_string())).await.ok()?;
        loop {
            let frame = self.frame(socket).await?;
            if frame["client_id"] != client_id {
                continue;
            }
            match frame["type"].as_str() {
                Some("stored") => {
                    self.open.remove(client_id);
                    self.stored.insert(client_id.to_owned());
                    return Some(());
                }
                // Too many at once: it stays open.
                Some("refused") => return Some(()),
                _ => {}
            }
        }
    }

    /// Writes until the server is gone.
    async fn write(&mut self, server: &Server) -> Option<()> {
        let mut socket = self.come_back(server).await?;
        for _ in 0..3 {
            self.next += 1;
            let (client_id, text) = (format!("message-{}", self.next), format!("text {}", self.next));
            self.open.insert(client_id.clone(), text.clone());
            self.say(&mut socket, &client_id, &text).await?;
        }
        std::future::pending().await
    }
}

pub(crate) async fn survive(database: &str, folder: &std::path::Path) {
    let (rounds, seed) = (rounds().min(5), seed());
    println!("GUICHET_SIM_SEED={seed}");
    let mut page = Page::default();
    for round in 0..rounds {
        let mut server = Server::start(database, folder).await;
        tokio::select! {
            gone = page.write(&server) => assert!(gone.is_some(), "the server hung up by itself"),
            () = server.killed_after(Duration::from_millis(moment(seed, round))) => {}
        }
        server.kill();
    }
    let mut server = Server::start(database, folder).await;
    assert!(page.come_back(&server).await.is_some());
    // Somebody who begins anew with the same token is told all of it.
    let mut fresh = Page { token: page.token.clone(), ..Page::default() };
    assert!(fresh.come_back(&server).await.is_some());
    for client_id in &page.stored {
        assert!(fresh.seen.contains_key(client_id), "seed {seed}: {client_id} was stored and is not there");
    }
    let numbers: BTreeSet<_> = fresh.seen.values().collect();
    assert_eq!(numbers.len(), fresh.seen.len(), "seed {seed}: a message is there twice");
    server.stop();
}
