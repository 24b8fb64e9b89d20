//! Fetching contacts' files: two steps, the token's way, sizes, sums, and addresses that are gone.

use serde_json::json;

use crate::connector;
use crate::stand_in::{Says, StandIn, says};

const MAX: u64 = 1_000;

fn place(url: &str, extra: &serde_json::Value) -> Says {
    let mut body =
        json!({ "messaging_product": "whatsapp", "url": url, "mime_type": "image/jpeg", "id": "55" });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    says(200, body.to_string())
}

#[tokio::test]
async fn a_file_is_fetched_in_two_steps() {
    let meta = StandIn::start().await;
    let url = format!("{}/files/55?token=t", meta.url);
    // SHA-256 of "bytes", as Meta writes it in two ways.
    let hex = "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9";
    let base64 = "J3CJ2RwL308uaGK6fkoHYFEZQx9dE/cm3TUrBvGyBqk=";
    for extra in
        [json!({}), json!({ "sha256": hex, "file_size": "5" }), json!({ "sha256": base64, "file_size": 5 })]
    {
        meta.will(place(&url, &extra)).will(says(200, "bytes"));
        let file = connector(&meta.url).fetch("55", MAX).await.unwrap();
        assert_eq!((&file.bytes[..], file.mime.as_str()), (&b"bytes"[..], "image/jpeg"));
        let asked = meta.asked();
        assert_eq!(asked[0].line, "GET /v23.0/55?phone_number_id=106540352242922");
        assert_eq!(asked[1].line, "GET /v23.0/files/55?token=t");
        assert!(asked.iter().all(|asked| asked.authorization == "Bearer a-token"));
    }
}

#[tokio::test]
async fn a_dead_address_is_asked_for_again_once() {
    let meta = StandIn::start().await;
    let url = format!("{}/files/55", meta.url);
    meta.will(place(&url, &json!({})))
        .will(says(404, ""))
        .will(place(&url, &json!({})))
        .will(says(200, "bytes"));
    assert_eq!(&connector(&meta.url).fetch("55", MAX).await.unwrap().bytes[..], b"bytes");
    for _ in 0..2 {
        meta.will(place(&url, &json!({}))).will(says(404, ""));
    }
    assert!(connector(&meta.url).fetch("55", MAX).await.unwrap_err().again);
}

#[tokio::test]
async fn what_can_not_be_fetched() {
    let meta = StandIn::start().await;
    let url = format!("{}/files/55", meta.url);
    let cases = [
        (vec![says(404, r#"{"error":{"code":100,"error_subcode":33,"message":"gone"}}"#)], false),
        (vec![says(401, r#"{"error":{"code":190,"message":"expired"}}"#)], true),
        (vec![says(500, "")], true),
        (vec![says(200, "<html>")], true),
        (vec![place(&url, &json!({ "file_size": "1001" }))], false),
        (vec![place(&url, &json!({})), says(200, vec![0; 1_001])], false),
        (vec![place(&url, &json!({})), says(500, "")], true),
        (vec![place(&url, &json!({ "sha256": "00" })), says(200, "bytes")], true),
    ];
    for (answers, again) in cases {
        let steps = answers.len();
        let shown = format!("{answers:?}");
        for answer in answers {
            meta.will(answer);
        }
        let error = connector(&meta.url).fetch("55", MAX).await.unwrap_err();
        assert_eq!(error.again, again, "{error} {shown}");
        assert_eq!(meta.asked().len(), steps);
    }
}

#[tokio::test]
async fn the_token_goes_nowhere_else() {
    let (meta, other) = (StandIn::start().await, StandIn::start().await);
    for url in [
        format!("{}/files/55", other.url),
        "http://lookaside.fbsbx.com/x".into(),
        "https://fbsbx.com.evil.example/x".into(),
        "https://evilfbsbx.com/x".into(),
        "file:///etc/passwd".into(),
        "nonsense".into(),
    ] {
        meta.will(place(&url, &json!({})));
        let error = connector(&meta.url).fetch("55", MAX).await.unwrap_err();
        assert!(error.to_string().contains("not at one of WhatsApp's addresses"), "{url} {error}");
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn an_id_can_not_change_the_address() {
    let meta = StandIn::start().await;
    meta.will(says(404, ""));
    connector(&meta.url).fetch("../../me?x=1#y", MAX).await.unwrap_err();
    let line = meta.asked()[0].line.clone();
    assert_eq!(line, "GET /v23.0/..%2F..%2Fme%3Fx=1%23y?phone_number_id=106540352242922");
}
