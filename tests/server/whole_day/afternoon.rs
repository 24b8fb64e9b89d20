//! Omar waits, is made to wait, and comes back; and the server is started anew in the middle of it.

use guichet::domain::{Span, Time};
use serde_json::{Value, json};

use super::phone::Phone;
use super::{Day, hears, inbox, look, says};
use crate::client::{Client, on};
use crate::desk::token_of;
use crate::transfer::types;

const OMAR: Phone = Phone { number: "33644444444", name: "Omar Khayyam" };
const DRAFT: &str = "Cher Monsieur, j'ai";

fn time(value: &Value) -> Time {
    value.as_str().expect("a time").parse().expect("a time")
}

/// The next change of a timer of this interaction.
async fn change(client: &mut Client, id: &str, timer: &str) -> (String, Value) {
    let told = client
        .event(timer, |event| {
            event["type"] == "timer.changed" && event["timer"] == timer && event["interaction_id"] == id
        })
        .await;
    (told["change"].as_str().expect("a change").to_owned(), told["interaction"]["timers"][timer].clone())
}

/// The agent's timer: yellow at half, red at zero, stopped by the answer.
pub(super) async fn a_contact_waits_and_is_answered(day: &mut Day) -> String {
    day.turns_the_page().await;
    OMAR.writes(&day.desk, "Puis-je rendre une lampe ?").await;
    let id = day.alice.accept_next().await;
    day.turns_the_page().await;
    for (passed, expected) in [("5m", "yellow"), ("5m", "red")] {
        day.passes(passed).await;
        for client in [&mut day.alice, &mut day.sam] {
            let (change, timer) = change(client, &id, "agent").await;
            assert_eq!((change.as_str(), &timer["state"]), (expected, &expected.into()));
        }
        let board = day.sam.ask("board.get", json!({})).await;
        let first = &board["timers"][0];
        assert_eq!(
            (&first["interaction"]["interaction_id"], &first["timer"]),
            (&id.as_str().into(), &"agent".into())
        );
    }
    says(&mut day.alice, &id, "Bien sûr, dans les trente jours.").await;
    OMAR.gets(&day.desk, "Bien sûr, dans les trente jours.").await;
    assert_eq!(change(&mut day.alice, &id, "agent").await.0, "stopped");
    let (started, timer) = change(&mut day.alice, &id, "customer").await;
    assert_eq!((started.as_str(), &timer["total_seconds"]), ("started", &3_600.into()));
    id
}

/// The contact's timer: yellow, then more time, once. Gives the timers as they stand.
pub(super) async fn the_contact_gets_more_time(day: &mut Day, id: &str) -> Value {
    day.passes("30m").await;
    let (yellow, before) = change(&mut day.alice, id, "customer").await;
    assert_eq!(yellow, "yellow");
    assert_eq!(day.chloe.refused("timer.extend", on(id, json!({}))).await, "not_assigned");
    let longer = day.alice.ask("timer.extend", on(id, json!({}))).await["interaction"]["timers"].clone();
    let timer = &longer["customer"];
    assert_eq!(time(&timer["red_at"]), time(&before["red_at"]) + Span::minutes(30));
    assert_eq!((&timer["state"], &timer["extensions_left"]), (&"running".into(), &0.into()));
    assert_eq!(day.alice.refused("timer.extend", on(id, json!({}))).await, "already_done");
    let is_extended = |event: &Value| event["change"] == "extended" && event["interaction_id"] == id;
    day.sam.event("more time", is_extended).await;
    longer
}

/// A draft, a consult and a pending transfer stand as they were, and the timers to the millisecond. Nobody misses anything.
pub(super) async fn the_server_restarts_in_the_middle(mut day: Day, id: &str, timers: &Value) -> Day {
    day.turns_the_page().await;
    day.alice.ask("draft.save", on(id, json!({ "text": DRAFT }))).await;
    day.alice.ask("interaction.consult", on(id, json!({ "agent_id": day.ids["chloe"] }))).await;
    day.alice.ask("interaction.transfer", on(id, json!({ "to": { "agent": day.ids["bruno"] } }))).await;
    let before = look(&mut day.alice, id).await;
    assert_eq!((&before["timers"], &before["draft"]["text"]), (timers, &DRAFT.into()));
    day.turns_the_page().await;

    let Day { desk, alice, bruno, chloe, sam, ids, token, mail, translator, mailbox } = day;
    let cursors = [&alice, &bruno, &chloe, &sam].map(|client| client.cursor.clone().expect("a cursor"));
    let desk = desk.restart().await;
    let mut back = Vec::new();
    for (login, cursor) in ["alice", "bruno", "chloe", "sam"].into_iter().zip(cursors) {
        let known = if login == "chloe" { token.clone() } else { token_of(login) };
        let mut client = Client::connect_with(&desk, &known).await;
        let resumed = client.ask("session.start", json!({ "cursor": cursor })).await;
        assert_eq!(resumed["resumed"], true, "{login}: {resumed}");
        back.push(client);
    }
    let [alice, bruno, chloe, sam] = back.try_into().map_err(|_| "four").expect("four");
    let mut day = Day { desk, alice, bruno, chloe, sam, ids, token, mail, translator, mailbox };

    let after = look(&mut day.alice, id).await;
    for part in
        ["timers", "draft", "consulted", "transfer", "status", "ownership", "agent_id", "contact", "tags"]
    {
        assert_eq!(after[part], before[part], "{part}");
    }
    assert_eq!(inbox(&mut day.bruno).await.iter().filter(|one| *one == id).count(), 1, "he is still asked");
    let read = day.chloe.ask("interaction.history", on(id, json!({}))).await;
    assert_eq!(read["messages"].as_array().map(Vec::len), Some(2), "she may still read");
    // And they go on: bruno says no, chloe is thanked.
    day.bruno.ask("interaction.refuse", on(id, json!({}))).await;
    let ended = day.alice.told("interaction.offer_ended").await;
    assert_eq!((&ended["agent_id"], &ended["reason"]), (&day.ids["bruno"], &"refused".into()));
    day.alice.ask("interaction.end_consult", on(id, json!({}))).await;
    assert_eq!(day.chloe.told("interaction.consult_ended").await["interaction_id"], *id);
    day.turns_the_page().await;
    day.is_nothing_to(&["bruno", "chloe"], id).await;
    day
}

/// At zero it leaves the inbox; who comes back gets the same agent, at once.
pub(super) async fn time_runs_out_and_the_contact_comes_back(day: &mut Day, id: &str) {
    day.turns_the_page().await;
    // Thirty minutes of ninety are gone.
    day.passes("15m").await;
    assert_eq!(change(&mut day.alice, id, "customer").await.0, "yellow");
    day.passes("45m").await;
    for client in [&mut day.alice, &mut day.sam] {
        let gone = client.event("it is detached", |event| {
            event["type"] == "interaction.detached" && event["interaction_id"] == *id
        });
        assert_eq!(gone.await["interaction"]["ownership"], "detached");
    }
    assert!(!inbox(&mut day.alice).await.contains(&id.to_owned()));
    day.turns_the_page().await;
    OMAR.writes(&day.desk, "Me revoilà").await;
    let assigned = day.alice.told("interaction.assigned").await;
    assert_eq!((&assigned["interaction_id"], &assigned["agent_id"]), (&id.into(), &day.ids["alice"]));
    assert_eq!(assigned["messages"].as_array().map(Vec::len), Some(3), "it comes with what was said");
    hears(&mut day.sam, "Me revoilà").await;
    assert!(!types(&mut day.sam, id).await.contains(&"interaction.offered".to_owned()));
    says(&mut day.alice, id, "Toujours là.").await;
    OMAR.gets(&day.desk, "Toujours là.").await;
    day.resolve("alice", id, "solved").await;
    day.is_nothing_to(&["bruno", "chloe"], id).await;
}
