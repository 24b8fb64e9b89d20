//! A client that comes back goes on where it was: nothing missing, nothing twice.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;
use crate::provider::{delivery, text, texts};

/// Seqs of the events a client was told.
fn cursors(events: &VecDeque<Value>) -> Vec<i64> {
    let numbers = events.iter().filter_map(|event| event["cursor"].as_str());
    numbers.map(|text| text.trim_start_matches('e').parse().expect("a number")).collect()
}

fn added(events: &VecDeque<Value>) -> Vec<String> {
    let added = events.iter().filter(|event| event["type"] == "message.added");
    added.map(|event| event["message"]["text"].as_str().expect("a text").to_owned()).collect()
}

/// Reads until a message with this text was told.
async fn read_until(client: &mut Client, text: &str) {
    while !added(&client.events).iter().any(|told| told == text) {
        let frame = client.frame().await.expect("an event");
        assert_eq!(frame["method"], "event");
        client.cursor = frame["params"]["cursor"].as_str().map(str::to_owned).or(client.cursor.take());
        client.events.push_back(frame["params"].clone());
    }
}

async fn deliver_all(desk: &TestDesk, bodies: Vec<Vec<u8>>) {
    for body in bodies {
        assert_eq!(desk.deliver(body).await, 200);
    }
}

#[tokio::test]
async fn what_happened_meanwhile_is_told_once_and_in_order() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.0", "first")]).await;
    alice.accept_next().await;
    alice.events.clear();
    let mut all: Vec<String> = Vec::new();
    for round in 0..4 {
        let cursor = alice.cursor.clone().expect("a cursor");
        drop(alice);
        let names: Vec<(String, String)> =
            (0..30).map(|n| (format!("wamid.{round}.{n}"), format!("{round}.{n}"))).collect();
        let (before, during) = names.split_at(15);
        let pairs = |names: &[(String, String)]| -> Vec<Vec<u8>> {
            names.iter().map(|(id, body)| texts("33600000001", &[(id, body)], desk.seconds())).collect()
        };
        deliver_all(&desk, pairs(before)).await;
        // The rest comes while the client catches up.
        let mut back = Client::connect(&desk, "alice").await;
        let last = during.last().expect("some").1.clone();
        let writing = deliver_all(&desk, pairs(during));
        let reading = async {
            let resumed = back.ask("session.start", json!({ "cursor": cursor })).await;
            assert_eq!((&resumed["resumed"], &resumed["from"]), (&true.into(), &cursor.clone().into()));
            assert!(resumed["snapshot"].is_null());
            read_until(&mut back, &last).await;
        };
        tokio::join!(writing, reading);
        let seen = cursors(&back.events);
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
        all.extend(added(&back.events));
        back.events.clear();
        alice = back;
    }
    let expected: Vec<String> =
        (0..4).flat_map(|round| (0..30).map(move |n| format!("{round}.{n}"))).collect();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_cursor_that_can_not_be_gone_on_from_gets_a_snapshot() {
    let desk = TestDesk::start().await;
    for cursor in ["e999999", "nonsense", ""] {
        let mut alice = Client::connect(&desk, "alice").await;
        let started = alice.ask("session.start", json!({ "cursor": cursor })).await;
        assert_eq!((&started["resumed"], &started["reason"]), (&false.into(), &"unknown_cursor".into()));
        assert!(started["snapshot"]["interactions"].is_array() && started["cursor"].is_string());
    }
}

#[tokio::test]
async fn too_far_behind_a_snapshot_is_told_instead() {
    let desk = TestDesk::start().await;
    let (alice, started) = Client::start(&desk, "alice").await;
    drop(alice);
    let contacts = json!([{ "profile": { "name": "Busy" }, "wa_id": "33600000001" }]);
    for round in 0..11 {
        let messages: Vec<Value> = (0..1_000)
            .map(|n| text("33600000001", &format!("wamid.{round}.{n}"), "x", desk.seconds()))
            .collect();
        let body = delivery(&json!({ "contacts": contacts, "messages": messages }));
        assert_eq!(desk.deliver(body).await, 200);
    }
    let mut back = Client::connect(&desk, "alice").await;
    let resumed = back.ask("session.start", json!({ "cursor": started["cursor"] })).await;
    assert_eq!((&resumed["resumed"], &resumed["reason"]), (&false.into(), &"too_far".into()));
}

#[tokio::test]
async fn work_that_comes_while_away_comes_with_its_messages() {
    let desk = TestDesk::start().await;
    let alice = Client::available(&desk, "alice").await;
    let cursor = alice.cursor.clone().expect("a cursor");
    drop(alice);
    // Within the grace time the agent keeps its state and is offered work.
    desk.write("33600000001", &[("wamid.1", "one"), ("wamid.2", "two")]).await;
    let mut back = Client::connect(&desk, "alice").await;
    back.ask("session.start", json!({ "cursor": cursor })).await;
    let offered = back.told("interaction.offered").await;
    let texts: Vec<&str> = offered["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .filter_map(|message| message["text"].as_str())
        .collect();
    assert_eq!(texts, ["one", "two"]);
}

#[tokio::test]
async fn two_sockets_of_an_agent_are_told_the_same() {
    let desk = TestDesk::start().await;
    let mut first = Client::available(&desk, "alice").await;
    let (mut second, _) = Client::start(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let (one, other) = (first.told("interaction.offered").await, second.told("interaction.offered").await);
    assert_eq!(one, other);
}
