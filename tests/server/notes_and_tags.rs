//! Notes and tags, on messages and on interactions: for colleagues, never for the contact (SPEC §5.9). And what the contact does
//! to a message after it was written.

use serde_json::{Value, json};

use crate::client::{Client, on};
use crate::desk::TestDesk;
use crate::provider::{delivery, text};

async fn started(desk: &TestDesk) -> (Client, String, String) {
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let history = alice.ask("interaction.history", on(&id, json!({}))).await;
    let message_id = history["messages"][0]["message_id"].as_str().expect("an id").to_owned();
    (alice, id, message_id)
}

/// Everything that the provider was ever given, as text.
fn sent(desk: &TestDesk) -> String {
    desk.provider.sent().iter().map(Value::to_string).collect()
}

#[tokio::test]
async fn notes_are_seen_by_colleagues_and_never_by_the_contact() {
    let desk = TestDesk::start().await;
    let (mut alice, id, message_id) = started(&desk).await;
    let (mut device, _) = Client::start(&desk, "alice").await;
    let note =
        alice.ask("note.add", on(&id, json!({ "text": "SENTINEL-NOTE", "message_id": message_id }))).await;
    assert_eq!(note["note"]["message_id"], *message_id);
    let told = device.told("note.added").await;
    assert_eq!((&told["note"], &told["interaction_id"]), (&note["note"], &id.as_str().into()));
    // A supervisor may read all, and write too; an agent without the work sees nothing of it.
    let (mut sam, _) = Client::start(&desk, "sam").await;
    sam.ask("note.add", on(&id, json!({ "text": "well done" }))).await;
    let whole = sam.ask("interaction.get", on(&id, json!({}))).await;
    let texts: Vec<&str> =
        whole["notes"].as_array().expect("notes").iter().filter_map(|n| n["text"].as_str()).collect();
    assert_eq!(texts, ["SENTINEL-NOTE", "well done"]);
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    for method in ["interaction.get", "note.add"] {
        let params = if method == "note.add" { json!({ "text": "x" }) } else { json!({}) };
        assert_eq!(bruno.refused(method, on(&id, params)).await, "not_found");
    }
    alice.ask("message.send", on(&id, json!({ "text": "Good morning" }))).await;
    desk.until("the provider has the answer", async || desk.provider.texts() == ["Good morning"]).await;
    assert!(!sent(&desk).contains("SENTINEL"), "a note reached the contact");

    for (params, kind) in [
        (json!({ "text": " \n" }), "invalid"),
        (json!({ "text": "x".repeat(10_001) }), "too_large"),
        (json!({ "text": "x", "message_id": "m999999" }), "not_found"),
    ] {
        assert_eq!(alice.refused("note.add", on(&id, params)).await, kind);
    }
}

#[tokio::test]
async fn tags_are_put_on_taken_off_and_told_with_what_changed() {
    let desk = TestDesk::start().await;
    let (mut alice, id, message_id) = started(&desk).await;
    let (mut device, _) = Client::start(&desk, "alice").await;
    let revision = |event: &Value| event["interaction"]["revision"].as_i64().expect("a revision");

    let answer = alice.ask("tag.add", on(&id, json!({ "tag": "  to   call\nback " }))).await;
    assert_eq!(answer["tags"], json!(["to call back"]));
    let first = device.told("tag.changed").await;
    assert_eq!((&first["added"], &first["removed"]), (&json!(["to call back"]), &json!([])));
    assert_eq!(first["interaction"]["tags"], json!(["to call back"]));
    assert!(first["message_id"].is_null() && first["by"].is_string());

    alice.ask("tag.add", on(&id, json!({ "tag": "proof", "message_id": message_id }))).await;
    let second = device.told("tag.changed").await;
    assert_eq!(
        (&second["message_id"], &second["message"]["tags"]),
        (&message_id.as_str().into(), &json!(["proof"]))
    );
    assert_eq!(revision(&second), revision(&first) + 1);
    assert_eq!(second["interaction"]["tags"], json!(["to call back"]), "a message's tags are its own");

    // Twice is once.
    alice.ask("tag.add", on(&id, json!({ "tag": "proof", "message_id": message_id }))).await;
    alice.ask("tag.remove", on(&id, json!({ "tag": "never there" }))).await;
    let gone = alice.ask("tag.remove", on(&id, json!({ "tag": "to call back" }))).await;
    assert_eq!(gone["tags"], json!([]));
    let third = device.told("tag.changed").await;
    assert_eq!((&third["removed"], revision(&third)), (&json!(["to call back"]), revision(&second) + 1));

    let desk = desk.restart().await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let history = sam.ask("interaction.history", on(&id, json!({}))).await;
    assert_eq!(history["messages"][0]["tags"], json!(["proof"]));
    let cursor = first["cursor"].clone();
    let mut back = Client::connect(&desk, "alice").await;
    back.ask("session.start", json!({ "cursor": cursor })).await;
    let resumed = back.told("tag.changed").await;
    assert_eq!((&resumed["added"], &resumed["message"]["tags"]), (&json!(["proof"]), &json!(["proof"])));
}

#[tokio::test]
async fn tags_in_use_are_found_by_their_beginning_those_used_most_first() {
    let desk = TestDesk::start().await;
    let (mut alice, id, message_id) = started(&desk).await;
    for (tag, on_message) in
        [("Échange", false), ("échantillon", false), ("échantillon", true), ("retour", false)]
    {
        let mut params = json!({ "tag": tag });
        if on_message {
            params["message_id"] = message_id.as_str().into();
        }
        alice.ask("tag.add", on(&id, params)).await;
    }
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    let list = async |client: &mut Client, params: Value| -> Vec<(String, i64)> {
        let listed = client.ask("tag.list", params).await;
        let tags = listed["tags"].as_array().expect("tags");
        tags.iter()
            .map(|tag| {
                (tag["tag"].as_str().unwrap_or_default().to_owned(), tag["uses"].as_i64().unwrap_or(0))
            })
            .collect()
    };
    let known = |tags: &[(&str, i64)]| -> Vec<(String, i64)> {
        tags.iter().map(|(tag, uses)| ((*tag).to_owned(), *uses)).collect()
    };
    assert_eq!(
        list(&mut bruno, json!({ "search": "ECHA" })).await,
        known(&[("échantillon", 2), ("Échange", 1)])
    );
    assert_eq!(list(&mut bruno, json!({ "limit": 1 })).await, known(&[("échantillon", 2)]));
    assert_eq!(bruno.refused("tag.list", json!({ "limit": 201 })).await, "invalid");
    // An outcome's tags count too; what nothing bears any more is forgotten.
    let outcome = json!({ "status": "open", "tags": ["échantillon", "new one"] });
    alice.ask("interaction.set_outcome", on(&id, outcome)).await;
    let now = known(&[("échantillon", 2), ("new one", 1)]);
    assert_eq!(list(&mut bruno, json!({})).await, now);
    let desk = desk.restart().await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    assert_eq!(list(&mut bruno, json!({})).await, now);
}

#[tokio::test]
async fn who_may_tag_and_how_much() {
    let desk = TestDesk::start().await;
    let (mut alice, id, message_id) = started(&desk).await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    for method in ["tag.add", "tag.remove"] {
        assert_eq!(bruno.refused(method, on(&id, json!({ "tag": "x" }))).await, "not_assigned");
        assert_eq!(ada.refused(method, on(&id, json!({ "tag": "x" }))).await, "not_permitted");
        assert_eq!(alice.refused(method, on("i999999", json!({ "tag": "x" }))).await, "not_found");
        assert_eq!(
            alice.refused(method, on(&id, json!({ "tag": "x", "message_id": "m999999" }))).await,
            "not_found"
        );
        assert_eq!(alice.refused(method, on(&id, json!({ "tag": " \t" }))).await, "invalid");
    }
    sam.ask("tag.add", on(&id, json!({ "tag": "escalation" }))).await;
    assert_eq!(alice.refused("tag.add", on(&id, json!({ "tag": "x".repeat(51) }))).await, "too_large");
    for at in 0..50 {
        alice.ask("tag.add", on(&id, json!({ "tag": format!("tag {at}"), "message_id": message_id }))).await;
    }
    let one_more = json!({ "tag": "one more", "message_id": message_id });
    assert_eq!(alice.refused("tag.add", on(&id, one_more)).await, "too_large");

    alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
    alice.ask("interaction.close", on(&id, json!({}))).await;
    assert_eq!(alice.refused("tag.add", on(&id, json!({ "tag": "late" }))).await, "wrong_status");
}

#[tokio::test]
async fn the_contact_reacts_edits_and_takes_back() {
    let desk = TestDesk::start().await;
    let (mut alice, id, message_id) = started(&desk).await;
    alice.ask("message.send", on(&id, json!({ "text": "Good morning", "reply_to": message_id }))).await;
    desk.until("it is sent", async || desk.provider.texts().len() == 1).await;
    assert_eq!(desk.provider.sent()[0]["context"]["message_id"], "wamid.1", "an answer to that message");
    let says = async |mut message: Value| {
        message["from"] = "33600000001".into();
        message["timestamp"] = desk.seconds().to_string().into();
        let contacts = json!([{ "profile": { "name": "Customer" }, "wa_id": "33600000001" }]);
        assert_eq!(
            desk.deliver(delivery(&json!({ "contacts": contacts, "messages": [message] }))).await,
            200
        );
    };
    says(json!({ "id": "wamid.R1", "type": "reaction", "reaction": { "message_id": "wamid.OUT1", "emoji": "👍" } })).await;
    let reacted = alice.told("message.reaction").await;
    assert_eq!(
        (&reacted["reactions"][0]["emoji"], &reacted["reactions"][0]["author"]["type"]),
        (&"👍".into(), &"contact".into())
    );
    says(json!({ "id": "wamid.R2", "type": "reaction", "reaction": { "message_id": "wamid.OUT1" } })).await;
    assert_eq!(alice.told("message.reaction").await["reactions"], json!([]));

    let mut quoting = text("33600000001", "wamid.2", "and also", desk.seconds());
    quoting["context"] = json!({ "from": "33184800000", "id": "wamid.OUT1" });
    says(quoting).await;
    let added = alice.event("the quoting one", |event| event["message"]["text"] == "and also").await;
    assert!(added["message"]["reply_to"].is_string());

    let edit = json!({ "original_message_id": "wamid.2", "message": { "type": "text", "text": { "body": "and besides" } } });
    says(json!({ "id": "wamid.E1", "type": "edit", "edit": edit })).await;
    let edited = alice.event("the edit", |event| event["message"]["edited"] == true).await;
    assert_eq!(edited["message"]["text"], "and besides");
    says(json!({ "id": "wamid.D1", "type": "revoke", "revoke": { "original_message_id": "wamid.2" } })).await;
    let deleted = alice.event("the deletion", |event| event["message"]["deleted"] == true).await;
    assert_eq!(deleted["message"]["text"], "");

    // The agent's own emoji, set and removed.
    let react = async |client: &mut Client, emoji: &str| -> Value {
        let params = on(&id, json!({ "message_id": message_id, "emoji": emoji }));
        client.ask("message.react", params).await["message"]["reactions"].clone()
    };
    assert_eq!(react(&mut alice, "❤️").await[0]["emoji"], "❤️");
    assert_eq!(react(&mut alice, "").await, json!([]));
}
