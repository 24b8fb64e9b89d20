//! What customers write, and the webhooks that tell it.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::stage::{PHONE, ZOE, stage, told};

#[tokio::test]
async fn a_text_is_told_in_the_shape_of_2026_signed_over_escaped_bytes() {
    let mut stage = stage().await;
    let message = json!({"text": "Où est ma commande ? ✓🧾", "name": "Zoé Martin"});
    let (status, answer) =
        stage.sim(Method::POST, &format!("customers/+{ZOE}/messages"), Some(message)).await;
    assert_eq!(status, 200);
    let raw = stage.raw_webhook().await;
    assert!(String::from_utf8_lossy(&raw).contains("O\\u00f9 est ma commande"));
    let body: serde_json::Value = serde_json::from_slice(&raw).unwrap();
    let value = &body["entry"][0]["changes"][0]["value"];
    let metadata = json!({"display_phone_number": "33155000000", "phone_number_id": PHONE});
    assert_eq!((&value["messaging_product"], &value["metadata"]), (&json!("whatsapp"), &metadata));
    let user_id = &value["contacts"][0]["user_id"];
    assert_eq!(
        value["contacts"],
        json!([{"profile": {"name": "Zoé Martin"}, "wa_id": ZOE, "user_id": user_id}])
    );
    assert_eq!(
        value["messages"],
        json!([{"from": ZOE, "from_user_id": user_id, "id": answer["id"], "timestamp": "1800000000", "type": "text",
            "text": {"body": "Où est ma commande ? ✓🧾"}}])
    );
}

#[tokio::test]
async fn an_image_can_be_fetched_by_its_id_and_by_its_url() {
    let mut stage = stage().await;
    let (_, value) =
        stage.write(json!({"image": {"data": "aGVsbG8=", "mime_type": "image/png", "caption": "là"}})).await;
    let image = &value["messages"][0]["image"];
    assert_eq!((&image["mime_type"], &image["caption"]), (&json!("image/png"), &json!("là")));
    assert_eq!(image["sha256"], "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    let (_, about) =
        told(stage.graph(Method::GET, image["id"].as_str().unwrap()).send().await.unwrap()).await;
    for url in [image["url"].as_str().unwrap(), about["url"].as_str().unwrap()] {
        let fetched = stage.http.get(url).bearer_auth("demo-token").send().await.unwrap();
        assert_eq!(fetched.bytes().await.unwrap(), "hello");
        assert_eq!(stage.http.get(url).send().await.unwrap().status(), 401);
    }
}

#[tokio::test]
async fn samples_serve_when_no_file_is_given_and_forms_when_there_is_one() {
    let mut stage = stage().await;
    for kind in ["image", "audio", "voice", "video", "document", "sticker"] {
        let (_, value) = stage.write(json!({kind: {}})).await;
        let message = &value["messages"][0];
        let part = &message[message["type"].as_str().unwrap()];
        assert!(part["id"].is_string() && part["sha256"].is_string(), "{message}");
        assert_eq!(
            part.get("voice"),
            (part["mime_type"] == "audio/ogg; codecs=opus").then_some(&json!(kind == "voice"))
        );
    }
    let file =
        Part::bytes(b"%PDF-1.4".as_slice()).file_name("facture.pdf").mime_str("application/pdf").unwrap();
    let form = Form::new().text("caption", "ma facture").part("file", file).text("wait", "true");
    let url = format!("{}/sim/customers/{ZOE}/messages", stage.base);
    let (status, answer) = told(stage.http.post(url).multipart(form).send().await.unwrap()).await;
    assert_eq!((status, &answer["webhook"]["status"]), (200, &json!(200)), "{answer}");
    let document = stage.webhook().await["messages"][0]["document"].clone();
    assert_eq!((&document["filename"], &document["caption"]), (&json!("facture.pdf"), &json!("ma facture")));
}

#[tokio::test]
async fn edits_deletions_and_reactions_change_what_they_are_about() {
    let mut stage = stage().await;
    let (first, _) = stage.write(json!({"text": "demian"})).await;
    let (second, _) = stage.write(json!({"text": "secret"})).await;
    stage.write(json!({"edit": {"original_message_id": first, "text": "demain"}})).await;
    stage.write(json!({"revoke": {"original_message_id": second}})).await;
    let (_, reaction) = stage.write(json!({"reaction": {"message_id": first, "emoji": "👍"}})).await;
    assert_eq!(reaction["messages"][0]["reaction"]["emoji"], "👍");
    let shown = stage.shown().await;
    assert_eq!(shown.len(), 2);
    assert_eq!((&shown[0]["text"], &shown[0]["edited"]), (&json!("demain"), &json!(true)));
    assert_eq!(shown[0]["reactions"]["customer"], "👍");
    assert_eq!((&shown[1]["text"], &shown[1]["revoked"]), (&json!(null), &json!(true)));
    assert_eq!((&shown[0]["state"], &shown[0]["direction"]), (&json!("delivered"), &json!("in")));
}

#[tokio::test]
async fn unsupported_and_unknown_types_pass() {
    let mut stage = stage().await;
    let (_, value) = stage.write(json!({"unsupported": {"type": "poll"}})).await;
    assert_eq!(value["messages"][0]["errors"][0]["code"], 131_051);
    assert_eq!(value["messages"][0]["unsupported"]["type"], "poll");
    let (_, value) = stage.write(json!({"type": "hologram", "hologram": {"depth": 3}})).await;
    assert_eq!(value["messages"][0]["hologram"]["depth"], 3);
    let (_, value) =
        stage.write(json!({"system": {"type": "user_changed_number", "wa_id": "33600000000"}})).await;
    assert!(value.get("contacts").is_none());
}

#[tokio::test]
async fn mistakes_are_told_and_nothing_is_posted() {
    let mut stage = stage().await;
    let cases = [
        (format!("customers/{ZOE}/messages"), json!({"txt": "a"})),
        (format!("customers/{ZOE}/messages"), json!({"text": "a", "to": "nowhere"})),
        (format!("customers/{ZOE}/messages"), json!({"text": "a", "name": "n".repeat(129)})),
        ("customers/abc/messages".to_owned(), json!({"text": "a"})),
        (format!("customers/{ZOE}"), json!({"colour": "red"})),
        (format!("customers/{ZOE}/played"), json!({})),
        ("clock".to_owned(), json!({"advance": "-1h"})),
        ("clock".to_owned(), json!({"advance": "soon"})),
        ("clock".to_owned(), json!({"retreat": "1h"})),
        ("faults".to_owned(), json!({"delay_ms": 120_001})),
        ("faults".to_owned(), json!({"drop": "sometimes"})),
    ];
    for (path, body) in cases {
        let (status, answer) = stage.sim(Method::POST, &path, Some(body.clone())).await;
        assert_eq!(status, 400, "{path} {body}");
        assert!(answer["error"].as_str().is_some_and(|told| !told.is_empty()), "{path} {body}");
    }
    stage.nothing_more();
}

#[tokio::test]
async fn the_clock_moves_and_tells() {
    let stage = stage().await;
    let (status, answer) = stage.sim(Method::POST, "clock", Some(json!({"advance": "1h30m"}))).await;
    assert_eq!((status, answer), (200, json!({"now": "2027-01-15T09:30:00.000Z"})));
}

#[tokio::test]
async fn the_page_is_whole_and_no_other_site_may_play() {
    let stage = stage().await;
    assert_eq!(stage.http.get(format!("{}/sim", stage.base)).send().await.unwrap().status(), 200);
    assert_eq!(stage.http.get(format!("{}/sim/none", stage.base)).send().await.unwrap().status(), 404);
    let page = stage.http.get(format!("{}/sim/", stage.base)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"));
    let html = page.text().await.unwrap();
    assert!(!html.contains(" style=") && !html.contains(" onclick=") && !html.contains("<style"));
    let linked: Vec<&str> = html.split('"').filter(|text| text.starts_with("/sim/page/")).collect();
    assert!(!linked.is_empty());
    for path in linked {
        let file = stage.http.get(format!("{}{path}", stage.base)).send().await.unwrap();
        assert_eq!(file.status(), 200, "{path}");
    }
    let foreign =
        stage.http.get(format!("{}/sim/customers", stage.base)).header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let own = stage.http.get(format!("{}/sim/customers", stage.base)).header("origin", &stage.base);
    assert_eq!(own.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_page_hears_of_changes_until_the_simulator_closes() {
    let mut stage = stage().await;
    let mut stream = stage.http.get(format!("{}/sim/events", stage.base)).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: change"));
    stage.write(json!({"text": "Bonjour"})).await;
    assert!(stream.chunk().await.unwrap().unwrap().starts_with(b"event: change"));
    stage.simulator.close();
    while stream.chunk().await.unwrap().is_some() {}
}

#[tokio::test]
async fn the_list_holds_the_two_hundred_who_were_active_last() {
    let stage = stage().await;
    for n in 0..=200 {
        stage.advance(1);
        stage.sim(Method::POST, &format!("customers/336000{n:05}"), Some(json!({}))).await;
    }
    let (_, listed) = stage.sim(Method::GET, "customers", None).await;
    let customers = listed["customers"].as_array().unwrap();
    assert_eq!((customers.len(), &listed["total"]), (200, &json!(201)));
    assert_eq!(customers[0]["wa_id"], "33600000200");
}
