//! Stands for Meta: takes sends and says yes, and signs what the customer and Meta report.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

pub(crate) const SECRET: &str = "app-secret";
pub(crate) const PHONE: &str = "106540352242922";
pub(crate) const BUSINESS: &str = "102290129340398";

/// What was sent to it.
#[derive(Clone, Default)]
pub(crate) struct Provider(Arc<Mutex<Vec<Value>>>);

impl Provider {
    /// Starts it; gives the address to configure as `graph_url`.
    pub(crate) async fn start() -> (Self, String) {
        let provider = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let router = Router::new()
            .route("/messages", post(take))
            .route("/{phone}/messages", post(take))
            .route("/{business}/message_templates", get(templates))
            .route("/{phone}/media", post(upload))
            .route("/{media}", get(media))
            .route("/file/{media}", get(file))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (provider, base)
    }

    pub(crate) fn sent(&self) -> Vec<Value> {
        self.0.lock().expect("not poisoned").clone()
    }

    /// Texts of messages sent, in order.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts =
            self.sent().into_iter().filter_map(|sent| sent["text"]["body"].as_str().map(str::to_owned));
        texts.collect()
    }
}

async fn take(State(provider): State<Provider>, Json(body): Json<Value>) -> Json<Value> {
    if body["status"] == "read" {
        return Json(json!({ "success": true }));
    }
    let mut sent = provider.0.lock().expect("not poisoned");
    sent.push(body.clone());
    let to = &body["to"];
    Json(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": to.as_str().unwrap_or_default().trim_start_matches('+') }],
        "messages": [{ "id": format!("wamid.OUT{}", sent.len()) }],
    }))
}

async fn upload() -> Json<Value> {
    Json(json!({ "id": "uploaded" }))
}

/// Where a customer's file is.
async fn media(Path(media): Path<String>, headers: HeaderMap) -> Json<Value> {
    let host = headers["host"].to_str().expect("a host");
    Json(json!({ "url": format!("http://{host}/file/{media}"), "mime_type": "image/jpeg", "id": media }))
}

/// A customer's file: a picture.
async fn file() -> Vec<u8> {
    picture()
}

/// A picture as a phone makes it: with where it was taken beside it.
pub(crate) fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let red = image::RgbImage::from_pixel(32, 16, image::Rgb([200, 0, 0]));
    red.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("a picture");
    let jpeg = bytes.into_inner();
    let exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0PLACE-SENTINEL";
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, exif, &jpeg[2..]].concat()
}

async fn templates() -> Json<Value> {
    Json(json!({ "data": [
        { "id": "1", "name": "hello", "language": "fr", "status": "APPROVED", "category": "UTILITY",
          "parameter_format": "POSITIONAL", "components": [{ "type": "BODY", "text": "Bonjour {{1}}" }] },
    ] }))
}

/// The signature of a delivery.
pub(crate) fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key does");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A delivery of messages or statuses.
pub(crate) fn delivery(value: &Value) -> Vec<u8> {
    let mut value = value.clone();
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({ "display_phone_number": "33184800000", "phone_number_id": PHONE });
    let change = json!({ "field": "messages", "value": value });
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": BUSINESS, "changes": [change] }],
    });
    body.to_string().into_bytes()
}

/// One text of a customer.
pub(crate) fn text(wa_id: &str, id: &str, body: &str, seconds: i64) -> Value {
    json!({ "from": wa_id, "id": id, "timestamp": seconds.to_string(), "type": "text", "text": { "body": body } })
}

/// A delivery of texts of one customer: pairs of id and text.
pub(crate) fn texts(wa_id: &str, messages: &[(&str, &str)], seconds: i64) -> Vec<u8> {
    let messages: Vec<Value> = messages.iter().map(|(id, body)| text(wa_id, id, body, seconds)).collect();
    let contacts = json!([{ "profile": { "name": format!("Customer {wa_id}") }, "wa_id": wa_id }]);
    delivery(&json!({ "contacts": contacts, "messages": messages }))
}

/// A delivery state of one of our messages.
pub(crate) fn status(id: &str, state: &str, seconds: i64) -> Vec<u8> {
    let status =
        json!({ "id": id, "status": state, "timestamp": seconds.to_string(), "recipient_id": "33600000001" });
    delivery(&json!({ "statuses": [status] }))
}
