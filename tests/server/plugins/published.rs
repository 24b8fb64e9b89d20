//! The shipped translators against what others wrote: `DeepL`'s published description, through a proxy that checks every call and
//! answer by it, and Apertium, which translates in earnest.
//!
//! `GUICHET_TEST_DEEPL` names the description and `GUICHET_TEST_PRISM` the proxy; `GUICHET_TEST_APERTIUM` the translator. The test
//! command sets them; without them these tests say that they are skipped.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::grant;
use super::services::{deepl_at, shipped, stand_in_for_deepl, translates, translating};
use crate::client::{Client, on};

/// What a variable names; without it the test is skipped, aloud.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn given(variable: &str, what: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        println!("skipped: {variable} does not name {what}; `cargo xtask test` says why");
    }
    path
}

/// Prism before a server: what is not as the description says is refused, asked or answered.
struct Prism {
    child: Child,
    address: SocketAddr,
}

impl Prism {
    async fn start(program: PathBuf, description: PathBuf, before: SocketAddr) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("bound");
        drop(free);
        let mut child = Command::new(program)
            .args(["proxy", "--errors", "--host", "127.0.0.1", "--port", &address.port().to_string()])
            .arg(description)
            .arg(format!("http://{before}"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("Prism starts");
        let output = child.stdout.take().expect("piped");
        let (said, heard) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            if lines.by_ref().any(|line| line.contains("is listening on")) {
                let _test_is_gone = said.send(());
            }
            // Read to the end, so that its pipe never fills.
            lines.for_each(drop);
        });
        heard.await.expect("Prism ended before it listened");
        Self { child, address }
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ending = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[tokio::test]
async fn deepl_is_spoken_to_as_its_published_description_says() {
    let Some(program) = given("GUICHET_TEST_PRISM", "a program that checks") else { return };
    let Some(description) = given("GUICHET_TEST_DEEPL", "DeepL's description") else { return };
    let prism = Prism::start(program, description, stand_in_for_deepl().await).await;
    let plugged = deepl_at(prism.address).await;
    // It does check: what DeepL does not take does not reach the stand-in.
    let url = format!("http://{}/v2/translate", prism.address);
    let wrong = plugged.desk.http.post(url).header("authorization", "DeepL-Auth-Key k");
    let refused = wrong.json(&json!({ "text": "no list" })).send().await.expect("an answer");
    assert_eq!(refused.status().as_u16(), 422);
    translates(&plugged, "deepl", "[ma commande]").await;
    // The same with every setting that it has.
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    let polite = json!({ "plugin": "deepl", "settings": { "formality": "prefer_more" } });
    ada.ask("admin.plugins.configure", polite).await;
    grant(&mut ada, "deepl").await;
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000002", &[("wamid.10", "bonjour")]).await;
    let id = alice.accept_next().await;
    let set = json!({ "my_language": "en", "their_language": "fr", "translate_theirs": true, "translate_mine": false });
    alice.ask("translation.set", on(&id, set)).await;
    desk.write("33600000002", &[("wamid.11", "ma facture")]).await;
    let holds = |event: &Value| event["message"]["translation"]["text"] == "[ma facture]";
    alice.event("a polite translation", holds).await;
}

/// Asks and answers as `LibreTranslate` does; Apertium translates.
async fn stand_in_for_libretranslate(apertium: PathBuf) -> SocketAddr {
    let translate = move |Json(ask): Json<Value>| {
        let apertium = apertium.clone();
        async move { tokio::task::spawn_blocking(move || translated(&apertium, &ask)).await.expect("it ends") }
    };
    let languages = json!([
        { "code": "fr", "name": "French", "targets": ["ca"] },
        { "code": "ca", "name": "Catalan", "targets": ["fr"] },
    ]);
    let router = Router::new()
        .route("/translate", post(translate))
        .route("/languages", get(async move || Json(languages.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn translated(apertium: &PathBuf, ask: &Value) -> (StatusCode, Json<Value>) {
    let code = |key: &str| match ask[key].as_str() {
        Some("fr") => Some("fra"),
        Some("ca") => Some("cat"),
        _ => None,
    };
    let (Some(from), Some(to)) = (code("source"), code("target")) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "unknown language" })));
    };
    assert_eq!(ask["format"], "text");
    let mut child = Command::new(apertium)
        .args(["-u", &format!("{from}-{to}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Apertium starts");
    let text = ask["q"].as_str().expect("a text");
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    (StatusCode::OK, Json(json!({ "translatedText": text.trim_end_matches('\n') })))
}

#[tokio::test]
async fn libretranslate_stands_before_a_translator_that_translates() {
    let Some(apertium) = given("GUICHET_TEST_APERTIUM", "the program of Apertium") else { return };
    let url = format!("http://{}", stand_in_for_libretranslate(apertium).await);
    let plugged =
        translating("libretranslate", shipped("libretranslate", &[("http://127.0.0.1:5000", &url)])).await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "libretranslate").await;
    let mut alice = Client::available(desk, "alice").await;
    let languages = alice.ask("translation.languages", json!({})).await;
    assert_eq!(languages["languages"].as_array().map(Vec::len), Some(2), "{languages}");
    desk.write("33600000001", &[("wamid.0", "Bonjour")]).await;
    let id = alice.accept_next().await;
    let set = json!({ "my_language": "ca", "their_language": "fr", "translate_theirs": true, "translate_mine": true });
    alice.ask("translation.set", on(&id, set)).await;
    desk.write("33600000001", &[("wamid.1", "Où est ma commande ?")]).await;
    let holds = |event: &Value| {
        event["message"]["text"] == "Où est ma commande ?" && event["message"]["translation"]["state"] == "ok"
    };
    let told = alice.event("their words in ours", holds).await;
    let text = told["message"]["translation"]["text"].as_str().expect("a translation");
    assert!(text.starts_with("On és"), "{text}");
    alice.ask("message.send", on(&id, json!({ "text": "Bon dia, la factura és aquí." }))).await;
    let arrived = async || {
        desk.provider.texts().iter().any(|text| text.contains("Bonjour") && text.contains("facture"))
    };
    desk.until("our words in theirs", arrived).await;
}
