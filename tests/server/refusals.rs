//! Which refusal a caller gets, and which first when several hold.

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};

fn with(id: &str, more: Value) -> Value {
    let mut params = more;
    params["interaction_id"] = id.into();
    params
}

#[tokio::test]
async fn each_kind_is_told() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let offered = alice.told("interaction.offered").await;
    let id = offered["interaction_id"].as_str().expect("an id").to_owned();

    for (who, method, params, kind) in [
        ("alice", "interaction.get", json!({ "interaction_id": "nothing" }), "not_found"),
        ("bruno", "interaction.get", with(&id, json!({})), "not_found"),
        ("bruno", "message.send", with(&id, json!({ "text": "x" })), "not_assigned"),
        ("bruno", "interaction.history", with(&id, json!({})), "not_found"),
        ("ada", "message.send", with(&id, json!({ "text": "x" })), "not_permitted"),
        ("alice", "message.send", with(&id, json!({ "text": "x" })), "not_assigned"),
        ("alice", "admin.agents.list", json!({}), "not_permitted"),
        ("alice", "admin.scripts.get", json!({}), "not_permitted"),
        ("alice", "admin.agents.save", json!({ "login": "x" }), "not_permitted"),
        ("alice", "admin.tokens.add", json!({ "name": "x", "login": "ada" }), "not_permitted"),
    ] {
        let client = match who {
            "alice" => &mut alice,
            "bruno" => &mut bruno,
            _ => &mut ada,
        };
        assert_eq!(client.refused(method, params).await, kind, "{who} {method}");
    }

    alice.ask("interaction.accept", with(&id, json!({}))).await;
    for (method, params, kind) in [
        ("interaction.accept", with(&id, json!({})), "already_done"),
        ("message.send", with(&id, json!({})), "invalid"),
        ("message.send", with(&id, json!({ "text": "x".repeat(5_000) })), "too_large"),
        ("interaction.close", with(&id, json!({})), "wrong_status"),
        (
            "message.send",
            with(&id, json!({ "template": { "name": "none", "language": "fr" } })),
            "template_invalid",
        ),
    ] {
        assert_eq!(alice.refused(method, params).await, kind, "{method}");
    }
    let outbound = json!({ "channel_id": CHANNEL, "address": "+33600000001", "text": "x" });
    let (mut other, _) = Client::start(&desk, "bruno").await;
    assert_eq!(other.refused("outbound.start", outbound).await, "held_by_other");

    desk.clock.advance(Span::hours(25));
    assert_eq!(alice.refused("message.send", with(&id, json!({ "text": "late" }))).await, "window_closed");
}
