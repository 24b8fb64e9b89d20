//! The live board: queues, agents, countdowns at risk (SPEC §6).

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;

fn queue<'a>(board: &'a Value, skill: &str) -> &'a Value {
    let queues = board["queues"].as_array().expect("queues");
    queues.iter().find(|queue| queue["skill"] == skill).expect("the queue")
}

fn agent<'a>(board: &'a Value, login: &str) -> &'a Value {
    let agents = board["agents"].as_array().expect("agents");
    agents.iter().find(|agent| agent["login"] == login).expect("the agent")
}

#[tokio::test]
async fn the_board_shows_queues_agents_and_service_level() {
    let desk = TestDesk::start().await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let began = desk.clock.now();
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    // Nobody on duty holds the skill: an alarm, and the board shows it.
    let alarm = sam.told("notice").await;
    assert_eq!((&alarm["level"], &alarm["code"]), (&"alarm".into(), &"skill_unattended".into()));
    let board = sam.ask("board.get", json!({})).await;
    let support = queue(&board, "support");
    assert_eq!((&support["waiting"], &support["unattended"]), (&1.into(), &true.into()));
    let since: guichet::domain::Time =
        support["longest_since"].as_str().expect("a time").parse().expect("a time");
    assert!(since >= began);
    assert_eq!(
        support["service_level"],
        json!({
            "target_seconds": 60, "today": { "accepted": 0, "in_time": 0 }, "last_hour": { "accepted": 0, "in_time": 0 },
        })
    );
    assert_eq!(queue(&board, "sales")["unattended"], false);
    assert_eq!(
        (&agent(&board, "alice")["state"], &agent(&board, "alice")["load"]),
        (&"offline".into(), &0.into())
    );

    // The first is accepted too late, the second in time.
    desk.clock.advance(Span::seconds(61));
    let mut alice = Client::available(&desk, "alice").await;
    alice.accept_next().await;
    desk.write("33600000002", &[("wamid.2", "hello")]).await;
    alice.accept_next().await;
    let changed = sam.event("both are counted", |event| {
        event["queue"]["skill"] == "support" && event["queue"]["service_level"]["last_hour"]["accepted"] == 2
    });
    let changed = changed.await;
    assert_eq!(
        changed["queue"]["service_level"]["last_hour"],
        json!({ "accepted": 2, "in_time": 1, "percent": 50 })
    );
    alice.ask("agent.set_state", json!({ "state": "unavailable", "reason": "break" })).await;
    let board = sam.ask("board.get", json!({})).await;
    let support = queue(&board, "support");
    assert_eq!((&support["waiting"], &support["unattended"]), (&0.into(), &false.into()));
    assert_eq!(support["service_level"]["last_hour"]["percent"], 50);
    let alice_now = agent(&board, "alice");
    assert_eq!((&alice_now["state"], &alice_now["reason"]), (&"unavailable".into(), &"break".into()));
    assert_eq!((&alice_now["load"], &alice_now["capacity"]["total"]), (&2.into(), &1_000.into()));
    assert!(alice_now["state_since"].is_string());
    // An hour later only the day remembers (or, after midnight, neither).
    desk.clock.advance(Span::minutes(65));
    let board = sam.ask("board.get", json!({})).await;
    assert_eq!(
        queue(&board, "support")["service_level"]["last_hour"],
        json!({ "accepted": 0, "in_time": 0 })
    );
}

#[tokio::test]
async fn countdowns_at_risk_come_soonest_first() {
    let desk = TestDesk::start().await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let mut alice = Client::available(&desk, "alice").await;
    // Ten minutes each, from the second message on: then it is in an agent's hands.
    let mut ids = Vec::new();
    for n in 1..=3 {
        let wa_id = format!("3360000000{n}");
        desk.write(&wa_id, &[(&format!("wamid.{n}"), "hello")]).await;
        let id = alice.accept_next().await;
        alice.ask("message.send", json!({ "interaction_id": id, "text": "yes?" })).await;
        ids.push(id);
    }
    assert_eq!(sam.ask("board.get", json!({})).await["timers"], json!([]));
    for n in [2, 1, 3] {
        let wa_id = format!("3360000000{n}");
        desk.write(&wa_id, &[(&format!("wamid.1{n}"), "where are you?")]).await;
        desk.clock.advance(Span::minutes(3));
    }
    // Nine minutes after the first, six after the second, three after the third.
    let board = sam.ask("board.get", json!({})).await;
    let shown = |board: &Value| -> Vec<(Value, Value)> {
        let timers = board["timers"].as_array().expect("timers").iter();
        timers.map(|it| (it["interaction"]["interaction_id"].clone(), it["state"].clone())).collect()
    };
    let expect = |n: usize, state: &str| (json!(ids[n - 1]), json!(state));
    assert_eq!(shown(&board), [expect(2, "yellow"), expect(1, "yellow")]);
    assert_eq!((&board["timers"][0]["timer"], &board["more_timers"]), (&"agent".into(), &false.into()));
    desk.clock.advance(Span::minutes(2));
    let board = sam.ask("board.get", json!({})).await;
    assert_eq!(shown(&board), [expect(2, "red"), expect(1, "yellow"), expect(3, "yellow")]);
    alice.ask("message.send", json!({ "interaction_id": ids[1], "text": "here" })).await;
    assert_eq!(shown(&sam.ask("board.get", json!({})).await), [expect(1, "yellow"), expect(3, "yellow")]);
}

#[tokio::test]
async fn a_board_shows_a_hundred_countdowns_and_says_that_there_are_more() {
    let desk = TestDesk::start().await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let mut alice = Client::available(&desk, "alice").await;
    for n in 1..=101 {
        let wa_id = format!("3360000{n:04}");
        desk.write(&wa_id, &[(&format!("wamid.{n}"), "hello")]).await;
        alice.accept_next().await;
        desk.write(&wa_id, &[(&format!("wamid.{n}.2"), "hello?")]).await;
    }
    desk.clock.advance(Span::minutes(11));
    let board = sam.ask("board.get", json!({})).await;
    let shown = board["timers"].as_array().expect("a list");
    assert_eq!((shown.len(), &board["more_timers"]), (100, &true.into()));
}
