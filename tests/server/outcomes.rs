//! Outcomes and closing (SPEC §5.13, §5.14): what may be chosen, what is needed, and when work ends.

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::{Client, on};
use crate::desk::TestDesk;

const CLOSE: &str = r#"return auto_close { version = 1,
    rules = {
        { status = "resolved", disposition = "spam", after = "0s" },
        { status = "resolved", unless_tag = "follow-up", after = "48h" },
        { status = "closed", after = "15m" },
    },
    required = { closed = { "disposition" } },
}"#;

async fn desk() -> TestDesk {
    TestDesk::with_scripts(&[("auto_close.lua", CLOSE)]).await
}

async fn started(desk: &TestDesk) -> (Client, String) {
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    (alice, id)
}

async fn outcome(client: &mut Client, id: &str, params: Value) -> Value {
    client.ask("interaction.set_outcome", on(id, params)).await["interaction"].clone()
}

#[tokio::test]
async fn dispositions_are_the_skills_and_may_be_required() {
    let desk = desk().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let choices = json!(["solved", "spam"]);
    let skill = json!({ "skill": "support", "dispositions": choices, "disposition_required": true });
    ada.ask("admin.skills.save", skill).await;
    let (mut alice, id) = started(&desk).await;
    let (_, session) = Client::start(&desk, "alice").await;
    let shown =
        session["snapshot"]["skills"].as_array().expect("skills").iter().find(|s| s["skill"] == "support");
    assert_eq!(
        shown.map(|skill| (&skill["dispositions"], &skill["disposition_required"])),
        Some((&choices, &true.into()))
    );

    let refused = async |client: &mut Client, params: Value| -> Value {
        client.call("interaction.set_outcome", on(&id, params)).await["error"]["data"].clone()
    };
    let unknown = refused(&mut alice, json!({ "status": "resolved", "disposition": "sovled" })).await;
    assert_eq!(
        (&unknown["kind"], &unknown["field"], &unknown["choices"]),
        (&"invalid".into(), &"disposition".into(), &choices)
    );
    let needed = refused(&mut alice, json!({ "status": "resolved", "notes": "n", "tags": ["t"] })).await;
    assert_eq!(
        (&needed["kind"], &needed["field"], &needed["choices"]),
        (&"outcome_needed".into(), &"disposition".into(), &choices)
    );
    let untouched = alice.ask("interaction.get", on(&id, json!({}))).await;
    assert_eq!(
        (&untouched["notes"], &untouched["interaction"]["tags"]),
        (&json!([]), &json!([])),
        "a refusal leaves no trace"
    );
    // Only an end needs one.
    outcome(&mut alice, &id, json!({ "status": "pending" })).await;

    let (mut device, _) = Client::start(&desk, "alice").await;
    let whole = json!({ "status": "resolved", "disposition": "solved", "notes": "Router changed", "tags": ["router"] });
    let row = outcome(&mut alice, &id, whole).await;
    assert_eq!(
        (&row["status"], &row["disposition"], &row["tags"]),
        (&"resolved".into(), &"solved".into(), &json!(["router"]))
    );
    assert_eq!(device.told("note.added").await["note"]["text"], "Router changed");
    assert_eq!(device.told("interaction.outcome_set").await["interaction"]["disposition"], "solved");
    // It is kept: another status asks for no other.
    outcome(&mut alice, &id, json!({ "status": "open" })).await;
    assert_eq!(outcome(&mut alice, &id, json!({ "status": "resolved" })).await["disposition"], "solved");
}

#[tokio::test]
async fn a_script_may_ask_for_a_disposition_too() {
    let desk = desk().await;
    let (mut alice, id) = started(&desk).await;
    assert_eq!(
        alice.refused("interaction.set_outcome", on(&id, json!({ "status": "closed" }))).await,
        "outcome_needed"
    );
    outcome(&mut alice, &id, json!({ "status": "resolved" })).await;
    outcome(&mut alice, &id, json!({ "status": "closed", "disposition": "any text will do" })).await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    assert_eq!(
        bruno.refused("interaction.set_outcome", on(&id, json!({ "status": "open" }))).await,
        "not_assigned"
    );
    assert_eq!(
        ada.refused("interaction.set_outcome", on(&id, json!({ "status": "open" }))).await,
        "not_permitted"
    );
    assert_eq!(
        alice.refused("interaction.set_outcome", on(&id, json!({ "status": "open" }))).await,
        "wrong_status"
    );
}

#[tokio::test]
async fn resolved_work_ends_after_its_delay_and_closed_after_its_own() {
    let desk = desk().await;
    let (mut alice, id) = started(&desk).await;
    outcome(&mut alice, &id, json!({ "status": "resolved" })).await;
    desk.clock.advance(Span::hours(47));
    assert!(alice.ask("interaction.get", on(&id, json!({}))).await["interaction"]["ended_at"].is_null());
    // A message cancels a resolved one's end.
    desk.write("33600000001", &[("wamid.2", "one more thing")]).await;
    let reopened = alice.event("open again", |event| event["to"] == "open").await;
    assert_eq!(
        (&reopened["interaction_id"], &reopened["interaction"]["timers"]["ends_at"]),
        (&id.as_str().into(), &Value::Null)
    );
    desk.clock.advance(Span::hours(2));
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"][0]["interaction_id"], *id);

    outcome(&mut alice, &id, json!({ "status": "closed", "disposition": "done" })).await;
    // On closed work a message begins something new, and the old one goes its way.
    desk.write("33600000001", &[("wamid.3", "hello again")]).await;
    let offered = alice.told("interaction.offered").await;
    assert_eq!(offered["interaction"]["previous_id"], *id);
    desk.clock.advance(Span::minutes(15));
    let ended = alice.told("interaction.closed").await;
    assert_eq!(ended["interaction_id"], *id);
}

#[tokio::test]
async fn the_rule_is_asked_again_when_it_is_due_and_when_tags_change() {
    let desk = desk().await;
    let (mut alice, id) = started(&desk).await;
    outcome(&mut alice, &id, json!({ "status": "resolved", "disposition": "solved" })).await;
    let tag = || on(&id, json!({ "tag": "follow-up" }));
    alice.ask("tag.add", tag()).await;
    let row = alice.ask("interaction.get", on(&id, json!({}))).await["interaction"].clone();
    assert_eq!(row["timers"]["ends_at"], Value::Null, "unless it bears this tag");
    desk.clock.advance(Span::days(5));
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"][0]["interaction_id"], *id);
    alice.ask("tag.remove", tag()).await;
    let ended = alice.told("interaction.closed").await;
    assert_eq!(ended["interaction_id"], *id, "its 48 hours are over");

    // At once, where the rule says so.
    desk.write("33600000002", &[("wamid.2", "win money now!!!")]).await;
    let spam = alice.accept_next().await;
    outcome(&mut alice, &spam, json!({ "status": "resolved", "disposition": "spam" })).await;
    assert_eq!(alice.told("interaction.closed").await["interaction_id"], *spam);
}

#[tokio::test]
async fn detach_and_close_is_for_work_that_is_done() {
    let desk = desk().await;
    let (mut alice, id) = started(&desk).await;
    for status in ["open", "pending", "escalated"] {
        outcome(&mut alice, &id, json!({ "status": status })).await;
        assert_eq!(alice.refused("interaction.close", on(&id, json!({}))).await, "wrong_status", "{status}");
    }
    outcome(&mut alice, &id, json!({ "status": "resolved" })).await;
    let (mut device, _) = Client::start(&desk, "alice").await;
    let closed = alice.ask("interaction.close", on(&id, json!({}))).await["interaction"].clone();
    assert_eq!((&closed["status"], &closed["ownership"]), (&"closed".into(), &"detached".into()));
    assert!(closed["ended_at"].is_string());
    assert_eq!(device.told("interaction.closed").await["interaction_id"], *id);
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"], json!([]));
}

#[tokio::test]
async fn detached_work_ends_after_thirty_days_of_silence() {
    let desk = desk().await;
    let (mut alice, id) = started(&desk).await;
    alice.ask("interaction.detach", on(&id, json!({}))).await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let ended = async |client: &mut Client| {
        client.ask("interaction.get", on(&id, json!({}))).await["interaction"]["ended_at"].clone()
    };
    desk.clock.advance(Span::days(29));
    assert_eq!(ended(&mut sam).await, Value::Null);
    let desk = desk.restart().await;
    desk.clock.advance(Span::days(1));
    let (mut sam, _) = Client::start(&desk, "sam").await;
    desk.until("it has ended", async || {
        let (mut other, _) = Client::start(&desk, "sam").await;
        other.ask("interaction.get", on(&id, json!({}))).await["interaction"]["ended_at"].is_string()
    })
    .await;
    assert_eq!(sam.ask("interaction.get", on(&id, json!({}))).await["interaction"]["status"], "closed");
}
