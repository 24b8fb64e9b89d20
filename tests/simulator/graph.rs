//! The rest of the Graph API: tokens, objects, media.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::stage::{BUSINESS, PHONE, Stage, stage, told};

async fn get(stage: &Stage, path: &str) -> (u16, Value) {
    told(stage.graph(Method::GET, path).send().await.unwrap()).await
}

#[tokio::test]
async fn a_wrong_or_missing_token_is_a_190() {
    let stage = stage().await;
    let url = format!("{}/sim/graph/v23.0/{PHONE}", stage.base);
    for request in [
        stage.http.get(&url),
        stage.http.get(&url).bearer_auth("wrong"),
        stage.http.get(&url).bearer_auth(""),
    ] {
        let answer = request.send().await.unwrap();
        assert!(answer.headers().contains_key("www-authenticate"));
        let (status, body) = told(answer).await;
        assert_eq!(
            (status, &body["error"]["code"], &body["error"]["type"]),
            (401, &json!(190), &json!("OAuthException"))
        );
        assert!(body["error"]["fbtrace_id"].is_string());
    }
    assert_eq!(
        told(stage.http.get(format!("{url}?access_token=demo-token")).send().await.unwrap()).await.0,
        200
    );
}

#[tokio::test]
async fn what_clients_ask_at_start_is_answered() {
    let stage = stage().await;
    let (_, phone) = get(&stage, PHONE).await;
    assert_eq!(
        (phone["id"].as_str(), phone["display_phone_number"].as_str()),
        (Some(PHONE), Some("+33 1 55 00 00 00"))
    );
    let (_, phone) = get(&stage, &format!("{PHONE}/?fields=id,quality_rating,throughput%7Blevel%7D")).await;
    assert_eq!(phone, json!({"id": PHONE, "quality_rating": "GREEN", "throughput": {"level": "STANDARD"}}));
    assert_eq!(get(&stage, &format!("{BUSINESS}/phone_numbers")).await.1["data"][0]["id"], PHONE);
    assert_eq!(get(&stage, BUSINESS).await.1["currency"], "EUR");
    assert!(get(&stage, &format!("{BUSINESS}/subscribed_apps")).await.1["data"].is_array());
    let subscribed = stage.graph(Method::POST, &format!("{BUSINESS}/subscribed_apps")).send().await.unwrap();
    assert_eq!(told(subscribed).await, (200, json!({"success": true})));
    let url = format!("{}/sim/graph/v14.0/{PHONE}", stage.base);
    assert_eq!(stage.http.get(url).bearer_auth("demo-token").send().await.unwrap().status(), 200);
    let url = format!("{}/sim/graph/{PHONE}/whatsapp_business_profile", stage.base);
    assert_eq!(stage.http.get(url).bearer_auth("demo-token").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn webhooks_are_not_turned_elsewhere() {
    let stage = stage().await;
    let path = format!("{BUSINESS}/subscribed_apps");
    let wish = |url: String| json!({"override_callback_uri": url, "verify_token": "demo-verify"});
    let elsewhere =
        stage.graph(Method::POST, &path).json(&wish("https://example.com".into())).send().await.unwrap();
    assert_eq!(told(elsewhere).await.0, 400);
    let own = wish(format!("{}/webhooks/whatsapp-demo", stage.base));
    assert_eq!(told(stage.graph(Method::POST, &path).json(&own).send().await.unwrap()).await.0, 200);
}

#[tokio::test]
async fn unknown_objects_and_paths_are_told_in_metas_shape() {
    let stage = stage().await;
    let (status, body) = get(&stage, "12345").await;
    assert_eq!(
        (status, &body["error"]["code"], &body["error"]["error_subcode"]),
        (400, &json!(100), &json!(33))
    );
    assert_eq!(body["error"]["type"], "GraphMethodException");
    for path in [format!("{PHONE}/teapot"), format!("{BUSINESS}/teapot"), "a/b/c/d".to_owned()] {
        let (status, body) = get(&stage, &path).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!(2500)), "{path}");
    }
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\u{fffd}",
        "{\"messaging_product\":\"sms\"}",
        "{\"messaging_product\":\"whatsapp\"}",
    ] {
        let request = stage.graph(Method::POST, &format!("{PHONE}/messages")).body(body);
        let (status, told) = told(request.send().await.unwrap()).await;
        assert_eq!((status, &told["error"]["code"]), (400, &json!(100)), "{body}");
    }
}

#[tokio::test]
async fn a_send_larger_than_its_limit_is_refused() {
    let stage = stage().await;
    let request = stage.graph(Method::POST, &format!("{PHONE}/messages")).body(vec![b' '; 1024 * 1024 + 1]);
    let (status, body) = told(request.send().await.unwrap()).await;
    assert_eq!((status, &body["error"]["code"]), (413, &json!(100)));
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000000000";

#[tokio::test]
async fn a_file_is_uploaded_in_any_order_downloaded_sent_and_deleted() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    let part = || Part::bytes(PNG).file_name("a.png").mime_str("image/png").unwrap();
    let last =
        Form::new().text("messaging_product", "whatsapp").text("type", "image/png").part("file", part());
    let first =
        Form::new().part("file", part()).text("type", "image/png").text("messaging_product", "whatsapp");
    let bare = Form::new().part("file", part());
    let media = format!("{PHONE}/media");
    let in_query = format!("{PHONE}/media?messaging_product=whatsapp");
    let mut id = String::new();
    for (path, form) in [(&media, last), (&media, first), (&in_query, bare)] {
        let (status, body) =
            told(stage.graph(Method::POST, path).multipart(form).send().await.unwrap()).await;
        assert_eq!(status, 200, "{body}");
        body["id"].as_str().unwrap().clone_into(&mut id);
    }
    let (_, about) = get(&stage, &id).await;
    assert_eq!(
        (&about["mime_type"], &about["file_size"]),
        (&json!("image/png"), &json!(PNG.len().to_string()))
    );
    let url = about["url"].as_str().unwrap();
    let fetch = |token: &'static str| stage.http.get(url).bearer_auth(token).send();
    assert_eq!(fetch("demo-token").await.unwrap().bytes().await.unwrap(), PNG);
    assert_eq!(fetch("wrong").await.unwrap().status(), 401);
    stage.advance(299_999);
    assert_eq!(fetch("demo-token").await.unwrap().status(), 200);
    stage.advance(1);
    assert_eq!(fetch("demo-token").await.unwrap().status(), 404);
    let (status, answer) =
        stage.send(json!({"type": "image", "image": {"id": id, "caption": "voilà"}})).await;
    assert_eq!(status, 200, "{answer}");
    let shown = stage.shown().await;
    assert_eq!((&shown[1]["media"]["mime_type"], &shown[1]["text"]), (&json!("image/png"), &json!("voilà")));
    let seen = stage.http.get(format!("{}{}", stage.base, shown[1]["media"]["url"].as_str().unwrap()));
    assert_eq!(seen.send().await.unwrap().bytes().await.unwrap(), PNG);
    let (status, answer) = stage.send(json!({"type": "video", "video": {"id": id}})).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(131_053)));
    assert_eq!(get(&stage, &format!("{id}?phone_number_id=1")).await.0, 400);
    let gone = stage.graph(Method::DELETE, &format!("{id}?phone_number_id={PHONE}")).send().await.unwrap();
    assert_eq!(told(gone).await, (200, json!({"success": true})));
    assert_eq!(get(&stage, &id).await.0, 400);
    let (status, answer) = stage.send(json!({"type": "image", "image": {"id": id}})).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
}

#[tokio::test]
async fn wrong_uploads_are_told() {
    let stage = stage().await;
    let part = |bytes: Vec<u8>, mime: &str| Part::bytes(bytes).file_name("a").mime_str(mime).unwrap();
    let product = || Form::new().text("messaging_product", "whatsapp");
    let forms = [
        product(),
        Form::new().part("file", part(PNG.to_vec(), "image/png")),
        product().part("file", part(PNG.to_vec(), "application/zip")),
        product().part("file", part(Vec::new(), "image/png")),
        product().part("file", part(vec![0; 5 * 1024 * 1024 + 1], "image/png")),
    ];
    for form in forms {
        let request = stage.graph(Method::POST, &format!("{PHONE}/media")).multipart(form);
        let (status, body) = told(request.send().await.unwrap()).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!(100)), "{body}");
    }
    let form = product().part("file", part(vec![0; 26 * 1024 * 1024], "application/pdf"));
    let request = stage.graph(Method::POST, &format!("{PHONE}/media")).multipart(form);
    assert_eq!(told(request.send().await.unwrap()).await.0, 413);
}
