//! Plugins as translators and customer cards, with those that come with the server.

use std::path::Path;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use guichet::engine::TranslationRules;
use guichet::plugin::Host;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

use super::{Plugged, grant};
use crate::client::{Client, on};
use crate::desk::Setup;
use crate::translator::Translator;

/// The folder of a shipped plugin, with some words replaced.
pub(super) fn shipped(name: &str, replaced: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name);
    for file in ["plugin.toml", "init.lua"] {
        let mut text = std::fs::read_to_string(from.join(file)).expect("a shipped plugin");
        for (old, new) in replaced {
            text = text.replace(old, new);
        }
        super::write(&folder, name, file, &text);
    }
    folder
}

fn rules() -> TranslationRules {
    TranslationRules {
        text_max: 5_000,
        notice_each: false,
        notices: [("en".to_owned(), "(T)".to_owned())].into(),
    }
}

/// A server whose translator is a plugin.
pub(super) async fn translating(name: &'static str, folder: tempfile::TempDir) -> Plugged {
    let made =
        move |host: &Arc<Host>, setup: &mut Setup| setup.translator = Some((host.translator(name), rules()));
    Plugged::with(folder, "", Setup::default(), made).await
}

pub(super) async fn translates(plugged: &Plugged, name: &str, expected: &str) {
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, name).await;
    let mut alice = Client::available(desk, "alice").await;
    let languages = alice.ask("translation.languages", json!({})).await;
    assert!(languages["languages"].as_array().is_some_and(|all| all.len() >= 2), "{languages}");
    desk.write("33600000001", &[("wamid.0", "bonjour")]).await;
    let id = alice.accept_next().await;
    let set = json!({ "my_language": "en", "their_language": "fr", "translate_theirs": true, "translate_mine": false });
    alice.ask("translation.set", on(&id, set)).await;
    desk.write("33600000001", &[("wamid.1", "ma commande")]).await;
    let holds = |event: &Value| event["message"]["translation"]["state"] == "ok";
    let told = alice.event("a translation", holds).await;
    assert_eq!(told["message"]["translation"]["text"], expected);
    // Stopped, it fails like any translator that is away.
    ada.ask("admin.plugins.revoke", json!({ "plugin": name })).await;
    desk.write("33600000001", &[("wamid.2", "encore")]).await;
    alice.event("no translation", |event| event["message"]["translation"]["state"] == "failed").await;
}

#[tokio::test]
async fn libretranslate_translates_as_a_plugin() {
    let translator = Translator::start().await;
    let folder = shipped("libretranslate", &[("http://127.0.0.1:5000", translator.url())]);
    let plugged = translating("libretranslate", folder).await;
    translates(&plugged, "libretranslate", "en-ma en-commande").await;
}

/// Answers as `DeepL` does, for one language each way.
pub(super) async fn stand_in_for_deepl() -> std::net::SocketAddr {
    async fn translate(headers: HeaderMap, Json(ask): Json<Value>) -> Json<Value> {
        assert_eq!(headers["authorization"], "DeepL-Auth-Key s3cret-key");
        assert_eq!((&ask["source_lang"], &ask["target_lang"]), (&json!("FR"), &json!("EN-GB")));
        let text = format!("[{}]", ask["text"][0].as_str().expect("a text"));
        Json(json!({ "translations": [{ "detected_source_language": "FR", "text": text }] }))
    }
    let language = |lang: &str, name: &str, source: bool, target: bool| {
        json!({ "lang": lang, "name": name, "usable_as_source": source, "usable_as_target": target,
            "status": "stable", "features": { "formality": { "status": "stable" } } })
    };
    let languages = json!([
        language("fr", "French", true, true),
        language("en", "English", true, false),
        language("en-GB", "English (British)", false, true),
    ]);
    let router = Router::new()
        .route("/v2/translate", post(translate))
        .route("/v3/languages", get(async move || Json(languages.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The plugin as it comes, with `DeepL` at another address.
pub(super) async fn deepl_at(address: std::net::SocketAddr) -> Plugged {
    let url = format!("http://{address}/");
    let inside = "translator = true\nprivate_network = true";
    let replaced = [
        ("https://api.deepl.com/", url.as_str()),
        ("translator = true", inside),
        ("secret.api_key", "secret.key"),
        ("key = \"api_key\"", "key = \"key\""),
    ];
    translating("deepl", shipped("deepl", &replaced)).await
}

#[tokio::test]
async fn deepl_translates_as_a_plugin() {
    let plugged = deepl_at(stand_in_for_deepl().await).await;
    translates(&plugged, "deepl", "[ma commande]").await;
}

#[tokio::test]
async fn a_crm_has_a_section_on_the_card() {
    type Asked = Arc<Mutex<Vec<String>>>;
    async fn customer(
        State(asked): State<Asked>,
        Query(query): Query<BTreeMap<String, String>>,
        headers: HeaderMap,
    ) -> Json<Value> {
        assert_eq!(headers["authorization"], "Bearer s3cret-key");
        asked.lock().expect("whole").push(query["phone"].clone());
        Json(json!({ "plan": "Gold", "open_orders": 2, "url": "https://crm.example/7" }))
    }
    let asked = Asked::default();
    let router = Router::new().route("/customers", get(customer)).with_state(Arc::clone(&asked));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/customers", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let replaced = [
        ("http://127.0.0.1:9000/customers", url.as_str()),
        ("secret.token", "secret.key"),
        ("key = \"token\"", "key = \"key\""),
    ];
    let folder = shipped("crm-card", &replaced);
    let made = |host: &Arc<Host>, setup: &mut Setup| setup.cards = host.cards();
    let plugged = Plugged::with(folder, "", Setup::default(), made).await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "crm-card").await;
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.0", "bonjour")]).await;
    let id = alice.accept_next().await;
    let card = alice.ask("card.get", json!({ "interaction_id": id })).await;
    assert_eq!(
        (&card["sections"][0]["title"], &card["sections"][0]["state"]),
        (&json!("CRM"), &json!("pending"))
    );
    let told = alice.told("card.changed").await;
    assert_eq!(
        told["section"]["fields"],
        json!([
            { "label": "Plan", "value": "Gold" },
            { "label": "Open orders", "value": "2" },
            { "label": "CRM", "value": "https://crm.example/7", "link": "https://crm.example/7" },
        ])
    );
    assert_eq!(*asked.lock().expect("whole"), ["33600000001"]);
}
