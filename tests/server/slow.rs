//! A client that does not read is closed, its memory is bounded, and nobody else notices.

use std::collections::VecDeque;

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::client::{Client, handshake, open};
use crate::desk::TestDesk;
use crate::provider::{delivery, text};

#[tokio::test]
async fn who_does_not_read_is_closed_and_resumes() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.0", "hello")]).await;
    alice.accept_next().await;

    let socket = open(desk.address, handshake(desk.address, "alice"), Some(4_096)).await.expect("a socket");
    let mut slow = Client { socket, events: VecDeque::new(), cursor: None, last_id: 0 };
    slow.frame().await.expect("hello");
    let started = slow.ask("session.start", json!({})).await;

    // More than the system's buffers and the lane hold, read by one and not by the other.
    let contacts = json!([{ "profile": { "name": "Busy" }, "wa_id": "33600000001" }]);
    let body = "x".repeat(4_000);
    for round in 0..20 {
        let messages: Vec<Value> = (0..100)
            .map(|n| text("33600000001", &format!("wamid.{round}.{n}"), &body, desk.seconds()))
            .collect();
        let reading = read(&mut alice, 100);
        let body = delivery(&json!({ "contacts": contacts, "messages": messages }));
        let (status, ()) = tokio::join!(desk.deliver(body), reading);
        assert_eq!(status, 200);
    }
    desk.until("it is closed", async || {
        desk.metrics.text().contains("guichet_sockets_closed_total{kind=\"too_slow\"} 1")
    })
    .await;
    let mut told = 0;
    while let Some(Ok(_)) = slow.socket.next().await {
        told += 1;
    }
    assert!(told < 2_000, "{told} frames went to a socket that did not read");

    // It comes back and is told everything it missed, however much that is.
    let mut back = Client::connect(&desk, "alice").await;
    let resumed = back.ask("session.start", json!({ "cursor": started["cursor"] })).await;
    assert_eq!(resumed["resumed"], true);
    read(&mut back, 2_000).await;
}

async fn read(client: &mut Client, messages: usize) {
    for _ in 0..messages {
        client.told("message.added").await;
    }
}
