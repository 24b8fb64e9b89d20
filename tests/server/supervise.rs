//! Supervisors watch, coach, move and take over work, and change agents' states (SPEC §6).

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::transfer::{agent_id, types};

struct Stage {
    desk: TestDesk,
    alice: Client,
    bruno: Client,
    sam: Client,
    id: String,
    alice_id: Value,
    bruno_id: Value,
    sam_id: Value,
}

impl Stage {
    /// Alice has work, Bruno and Sam are there.
    async fn new() -> Self {
        let desk = TestDesk::start().await;
        let mut alice = Client::available(&desk, "alice").await;
        let bruno = Client::available(&desk, "bruno").await;
        let (sam, started) = Client::start(&desk, "sam").await;
        desk.write("33600000001", &[("wamid.1", "hello")]).await;
        let id = alice.accept_next().await;
        let id_of = |login| agent_id(&started, login);
        let (alice_id, bruno_id, sam_id) = (id_of("alice"), id_of("bruno"), id_of("sam"));
        let mut stage = Self { desk, alice, bruno, sam, id, alice_id, bruno_id, sam_id };
        stage.quiet().await;
        stage
    }

    async fn quiet(&mut self) {
        for client in [&mut self.alice, &mut self.bruno, &mut self.sam] {
            client.ask("inbox.list", json!({})).await;
            client.events.clear();
        }
    }

    fn on(&self, more: Value) -> Value {
        let mut params = more;
        params["interaction_id"] = self.id.clone().into();
        params
    }
}

#[tokio::test]
async fn what_is_watched_is_told_until_it_is_not() {
    for watched in ["interaction", "skill", "all"] {
        let mut stage = Stage::new().await;
        stage.desk.write("33600000001", &[("wamid.2", "unwatched")]).await;
        assert_eq!(types(&mut stage.sam, &stage.id.clone()).await, [""; 0], "{watched}");
        let what = match watched {
            "interaction" => stage.on(json!({})),
            "skill" => json!({ "skill": "support" }),
            _ => json!({ "all": true }),
        };
        let answer = stage.sam.ask("supervise.watch", what.clone()).await;
        let (skills, ids) = match watched {
            "interaction" => (json!([]), json!([stage.id])),
            "skill" => (json!(["support"]), json!([])),
            _ => (json!([]), json!([])),
        };
        let expected = json!({ "all": watched == "all", "skills": skills, "interactions": ids });
        assert_eq!(answer["watching"], expected);

        stage.desk.write("33600000001", &[("wamid.3", "watched")]).await;
        stage.sam.event("the contact", |event| event["message"]["text"] == "watched").await;
        stage.alice.ask("message.send", stage.on(json!({ "text": "seen" }))).await;
        stage.sam.event("the agent", |event| event["message"]["text"] == "seen").await;
        stage.alice.ask("message.typing", stage.on(json!({}))).await;
        assert_eq!(stage.sam.told("typing").await["agent_id"], stage.alice_id);

        // Another's work of another skill is seen by who watches everything.
        stage.desk.write("33600000002", &[("wamid.4", "I want to buy")]).await;
        let other = stage.bruno.told("interaction.offered").await["interaction_id"].clone();
        let seen = types(&mut stage.sam, other.as_str().expect("an id")).await;
        assert_eq!(!seen.is_empty(), watched == "all", "{seen:?}");

        // It outlives the connection.
        let cursor = stage.sam.cursor.clone().expect("a cursor");
        stage.sam.leave().await;
        stage.desk.write("33600000001", &[("wamid.5", "meanwhile")]).await;
        let mut sam = Client::connect(&stage.desk, "sam").await;
        sam.ask("session.start", json!({ "cursor": cursor })).await;
        sam.event("what came meanwhile", |event| event["message"]["text"] == "meanwhile").await;
        let (_, started) = Client::start(&stage.desk, "sam").await;
        assert_eq!(started["snapshot"]["watching"], expected);

        let mut off = what;
        off["on"] = false.into();
        let answer = sam.ask("supervise.watch", off).await;
        assert_eq!(answer["watching"], json!({ "all": false, "skills": [], "interactions": [] }));
        sam.events.clear();
        stage.desk.write("33600000001", &[("wamid.6", "unwatched again")]).await;
        assert_eq!(types(&mut sam, &stage.id).await, [""; 0], "{watched}");
    }
}

#[tokio::test]
async fn watching_ends_with_the_work_and_with_the_supervisors_day() {
    let mut stage = Stage::new().await;
    stage.sam.ask("supervise.watch", stage.on(json!({}))).await;
    stage.sam.ask("supervise.watch", json!({ "skill": "sales" })).await;
    stage.alice.ask("interaction.set_outcome", stage.on(json!({ "status": "resolved" }))).await;
    stage.alice.ask("interaction.close", stage.on(json!({}))).await;
    stage.sam.told("interaction.closed").await;
    let (_, started) = Client::start(&stage.desk, "sam").await;
    assert_eq!(
        started["snapshot"]["watching"],
        json!({ "all": false, "skills": ["sales"], "interactions": [] })
    );
    let ended = stage.on(json!({}));
    assert_eq!(stage.sam.refused("supervise.watch", ended).await, "wrong_status");
    stage.sam.ask("agent.set_state", json!({ "state": "offline" })).await;
    let (_, started) = Client::start(&stage.desk, "sam").await;
    assert!(started["snapshot"]["watching"].is_null());
}

#[tokio::test]
async fn a_supervisor_coaches_by_a_note() {
    let mut stage = Stage::new().await;
    stage.sam.ask("supervise.watch", stage.on(json!({}))).await;
    stage.sam.ask("note.add", stage.on(json!({ "text": "offer a refund" }))).await;
    let note = stage.alice.told("note.added").await;
    assert_eq!((&note["note"]["text"], &note["note"]["agent_id"]), (&"offer a refund".into(), &stage.sam_id));
    stage.alice.ask("note.add", stage.on(json!({ "text": "they took it" }))).await;
    stage.sam.event("the answer", |event| event["note"]["text"] == "they took it").await;
}

#[tokio::test]
async fn work_is_reassigned_at_once() {
    let mut stage = Stage::new().await;
    let params = stage.on(json!({ "to": { "agent": stage.bruno_id } }));
    let moved = stage.sam.ask("supervise.reassign", params.clone()).await;
    assert_eq!(moved["interaction"]["agent_id"], stage.bruno_id);
    let assigned = stage.bruno.told("interaction.assigned").await;
    assert_eq!(assigned["messages"][0]["text"], "hello");
    let transferred = stage.alice.told("interaction.transferred").await;
    assert_eq!((&transferred["by"], &transferred["from"]), (&stage.sam_id, &stage.alice_id));
    assert_eq!(stage.alice.told("interaction.assigned").await["agent_id"], stage.bruno_id);
    let gone = stage.on(json!({ "text": "x" }));
    assert_eq!(stage.alice.refused("message.send", gone).await, "not_assigned");
    assert_eq!(stage.sam.refused("supervise.reassign", params).await, "already_done");

    // Pending work too, and to a skill; what was offered is withdrawn.
    stage.bruno.ask("interaction.set_outcome", stage.on(json!({ "status": "pending" }))).await;
    stage.sam.ask("supervise.reassign", stage.on(json!({ "to": { "skill": "support" } }))).await;
    assert_eq!(stage.alice.told("interaction.offered").await["interaction"]["status"], "pending");
    assert_eq!(stage.bruno.told("interaction.transferred").await["to"], json!({ "skill": "support" }));
    stage.sam.ask("supervise.reassign", stage.on(json!({ "to": { "agent": stage.bruno_id } }))).await;
    assert_eq!(stage.alice.told("interaction.offer_ended").await["reason"], "withdrawn");

    // A pending transfer ends as well.
    stage.bruno.ask("interaction.set_outcome", stage.on(json!({ "status": "open" }))).await;
    stage.bruno.ask("interaction.transfer", stage.on(json!({ "to": { "agent": stage.alice_id } }))).await;
    stage.alice.told("interaction.offered").await;
    stage.sam.ask("supervise.reassign", stage.on(json!({ "to": { "skill": "sales" } }))).await;
    assert_eq!(stage.alice.told("interaction.offer_ended").await["reason"], "withdrawn");
}

#[tokio::test]
async fn work_is_taken_over() {
    let mut stage = Stage::new().await;
    let only = stage.on(json!({}));
    let taken = stage.sam.ask("supervise.take_over", only.clone()).await;
    assert_eq!(
        (&taken["interaction"]["agent_id"], &taken["interaction"]["status"]),
        (&stage.sam_id, &"open".into())
    );
    assert_eq!(stage.alice.told("interaction.transferred").await["to"], json!({ "agent": stage.sam_id }));
    assert_eq!(stage.alice.told("interaction.assigned").await["agent_id"], stage.sam_id);
    stage.sam.ask("message.send", stage.on(json!({ "text": "it is me now" }))).await;
    assert_eq!(stage.sam.refused("supervise.take_over", only.clone()).await, "already_done");
    // Even beyond its own capacity, and from a queue.
    let (mut ada, _) = Client::start(&stage.desk, "ada").await;
    ada.ask("admin.agents.save", json!({ "login": "sam", "capacity": { "total": 0 } })).await;
    stage.bruno.ask("agent.set_state", json!({ "state": "unavailable" })).await;
    stage.desk.write("33600000002", &[("wamid.2", "I want to buy")]).await;
    let page = stage.sam.ask("interaction.list", json!({ "ownership": "queued" })).await;
    let waiting = page["interactions"][0]["interaction_id"].clone();
    stage.sam.ask("supervise.take_over", json!({ "interaction_id": waiting })).await;
    assert_eq!(
        stage.sam.ask("inbox.list", json!({})).await["interactions"].as_array().map(Vec::len),
        Some(2)
    );

    stage.sam.ask("interaction.set_outcome", stage.on(json!({ "status": "resolved" }))).await;
    assert_eq!(stage.sam.refused("supervise.take_over", only).await, "wrong_status");
}

#[tokio::test]
async fn an_agents_state_is_changed() {
    let mut stage = Stage::new().await;
    let params = json!({ "agent_id": stage.alice_id, "state": "unavailable", "reason": "break" });
    let changed = stage.sam.ask("supervise.set_agent_state", params).await;
    assert_eq!(
        (&changed["agent"]["state"], &changed["agent"]["reason"]),
        (&"unavailable".into(), &"break".into())
    );
    let told = stage.alice.event("her own state", |event| event["agent"]["state"] == "unavailable").await;
    assert_eq!(told["agent"]["agent_id"], stage.alice_id);
    let back = json!({ "agent_id": stage.alice_id, "state": "available" });
    stage.sam.ask("supervise.set_agent_state", back.clone()).await;
    stage.alice.event("available again", |event| event["agent"]["state"] == "available").await;
    stage.alice.leave().await;
    // What she did last is behind us; only then does time go on.
    stage.sam.ask("inbox.list", json!({})).await;
    stage.desk.clock.advance(Span::seconds(61));
    stage.sam.event("alice is offline", |event| event["agent"]["state"] == "offline").await;
    assert_eq!(stage.sam.refused("supervise.set_agent_state", back).await, "invalid");
}

#[tokio::test]
async fn only_supervisors_may_and_only_what_makes_sense() {
    let mut stage = Stage::new().await;
    let (_, started) = Client::start(&stage.desk, "ada").await;
    let ada_id = agent_id(&started, "ada");
    let only = stage.on(json!({}));
    let to_bruno = stage.on(json!({ "to": { "agent": stage.bruno_id } }));
    for (method, params) in [
        ("supervise.watch", only.clone()),
        ("supervise.watch", json!({ "all": true })),
        ("supervise.reassign", to_bruno.clone()),
        ("supervise.take_over", only.clone()),
        ("supervise.set_agent_state", json!({ "agent_id": stage.bruno_id, "state": "offline" })),
        ("interaction.list", json!({})),
        ("interaction.list", json!({ "ended": true })),
        ("board.get", json!({})),
    ] {
        assert_eq!(stage.alice.refused(method, params).await, "not_permitted", "{method}");
    }
    for (method, params, kind) in [
        ("supervise.watch", json!({ "interaction_id": "i999" }), "not_found"),
        ("supervise.watch", json!({ "skill": "nothing" }), "invalid"),
        ("supervise.watch", json!({}), "invalid"),
        ("supervise.watch", json!({ "all": true, "skill": "sales" }), "invalid"),
        ("supervise.reassign", json!({ "interaction_id": "i999", "to": { "skill": "sales" } }), "not_found"),
        ("supervise.reassign", stage.on(json!({ "to": { "skill": "nothing" } })), "invalid"),
        ("supervise.reassign", stage.on(json!({ "to": { "agent": stage.sam_id } })), "unavailable"),
        ("supervise.take_over", json!({ "interaction_id": "i999" }), "not_found"),
        ("supervise.set_agent_state", json!({ "agent_id": "a999", "state": "offline" }), "not_found"),
        ("supervise.set_agent_state", json!({ "agent_id": ada_id, "state": "offline" }), "invalid"),
        ("interaction.list", json!({ "limit": 0 }), "invalid"),
        ("interaction.list", json!({ "limit": 101, "ended": true }), "invalid"),
    ] {
        assert_eq!(stage.sam.refused(method, params.clone()).await, kind, "{method} {params}");
    }
    let (mut ada, _) = Client::start(&stage.desk, "ada").await;
    assert_eq!(ada.refused("supervise.take_over", only).await, "not_permitted");
    ada.ask("admin.agents.save", json!({ "login": "bruno", "capacity": { "total": 0 } })).await;
    assert_eq!(stage.sam.refused("supervise.reassign", to_bruno).await, "no_capacity");
}

#[tokio::test]
#[expect(clippy::excessive_nesting, reason = "a closure that turns pages")]
async fn all_work_is_listed_the_live_and_the_ended_a_page_at_a_time() {
    let mut stage = Stage::new().await;
    let mut ids = vec![stage.id.clone()];
    for n in 2..=5 {
        let wa_id = format!("3360000000{n}");
        stage.desk.write(&wa_id, &[(&format!("wamid.{n}"), "hello")]).await;
        ids.push(stage.alice.accept_next().await);
    }
    ids.reverse();
    let pages = async |client: &mut Client, filter: Value| -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut before = Value::Null;
        loop {
            let mut params = filter.clone();
            params["before"] = before;
            let page = client.ask("interaction.list", params).await;
            let found = page["interactions"].as_array().expect("a list").iter();
            pages.push(found.map(|it| it["interaction_id"].as_str().expect("an id").to_owned()).collect());
            before = page["next"].clone();
            if before.is_null() {
                return pages;
            }
        }
    };
    let whole: Vec<&[String]> = ids.chunks(2).collect();
    assert_eq!(pages(&mut stage.sam, json!({ "limit": 2 })).await, whole);
    let of = json!({ "agent_id": stage.alice_id, "limit": 2 });
    assert_eq!(pages(&mut stage.sam, of).await, whole);
    for (filter, n) in [
        (json!({ "agent_id": stage.bruno_id }), 0),
        (json!({ "skill": "support" }), 5),
        (json!({ "skill": "sales" }), 0),
        (json!({ "channel_id": CHANNEL, "status": "open", "ownership": "assigned" }), 5),
        (json!({ "status": "pending" }), 0),
        (json!({ "ended": true }), 0),
    ] {
        assert_eq!(pages(&mut stage.sam, filter.clone()).await.concat().len(), n, "{filter}");
    }

    for id in &ids[..3] {
        let on = |more: Value| {
            let mut params = more;
            params["interaction_id"] = id.as_str().into();
            params
        };
        stage.alice.ask("interaction.set_outcome", on(json!({ "status": "resolved" }))).await;
        stage.alice.ask("interaction.close", on(json!({}))).await;
    }
    assert_eq!(pages(&mut stage.sam, json!({})).await.concat(), ids[3..]);
    let ended = pages(&mut stage.sam, json!({ "ended": true, "limit": 2 })).await;
    assert_eq!(ended, [&ids[..2], &ids[2..3]]);
    let page = stage.sam.ask("interaction.list", json!({ "ended": true, "agent_id": stage.alice_id })).await;
    assert_eq!(page["interactions"].as_array().map(Vec::len), Some(3));
    assert!(
        page["interactions"][0]["contact"]["name"].is_string()
            && page["interactions"][0]["ended_at"].is_string()
    );
    for (filter, n) in [
        (json!({ "ended": true, "agent_id": stage.bruno_id }), 0),
        (json!({ "ended": true, "skill": "support", "channel_id": CHANNEL }), 3),
        (json!({ "ended": true, "skill": "sales" }), 0),
    ] {
        assert_eq!(pages(&mut stage.sam, filter.clone()).await.concat().len(), n, "{filter}");
    }
}

#[tokio::test]
async fn the_reasons_are_whole_for_supervisors_and_a_sentence_for_the_agent() {
    let mut stage = Stage::new().await;
    let only = stage.on(json!({}));
    let short = stage.alice.ask("interaction.why", only.clone()).await;
    assert!(
        short["sentence"].as_str().is_some_and(|text| text.contains("support"))
            && short["decisions"].is_null()
    );
    let whole = stage.sam.ask("interaction.why", only).await;
    let decisions = whole["decisions"].as_array().expect("decisions");
    assert!(decisions.iter().any(|decision| decision["question"] == "route"));
    let offer = decisions.iter().find(|decision| decision["question"] == "offer").expect("the offer");
    assert_eq!(offer["answer"]["agent_id"], stage.alice_id);
    assert!(offer["reasons"].is_array());
}

#[tokio::test]
async fn a_hundred_skills_are_watched_one_by_one_at_most() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    for n in 0..=100 {
        ada.ask("admin.skills.save", json!({ "skill": format!("s{n}") })).await;
    }
    for n in 0..100 {
        sam.ask("supervise.watch", json!({ "skill": format!("s{n}") })).await;
    }
    assert_eq!(sam.refused("supervise.watch", json!({ "skill": "s100" })).await, "too_large");
    // What is watched already may be asked for again; one that is let go makes room.
    sam.ask("supervise.watch", json!({ "skill": "s7" })).await;
    sam.ask("supervise.watch", json!({ "skill": "s7", "on": false })).await;
    sam.ask("supervise.watch", json!({ "skill": "s100" })).await;
}
