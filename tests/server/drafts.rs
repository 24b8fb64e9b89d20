//! Drafts: kept per interaction and agent, across devices and restarts, gone after the send (SPEC §5.2).

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::{Client, on};
use crate::desk::{TestDesk, token_of};

async fn upload(desk: &TestDesk, login: &str) -> String {
    let part = Part::bytes(b"\x89PNG\r\n\x1a\n0000".to_vec())
        .file_name("a.png")
        .mime_str("image/png")
        .expect("a type");
    let post = desk
        .http
        .post(desk.url("/media"))
        .bearer_auth(token_of(login))
        .multipart(Form::new().part("file", part));
    let answer: Value = post.send().await.expect("an answer").json().await.expect("JSON");
    answer["media_id"].as_str().expect("an id").to_owned()
}

async fn draft(client: &mut Client, id: &str) -> Value {
    client.ask("interaction.get", on(id, json!({}))).await["interaction"]["draft"].clone()
}

#[tokio::test]
async fn a_draft_is_on_every_other_device_at_once() {
    let desk = TestDesk::start().await;
    let mut here = Client::available(&desk, "alice").await;
    let (mut there, _) = Client::start(&desk, "alice").await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = here.accept_next().await;
    let history = here.ask("interaction.history", on(&id, json!({}))).await;
    let quoted = history["messages"][0]["message_id"].clone();
    let media_id = upload(&desk, "alice").await;

    let written = json!({ "text": "Good mor", "media": [media_id], "reply_to": quoted });
    here.ask("draft.save", on(&id, written)).await;
    let told = there.told("draft.changed").await;
    let shown = &told["draft"];
    assert_eq!(
        (&shown["mode"], &shown["text"], &shown["reply_to"]),
        (&"reply".into(), &"Good mor".into(), &quoted)
    );
    assert_eq!(shown["media"], json!([media_id]));
    assert_eq!(draft(&mut there, &id).await, *shown);
    // Nobody else's business, and no echo for who typed it.
    assert_eq!(draft(&mut sam, &id).await, Value::Null);
    here.ask("inbox.list", json!({})).await;
    assert!(!here.events.iter().any(|event| event["type"] == "draft.changed"));
    assert!(!sam.events.iter().any(|event| event["type"] == "draft.changed"));

    let desk = desk.restart().await;
    let (mut here, started) = Client::start(&desk, "alice").await;
    assert_eq!(started["snapshot"]["interactions"][0]["draft"], *shown);
    let (mut there, _) = Client::start(&desk, "alice").await;
    here.ask("message.send", on(&id, json!({ "text": "Good morning" }))).await;
    assert_eq!(there.told("draft.changed").await["draft"], Value::Null);
    assert_eq!(draft(&mut here, &id).await, Value::Null);
}

#[tokio::test]
async fn a_note_may_be_a_draft_too() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let note = json!({ "mode": "note", "text": "Ask the ware" });
    alice.ask("draft.save", on(&id, note.clone())).await;
    alice.ask("message.send", on(&id, json!({ "text": "One moment" }))).await;
    assert_eq!(draft(&mut alice, &id).await["text"], "Ask the ware", "sending a reply takes no note away");
    alice.ask("note.add", on(&id, json!({ "text": "Ask the warehouse" }))).await;
    assert_eq!(draft(&mut alice, &id).await, Value::Null);

    // Who may write a note may begin one; a reply is its agent's.
    sam.ask("draft.save", on(&id, note.clone())).await;
    assert_eq!(draft(&mut sam, &id).await["mode"], "note");
    assert_eq!(sam.refused("draft.save", on(&id, json!({ "text": "Hello" }))).await, "not_assigned");
    assert_eq!(bruno.refused("draft.save", on(&id, note)).await, "not_found");
    assert_eq!(bruno.refused("draft.save", on(&id, json!({ "text": "Hello" }))).await, "not_assigned");
}

#[tokio::test]
async fn an_emptied_draft_is_gone_and_a_draft_has_bounds() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    alice.ask("draft.save", on(&id, json!({ "text": "Good" }))).await;
    alice.ask("draft.save", on(&id, json!({ "text": "" }))).await;
    assert_eq!(draft(&mut alice, &id).await, Value::Null);
    let many: Vec<String> = (0..11).map(|at| format!("file-{at}")).collect();
    for (params, kind) in [
        (json!({ "text": "x".repeat(20_001) }), "too_large"),
        (json!({ "text": "", "media": many }), "too_large"),
        (json!({ "text": "x", "reply_to": "m999999" }), "not_found"),
        (json!({ "text": "x", "mode": "email" }), "invalid"),
    ] {
        assert_eq!(alice.refused("draft.save", on(&id, params)).await, kind);
    }
    // With the interaction, its drafts end.
    alice.ask("draft.save", on(&id, json!({ "text": "Good" }))).await;
    alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
    alice.ask("interaction.close", on(&id, json!({}))).await;
    assert_eq!(draft(&mut alice, &id).await, Value::Null);
}
