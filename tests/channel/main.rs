//! The connectors: what all of them owe the house (`contract`), and for WhatsApp what each delivery says, what each message
//! becomes on the wire, what each answer means.
//!
//! A new kind of delivery: add a case to `deliveries/*.json`, run with `INSTA_UPDATE=always`, read the snapshot, keep it.

#![expect(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

mod contract;
mod deliveries;
mod error_table;
mod files;
mod limits;
mod sends;
mod shown;
mod stand_in;
mod templates;

use std::sync::Arc;

use guichet::channel::WhatsApp;
use guichet::channel::whatsapp::Settings;
use guichet::config::Secret;
use guichet::domain::Time;
use guichet::port::{Connector, WebhookRequest};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const APP_SECRET: &str = "an app secret";
const PHONE: &str = "106540352242922";
/// When every delivery of these tests comes.
const RECEIVED: Time = Time(1_749_500_000_000);

fn settings(graph_url: &str) -> Settings {
    Settings {
        channel_id: "wa".parse().unwrap(),
        require_template_for_first_reply: false,
        messages_per_second: 80,
        phone_number_id: PHONE.into(),
        business_account_id: "102290129340398".into(),
        graph_url: graph_url.into(),
        access_token: Secret::new("a-token"),
        app_secret: Secret::new(APP_SECRET),
        verify_token: Secret::new("a word"),
    }
}

fn connector(graph_url: &str) -> Arc<dyn Connector> {
    Arc::new(WhatsApp::new(settings(graph_url)).unwrap())
}

fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn signed(body: Vec<u8>) -> WebhookRequest {
    WebhookRequest {
        query: String::new(),
        headers: vec![("x-hub-signature-256".into(), sign(&body))],
        body: body.into(),
        received_at: RECEIVED,
    }
}
