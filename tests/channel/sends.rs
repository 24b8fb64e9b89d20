//! What each message becomes on the wire, and what a good answer gives back.

use bytes::Bytes;
use guichet::domain::{
    AliasKind, Choice, HeaderFormat, Media, MediaState, MessageId, MessageKind, ParameterFormat, Template,
    TemplateButton, TemplateValues, Time,
};
use guichet::engine::{Outgoing, OutgoingBody, SendResult};
use guichet::port::Content;
use serde_json::{Value, json};

use crate::connector;
use crate::stand_in::{Says, StandIn, says};

pub(crate) fn text(text: &str) -> Outgoing {
    Outgoing {
        message_id: MessageId(12),
        attempt: 3,
        channel_id: "wa".parse().unwrap(),
        to: vec![(AliasKind::WaId, "16505551234".into()), (AliasKind::UserId, "US.1".into())],
        body: OutgoingBody::Text(text.into()),
        reply_to: None,
        subject: None,
        window_ends_at: None,
    }
}

pub(crate) fn accepted() -> Says {
    says(
        200,
        r#"{"messaging_product":"whatsapp","contacts":[{"input":"+16505551234","wa_id":"16505551234"}],"messages":[{"id":"wamid.X"}]}"#,
    )
}

fn media(mime: &str) -> Media {
    Media {
        media_id: "f".parse().unwrap(),
        message_id: None,
        agent_id: None,
        mime: mime.into(),
        filename: Some("été.pdf".into()),
        caption: Some("look".into()),
        size: None,
        voice: true,
        state: MediaState::Stored,
        channel_id: None,
        provider_media_id: None,
        attempts: 0,
        retry_at: None,
        created_at: Time(0),
    }
}

fn content(mime: &str) -> Content {
    Content { bytes: Bytes::from_static(b"the bytes"), mime: mime.into(), filename: "été.pdf".into() }
}

#[tokio::test]
async fn choices_are_buttons_and_more_than_three_a_list() {
    let meta = StandIn::start().await;
    let choices = |n: usize| -> Vec<Choice> {
        (1..=n).map(|n| Choice { id: format!("id{n}"), title: format!("Title {n}") }).collect()
    };
    let mut sent = Vec::new();
    for n in [3, 4] {
        meta.will(accepted());
        let body = OutgoingBody::Choices { text: "Which?".into(), choices: choices(n) };
        let result = connector(&meta.url).send(&Outgoing { body, ..text("") }, None).await;
        assert!(matches!(result, SendResult::Accepted { .. }), "{result:?}");
        let asked = meta.asked().pop().unwrap().json();
        assert_eq!(
            (&asked["type"], &asked["interactive"]["body"]["text"]),
            (&json!("interactive"), &json!("Which?"))
        );
        sent.push(asked["interactive"].clone());
    }
    assert_eq!(sent[0]["type"], "button");
    assert_eq!(
        sent[0]["action"]["buttons"][2],
        json!({ "type": "reply", "reply": { "id": "id3", "title": "Title 3" } })
    );
    assert_eq!(sent[1]["type"], "list");
    assert_eq!(sent[1]["action"]["sections"][0]["rows"][3], json!({ "id": "id4", "title": "Title 4" }));
    assert!(
        sent[1]["action"]["button"].as_str().is_some_and(|word| (1..=20).contains(&word.chars().count()))
    );
}

#[tokio::test]
async fn a_text() {
    let meta = StandIn::start().await;
    meta.will(accepted());
    let result = connector(&meta.url).send(&text("Bonjour 😀"), None).await;
    let aliases = vec![(AliasKind::WaId, "16505551234".into())];
    assert_eq!(result, SendResult::Accepted { provider_id: "wamid.X".into(), aliases });
    let asked = meta.asked().pop().unwrap();
    assert_eq!(asked.line, "POST /v23.0/106540352242922/messages");
    assert_eq!(asked.authorization, "Bearer a-token");
    assert_eq!(asked.content_type, "application/json");
    assert_eq!(
        asked.json(),
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505551234", "type": "text",
            "text": { "body": "Bonjour 😀" }, "biz_opaque_callback_data": "m12.3",
        })
    );
}

#[tokio::test]
async fn to_whom() {
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    let alias = |kind, value: &str| (kind, value.to_owned());
    for (to, field, value) in [
        (vec![alias(AliasKind::UserId, "US.1"), alias(AliasKind::WaId, "336")], "to", "+336"),
        (vec![alias(AliasKind::Phone, "+336")], "to", "+336"),
        (vec![alias(AliasKind::Username, "ann"), alias(AliasKind::UserId, "US.1")], "recipient", "US.1"),
        (vec![alias(AliasKind::ParentUserId, "US.ENT.1")], "recipient", "US.ENT.1"),
    ] {
        meta.will(says(200, r#"{"contacts":[{"input":"US.1","user_id":"US.1"}],"messages":[{"id":"w"}]}"#));
        let result = whatsapp.send(&Outgoing { to, ..text("x") }, None).await;
        let aliases = vec![(AliasKind::UserId, "US.1".into())];
        assert_eq!(result, SendResult::Accepted { provider_id: "w".into(), aliases });
        assert_eq!(meta.asked()[0].json()[field], value);
    }
    let nobody = Outgoing { to: vec![alias(AliasKind::Username, "ann")], ..text("x") };
    assert!(
        matches!(whatsapp.send(&nobody, None).await, SendResult::Failed { error } if error.reason == "address_needed")
    );
    assert!(meta.asked().is_empty());
}

#[tokio::test]
async fn a_reply_names_its_message() {
    let meta = StandIn::start().await;
    meta.will(accepted());
    let reply = Outgoing { reply_to: Some("wamid.0".into()), ..text("x") };
    connector(&meta.url).send(&reply, None).await;
    assert_eq!(meta.asked()[0].json()["context"], json!({ "message_id": "wamid.0" }));
}

#[tokio::test]
async fn files_are_uploaded_and_then_named() {
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    for (kind, mime, word, part) in [
        (MessageKind::Image, "image/jpeg", "image", json!({ "id": "77", "caption": "look" })),
        (
            MessageKind::Image,
            "image/gif",
            "document",
            json!({ "id": "77", "caption": "look", "filename": "été.pdf" }),
        ),
        (MessageKind::Audio, "audio/ogg; codecs=opus", "audio", json!({ "id": "77", "voice": true })),
        (MessageKind::Audio, "audio/mpeg", "audio", json!({ "id": "77" })),
        (MessageKind::Video, "video/mp4", "video", json!({ "id": "77", "caption": "look" })),
        (MessageKind::Sticker, "image/webp", "sticker", json!({ "id": "77" })),
    ] {
        meta.will(says(200, r#"{"id":"77"}"#)).will(accepted());
        let outgoing = Outgoing { body: OutgoingBody::Media { kind, media: media(mime) }, ..text("") };
        let result = whatsapp.send(&outgoing, Some(content(mime))).await;
        assert!(matches!(result, SendResult::Accepted { .. }), "{result:?}");
        let asked = meta.asked();
        assert_eq!(asked[0].line, "POST /v23.0/106540352242922/media");
        let form = String::from_utf8_lossy(&asked[0].body).into_owned();
        let bare = mime.split(';').next().unwrap();
        for part in [
            "name=\"messaging_product\"\r\n\r\nwhatsapp",
            &format!("name=\"type\"\r\n\r\n{bare}"),
            "the bytes",
        ] {
            assert!(form.contains(part), "{part}\n{form}");
        }
        assert_eq!(asked[1].json()["type"], word);
        assert_eq!(asked[1].json()[word], part, "{mime}");
    }
}

#[tokio::test]
async fn a_failed_upload_has_sent_nothing() {
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    let image = OutgoingBody::Media { kind: MessageKind::Image, media: media("image/png") };
    let outgoing = Outgoing { body: image, ..text("") };
    let stated = |code: i64| format!(r#"{{"error":{{"message":"x","code":{code}}}}}"#);
    for (answer, expected) in [
        (says(500, "oops"), "retry"),
        (says(200, "oops"), "retry"),
        (says(400, stated(131_000)), "retry"),
        (says(400, stated(100)), "failed media_upload_failed"),
        (says(400, stated(131_053)), "failed media_upload_failed"),
        (says(401, stated(190)), "channel_down"),
    ] {
        meta.will(answer.clone());
        let told = match whatsapp.send(&outgoing, Some(content("image/png"))).await {
            SendResult::Retry { .. } => "retry".to_owned(),
            SendResult::Failed { error } => format!("failed {}", error.reason),
            SendResult::ChannelDown { .. } => "channel_down".to_owned(),
            SendResult::Accepted { .. } => "accepted".to_owned(),
            SendResult::Unknown { .. } => "unknown".to_owned(),
        };
        assert_eq!(told, expected, "{answer:?}");
        assert_eq!(meta.asked().len(), 1, "no message followed");
    }
    let result = whatsapp.send(&outgoing, None).await;
    assert!(matches!(result, SendResult::Failed { error } if error.reason == "media_missing"));
    let huge = Content { bytes: vec![0; 100_000_001].into(), ..content("image/png") };
    let result = whatsapp.send(&outgoing, Some(huge)).await;
    assert!(matches!(result, SendResult::Failed { error } if error.reason == "media_too_large"));
    assert!(meta.asked().is_empty());
}

fn template(
    format: ParameterFormat,
    header_format: Option<HeaderFormat>,
    header: Option<&str>,
    body: &str,
) -> Template {
    let button = |kind: &str, url: Option<&str>| TemplateButton {
        kind: kind.into(),
        text: "b".into(),
        url: url.map(str::to_owned),
    };
    Template {
        channel_id: "wa".parse().unwrap(),
        name: "order".into(),
        language: "fr".into(),
        category: "utility".into(),
        status: "approved".into(),
        parameter_format: format,
        header_format,
        header: header.map(str::to_owned),
        body: body.into(),
        footer: None,
        buttons: vec![
            button("phone_number", None),
            button("url", Some("https://x.example/{{1}}")),
            button("quick_reply", None),
            button("copy_code", None),
        ],
    }
}

fn values(parameters: &[(&str, &str)], header: Option<&str>, buttons: &[(&str, &str)]) -> TemplateValues {
    let map =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    TemplateValues {
        name: "order".into(),
        language: "fr".into(),
        parameters: map(parameters),
        header_text: header.map(str::to_owned),
        header_media: None,
        buttons: map(buttons),
    }
}

#[tokio::test]
async fn templates_are_filled_in_metas_words() {
    use ParameterFormat::{Named, Positional};
    let body = |parameters: Value| json!({ "type": "body", "parameters": parameters });
    let button = |kind: &str, index: &str, parameter: Value| json!({ "type": "button", "sub_type": kind, "index": index, "parameters": [parameter] });
    let cases = [
        (template(Positional, None, None, "plain"), values(&[], None, &[]), Value::Null),
        (
            // By number, not by the order of the text.
            template(Positional, None, None, "{{2}} for {{1}}, {{2}}"),
            values(&[("1", "Marie"), ("2", "A7")], None, &[]),
            json!([body(json!([{ "type": "text", "text": "Marie" }, { "type": "text", "text": "A7" }]))]),
        ),
        (
            template(Named, Some(HeaderFormat::Text), Some("Order {{ number }}"), "Hello {{first_name}}"),
            values(&[("first_name", "Marie")], Some("A7"), &[]),
            json!([
                { "type": "header", "parameters": [{ "type": "text", "parameter_name": "number", "text": "A7" }] },
                body(json!([{ "type": "text", "parameter_name": "first_name", "text": "Marie" }])),
            ]),
        ),
        (
            template(Positional, Some(HeaderFormat::Text), Some("No parameter"), "plain"),
            values(&[], None, &[("1", "42"), ("2", "YES"), ("3", "SAVE10")]),
            json!([
                button("url", "1", json!({ "type": "text", "text": "42" })),
                button("quick_reply", "2", json!({ "type": "payload", "payload": "YES" })),
                button("copy_code", "3", json!({ "type": "coupon_code", "coupon_code": "SAVE10" })),
            ]),
        ),
    ];
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    for (template, values, components) in cases {
        meta.will(accepted());
        let body = OutgoingBody::Template { values, template, header: None };
        whatsapp.send(&Outgoing { body, ..text("") }, None).await;
        let asked = meta.asked()[0].json();
        assert_eq!(asked["type"], "template");
        assert_eq!(asked["template"]["name"], "order");
        assert_eq!(asked["template"]["language"], json!({ "code": "fr" }));
        assert_eq!(asked["template"]["components"], components);
    }
}

#[tokio::test]
async fn a_templates_header_may_be_a_file() {
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    for (format, parameter) in [
        (HeaderFormat::Image, json!({ "type": "image", "image": { "id": "77" } })),
        (HeaderFormat::Video, json!({ "type": "video", "video": { "id": "77" } })),
        (
            HeaderFormat::Document,
            json!({ "type": "document", "document": { "id": "77", "filename": "été.pdf" } }),
        ),
    ] {
        let body = OutgoingBody::Template {
            values: values(&[], None, &[]),
            template: template(ParameterFormat::Positional, Some(format), None, "plain"),
            header: Some(media("image/png")),
        };
        let outgoing = Outgoing { body, ..text("") };
        let result = whatsapp.send(&outgoing, None).await;
        assert!(matches!(result, SendResult::Failed { error } if error.reason == "media_missing"));
        meta.will(says(200, r#"{"id":"77"}"#)).will(accepted());
        whatsapp.send(&outgoing, Some(content("image/png"))).await;
        let asked = meta.asked();
        let header = json!([{ "type": "header", "parameters": [parameter] }]);
        assert_eq!(asked[1].json()["template"]["components"], header);
    }
}

#[tokio::test]
async fn signs() {
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    let done = || says(200, r#"{"success":true}"#);
    meta.will(done())
        .will(done())
        .will(accepted())
        .will(says(400, r#"{"error":{"code":100,"message":"no"}}"#));
    let to = [(AliasKind::WaId, "336".to_owned())];
    whatsapp.mark_read("wamid.1", false).await.unwrap();
    whatsapp.mark_read("wamid.1", true).await.unwrap();
    whatsapp.react(&to, "wamid.1", "").await.unwrap();
    let refused = whatsapp.react(&to, "wamid.1", "👍").await.unwrap_err();
    assert!(!refused.again);
    assert_eq!(refused.to_string(), "bad_request (HTTP 400, code 100)");
    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1" });
    let mut typing = read.clone();
    typing["typing_indicator"] = json!({ "type": "text" });
    let reaction = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+336", "type": "reaction",
        "reaction": { "message_id": "wamid.1", "emoji": "" },
    });
    let asked: Vec<Value> = meta.asked().iter().map(crate::stand_in::Asked::json).collect();
    assert_eq!(asked[..3], [read, typing, reaction]);
}
