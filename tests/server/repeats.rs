//! Sending a request again acts once.

use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;

const ID: &str = "5f0c7a3e-6a43-4c1e-9b1a-0a1b2c3d4e5f";

async fn with_work(desk: &TestDesk) -> (Client, String) {
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    (alice, id)
}

async fn messages(client: &mut Client, id: &str) -> usize {
    let history = client.ask("interaction.history", json!({ "interaction_id": id })).await;
    history["messages"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn the_same_id_gets_the_same_answer_and_acts_once() {
    let desk = TestDesk::start().await;
    let (mut alice, id) = with_work(&desk).await;
    let params = json!({ "interaction_id": id, "text": "answer" });
    let first = alice.ask_as(ID.into(), "message.send", params.clone()).await;
    let again = alice.ask_as(ID.into(), "message.send", params.clone()).await;
    assert_eq!(first["result"]["message"]["message_id"], again["result"]["message"]["message_id"]);
    // From another socket, with the fields in another order and other spaces.
    let (mut other, _) = Client::start(&desk, "alice").await;
    let text = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"{ID}\",\"method\":\"message.send\",\"params\":{{ \"text\" : \"answer\", \"interaction_id\":\"{id}\"}}}}"
    );
    other.send_text(text).await;
    let elsewhere = loop {
        let frame = other.frame().await.expect("an answer");
        if frame["id"] == ID {
            break frame;
        }
    };
    assert_eq!(first["result"], elsewhere["result"]);
    assert_eq!(messages(&mut alice, &id).await, 2);
    // The same id belongs to its caller alone.
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let foreign = ada.ask_as(ID.into(), "message.send", params).await;
    assert_eq!(foreign["error"]["data"]["kind"], "not_permitted");
}

#[tokio::test]
async fn the_same_id_with_other_parameters_is_invalid() {
    let desk = TestDesk::start().await;
    let (mut alice, id) = with_work(&desk).await;
    alice.ask_as(ID.into(), "message.send", json!({ "interaction_id": id, "text": "one" })).await;
    for (method, params) in [
        ("message.send", json!({ "interaction_id": id, "text": "two" })),
        ("note.add", json!({ "interaction_id": id, "text": "one" })),
    ] {
        let refused = alice.ask_as(ID.into(), method, params).await;
        assert_eq!(refused["error"]["data"]["kind"], "invalid", "{refused}");
    }
    assert_eq!(messages(&mut alice, &id).await, 2);
}

#[tokio::test]
async fn short_ids_and_numbers_are_not_remembered() {
    let desk = TestDesk::start().await;
    let (mut alice, id) = with_work(&desk).await;
    let params = json!({ "interaction_id": id, "text": "again" });
    for same in [Value::from("short"), Value::from(1_234_567_890_123_456_789_i64)] {
        alice.ask_as(same.clone(), "message.send", params.clone()).await;
        alice.ask_as(same, "message.send", params.clone()).await;
    }
    assert_eq!(messages(&mut alice, &id).await, 5);
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let offered = alice.told("interaction.offered").await;
    let params = json!({ "interaction_id": offered["interaction_id"], "text": "answer" });
    let early = alice.ask_as(ID.into(), "message.send", params.clone()).await;
    assert_eq!(early["error"]["data"]["kind"], "not_assigned");
    alice.ask("interaction.accept", json!({ "interaction_id": offered["interaction_id"] })).await;
    let then = alice.ask_as(ID.into(), "message.send", params).await;
    assert!(then["result"]["message"]["message_id"].is_string(), "{then}");
}

#[tokio::test]
async fn fifty_at_once_act_once() {
    let desk = TestDesk::start().await;
    let (mut alice, id) = with_work(&desk).await;
    let request = json!({
        "jsonrpc": "2.0", "id": ID, "method": "message.send",
        "params": { "interaction_id": id, "text": "once" },
    });
    let calls = (0..50).map(|_| {
        let call = desk.http.post(desk.url("/rpc")).bearer_auth(crate::desk::token_of("alice"));
        call.body(request.to_string()).send()
    });
    let answers = futures_util::future::join_all(calls).await;
    let mut results: Vec<String> = Vec::new();
    for answer in answers {
        let frame: Value = answer.expect("an answer").json().await.expect("JSON");
        results.push(frame["result"]["message"]["message_id"].as_str().expect("an id").to_owned());
    }
    results.dedup();
    assert_eq!(results.len(), 1, "{results:?}");
    assert_eq!(messages(&mut alice, &id).await, 2);
    desk.until("it was sent once", async || desk.provider.texts() == ["once"]).await;
}
