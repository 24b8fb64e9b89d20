//! Roles as data: made, given, changed and removed; and what their holders may do then, at once.

use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::transfer::{agent_id, types};

fn words(of: &Value) -> Vec<&str> {
    of.as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

/// What a role may do, as `admin.roles.list` tells it.
async fn role(ada: &mut Client, name: &str) -> Value {
    let roles = ada.ask("admin.roles.list", json!({})).await;
    let roles = roles["roles"].as_array().expect("a list").clone();
    roles.into_iter().find(|role| role["role"] == name).unwrap_or(Value::Null)
}

#[tokio::test]
async fn the_session_tells_what_one_may_do() {
    let desk = TestDesk::start().await;
    for (login, may, may_not) in [
        ("alice", "handle", "supervise"),
        ("alice", "transfer", "export"),
        ("sam", "report", "administer"),
        ("ada", "erase", "handle"),
    ] {
        let (_, started) = Client::start(&desk, login).await;
        let permissions = words(&started["permissions"]);
        assert!(permissions.contains(&may), "{login}: {permissions:?}");
        assert!(!permissions.contains(&may_not), "{login}: {permissions:?}");
        assert!(words(&started["kinds"]).contains(&"whatsapp"));
    }
}

#[tokio::test]
async fn a_role_is_made_given_and_changed_and_its_sockets_begin_afresh() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let trainee = json!({ "role": "trainee", "title": "In training", "permissions": ["handle"] });
    ada.ask("admin.roles.save", trainee).await;
    let made = role(&mut ada, "trainee").await;
    assert_eq!(made["title"], "In training");
    assert_eq!(made["built_in"], false);
    assert_eq!(words(&made["kinds"]).len(), 7);

    let (mut alice, _) = Client::start(&desk, "alice").await;
    ada.ask("admin.agents.save", json!({ "login": "alice", "role": "trainee" })).await;
    assert_eq!(alice.closed().await, 4009);
    let (mut alice, started) = Client::start(&desk, "alice").await;
    assert_eq!(started["permissions"], json!(["handle"]));
    assert_eq!(started["agent"]["role"], "trainee");
    assert_eq!(alice.refused("interaction.pull", json!({})).await, "not_permitted");

    // More for everybody of that role, at once.
    ada.ask("admin.roles.save", json!({ "role": "trainee", "permissions": ["handle", "pull"] })).await;
    assert_eq!(alice.closed().await, 4009);
    let (mut alice, _) = Client::start(&desk, "alice").await;
    assert_eq!(alice.refused("interaction.pull", json!({})).await, "not_found");
    // Another title changes nobody's rights.
    ada.ask(
        "admin.roles.save",
        json!({ "role": "trainee", "title": "New", "permissions": ["handle", "pull"] }),
    )
    .await;
    alice.ask("inbox.list", json!({})).await;

    assert_eq!(ada.refused("admin.roles.remove", json!({ "role": "trainee" })).await, "invalid");
    ada.ask("admin.agents.save", json!({ "login": "alice", "role": "agent" })).await;
    ada.ask("admin.roles.remove", json!({ "role": "trainee" })).await;
    assert_eq!(role(&mut ada, "trainee").await, Value::Null);
}

#[tokio::test]
async fn what_can_not_be_a_role_is_refused() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    for (params, kind) in [
        (json!({ "role": "administrator", "permissions": ["supervise"] }), "invalid"),
        (json!({ "role": "a b", "permissions": [] }), "invalid"),
        (json!({ "role": "x", "permissions": ["fly"] }), "invalid"),
        (json!({ "role": "x", "title": " ", "permissions": [] }), "invalid"),
        (json!({ "role": "x", "title": "x".repeat(101), "permissions": [] }), "too_large"),
    ] {
        assert_eq!(ada.refused("admin.roles.save", params.clone()).await, kind, "{params}");
    }
    for (name, kind) in [("administrator", "invalid"), ("agent", "invalid"), ("nobody", "not_found")] {
        assert_eq!(ada.refused("admin.roles.remove", json!({ "role": name })).await, kind, "{name}");
    }
    let nobody = json!({ "login": "alice", "role": "nobody" });
    assert_eq!(ada.refused("admin.agents.save", nobody).await, "invalid");
    let save = json!({ "role": "x", "permissions": ["administer"] });
    assert_eq!(alice.refused("admin.roles.save", save.clone()).await, "not_permitted");
    assert_eq!(sam.refused("admin.roles.save", save).await, "not_permitted");
    assert_eq!(alice.refused("admin.roles.list", json!({})).await, "not_permitted");
    sam.ask("admin.roles.list", json!({})).await;
}

#[tokio::test]
async fn an_installation_has_a_hundred_roles_at_most() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    for at in 0..100 {
        ada.ask("admin.roles.save", json!({ "role": format!("r{at}"), "permissions": [] })).await;
    }
    let more = json!({ "role": "more", "permissions": [] });
    assert_eq!(ada.refused("admin.roles.save", more).await, "too_large");
    ada.ask("admin.roles.save", json!({ "role": "r7", "permissions": ["handle"] })).await;
}

#[tokio::test]
async fn work_of_a_kind_that_the_role_does_not_handle_is_nobodys() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let offered = alice.told("interaction.offered").await["interaction_id"].clone();

    // The offer is withdrawn, and the work waits: alice is the only one who holds the skill.
    let mut narrow = role(&mut ada, "agent").await;
    narrow["kinds"] = json!(["chat", "email"]);
    for field in ["built_in", "title"] {
        narrow.as_object_mut().expect("a role").remove(field);
    }
    ada.ask("admin.roles.save", narrow.clone()).await;
    assert_eq!(alice.closed().await, 4009);
    let (mut alice, started) = Client::start(&desk, "alice").await;
    assert_eq!(started["snapshot"]["interactions"], json!([]));
    alice.ask("agent.set_state", json!({ "state": "available" })).await;
    assert_eq!(alice.refused("interaction.pull", json!({})).await, "not_found");
    let accept = json!({ "interaction_id": offered });
    assert_eq!(alice.refused("interaction.accept", accept).await, "not_permitted");
    let template = json!({ "name": "hello", "language": "fr", "parameters": { "1": "Marie" } });
    let outbound = json!({ "address": "+33600000009", "channel_id": CHANNEL, "template": template });
    assert_eq!(alice.refused("outbound.start", outbound).await, "not_permitted");

    // Given back, it is offered again, once the minute is over in which nobody is asked twice.
    desk.clock.advance(guichet::domain::Span::minutes(1));
    narrow["kinds"] = json!(["chat", "whatsapp"]);
    ada.ask("admin.roles.save", narrow).await;
    assert_eq!(alice.closed().await, 4009);
    // She is there still, for the grace time: what waited was offered before she came back.
    let (_, started) = Client::start(&desk, "alice").await;
    assert_eq!(started["snapshot"]["interactions"][0]["interaction_id"], offered);
}

#[tokio::test]
async fn who_loses_handling_gives_the_work_back() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    ada.ask("admin.roles.save", json!({ "role": "reader", "permissions": ["search"] })).await;
    ada.ask("admin.agents.save", json!({ "login": "alice", "role": "reader" })).await;
    assert_eq!(alice.closed().await, 4009);
    let got = ada.ask("interaction.get", json!({ "interaction_id": id })).await;
    assert_eq!(got["interaction"]["ownership"], "queued");
    let agents = ada.ask("admin.agents.list", json!({})).await;
    let agents = agents["agents"].as_array().expect("a list").clone();
    let alice = agents.iter().find(|agent| agent["login"] == "alice").expect("alice");
    assert_eq!(alice["state"], "unavailable");
}

#[tokio::test]
async fn work_is_not_handed_to_whose_role_does_not_handle_it() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let mut alice = Client::available(&desk, "alice").await;
    let (_, started) = Client::start(&desk, "bruno").await;
    let bruno_id = agent_id(&started, "bruno");
    let mut bruno = Client::available(&desk, "bruno").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let transfer = json!({ "interaction_id": id, "to": { "agent": bruno_id } });
    alice.ask("interaction.transfer", transfer.clone()).await;

    // What was offered is withdrawn, and nothing more is offered.
    let mail = json!({ "role": "mail", "permissions": ["handle", "transfer"], "kinds": ["email"] });
    ada.ask("admin.roles.save", mail).await;
    ada.ask("admin.agents.save", json!({ "login": "bruno", "role": "mail" })).await;
    assert_eq!(bruno.closed().await, 4009);
    let of_bruno =
        |event: &Value| event["type"] == "interaction.offer_ended" && event["agent_id"] == bruno_id;
    assert_eq!(alice.event("the end of the offer", of_bruno).await["reason"], "withdrawn");
    let (_bruno, started) = Client::start(&desk, "bruno").await;
    assert_eq!(started["snapshot"]["interactions"], json!([]));
    assert_eq!(alice.refused("interaction.transfer", transfer).await, "unavailable");
    let consult = json!({ "interaction_id": id, "agent_id": bruno_id });
    assert_eq!(alice.refused("interaction.consult", consult).await, "unavailable");
}

#[tokio::test]
async fn who_may_not_supervise_any_more_watches_nothing() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    sam.ask("supervise.watch", json!({ "all": true })).await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = sam.told("message.added").await["interaction_id"].as_str().expect("an id").to_owned();
    ada.ask("admin.roles.save", json!({ "role": "supervisor", "permissions": ["handle"] })).await;
    assert_eq!(sam.closed().await, 4009);
    let (mut sam, _) = Client::start(&desk, "sam").await;
    desk.write("33600000001", &[("wamid.2", "hello?")]).await;
    assert_eq!(types(&mut sam, &id).await, [""; 0]);
    assert_eq!(sam.refused("interaction.get", json!({ "interaction_id": id })).await, "not_found");
}
