//! Stands for a `LibreTranslate` server: translates by turning words round and keeping marks, and does as it is told: fails,
//! waits, loses marks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use guichet::config::Secret;
use guichet::engine::TranslationRules;
use guichet::port::Translator as Port;
use guichet::translate::{LibreTranslate, LibreTranslateSettings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What it does with the next text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Does {
    /// This status.
    Answers(u16),
    /// Nothing, until [`Translator::go_on`].
    Waits,
    /// Nothing at all.
    Hangs,
    /// A translation without marks.
    LosesMarks,
    /// What is no translation.
    Babbles,
    /// A very long translation.
    Rambles,
}

struct Inner {
    does: Mutex<VecDeque<Does>>,
    asked: Mutex<Vec<Value>>,
    open: Semaphore,
}

/// The stand-in.
#[derive(Clone)]
pub(crate) struct Translator {
    inner: Arc<Inner>,
    url: String,
}

impl Translator {
    pub(crate) async fn start() -> Self {
        let inner =
            Arc::new(Inner { does: Mutex::default(), asked: Mutex::default(), open: Semaphore::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let router = Router::new()
            .route("/translate", post(translate))
            .route("/languages", get(languages))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, url }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A way to it, and the rules of the test.
    pub(crate) fn way(&self, notice_each: bool) -> (Arc<dyn Port>, TranslationRules) {
        let settings = LibreTranslateSettings {
            url: self.url.clone(),
            api_key: Some(Secret::new("the-key")),
            timeout: Duration::from_secs(2),
        };
        let notices = [("en", "(translated)"), ("fr", "(traduit)")];
        let notices = notices.map(|(code, text)| (code.to_owned(), text.to_owned())).into_iter().collect();
        let rules = TranslationRules { text_max: 200, notice_each, notices };
        (Arc::new(LibreTranslate::new(settings).expect("settings")), rules)
    }

    pub(crate) fn next(&self, does: Does) {
        self.inner.does.lock().expect("not poisoned").push_back(does);
    }

    pub(crate) fn go_on(&self) {
        self.inner.open.add_permits(1);
    }

    /// Everything it was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.inner.asked.lock().expect("not poisoned").clone()
    }
}

/// The look of a translation: each word that is no mark, with its language before it.
pub(crate) fn turned(text: &str, to: &str) -> String {
    let words = text.split(' ').map(|word| {
        if word.contains("[[") || !word.chars().any(char::is_alphabetic) {
            word.to_owned()
        } else {
            format!("{to}-{word}")
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

async fn translate(State(inner): State<Arc<Inner>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    inner.asked.lock().expect("not poisoned").push(body.clone());
    let does = inner.does.lock().expect("not poisoned").pop_front();
    let (text, to) = (body["q"].as_str().expect("a text"), body["target"].as_str().expect("a language"));
    let mut translated = turned(text, to);
    match does {
        Some(Does::Answers(status)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, Json(json!({ "error": "no" })));
        }
        Some(Does::Waits) => inner.open.acquire().await.expect("open").forget(),
        Some(Does::Hangs) => std::future::pending().await,
        Some(Does::LosesMarks) => translated = translated.replace("[[", "").replace("]]", ""),
        Some(Does::Babbles) => return (StatusCode::OK, Json(json!({ "what": 1 }))),
        Some(Does::Rambles) => translated = "x".repeat(5_000),
        None => {}
    }
    (StatusCode::OK, Json(json!({ "translatedText": translated })))
}

async fn languages() -> Json<Value> {
    Json(
        json!([{ "code": "en", "name": "English", "targets": ["fr"] }, { "code": "fr", "name": "French", "targets": ["en"] }]),
    )
}
