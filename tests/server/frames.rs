//! What is no request, and what is one too early or with the wrong parts.

use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;

async fn answer(client: &mut Client, text: &str) -> Value {
    client.send_text(text).await;
    client.frame().await.expect("an answer")
}

#[tokio::test]
async fn frames_that_are_no_requests_are_told_so_and_the_socket_lives() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    for (text, code, id) in [
        ("", -32_700, json!(null)),
        ("{", -32_700, json!(null)),
        ("\u{1F600}", -32_700, json!(null)),
        ("[]", -32_600, json!(null)),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"inbox.list\"}]", -32_600, json!(null)),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32_600, json!(null)),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"inbox.list\",\"more\":1}", -32_600, json!(null)),
        ("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"inbox.burn\"}", -32_601, json!("a")),
        ("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"inbox.list\",\"params\":[]}", -32_602, json!(2)),
        ("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"inbox.list\",\"params\":{\"x\":1}}", -32_602, json!(2)),
        ("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"interaction.get\"}", -32_602, json!(2)),
    ] {
        let answer = answer(&mut alice, text).await;
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&code.into(), &id), "{text}");
        assert_eq!(answer["error"]["data"]["kind"], "invalid");
    }
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"message.send\",\"params\":{}",
        "[".repeat(100_000)
    );
    assert_eq!(answer(&mut alice, &deep).await["error"]["code"], -32_700);
    alice.ask("inbox.list", json!({})).await;
}

#[tokio::test]
async fn unknown_and_missing_fields_are_named() {
    let desk = TestDesk::start().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    for (method, params, field) in [
        ("message.send", json!({ "interaction_id": "i1", "txt": "x" }), "txt"),
        ("message.send", json!({ "text": "x" }), "interaction_id"),
        ("interaction.history", json!({ "interaction_id": "i1", "limit": 101 }), "limit"),
        ("interaction.history", json!({ "interaction_id": "i1", "limit": 0 }), "limit"),
    ] {
        let frame = alice.call(method, params).await;
        assert_eq!(frame["error"]["data"]["field"], field, "{frame}");
        assert!(frame["error"]["message"].as_str().is_some_and(|text| text.contains(field)));
    }
}

#[tokio::test]
async fn requests_without_an_id_are_ignored() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let silent = json!({ "jsonrpc": "2.0", "method": "message.send", "params": { "interaction_id": id, "text": "x" } });
    alice.send_text(silent.to_string()).await;
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn before_the_session_only_two_methods_are_answered() {
    let desk = TestDesk::start().await;
    let mut alice = Client::connect(&desk, "alice").await;
    assert_eq!(alice.refused("inbox.list", json!({})).await, "invalid");
    let document = alice.ask("rpc.discover", json!({})).await;
    assert_eq!(document["openrpc"], "1.3.2");
    assert_eq!(alice.refused("session.start", json!({ "cursr": "e1" })).await, "invalid");
    alice.ask("session.start", json!({})).await;
    alice.ask("inbox.list", json!({})).await;
    assert_eq!(alice.refused("session.start", json!({})).await, "already_done");
}

#[tokio::test]
async fn what_no_database_can_keep_is_mended() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    alice
        .send_text(format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"message.send\",\"params\":{{\"interaction_id\":\"{id}\",\"text\":\"a\\u0000b\\ud83dc\"}}}}"
        ))
        .await;
    let added = alice.event("ours", |event| event["message"]["direction"] == "out").await;
    assert_eq!(added["message"]["text"], "a\u{FFFD}b\u{FFFD}c");
}

#[tokio::test]
async fn many_requests_at_once_reach_the_engine_in_their_order() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    for n in 0..90 {
        let params = json!({ "interaction_id": id, "text": n.to_string() });
        let request =
            json!({ "jsonrpc": "2.0", "id": 1_000 + n, "method": "message.send", "params": params });
        alice.send_text(request.to_string()).await;
    }
    let mut told = Vec::new();
    while told.len() < 90 {
        let added = alice.event("ours", |event| event["type"] == "message.added").await;
        told.push(added["message"]["text"].as_str().expect("a text").parse::<usize>().expect("a number"));
    }
    assert_eq!(told, (0..90).collect::<Vec<_>>());
}
