//! A colleague is asked without the work going anywhere (SPEC §5.5).

use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;
use crate::transfer::{agent_id, types};

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
        let (bruno, _) = Client::start(&desk, "bruno").await;
        desk.write("33600000001", &[("wamid.1", "hello")]).await;
        let id = alice.accept_next().await;
        let bruno_id = agent_id(&started, "bruno");
        Self { desk, alice, bruno, id, bruno_id, alice_id: started["agent"]["agent_id"].clone() }
    }

    fn on(&self, more: Value) -> Value {
        let mut params = more;
        params["interaction_id"] = self.id.clone().into();
        params
    }

    async fn consult(&mut self, note: Option<&str>) -> Value {
        let params = self.on(json!({ "agent_id": self.bruno_id, "note": note }));
        self.alice.ask("interaction.consult", params).await
    }
}

#[tokio::test]
async fn a_colleague_reads_and_writes_notes_and_no_more() {
    let mut stage = Stage::new().await;
    let asked = stage.consult(Some("what would you say?")).await;
    assert_eq!(asked["interaction"]["consulted"], json!([stage.bruno_id]));
    assert_eq!(asked["interaction"]["agent_id"], stage.alice_id);

    let started = stage.bruno.told("interaction.consult_started").await;
    assert_eq!((&started["agent_id"], &started["by"]), (&stage.bruno_id, &stage.alice_id));
    assert_eq!(started["messages"][0]["text"], "hello");
    assert_eq!(stage.bruno.told("note.added").await["note"]["text"], "what would you say?");
    let note = stage.on(json!({ "text": "say yes" }));
    stage.bruno.ask("note.add", note).await;
    stage.alice.event("the answer", |event| event["note"]["text"] == "say yes").await;
    stage.desk.write("33600000001", &[("wamid.2", "hello?")]).await;
    stage.bruno.event("the contact's words", |event| event["message"]["text"] == "hello?").await;
    let history = stage.bruno.ask("interaction.history", stage.on(json!({}))).await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(2));

    // It is no work of the colleague's: not in the inbox, no capacity, and nothing may be done with it.
    let inbox = stage.bruno.ask("inbox.list", json!({})).await;
    assert_eq!(inbox["interactions"], json!([]));
    assert_eq!(inbox["consulted"][0]["interaction_id"], stage.id);
    for (method, params) in [
        ("message.send", json!({ "text": "x" })),
        ("message.mark_read", json!({})),
        ("interaction.set_outcome", json!({ "status": "resolved" })),
        ("interaction.transfer", json!({ "to": { "skill": "sales" } })),
        ("interaction.consult", json!({ "agent_id": stage.bruno_id })),
        ("interaction.detach", json!({})),
        ("draft.save", json!({ "text": "x" })),
    ] {
        let params = stage.on(params);
        assert_eq!(stage.bruno.refused(method, params).await, "not_assigned", "{method}");
    }
    let (_, snapshot) = Client::start(&stage.desk, "bruno").await;
    assert_eq!(snapshot["snapshot"]["consulted"][0]["interaction_id"], stage.id);
    assert_eq!((&snapshot["snapshot"]["interactions"], &snapshot["agent"]["load"]), (&json!([]), &0.into()));
}

#[tokio::test]
async fn it_ends_by_either_or_with_the_work() {
    for (way, reason) in [
        ("owner", "ended"),
        ("owner names nobody", "ended"),
        ("supervisor", "ended"),
        ("colleague", "left"),
        ("resolved and closed", "closed"),
        ("transferred to a skill", "released"),
        ("detached", "released"),
        ("removed", "removed"),
    ] {
        let mut stage = Stage::new().await;
        stage.consult(None).await;
        stage.bruno.told("interaction.consult_started").await;
        let (only, named) = (stage.on(json!({})), stage.on(json!({ "agent_id": stage.bruno_id })));
        match way {
            "owner" => drop(stage.alice.ask("interaction.end_consult", named.clone()).await),
            "owner names nobody" => drop(stage.alice.ask("interaction.end_consult", only.clone()).await),
            "supervisor" => {
                let (mut sam, _) = Client::start(&stage.desk, "sam").await;
                sam.ask("interaction.end_consult", named.clone()).await;
            }
            "colleague" => drop(stage.bruno.ask("interaction.end_consult", only.clone()).await),
            "detached" => drop(stage.alice.ask("interaction.detach", only.clone()).await),
            "removed" => {
                let (mut ada, _) = Client::start(&stage.desk, "ada").await;
                ada.ask("admin.agents.save", json!({ "login": "bruno", "removed": true })).await;
            }
            "transferred to a skill" => {
                let params = stage.on(json!({ "to": { "skill": "sales" } }));
                stage.alice.ask("interaction.transfer", params).await;
            }
            _ => {
                let params = stage.on(json!({ "status": "resolved" }));
                stage.alice.ask("interaction.set_outcome", params).await;
                stage.alice.ask("interaction.close", only.clone()).await;
            }
        }
        let ended = stage.alice.told("interaction.consult_ended").await;
        assert_eq!((&ended["agent_id"], &ended["reason"]), (&stage.bruno_id, &reason.into()), "{way}");
        assert_eq!(ended["interaction"]["consulted"], json!([]), "{way}");
        if way == "removed" {
            continue;
        }
        assert_eq!(stage.bruno.told("interaction.consult_ended").await["reason"], reason, "{way}");
        assert_eq!(stage.bruno.refused("interaction.get", only.clone()).await, "not_found", "{way}");
        assert_eq!(types(&mut stage.bruno, &stage.id.clone()).await, [""; 0], "{way}");
    }
}

#[tokio::test]
async fn it_may_become_the_transfer() {
    let mut stage = Stage::new().await;
    stage.bruno.ask("agent.set_state", json!({ "state": "available" })).await;
    stage.consult(None).await;
    let params = stage.on(json!({ "to": { "agent": stage.bruno_id } }));
    stage.alice.ask("interaction.transfer", params).await;
    // While it is only offered the consult goes on.
    assert_eq!(
        stage.bruno.told("interaction.offered").await["interaction"]["consulted"],
        json!([stage.bruno_id])
    );
    let accepted = stage.bruno.ask("interaction.accept", stage.on(json!({}))).await;
    assert_eq!(accepted["interaction"]["agent_id"], stage.bruno_id);
    assert_eq!(accepted["interaction"]["consulted"], json!([]));
    assert_eq!(stage.alice.told("interaction.consult_ended").await["reason"], "transferred");
    stage.bruno.ask("message.send", stage.on(json!({ "text": "now it is mine" }))).await;
}

#[tokio::test]
async fn who_can_not_be_consulted_is_refused() {
    let mut stage = Stage::new().await;
    let (_, started) = Client::start(&stage.desk, "sam").await;
    let whom = |agent: Value| stage.on(json!({ "agent_id": agent }));
    for (params, kind, field) in [
        (whom("a999".into()), "invalid", "agent_id"),
        (whom(stage.alice_id.clone()), "invalid", "agent_id"),
        (whom(agent_id(&started, "ada")), "unavailable", ""),
    ] {
        let frame = stage.alice.call("interaction.consult", params.clone()).await;
        let data = &frame["error"]["data"];
        assert_eq!((&data["kind"], data["field"].as_str().unwrap_or("")), (&kind.into(), field), "{params}");
    }
    let params = stage.on(json!({ "agent_id": stage.bruno_id }));
    assert_eq!(stage.alice.refused("interaction.end_consult", params.clone()).await, "already_done");
    assert_eq!(stage.bruno.refused("interaction.consult", params.clone()).await, "not_assigned");
    assert_eq!(stage.bruno.refused("interaction.end_consult", params.clone()).await, "not_assigned");
    let none = json!({ "interaction_id": "i999", "agent_id": stage.bruno_id });
    assert_eq!(stage.alice.refused("interaction.consult", none.clone()).await, "not_found");
    assert_eq!(stage.alice.refused("interaction.end_consult", none).await, "not_found");
    let (mut ada, _) = Client::start(&stage.desk, "ada").await;
    assert_eq!(ada.refused("interaction.consult", params.clone()).await, "not_permitted");
    stage.consult(None).await;
    assert_eq!(stage.alice.refused("interaction.consult", params.clone()).await, "already_done");

    // Five at a time.
    for n in 0..5 {
        let login = format!("helper{n}");
        let saved = ada.ask("admin.agents.save", json!({ "login": login })).await;
        let absent = stage.on(json!({ "agent_id": saved["agent"]["agent_id"] }));
        if n < 4 {
            assert_eq!(stage.alice.refused("interaction.consult", absent.clone()).await, "unavailable");
        }
        let token = ada.ask("admin.tokens.add", json!({ "name": login, "login": login })).await;
        let _there = Client::with_token(&stage.desk, token["token"].as_str().expect("a token")).await;
        if n < 4 {
            stage.alice.ask("interaction.consult", absent).await;
        } else {
            assert_eq!(stage.alice.refused("interaction.consult", absent).await, "too_large");
        }
    }

    let closed = stage.on(json!({ "status": "closed" }));
    stage.alice.ask("interaction.set_outcome", closed).await;
    assert_eq!(stage.alice.refused("interaction.consult", params).await, "wrong_status");
}
