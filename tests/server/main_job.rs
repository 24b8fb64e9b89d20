//! The main job: a customer writes, an agent answers, the outcome is written, the work ends.

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;
use crate::provider::status;

#[tokio::test]
async fn a_customer_writes_and_an_agent_answers() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut bruno = Client::available(&desk, "bruno").await;
    desk.write("33600000001", &[("wamid.1", "hello, my router is dead")]).await;

    let offered = alice.told("interaction.offered").await;
    assert_eq!(offered["interaction"]["ownership"], "offered");
    assert_eq!(offered["messages"][0]["text"], "hello, my router is dead");
    let id = offered["interaction_id"].clone();
    let accepted = alice.ask("interaction.accept", json!({ "interaction_id": id })).await;
    assert_eq!(
        (&accepted["interaction"]["status"], &accepted["interaction"]["ownership"]),
        (&"open".into(), &"assigned".into())
    );

    let answer =
        alice.ask("message.send", json!({ "interaction_id": id, "text": "Did you turn it on?" })).await;
    let message_id = answer["message"]["message_id"].clone();
    desk.until("the provider has it", async || desk.provider.texts() == ["Did you turn it on?"]).await;
    for state in ["delivered", "sent", "read", "delivered"] {
        assert_eq!(desk.deliver(status("wamid.OUT1", state, desk.seconds())).await, 200);
    }
    let states = states_until(&mut alice, &message_id, "read").await;
    assert_eq!(states.last().map(String::as_str), Some("read"));
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(history["messages"][1]["state"], "read");

    let outcome =
        json!({ "interaction_id": id, "status": "resolved", "disposition": "solved", "tags": ["router"] });
    let resolved = alice.ask("interaction.set_outcome", outcome).await;
    assert!(resolved["interaction"]["timers"]["ends_at"].is_string());
    desk.clock.advance(Span::minutes(6));
    let ended = alice.told("interaction.closed").await;
    assert_eq!(ended["interaction"]["status"], "closed");
    assert!(alice.ask("inbox.list", json!({})).await["interactions"] == json!([]));

    // Somebody with another skill was told nothing of it.
    bruno.ask("inbox.list", json!({})).await;
    let foreign = bruno.events.iter().find(|event| event["interaction_id"] == id);
    assert_eq!(foreign, None);
    assert_eq!(bruno.refused("interaction.get", json!({ "interaction_id": id })).await, "not_found");
}

async fn states_until(client: &mut Client, message_id: &Value, last: &str) -> Vec<String> {
    let mut states = Vec::new();
    while states.last().is_none_or(|state| state != last) {
        let changed =
            client.event("a delivery state", |event| event["message"]["message_id"] == *message_id).await;
        states.push(changed["message"]["state"].as_str().expect("a state").to_owned());
    }
    states
}

#[tokio::test]
async fn a_supervisor_sees_counters_and_states() {
    let desk = TestDesk::start().await;
    let (mut sam, started) = Client::start(&desk, "sam").await;
    assert_eq!(started["snapshot"]["queues"].as_array().map(Vec::len), Some(2));
    assert!(started["permissions"].as_array().is_some_and(|all| all.contains(&"supervise".into())));
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let waiting = sam.event("one waits", |event| event["queue"]["waiting"] == 1).await;
    assert_eq!((&waiting["type"], &waiting["queue"]["skill"]), (&"queue.changed".into(), &"support".into()));
    assert!(waiting["cursor"].is_null());
    let _alice = Client::available(&desk, "alice").await;
    let available = sam.event("alice is available", |event| event["agent"]["state"] == "available").await;
    assert_eq!(available["agent"]["login"], "alice");
}
