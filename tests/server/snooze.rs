//! Work put aside until a time (SPEC §6).

use guichet::domain::{ChannelKind, Span};
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;
use crate::stand_in::StandIn;

fn at(desk: &TestDesk, span: Span) -> String {
    (desk.clock.now() + span).to_string()
}

#[tokio::test]
async fn snoozed_work_leaves_the_inbox_and_comes_back_at_its_time() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let until = at(&desk, Span::hours(2));
    alice.ask("interaction.snooze", json!({ "interaction_id": id, "until": until })).await;
    let snoozed = alice.told("interaction.snoozed").await;
    assert_eq!(
        (
            &snoozed["until"],
            &snoozed["interaction"]["timers"]["snoozed_until"],
            &snoozed["interaction"]["ownership"]
        ),
        (&until.as_str().into(), &until.as_str().into(), &"detached".into())
    );
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"], json!([]));
    let aside = alice.ask("inbox.snoozed", json!({})).await;
    assert_eq!(aside["interactions"][0]["interaction_id"], id.as_str());
    let me = alice.ask("directory.search", json!({ "book": "agents", "query": "alice" })).await;
    assert_eq!(me["agents"][0]["load"], 0);
    assert_eq!(
        alice.refused("message.send", json!({ "interaction_id": id, "text": "x" })).await,
        "not_assigned"
    );

    desk.clock.advance(Span::hours(2));
    let back = alice.told("interaction.assigned").await;
    assert_eq!(
        (&back["interaction_id"], &back["messages"][0]["text"]),
        (&id.as_str().into(), &"hello".into())
    );
    assert!(back["interaction"]["timers"]["snoozed_until"].is_null());
    assert_eq!(alice.ask("inbox.snoozed", json!({})).await["interactions"], json!([]));
}

#[tokio::test]
async fn the_contact_s_next_message_wakes_it() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    alice.ask("interaction.snooze", json!({ "interaction_id": id, "until": at(&desk, Span::days(3)) })).await;
    desk.write("33600000001", &[("wamid.2", "any news?")]).await;
    let back = alice.event("it is back", |event| event["type"] == "interaction.assigned").await;
    assert_eq!(back["interaction_id"], id.as_str());
    assert!(back["interaction"]["timers"]["snoozed_until"].is_null());
}

#[tokio::test]
async fn its_agent_takes_it_back_before_the_time_and_nobody_else_does() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    sms.write(&desk, "+33600000001", "s1", "hello").await;
    let id = alice.accept_next().await;
    let snooze = |until: Value| json!({ "interaction_id": id, "until": until });
    for (until, kind) in [
        (at(&desk, Span(0)), "invalid"),
        (at(&desk, Span::days(91)), "invalid"),
        ("tomorrow".to_owned(), "invalid"),
    ] {
        assert_eq!(alice.refused("interaction.snooze", snooze(until.clone().into())).await, kind, "{until}");
    }
    let later = Value::from(at(&desk, Span::hours(1)));
    assert_eq!(bruno.refused("interaction.snooze", snooze(later.clone())).await, "not_assigned");
    assert_eq!(alice.refused("interaction.snooze", snooze(Value::Null)).await, "wrong_status");
    alice.ask("interaction.snooze", snooze(later.clone())).await;
    assert_eq!(bruno.refused("interaction.snooze", snooze(Value::Null)).await, "not_assigned");
    // It is still its agent's: nobody else begins with this contact.
    let start = json!({ "address": "+33600000001", "channel_id": "sms", "text": "x" });
    assert_eq!(bruno.refused("outbound.start", start).await, "held_by_other");
    let back = alice.ask("interaction.snooze", snooze(Value::Null)).await;
    assert_eq!(back["interaction"]["ownership"], "assigned");

    alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "resolved" })).await;
    assert_eq!(alice.refused("interaction.snooze", snooze(later)).await, "wrong_status");
    let (mut ada, _) = Client::start(&desk, "ada").await;
    assert_eq!(ada.refused("interaction.snooze", snooze(Value::Null)).await, "not_permitted");
}

#[tokio::test]
async fn a_snooze_survives_a_restart_and_an_absent_agent_is_preferred() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let until = at(&desk, Span::hours(2));
    alice.ask("interaction.snooze", json!({ "interaction_id": id, "until": until })).await;
    drop(alice);
    let desk = desk.restart().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    let aside = alice.ask("inbox.snoozed", json!({})).await;
    assert_eq!(aside["interactions"][0]["timers"]["snoozed_until"], until.as_str());
    // She is not available when its time comes: it waits for her for a while.
    alice.ask("agent.set_state", json!({ "state": "unavailable" })).await;
    desk.clock.advance(Span::hours(2));
    alice
        .until_asked("it woke", "inbox.snoozed", json!({}), |answer| answer["interactions"] == json!([]))
        .await;
    alice.ask("agent.set_state", json!({ "state": "available" })).await;
    let offered = alice.told("interaction.offered").await;
    assert_eq!(offered["interaction_id"], id.as_str());
}
