//! Work changes hands: offered to a colleague who may refuse, given to a skill or a team (SPEC §5.5).

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;

/// Alice has work, Bruno is there; gives the work's id and Bruno's.
struct Stage {
    desk: TestDesk,
    alice: Client,
    bruno: Client,
    id: String,
    bruno_id: Value,
    alice_id: Value,
}

impl Stage {
    async fn new() -> Self {
        let desk = TestDesk::start().await;
        let (mut alice, started) = Client::start(&desk, "alice").await;
        alice.ask("agent.set_state", json!({ "state": "available" })).await;
        let mut bruno = Client::available(&desk, "bruno").await;
        desk.write("33600000001", &[("wamid.1", "hello, my router is dead")]).await;
        let id = alice.accept_next().await;
        let bruno_id = agent_id(&started, "bruno");
        let alice_id = started["agent"]["agent_id"].clone();
        bruno.ask("inbox.list", json!({})).await;
        bruno.events.clear();
        alice.ask("inbox.list", json!({})).await;
        alice.events.clear();
        Self { desk, alice, bruno, id, bruno_id, alice_id }
    }

    fn to_bruno(&self) -> Value {
        json!({ "interaction_id": self.id, "to": { "agent": self.bruno_id } })
    }

    fn on(&self, more: Value) -> Value {
        let mut params = more;
        params["interaction_id"] = self.id.clone().into();
        params
    }

    async fn administer(&self, method: &str, params: Value) {
        let (mut ada, _) = Client::start(&self.desk, "ada").await;
        ada.ask(method, params).await;
    }
}

/// An agent's id, as a snapshot tells it.
pub(crate) fn agent_id(started: &Value, login: &str) -> Value {
    let agents = started["snapshot"]["agents"].as_array().expect("agents");
    agents.iter().find(|agent| agent["login"] == login).expect("the agent")["agent_id"].clone()
}

/// The types of what a client was told of this interaction, up to its answer to one more question.
pub(crate) async fn types(client: &mut Client, id: &str) -> Vec<String> {
    client.ask("inbox.list", json!({})).await;
    let told = client
        .events
        .drain(..)
        .filter(|event| event["interaction_id"] == id || event["note"]["interaction_id"] == id);
    told.map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

#[tokio::test]
async fn an_agent_is_offered_it_and_the_sender_keeps_it_until_then() {
    let mut stage = Stage::new().await;
    let params = stage.on(json!({ "to": { "agent": stage.bruno_id }, "note": "a router, again" }));
    let asked = stage.alice.ask("interaction.transfer", params).await;
    let interaction = &asked["interaction"];
    assert_eq!((&interaction["ownership"], &interaction["agent_id"]), (&"assigned".into(), &stage.alice_id));
    assert_eq!(interaction["transfer"]["agent_id"], stage.bruno_id);

    // Who is asked sees it with its messages and the note, has it in the inbox, and may not answer yet.
    let offered = stage.bruno.told("interaction.offered").await;
    assert_eq!(
        (&offered["agent_id"], &offered["interaction_id"]),
        (&stage.bruno_id, &stage.id.clone().into())
    );
    assert_eq!(offered["messages"][0]["text"], "hello, my router is dead");
    assert_eq!(stage.bruno.told("note.added").await["note"]["text"], "a router, again");
    assert_eq!(stage.bruno.ask("inbox.list", json!({})).await["interactions"][0]["interaction_id"], stage.id);
    let text = stage.on(json!({ "text": "too early" }));
    assert_eq!(stage.bruno.refused("message.send", text).await, "not_assigned");

    // The sender still answers, and the contact's words reach both.
    stage.alice.ask("message.send", stage.on(json!({ "text": "one moment" }))).await;
    stage.desk.write("33600000001", &[("wamid.2", "I wait")]).await;
    for client in [&mut stage.alice, &mut stage.bruno] {
        client.event("the contact's words", |event| event["message"]["text"] == "I wait").await;
    }

    stage.alice.ask("inbox.list", json!({})).await;
    stage.alice.events.clear();
    let params = stage.on(json!({}));
    let accepted = stage.bruno.ask("interaction.accept", params).await;
    assert_eq!(accepted["interaction"]["agent_id"], stage.bruno_id);
    assert!(accepted["interaction"]["transfer"].is_null());
    let ended = stage.alice.told("interaction.offer_ended").await;
    assert_eq!((&ended["agent_id"], &ended["reason"]), (&stage.bruno_id, &"accepted".into()));
    let transferred = stage.alice.told("interaction.transferred").await;
    assert_eq!(
        (&transferred["by"], &transferred["from"], &transferred["to"]["agent"]),
        (&stage.alice_id, &stage.alice_id, &stage.bruno_id)
    );
    assert_eq!(stage.alice.told("interaction.assigned").await["agent_id"], stage.bruno_id);
    let assigned = stage.bruno.told("interaction.assigned").await;
    assert_eq!(assigned["messages"].as_array().map(Vec::len), Some(3));

    // It is gone from the sender's sight.
    stage.bruno.ask("message.send", stage.on(json!({ "text": "hello from sales" }))).await;
    assert_eq!(stage.alice.ask("inbox.list", json!({})).await["interactions"], json!([]));
    let gone = stage.on(json!({}));
    assert_eq!(stage.alice.refused("interaction.get", gone).await, "not_found");
    assert_eq!(types(&mut stage.alice, &stage.id.clone()).await, [""; 0]);
}

#[tokio::test]
async fn refused_expired_withdrawn_or_disconnected_it_stays_with_the_sender() {
    for way in ["refused", "expired", "withdrawn", "disconnected", "status", "closed"] {
        let mut stage = Stage::new().await;
        let params = stage.to_bruno();
        stage.alice.ask("interaction.transfer", params).await;
        stage.bruno.told("interaction.offered").await;
        let only = stage.on(json!({}));
        let mut reason = way;
        match way {
            "refused" => {
                let params = stage.on(json!({ "reason": "busy" }));
                stage.bruno.ask("interaction.refuse", params).await;
            }
            "expired" => stage.desk.clock.advance(Span::seconds(46)),
            "withdrawn" => {
                stage.alice.ask("interaction.end_transfer", only.clone()).await;
                assert_eq!(
                    stage.alice.refused("interaction.end_transfer", only.clone()).await,
                    "already_done"
                );
            }
            "disconnected" => {
                // A longer offer than the grace time, so that it is the grace that ends it.
                stage.bruno.ask("interaction.refuse", only.clone()).await;
                let skill = json!({ "skill": "support", "offer_seconds": 600 });
                stage.administer("admin.skills.save", skill).await;
                stage.alice.told("interaction.offer_ended").await;
                stage.alice.ask("interaction.transfer", stage.to_bruno()).await;
                stage.bruno.leave().await;
                // His leaving is behind us; only then does time go on.
                stage.alice.ask("inbox.list", json!({})).await;
                let away = |event: &Value| event["agent"]["agent_id"] == stage.bruno_id;
                let (mut sam, _) = Client::start(&stage.desk, "sam").await;
                stage.desk.clock.advance(Span::seconds(61));
                sam.event("bruno is offline", |event| away(event) && event["agent"]["state"] == "offline")
                    .await;
            }
            "status" => {
                reason = "withdrawn";
                let params = stage.on(json!({ "status": "pending" }));
                stage.alice.ask("interaction.set_outcome", params).await;
            }
            _ => {
                reason = "withdrawn";
                let params = stage.on(json!({ "status": "resolved" }));
                stage.alice.ask("interaction.set_outcome", params).await;
                stage.alice.ask("interaction.close", only.clone()).await;
            }
        }
        let ended = stage.alice.told("interaction.offer_ended").await;
        assert_eq!((&ended["agent_id"], &ended["reason"]), (&stage.bruno_id, &reason.into()), "{way}");
        if way == "disconnected" {
            continue;
        }
        let ended = stage.bruno.told("interaction.offer_ended").await;
        assert_eq!(ended["reason"], reason, "{way}");
        assert_eq!(stage.bruno.ask("inbox.list", json!({})).await["interactions"], json!([]), "{way}");
        assert_eq!(stage.bruno.refused("interaction.get", only.clone()).await, "not_found", "{way}");
        assert_eq!(stage.bruno.refused("interaction.accept", only.clone()).await, "offer_gone", "{way}");
        if way == "closed" {
            continue;
        }
        let kept = stage.alice.ask("interaction.get", only).await;
        assert_eq!(kept["interaction"]["agent_id"], stage.alice_id, "{way}");
        assert!(kept["interaction"]["transfer"].is_null(), "{way}");
    }
}

#[tokio::test]
async fn a_skill_or_a_team_takes_it_from_the_queue_and_not_back_to_the_sender_at_once() {
    let mut stage = Stage::new().await;
    stage.administer("admin.agents.save", json!({
        "login": "alice", "skills": [{ "skill": "support", "level": 9 }, { "skill": "sales", "level": 9 }],
    })).await;
    let began =
        stage.alice.ask("interaction.get", stage.on(json!({}))).await["interaction"]["created_at"].clone();
    let params = stage.on(json!({ "to": { "skill": "sales" }, "note": "wants to buy" }));
    let left = stage.alice.ask("interaction.transfer", params).await;
    assert_eq!(left["interaction"]["skill"], "sales");
    assert_eq!(stage.alice.ask("inbox.list", json!({})).await["interactions"], json!([]));
    let transferred = stage.alice.told("interaction.transferred").await;
    assert_eq!(transferred["to"], json!({ "skill": "sales" }));
    let queued = stage.alice.told("interaction.queued").await;
    assert_eq!(queued["interaction"]["ownership"], "queued");
    // Alice holds it at a higher level, but gave it away a moment ago.
    let offered = stage.bruno.told("interaction.offered").await;
    assert_eq!(offered["interaction_id"], stage.id);
    let got = stage.bruno.ask("interaction.accept", stage.on(json!({}))).await;
    assert_eq!(got["interaction"]["created_at"], began);
    let whole = stage.bruno.ask("interaction.get", stage.on(json!({}))).await;
    assert_eq!(whole["notes"][0]["text"], "wants to buy");

    // To a team that only the sender is of: it waits, and comes back after a minute.
    stage.administer("admin.teams.save", json!({ "team": "front" })).await;
    stage.administer("admin.agents.save", json!({ "login": "bruno", "teams": ["front"] })).await;
    stage.bruno.ask("inbox.list", json!({})).await;
    stage.bruno.events.clear();
    let params = stage.on(json!({ "to": { "team": "front" } }));
    stage.bruno.ask("interaction.transfer", params).await;
    assert_eq!(stage.bruno.told("interaction.transferred").await["to"], json!({ "team": "front" }));
    assert!(!types(&mut stage.bruno, &stage.id.clone()).await.contains(&"interaction.offered".to_owned()));
    stage.desk.clock.advance(Span::seconds(60));
    assert_eq!(stage.bruno.told("interaction.offered").await["interaction_id"], stage.id);
}

#[tokio::test]
async fn what_can_not_be_transferred_is_refused_with_the_reason() {
    let mut stage = Stage::new().await;
    let only = stage.on(json!({}));
    let (sam_id, ada_id) = {
        let (_, started) = Client::start(&stage.desk, "sam").await;
        (agent_id(&started, "sam"), agent_id(&started, "ada"))
    };
    let to = |whom: Value| stage.on(json!({ "to": whom }));
    let cases = [
        (to(json!({ "agent": "a999" })), "invalid", "to"),
        (to(json!({ "skill": "nothing" })), "invalid", "to"),
        (to(json!({ "team": "nothing" })), "invalid", "to"),
        (to(json!({ "agent": stage.alice_id })), "invalid", "to"),
        (to(json!({})), "invalid", "to"),
        (to(json!({ "skill": "sales", "team": "front" })), "invalid", "to"),
        (to(json!({ "agent": ada_id })), "unavailable", ""),
        (to(json!({ "agent": sam_id })), "unavailable", ""),
    ];
    for (params, kind, field) in cases {
        let frame = stage.alice.call("interaction.transfer", params.clone()).await;
        let data = &frame["error"]["data"];
        assert_eq!((&data["kind"], data["field"].as_str().unwrap_or("")), (&kind.into(), field), "{params}");
    }
    let long = stage.on(json!({ "to": { "skill": "sales" }, "note": "x".repeat(10_001) }));
    assert_eq!(stage.alice.refused("interaction.transfer", long).await, "too_large");

    // Not one's own, and not there at all.
    assert_eq!(stage.bruno.refused("interaction.transfer", stage.to_bruno()).await, "not_assigned");
    let none = json!({ "interaction_id": "i999", "to": { "skill": "sales" } });
    assert_eq!(stage.alice.refused("interaction.transfer", none).await, "not_found");
    let (mut ada, _) = Client::start(&stage.desk, "ada").await;
    assert_eq!(ada.refused("interaction.transfer", stage.to_bruno()).await, "not_permitted");

    // Over capacity: an offer counts.
    stage.administer("admin.agents.save", json!({ "login": "bruno", "capacity": { "total": 1 } })).await;
    stage.desk.write("33600000002", &[("wamid.2", "I want to buy")]).await;
    stage.bruno.told("interaction.offered").await;
    assert_eq!(stage.alice.refused("interaction.transfer", stage.to_bruno()).await, "no_capacity");
    stage.administer("admin.agents.save", json!({ "login": "bruno", "capacity": { "total": 2 } })).await;
    stage.bruno.ask("agent.set_state", json!({ "state": "unavailable" })).await;
    assert_eq!(stage.alice.refused("interaction.transfer", stage.to_bruno()).await, "unavailable");
    stage.bruno.ask("agent.set_state", json!({ "state": "available" })).await;

    // One at a time; and the pending one uses the receiver's capacity.
    stage.alice.ask("interaction.transfer", stage.to_bruno()).await;
    assert_eq!(stage.alice.refused("interaction.transfer", stage.to_bruno()).await, "already_done");
    stage.desk.write("33600000003", &[("wamid.3", "I want to buy too")]).await;
    assert_eq!(
        stage.bruno.ask("inbox.list", json!({})).await["interactions"].as_array().map(Vec::len),
        Some(2)
    );
    stage.alice.ask("interaction.end_transfer", only.clone()).await;
    // The place that it frees is filled at once.
    let next = |event: &Value| event["type"] == "interaction.offered" && event["interaction_id"] != stage.id;
    stage.bruno.event("the other's offer", next).await;

    for status in ["pending", "escalated", "resolved", "closed"] {
        let params = stage.on(json!({ "status": status }));
        stage.alice.ask("interaction.set_outcome", params).await;
        let frame = stage.alice.call("interaction.transfer", stage.to_bruno()).await;
        assert_eq!(frame["error"]["data"]["kind"], "wrong_status", "{status}");
        let message = frame["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("Only new or open") && message.ends_with(status), "{message}");
    }
    stage.alice.ask("interaction.close", only).await;
    assert_eq!(stage.alice.refused("interaction.transfer", stage.to_bruno()).await, "wrong_status");
}

#[tokio::test]
async fn a_transfer_asked_for_again_acts_once() {
    let mut stage = Stage::new().await;
    let request = json!("0c5e7a52-0000-4000-8000-000000000001");
    let first = stage.alice.ask_as(request.clone(), "interaction.transfer", stage.to_bruno()).await;
    let again = stage.alice.ask_as(request, "interaction.transfer", stage.to_bruno()).await;
    assert_eq!(first["result"], again["result"]);
    assert_eq!(types(&mut stage.bruno, &stage.id.clone()).await, ["interaction.offered"]);
}

#[tokio::test]
async fn what_is_pending_survives_a_restart() {
    let mut stage = Stage::new().await;
    let (sam, started) = Client::start(&stage.desk, "sam").await;
    let sam_id = started["agent"]["agent_id"].clone();
    stage.alice.ask("interaction.consult", stage.on(json!({ "agent_id": sam_id }))).await;
    stage.alice.ask("interaction.transfer", stage.to_bruno()).await;
    let Stage { desk, alice, bruno, id, bruno_id, alice_id } = stage;
    drop((alice, bruno, sam));

    let desk = desk.restart().await;
    let (mut bruno, started) = Client::start(&desk, "bruno").await;
    let offered = &started["snapshot"]["interactions"][0];
    assert_eq!((&offered["interaction_id"], &offered["agent_id"]), (&id.as_str().into(), &alice_id));
    assert_eq!(offered["transfer"]["agent_id"], bruno_id);
    let (mut sam, started) = Client::start(&desk, "sam").await;
    let consulted = &started["snapshot"]["consulted"][0];
    assert_eq!(
        (&consulted["interaction_id"], &consulted["consulted"]),
        (&id.as_str().into(), &json!([sam_id]))
    );
    sam.ask("note.add", json!({ "interaction_id": id, "text": "still here" })).await;

    let accepted = bruno.ask("interaction.accept", json!({ "interaction_id": id })).await;
    assert_eq!(
        (&accepted["interaction"]["agent_id"], &accepted["interaction"]["transfer"]),
        (&bruno_id, &Value::Null)
    );
    // The work left the agent who asked.
    assert_eq!(sam.told("interaction.consult_ended").await["agent_id"], sam_id);
}
