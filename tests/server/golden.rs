//! Frames as they are: each kind of event and answer once, checked against the protocol document and kept as a picture.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::provider::status;

/// What differs from run to run: times, cursors, versions.
fn still(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if name == "cursor" && field.is_string() {
                    *field = "CURSOR".into();
                }
                still(field);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(still),
        Value::String(text) => {
            if text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T' {
                *text = "TIME".into();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A validator of one named type, or of a method's result.
fn validator(document: &Value, schema: Value) -> jsonschema::Validator {
    let mut schema = schema;
    schema["components"] = document["components"].clone();
    jsonschema::validator_for(&schema).expect("a schema")
}

fn check(validator: &jsonschema::Validator, what: &str, value: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what} is not as the document says\n{}\n{value:#}", errors.join("\n"));
}

/// Asks, checks the answer against its schema, and keeps it.
struct Recorder {
    document: Value,
    answers: BTreeMap<String, Value>,
}

impl Recorder {
    async fn ask(&mut self, client: &mut Client, method: &str, params: Value) -> Value {
        let result = client.ask(method, params).await;
        let methods = self.document["methods"].as_array().expect("a list");
        let described = methods.iter().find(|it| it["name"] == method).expect("a method of the document");
        check(&validator(&self.document, described["result"]["schema"].clone()), method, &result);
        let mut kept = result.clone();
        still(&mut kept);
        self.answers.entry(method.to_owned()).or_insert(kept);
        result
    }
}

#[tokio::test]
async fn answers_and_events_are_as_the_document_says() {
    let desk = TestDesk::start().await;
    let mut recorder = Recorder { document: guichet::protocol::document(), answers: BTreeMap::new() };
    let r = &mut recorder;
    let mut ada = Client::connect(&desk, "ada").await;
    r.ask(&mut ada, "session.start", json!({})).await;
    r.ask(&mut ada, "admin.agents.list", json!({})).await;
    r.ask(&mut ada, "admin.skills.list", json!({})).await;
    r.ask(&mut ada, "admin.teams.save", json!({ "team": "front" })).await;
    r.ask(&mut ada, "admin.teams.list", json!({})).await;
    desk.desk.refresh_templates();

    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let offered = alice.told("interaction.offered").await;
    let id = offered["interaction_id"].clone();
    let on = |more: Value| {
        let mut params = more;
        params["interaction_id"] = id.clone();
        params
    };
    let mut events = vec![offered.clone()];
    r.ask(&mut alice, "interaction.accept", on(json!({}))).await;
    r.ask(&mut alice, "interaction.get", on(json!({}))).await;
    r.ask(&mut alice, "inbox.list", json!({})).await;
    r.ask(&mut alice, "message.mark_read", on(json!({}))).await;
    let sent = r.ask(&mut alice, "message.send", on(json!({ "text": "answer" }))).await;
    desk.until("it was sent", async || desk.provider.texts().len() == 1).await;
    assert_eq!(desk.deliver(status("wamid.OUT1", "delivered", desk.seconds())).await, 200);
    alice.event("delivered", |event| event["message"]["state"] == "delivered").await;
    r.ask(&mut alice, "interaction.history", on(json!({}))).await;
    let react = on(json!({ "message_id": "m2", "emoji": "👍" }));
    let target = json!({ "message_id": r.answers["interaction.history"]["messages"][0]["message_id"] });
    let mut params = react;
    params["message_id"] = target["message_id"].clone();
    r.ask(&mut alice, "message.react", params).await;
    r.ask(
        &mut alice,
        "note.add",
        on(json!({ "text": "only us", "message_id": sent["message"]["message_id"] })),
    )
    .await;
    r.ask(&mut alice, "tag.add", on(json!({ "tag": "a", "message_id": sent["message"]["message_id"] })))
        .await;
    r.ask(&mut alice, "tag.list", json!({})).await;
    let (mut device, _) = Client::start(&desk, "alice").await;
    r.ask(&mut device, "draft.save", on(json!({ "text": "half a th" }))).await;
    r.ask(&mut alice, "interaction.why", on(json!({}))).await;
    r.ask(&mut ada, "interaction.why", on(json!({}))).await;
    desk.until("templates are read", async || {
        let (mut other, _) = Client::start(&desk, "alice").await;
        other.ask("template.list", json!({ "channel_id": CHANNEL })).await["templates"] != json!([])
    })
    .await;
    r.ask(&mut alice, "template.list", json!({ "channel_id": CHANNEL })).await;
    r.ask(&mut alice, "quick_reply.list", json!({ "search": "x" })).await;
    let outcome =
        on(json!({ "status": "resolved", "disposition": "solved", "tags": ["a", "b"], "notes": "done" }));
    r.ask(&mut alice, "interaction.set_outcome", outcome).await;
    r.ask(&mut alice, "interaction.close", on(json!({}))).await;
    let template = json!({ "name": "hello", "language": "fr", "parameters": { "1": "Marie" } });
    let outbound = json!({ "address": "+33600000009", "channel_id": CHANNEL, "skill_id": "support", "template": template });
    r.ask(&mut alice, "outbound.start", outbound).await;
    r.ask(&mut alice, "agent.set_state", json!({ "state": "unavailable", "reason": "break" })).await;
    alice.ask("inbox.list", json!({})).await;
    events.extend(alice.events.drain(..));

    keep(&recorder, events);
}

/// Events whose number depends on how fast things go: checked, not kept.
const LIVELY: [&str; 3] = ["queue.changed", "agent.changed", "message.changed"];

fn keep(recorder: &Recorder, events: Vec<Value>) {
    let event = validator(&recorder.document, json!({ "$ref": "#/components/schemas/Event" }));
    let mut kinds: BTreeMap<String, Value> = BTreeMap::new();
    for mut told in events {
        check(&event, "an event", &told);
        still(&mut told);
        kinds.entry(told["type"].as_str().expect("a type").to_owned()).or_insert(told);
    }
    kinds.retain(|kind, _| !LIVELY.contains(&kind.as_str()));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        for (method, answer) in &recorder.answers {
            insta::assert_snapshot!(format!("answer_{method}"), format!("{answer:#}"));
        }
        for (kind, told) in &kinds {
            insta::assert_snapshot!(format!("event_{kind}"), format!("{told:#}"));
        }
    });
}
