//! Timers as a client sees them (SPEC §5.10): who waits for whom, yellow, red, more time, and what zero does.

use guichet::domain::{Span, Time};
use serde_json::{Value, json};

use crate::client::{Client, on};
use crate::desk::TestDesk;
use crate::provider::status;

const TIMERS: &str = r#"return timers { version = 1,
    agent = { total = "10m" },
    customer = { total = "1h", extend = { by = "30m", max = 2, roles = { "agent" } } },
}"#;

async fn desk() -> TestDesk {
    TestDesk::with_scripts(&[("timers.lua", TIMERS)]).await
}

fn agent_timer(on_zero: &str) -> String {
    format!(
        "return timers {{ version = 1, agent = {{ total = \"10m\", on_zero = \"{on_zero}\" }}, customer = false }}"
    )
}

async fn timers(client: &mut Client, id: &str) -> Value {
    client.ask("interaction.get", on(id, json!({}))).await["interaction"]["timers"].clone()
}

async fn say(client: &mut Client, id: &str, text: &str) -> Value {
    client.ask("message.send", on(id, json!({ "text": text }))).await["message"].clone()
}

/// The next change of a timer.
async fn change(client: &mut Client, timer: &str) -> (String, Value) {
    let told = client.event(timer, |event| event["type"] == "timer.changed" && event["timer"] == timer).await;
    (told["change"].as_str().expect("a change").to_owned(), told["interaction"]["timers"][timer].clone())
}

fn time(value: &Value) -> Time {
    value.as_str().expect("a time").parse().expect("a time")
}

/// A customer wrote, alice accepted and answered.
async fn answered(desk: &TestDesk, alice: &mut Client) -> String {
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    say(alice, &id, "Good morning").await;
    id
}

#[tokio::test]
async fn the_agent_timer_runs_from_the_first_unanswered_message_to_the_reply() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let offered = alice.told("interaction.offered").await;
    let id = offered["interaction_id"].as_str().expect("an id").to_owned();
    let first = offered["interaction"]["timers"]["agent"].clone();
    assert_eq!((&first["state"], &first["total_seconds"]), (&"running".into(), &600.into()));
    assert_eq!((&first["extensions_left"], &first["extend_by_seconds"]), (&0.into(), &Value::Null));

    desk.clock.advance(Span::seconds(30));
    desk.write("33600000001", &[("wamid.2", "are you there?")]).await;
    alice.ask("interaction.accept", on(&id, json!({}))).await;
    assert_eq!(
        timers(&mut alice, &id).await["agent"],
        first,
        "neither a second message nor opening it begins anew"
    );

    say(&mut alice, &id, "Yes").await;
    assert_eq!(change(&mut alice, "agent").await.0, "stopped");
    let (started, customer) = change(&mut alice, "customer").await;
    assert_eq!((started.as_str(), &customer["total_seconds"]), ("started", &3_600.into()));
    assert!(timers(&mut alice, &id).await["agent"].is_null());

    // The contact writes: now the other one waits.
    desk.write("33600000001", &[("wamid.3", "thanks")]).await;
    assert_eq!(change(&mut alice, "customer").await.0, "stopped");
    let now = timers(&mut alice, &id).await;
    assert!(now["customer"].is_null() && time(&now["agent"]["started_at"]) > time(&first["started_at"]));
}

#[tokio::test]
async fn yellow_at_exactly_half_and_red_at_zero() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let timer = timers(&mut alice, &id).await["agent"].clone();
    let start = time(&timer["started_at"]);
    assert_eq!(time(&timer["yellow_at"]), start + Span::minutes(5));
    assert_eq!(time(&timer["red_at"]), start + Span::minutes(10));

    // One minute before: nothing yet. The clock goes on by itself, so the last step lands just after.
    desk.clock.advance(Span::minutes(4));
    assert_eq!(timers(&mut alice, &id).await["agent"]["state"], "running");
    alice.events.clear();
    desk.clock.advance(Span::minutes(1));
    let (yellow, timer) = change(&mut alice, "agent").await;
    assert_eq!((yellow.as_str(), &timer["state"]), ("yellow", &"yellow".into()));
    desk.clock.advance(Span::minutes(5));
    let (red, timer) = change(&mut alice, "agent").await;
    assert_eq!((red.as_str(), &timer["state"]), ("red", &"red".into()));
    let inbox = alice.ask("inbox.list", json!({})).await;
    assert_eq!(inbox["interactions"][0]["interaction_id"], *id, "an alert takes nothing away");
}

#[tokio::test]
async fn the_customer_timer_begins_again_with_each_answer_and_detaches_at_zero() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let id = answered(&desk, &mut alice).await;
    let first = timers(&mut alice, &id).await["customer"].clone();
    desk.clock.advance(Span::minutes(20));
    say(&mut alice, &id, "One more thing").await;
    let second = timers(&mut alice, &id).await["customer"].clone();
    assert!(time(&second["started_at"]) >= time(&first["started_at"]) + Span::minutes(20));

    desk.clock.advance(Span::minutes(59));
    assert_eq!(timers(&mut alice, &id).await["customer"]["state"], "yellow");
    desk.clock.advance(Span::minutes(1));
    let detached = alice.told("interaction.detached").await;
    assert_eq!(
        (&detached["interaction"]["ownership"], &detached["interaction"]["status"]),
        (&"detached".into(), &"open".into())
    );
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"], json!([]));
}

#[tokio::test]
async fn who_comes_back_gets_the_same_agent_even_over_capacity() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    ada.ask("admin.agents.save", json!({ "login": "alice", "capacity": { "total": 1 } })).await;
    let id = answered(&desk, &mut alice).await;
    desk.clock.advance(Span::hours(1));
    alice.told("interaction.detached").await;
    desk.write("33600000002", &[("wamid.2", "hello")]).await;
    alice.accept_next().await;
    desk.write("33600000003", &[("wamid.3", "nobody has room for me")]).await;

    desk.write("33600000001", &[("wamid.4", "I am back")]).await;
    let assigned = alice
        .event("the one who came back", |event| {
            event["type"] == "interaction.assigned" && event["interaction_id"] == *id
        })
        .await;
    assert_eq!(assigned["messages"].as_array().map(Vec::len), Some(3), "it comes with what was said");
    let inbox = alice.ask("inbox.list", json!({})).await;
    assert_eq!(
        inbox["interactions"].as_array().map(Vec::len),
        Some(2),
        "no offer beyond capacity, but her own contact"
    );
}

#[tokio::test]
async fn who_comes_back_waits_five_minutes_for_an_agent_who_is_away() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let skills = json!([{ "skill": "support", "level": 9 }]);
    ada.ask("admin.agents.save", json!({ "login": "bruno", "skills": skills })).await;
    let id = answered(&desk, &mut alice).await;
    desk.clock.advance(Span::hours(1));
    alice.told("interaction.detached").await;
    alice.ask("agent.set_state", json!({ "state": "unavailable" })).await;
    let mut bruno = Client::available(&desk, "bruno").await;

    desk.write("33600000001", &[("wamid.2", "I am back")]).await;
    desk.clock.advance(Span::minutes(4));
    assert_eq!(bruno.ask("inbox.list", json!({})).await["interactions"], json!([]));
    desk.clock.advance(Span::minutes(1));
    let offered = bruno.told("interaction.offered").await;
    assert_eq!(offered["interaction_id"], *id, "then anybody with the skill");

    // Another time the agent is back within the five minutes.
    bruno.ask("interaction.accept", on(&id, json!({}))).await;
    say(&mut bruno, &id, "Here I am").await;
    desk.clock.advance(Span::hours(1));
    bruno.told("interaction.detached").await;
    bruno.ask("agent.set_state", json!({ "state": "unavailable" })).await;
    alice.ask("agent.set_state", json!({ "state": "available" })).await;
    desk.write("33600000001", &[("wamid.3", "me again")]).await;
    bruno.ask("agent.set_state", json!({ "state": "available" })).await;
    let again = bruno.told("interaction.offered").await;
    assert_eq!(again["interaction_id"], *id);
    assert_eq!(alice.ask("inbox.list", json!({})).await["interactions"], json!([]));
}

#[tokio::test]
async fn more_time_is_given_as_often_and_by_whom_the_script_says() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut device, _) = Client::start(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    assert_eq!(alice.refused("timer.extend", on(&id, json!({}))).await, "wrong_status");
    say(&mut alice, &id, "Good morning").await;
    let before = timers(&mut alice, &id).await["customer"].clone();
    assert_eq!((&before["extensions_left"], &before["extend_by_seconds"]), (&2.into(), &1_800.into()));

    for (login, kind) in [("bruno", "not_assigned"), ("ada", "not_permitted"), ("sam", "not_permitted")] {
        let (mut other, _) = Client::start(&desk, login).await;
        assert_eq!(other.refused("timer.extend", on(&id, json!({}))).await, kind, "{login}");
    }
    assert_eq!(alice.refused("timer.extend", on("i999999", json!({}))).await, "not_found");

    desk.clock.advance(Span::minutes(40));
    assert_eq!(change(&mut device, "customer").await.0, "started");
    assert_eq!(change(&mut device, "customer").await.0, "yellow");
    let extended =
        alice.ask("timer.extend", on(&id, json!({}))).await["interaction"]["timers"]["customer"].clone();
    assert_eq!(time(&extended["red_at"]), time(&before["red_at"]) + Span::minutes(30));
    assert_eq!((&extended["extended"], &extended["extensions_left"]), (&1.into(), &1.into()));
    assert_eq!((&extended["total_seconds"], &extended["state"]), (&5_400.into(), &"running".into()));
    let (told, shown) = change(&mut device, "customer").await;
    assert_eq!((told.as_str(), &shown), ("extended", &extended), "her other device shows it too");
    desk.clock.advance(Span::minutes(5));
    assert_eq!(change(&mut device, "customer").await.0, "yellow", "half of the longer time");

    let again =
        alice.ask("timer.extend", on(&id, json!({}))).await["interaction"]["timers"]["customer"].clone();
    assert_eq!(again["extensions_left"], 0);
    assert_eq!(alice.refused("timer.extend", on(&id, json!({}))).await, "already_done");
}

#[tokio::test]
async fn a_timer_that_may_not_be_extended_says_so() {
    let script = r#"return timers { version = 1, agent = false, customer = { total = "1h" } }"#;
    let desk = TestDesk::with_scripts(&[("timers.lua", script)]).await;
    let mut alice = Client::available(&desk, "alice").await;
    let id = answered(&desk, &mut alice).await;
    let timer = timers(&mut alice, &id).await["customer"].clone();
    assert_eq!((&timer["extensions_left"], &timer["extend_by_seconds"]), (&0.into(), &Value::Null));
    assert_eq!(alice.refused("timer.extend", on(&id, json!({}))).await, "unsupported");
}

#[tokio::test]
async fn an_agent_timer_at_zero_gives_the_work_to_somebody_else() {
    let script = agent_timer("requeue");
    let desk = TestDesk::with_scripts(&[("timers.lua", script.as_str())]).await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    ada.ask("admin.agents.save", json!({ "login": "bruno", "skills": [{ "skill": "support", "level": 1 }] }))
        .await;
    let mut bruno = Client::available(&desk, "bruno").await;
    desk.clock.advance(Span::minutes(10));
    let queued = alice.told("interaction.queued").await;
    assert_eq!(queued["interaction_id"], *id, "who loses it is told");
    let offered = bruno.told("interaction.offered").await;
    assert_eq!(offered["interaction_id"], *id, "not to the agent who let it wait");
    assert_eq!(
        offered["interaction"]["timers"]["agent"]["state"], "red",
        "the contact has waited all the time"
    );
}

#[tokio::test]
async fn an_agent_timer_at_zero_raises_the_priority_of_waiting_work() {
    let routing = r#"return routing { version = 1, route = function(i)
        return to.skill("support"):priority(if i.text == "urgent" then 50 else 0)
    end }"#;
    let timers = agent_timer("raise_priority");
    let desk = TestDesk::with_scripts(&[("timers.lua", timers.as_str()), ("routing.lua", routing)]).await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    desk.write("33600000002", &[("wamid.2", "urgent")]).await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    ada.ask("admin.agents.save", json!({ "login": "alice", "capacity": { "total": 1 } })).await;
    desk.clock.advance(Span::minutes(10));
    // Both have waited too long, both are raised: the order is as before. A third one, urgent and new, comes after them.
    desk.write("33600000003", &[("wamid.3", "urgent")]).await;
    let mut alice = Client::available(&desk, "alice").await;
    for expected in ["33600000002", "33600000001", "33600000003"] {
        let offered = alice.told("interaction.offered").await;
        assert_eq!(offered["interaction"]["contact"]["name"], format!("Customer {expected}"));
        let id = offered["interaction_id"].as_str().expect("an id").to_owned();
        alice.ask("interaction.accept", on(&id, json!({}))).await;
        alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
        alice.ask("interaction.close", on(&id, json!({}))).await;
    }
}

#[tokio::test]
async fn an_automatic_answer_stops_no_agent_timer() {
    let routing = r#"return routing { version = 1, route = function()
        return to.skill("support"):reply("We read your message and answer soon.")
    end }"#;
    let desk = TestDesk::with_scripts(&[("timers.lua", TIMERS), ("routing.lua", routing)]).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    desk.until("the reply is sent", async || desk.provider.texts().len() == 1).await;
    let history = alice.ask("interaction.history", on(&id, json!({}))).await;
    assert_eq!(history["messages"][1]["author"]["type"], "system");
    let now = timers(&mut alice, &id).await;
    assert!(now["agent"].is_object() && now["customer"].is_null(), "{now}");
}

#[tokio::test]
async fn a_failed_answer_puts_the_agent_timer_back_with_its_old_start() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let before = timers(&mut alice, &id).await["agent"].clone();
    desk.clock.advance(Span::minutes(6));
    assert_eq!(change(&mut alice, "agent").await.0, "yellow");
    say(&mut alice, &id, "Good morning").await;
    assert_eq!(change(&mut alice, "agent").await.0, "stopped");
    desk.until("it is sent", async || desk.provider.texts().len() == 1).await;
    assert_eq!(desk.deliver(status("wamid.OUT1", "failed", desk.seconds())).await, 200);
    let (change, after) = change(&mut alice, "agent").await;
    assert_eq!(change, "started");
    assert_eq!((&after["started_at"], &after["red_at"]), (&before["started_at"], &before["red_at"]));
    assert_eq!(after["state"], "yellow", "what was announced is not announced again");
    assert!(timers(&mut alice, &id).await["customer"].is_null());
}

#[tokio::test]
async fn resolved_stops_both() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let id = answered(&desk, &mut alice).await;
    alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
    assert_eq!(change(&mut alice, "customer").await.0, "started");
    assert_eq!(change(&mut alice, "customer").await.0, "stopped");
    desk.write("33600000001", &[("wamid.2", "wait")]).await;
    alice.event("open again", |event| event["to"] == "open").await;
    assert_eq!(change(&mut alice, "agent").await.0, "started");
    alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
    assert_eq!(change(&mut alice, "agent").await.0, "stopped");
    let now = timers(&mut alice, &id).await;
    assert!(now["agent"].is_null() && now["customer"].is_null());
}

#[tokio::test]
async fn timers_that_are_off_do_not_run_and_a_function_may_decide_for_each() {
    let script = r#"return timers { version = 1, policy = function(i)
        if i.contact.name == "Customer 33600000001" then
            return { agent = false, customer = false }
        end
        return { agent = { total = "2m" } }
    end }"#;
    let desk = TestDesk::with_scripts(&[("timers.lua", script)]).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let off = alice.accept_next().await;
    desk.write("33600000002", &[("wamid.2", "hello")]).await;
    let on = alice.accept_next().await;
    assert_eq!(timers(&mut alice, &on).await["agent"]["total_seconds"], 120);
    let now = timers(&mut alice, &off).await;
    assert!(now["agent"].is_null() && now["customer"].is_null());
    say(&mut alice, &off, "Good morning").await;
    say(&mut alice, &on, "Good morning").await;
    for id in [&off, &on] {
        let now = timers(&mut alice, id).await;
        assert!(now["agent"].is_null() && now["customer"].is_null());
    }
}

#[tokio::test]
async fn every_state_survives_a_restart_to_the_millisecond() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut ids = Vec::new();
    // Red, yellow and running agent timers; a customer timer that was extended; one that waits, one that is detached.
    for (at, name) in ["red", "yellow", "running", "extended", "detached"].into_iter().enumerate() {
        let wa_id = format!("3360000010{at}");
        desk.write(&wa_id, &[(&format!("wamid.{name}"), "hello")]).await;
        let id = alice.accept_next().await;
        match name {
            "red" | "yellow" => desk.clock.advance(Span::minutes(5)),
            "extended" => {
                say(&mut alice, &id, "Good morning").await;
                alice.ask("timer.extend", on(&id, json!({}))).await;
            }
            "detached" => {
                say(&mut alice, &id, "Good morning").await;
                alice.ask("interaction.detach", on(&id, json!({}))).await;
            }
            _ => {}
        }
        ids.push(id);
    }
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let mut before = Vec::new();
    for id in &ids {
        before.push(timers(&mut sam, id).await);
    }
    let states: Vec<&Value> = before.iter().take(3).map(|timers| &timers["agent"]["state"]).collect();
    assert_eq!(states, ["red", "yellow", "running"]);

    let desk = desk.restart().await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    for (id, before) in ids.iter().zip(&before) {
        assert_eq!(timers(&mut sam, id).await, *before, "{id}");
    }
    // And they go on: each at its own time, the red one not again.
    let (mut alice, _) = Client::start(&desk, "alice").await;
    desk.clock.advance(Span::minutes(5));
    for (expected, id) in [("red", &ids[1]), ("yellow", &ids[2])] {
        let told = alice.told("timer.changed").await;
        assert_eq!((&told["change"], &told["interaction_id"]), (&expected.into(), &id.as_str().into()));
    }
    desk.clock.advance(Span::hours(1));
    let yellow = alice.event("the longer one", |event| event["timer"] == "customer").await;
    assert_eq!((&yellow["change"], &yellow["interaction_id"]), (&"yellow".into(), &ids[3].as_str().into()));
}
