//! Limits on what comes in, settings that make no sense, and what never shows.

use std::fmt::Write as _;

use guichet::channel::WhatsApp;
use guichet::channel::whatsapp::Settings;
use guichet::config::Secret;
use guichet::engine::ChannelInput;
use guichet::port::{Handshake, WebhookRequest};
use serde_json::{Value, json};

use crate::{RECEIVED, connector, settings, signed};

fn delivery(messages: &str) -> Vec<u8> {
    format!(r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{messages}]}}}}]}}]}}"#).into_bytes()
}

fn receive(body: Vec<u8>) -> Vec<ChannelInput> {
    connector("http://127.0.0.1:9").receive(&signed(body)).unwrap()
}

fn text(id: &str, text: &str) -> String {
    json!({ "from": "1", "id": id, "timestamp": "1749416383", "type": "text", "text": { "body": text } })
        .to_string()
}

#[test]
fn a_thousand_updates_in_one_delivery() {
    let many: Vec<String> = (0..1_000).map(|number| text(&number.to_string(), "x")).collect();
    assert_eq!(receive(delivery(&many.join(","))).len(), 1_000);
}

#[test]
fn more_than_three_megabytes_are_kept_raw() {
    let large = delivery(&text("a", &"x".repeat(3 * 1024 * 1024)));
    let length = large.len();
    match receive(large).as_slice() {
        [ChannelInput::Raw(raw)] => {
            assert_eq!(raw.body.len(), length);
            assert!(raw.reason.contains("3 MB"));
        }
        other => panic!("{}", other.len()),
    }
}

#[test]
fn a_huge_message_is_cut_and_kept_raw_beside() {
    let huge = text("a", &"é".repeat(100_000));
    match receive(delivery(&format!("{huge},{}", text("b", "neighbour")))).as_slice() {
        [ChannelInput::Message(cut), ChannelInput::Raw(raw), ChannelInput::Message(neighbour)] => {
            assert_eq!(cut.text.len(), 64 * 1024);
            assert_eq!(raw.body, huge);
            assert_eq!(neighbour.text, "neighbour");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn long_names_and_ids_are_bounded() {
    let long = "x".repeat(10_000);
    let message = json!({ "from": "1", "from_user_id": long, "id": long, "type": "document",
        "document": { "id": "1", "filename": long, "mime_type": long }, "context": { "id": long } });
    match receive(delivery(&message.to_string())).as_slice() {
        [ChannelInput::Message(message)] => {
            assert_eq!(message.sender.aliases.len(), 1, "an alias that no index holds is no alias");
            let file = &message.media[0];
            let reply_to = message.reply_to.clone().unwrap();
            for text in [&message.provider_id, &reply_to, file.filename.as_ref().unwrap(), &file.mime] {
                assert!(text.len() <= 256);
            }
            assert_eq!(message.provider_id, reply_to, "the same long id stays the same id");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn deep_nesting_is_kept() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let unknown = format!(r#"{{"from":"1","id":"a","type":"deep","deep":{deep}}}"#);
    match receive(delivery(&format!("{unknown},{}", text("b", "neighbour")))).as_slice() {
        [ChannelInput::Message(first), ChannelInput::Raw(_), ChannelInput::Message(neighbour)] => {
            assert!(serde_json::from_str::<Value>(&first.data).unwrap()["raw"].is_string());
            assert_eq!(neighbour.text, "neighbour");
        }
        other => panic!("{}", other.len()),
    }
    assert!(matches!(receive(deep.into_bytes()).as_slice(), [ChannelInput::Raw(_)]));
}

#[test]
fn bytes_that_are_no_text() {
    let mut body = delivery(&text("a", "x?y"));
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xFF;
    match receive(body).as_slice() {
        [ChannelInput::Message(message)] => assert_eq!(message.text, "x\u{FFFD}y"),
        other => panic!("{other:?}"),
    }
    match receive(vec![0xFF, 0xFE, 0]).as_slice() {
        [ChannelInput::Raw(raw)] => assert_eq!(raw.body, "//4A", "base64"),
        other => panic!("{other:?}"),
    }
    match receive(b"\0".to_vec()).as_slice() {
        [ChannelInput::Raw(raw)] => assert_eq!(raw.body, "AA==", "no database has to hold U+0000"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn any_bytes_are_received() {
    proptest::proptest!(|(bytes: Vec<u8>)| {
        receive(bytes);
    });
    // Ordinary deliveries with one byte changed.
    let good = delivery(&format!("{},{}", text("a", "caf\u{e9} \u{1F600}"), text("b", "x")));
    proptest::proptest!(|(at in 0..good.len(), byte: u8)| {
        let mut spoiled = good.clone();
        spoiled[at] = byte;
        proptest::prop_assert!(!receive(spoiled).is_empty());
    });
}

#[test]
fn the_handshake() {
    let ask = |query: &str| {
        let request = WebhookRequest {
            query: query.into(),
            headers: Vec::new(),
            body: Vec::new().into(),
            received_at: RECEIVED,
        };
        connector("http://127.0.0.1:9").handshake(&request)
    };
    let good = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+word";
    assert_eq!(ask(good), Handshake::Answer("1158201444".into()));
    assert_eq!(ask(&good.replace("a+word", "another")), Handshake::Refused);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let spoil: [(&str, fn(&mut Settings)); 8] = [
        ("graph_url", |settings| settings.graph_url = "graph.facebook.com".into()),
        ("graph_url", |settings| settings.graph_url = "ftp://graph.facebook.com".into()),
        ("phone_number_id", |settings| settings.phone_number_id = "1/2".into()),
        ("business_account_id", |settings| settings.business_account_id = String::new()),
        ("access_token", |settings| settings.access_token = Secret::new("")),
        ("access_token", |settings| settings.access_token = Secret::new("a\nb")),
        ("app_secret", |settings| settings.app_secret = Secret::new("")),
        ("verify_token", |settings| settings.verify_token = Secret::new("")),
    ];
    for (key, spoil) in spoil {
        let mut settings = settings("http://127.0.0.1:9/");
        spoil(&mut settings);
        let error = WhatsApp::new(settings).map(drop).unwrap_err().to_string();
        assert!(error.starts_with(&format!("channel wa: {key} ")), "{error}");
    }
}

#[test]
fn secrets_do_not_show() {
    let mut shown = String::new();
    write!(shown, "{:?} {:?}", settings("http://127.0.0.1:9"), WhatsApp::new(settings("http://127.0.0.1:9")))
        .unwrap();
    for secret in ["a-token", "an app secret", "a word"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
