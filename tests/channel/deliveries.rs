//! Deliveries of every type, and broken ones: what each says, by snapshot.

use std::fmt::Write as _;

use guichet::engine::ChannelInput;
use guichet::port::Rejected;
use serde_json::{Value, json};

use crate::shown::shown;
use crate::{PHONE, connector, sign, signed};

/// The body of a case: whole, or what stands at one level of an ordinary delivery.
fn body(case: &Value) -> String {
    if let Some(body) = case["body"].as_str() {
        return body.to_owned();
    }
    if case["delivery"].is_object() {
        return escaped(&case["delivery"].to_string());
    }
    let field = case["field"].as_str().unwrap_or("messages");
    let mut value = case["value"].clone();
    if case["messages"].is_array() {
        let contact = json!({ "profile": { "name": "Pablo M." }, "wa_id": "16505551234" });
        value = json!({ "contacts": [contact], "messages": case["messages"] });
    }
    if matches!(field, "messages" | "smb_message_echoes") {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({ "display_phone_number": "15550783881", "phone_number_id": PHONE });
    }
    let entry = json!({ "id": "102290129340398", "changes": [{ "field": field, "value": value }] });
    escaped(&json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string())
}

/// As Meta writes JSON: everything beyond ASCII as `\uXXXX`.
fn escaped(json: &str) -> String {
    let mut escaped = String::new();
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => escaped.push(char::from(byte)),
            _ => write!(escaped, "\\u{unit:04x}").unwrap(),
        }
    }
    escaped
}

fn check(name: &str, cases: &str) {
    let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
    let mut told = String::new();
    for case in cases {
        let found = connector("http://127.0.0.1:9").receive(&signed(body(&case).into_bytes())).unwrap();
        writeln!(told, "# {}", case["name"].as_str().unwrap()).unwrap();
        for input in found {
            writeln!(told, "{:#}", shown(&input)).unwrap();
        }
        told.push('\n');
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, told);
    });
}

#[test]
fn messages_of_every_type() {
    check("messages", include_str!("deliveries/messages.json"));
}

#[test]
fn people_by_every_name() {
    check("people", include_str!("deliveries/people.json"));
}

#[test]
fn statuses() {
    check("statuses", include_str!("deliveries/statuses.json"));
}

#[test]
fn news_of_the_account() {
    check("account", include_str!("deliveries/account.json"));
}

#[test]
fn broken_deliveries() {
    check("broken", include_str!("deliveries/broken.json"));
}

fn text(id: &str, body: &str) -> Value {
    json!({ "from": "16505551234", "id": id, "timestamp": "1749416383", "type": "text", "text": { "body": body } })
}

#[test]
fn nothing_unsigned_is_read() {
    let whatsapp = connector("http://127.0.0.1:9");
    let mut request = signed(body(&json!({ "messages": [text("a", "été")] })).into_bytes());
    assert_eq!(whatsapp.receive(&request).unwrap().len(), 1);
    for headers in [
        vec![],
        vec![("x-hub-signature-256".into(), String::new())],
        vec![("x-hub-signature-256".into(), "sha256=00".into())],
        vec![("x-hub-signature-256".into(), sign(b"other"))],
        vec![("x-hub-signature".into(), sign(&request.body))],
    ] {
        request.headers = headers;
        assert_eq!(whatsapp.receive(&request), Err(Rejected::Unsigned));
    }
}

#[test]
fn media_ids_are_random() {
    let image =
        json!({ "from": "1", "id": "a", "type": "image", "image": { "id": "7", "mime_type": "image/png" } });
    let request = signed(body(&json!({ "messages": [image] })).into_bytes());
    let whatsapp = connector("http://127.0.0.1:9");
    let id = || match whatsapp.receive(&request).unwrap().pop() {
        Some(ChannelInput::Message(message)) => message.media[0].media_id.clone(),
        other => panic!("{other:?}"),
    };
    assert_ne!(id(), id());
    assert_eq!(id().as_str().len(), 32);
}
