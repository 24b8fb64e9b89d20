//! Transcripts through a real mail server, read by a parser that nobody here wrote (SPEC §5.7).

use std::sync::Arc;

use base64::Engine as _;
use guichet::config::{Secret, SmtpTls};
use guichet::domain::Span;
use guichet::mail::{Smtp, SmtpSettings};
use guichet::port::Mailer;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{Setup, TestDesk, token_of};
use crate::provider::{delivery, picture, status};
use crate::smtp::Mailbox;

const CUSTOMER: &str = "33600000001";

pub(crate) fn mailer(port: u16, tls: SmtpTls, password: Option<&str>) -> Arc<dyn Mailer> {
    let login = password.map(|password| ("desk".to_owned(), Secret::new(password)));
    let from = "Guichet <desk@example.com>".to_owned();
    let settings = SmtpSettings { host: "127.0.0.1".into(), port, tls, login, from };
    Arc::new(Smtp::new(settings).expect("settings"))
}

async fn desk(port: u16) -> TestDesk {
    let mailer = Some(mailer(port, SmtpTls::None, None));
    TestDesk::start_set(Setup { mailer, ..Setup::default() }).await
}

async fn one(desk: &TestDesk, message: Value) {
    let mut message = message;
    message["from"] = CUSTOMER.into();
    message["timestamp"] = desk.seconds().to_string().into();
    let contacts = json!([{ "profile": { "name": "Customer" }, "wa_id": CUSTOMER }]);
    let body = delivery(&json!({ "contacts": contacts, "messages": [message] }));
    assert_eq!(desk.deliver(body).await, 200);
}

async fn outcome(client: &mut Client, transcript: &Value, state: &str) -> Value {
    let id = transcript["transcript"]["transcript_id"].clone();
    client
        .event("what became of the transcript", |event| {
            event["type"] == "transcript.changed" && event["transcript_id"] == id && event["state"] == state
        })
        .await
}

/// Everything that is in any part, decoded, and in any header of one.
fn everything(letter: &Value) -> String {
    let parts = letter["parts"].as_array().expect("parts");
    let mut all = letter["headers"]["Subject"].as_str().expect("a subject").to_owned();
    for part in parts {
        all.push_str(part["headers"].as_str().expect("headers"));
        all.push_str(&String::from_utf8_lossy(&bytes(part)));
    }
    all
}

fn bytes(part: &Value) -> Vec<u8> {
    let text = part["bytes"].as_str().expect("bytes");
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

/// A conversation with something to hide in every place; gives its interaction.
async fn conversation(desk: &TestDesk, alice: &mut Client) -> String {
    let link = "see https://URL-SENTINEL.example/path?x=1 or bare-SENTINEL.fr, please";
    desk.write(CUSTOMER, &[("wamid.1", "Bonjour <b>vous</b>"), ("wamid.2", link)]).await;
    let id = alice.accept_next().await;
    one(desk, json!({ "id": "wamid.3", "type": "image", "image": { "id": "p1", "caption": "ma photo" } }))
        .await;
    one(
        desk,
        json!({ "id": "wamid.4", "type": "document",
        "document": { "id": "p2", "filename": "FILE-SENTINEL.pdf", "caption": "facture" } }),
    )
    .await;
    one(desk, json!({ "id": "wamid.5", "type": "text", "text": { "body": "TYPO-SENTINEL" } })).await;
    one(
        desk,
        json!({ "id": "wamid.6", "type": "edit", "edit": { "original_message_id": "wamid.5",
        "message": { "type": "text", "text": { "body": "corrected" } } } }),
    )
    .await;
    one(desk, json!({ "id": "wamid.7", "type": "text", "text": { "body": "REVOKED-SENTINEL" } })).await;
    one(desk, json!({ "id": "wamid.8", "type": "revoke", "revoke": { "original_message_id": "wamid.7" } }))
        .await;
    alice
        .event("the picture is here", |event| {
            event["message"]["media"][0]["state"] == "stored" && event["message"]["kind"] == "image"
        })
        .await;

    let on = |mut more: Value| {
        more["interaction_id"] = id.clone().into();
        more
    };
    let part = Part::bytes(picture()).file_name("FILE-SENTINEL.jpg").mime_str("image/jpeg").expect("a type");
    let upload = desk.http.post(desk.url("/media")).bearer_auth(token_of("alice"));
    let upload = upload.multipart(Form::new().part("file", part)).send().await.expect("an answer");
    let file: Value = upload.json().await.expect("JSON");
    alice
        .ask("message.send", on(json!({ "text": "Voici", "media": [{ "media_id": file["media_id"] }] })))
        .await;
    alice.ask("message.send", on(json!({ "text": "FAILED-SENTINEL" }))).await;
    desk.until("both left", async || desk.provider.sent().len() == 2).await;
    assert_eq!(desk.deliver(status("wamid.OUT2", "failed", desk.seconds())).await, 200);
    alice.event("it failed", |event| event["message"]["state"] == "failed").await;
    alice.ask("note.add", on(json!({ "text": "NOTE-SENTINEL" }))).await;
    let tags = json!({ "status": "resolved", "disposition": "x", "tags": ["TAG-SENTINEL"], "notes": "NOTE-SENTINEL" });
    alice.ask("interaction.set_outcome", on(tags)).await;
    id
}

#[tokio::test]
async fn what_the_contact_saw_and_nothing_else() {
    let Some(mut mailbox) = Mailbox::start(&[]).await else { return };
    let desk = desk(mailbox.port).await;
    let mut alice = Client::available(&desk, "alice").await;
    let id = conversation(&desk, &mut alice).await;
    let sent =
        alice.ask("transcript.send", json!({ "interaction_id": id, "email": "Marie@Example.com" })).await;
    assert_eq!(sent["transcript"]["email"], "Marie@example.com");
    let letter = mailbox.told("letter").await;
    outcome(&mut alice, &sent, "sent").await;
    assert_eq!(letter["recipients"], json!(["Marie@example.com"]));
    assert_eq!(letter["sender"], "desk@example.com");
    assert_eq!((&letter["attachments"], &letter["defects"]), (&0.into(), &json!([])));
    let related = json!(["multipart/related", "text/html", "image/jpeg", "image/jpeg"]);
    assert_eq!(letter["tree"], json!(["multipart/alternative", "text/plain", related]));
    let all = everything(&letter);
    for never in ["SENTINEL", "://", "www.", "http", "Exif", "<a "] {
        assert!(!all.contains(never), "{never} is in the letter");
    }
    let parts = letter["parts"].as_array().expect("parts");
    let (plain, html) = (parts[0]["text"].as_str().expect("text"), parts[1]["text"].as_str().expect("HTML"));
    for shown in [
        "[link]",
        "ma photo",
        "facture",
        "corrected",
        "Voici",
        "[attachment not included]",
        "[message deleted]",
    ] {
        assert!(plain.contains(shown) && html.contains(shown), "{shown} is missing\n{plain}\n{html}");
    }
    assert!(html.contains("Bonjour &lt;b&gt;vous&lt;/b&gt;") && !html.contains("<b>vous"), "{html}");
    assert!(plain.contains("Bonjour <b>vous</b>") && plain.contains("[picture]"), "{plain}");
    assert!(plain.contains("see [link] or [link], please"), "{plain}");
    for picture in &parts[2..] {
        let cid = picture["cid"].as_str().expect("a cid").trim_matches(['<', '>']);
        assert!(html.contains(&format!("src=\"cid:{cid}\"")), "{cid} is used nowhere");
        assert_eq!((&picture["disposition"], &picture["filename"]), (&"inline".into(), &Value::Null));
        assert_eq!(image::load_from_memory(&bytes(picture)).expect("a picture").width(), 32);
    }
    assert_eq!(html.matches("cid:").count(), 2);
}

#[tokio::test]
async fn exactly_one_address_and_who_may() {
    let Some(mut mailbox) = Mailbox::start(&[]).await else { return };
    let desk = desk(mailbox.port).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write(CUSTOMER, &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let to = |email: &str| json!({ "interaction_id": id, "email": email });
    for bad in [
        "a@b.fr, c@d.fr",
        "a@b.fr\r\nBcc: c@d.fr",
        "a@b.fr\nRCPT TO:<c@d.fr>",
        "A <a@b.fr>",
        "é@b.fr",
        "x",
        "",
    ] {
        let refused = alice.call("transcript.send", to(bad)).await;
        assert_eq!(refused["error"]["data"], json!({ "kind": "invalid", "field": "email" }), "{bad:?}");
    }
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    assert_eq!(bruno.refused("transcript.send", to("a@b.fr")).await, "not_found");
    let (mut ada, _) = Client::start(&desk, "ada").await;
    assert_eq!(ada.refused("transcript.send", to("a@b.fr")).await, "not_permitted");
    // A supervisor may, and learns what became of it.
    let (mut sam, started) = Client::start(&desk, "sam").await;
    assert_eq!(started["snapshot"]["services"]["transcripts"], true);
    let sent = sam.ask("transcript.send", to("a@b.fr")).await;
    outcome(&mut sam, &sent, "sent").await;
    // Ended work too: that is when most are asked for.
    alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "resolved" })).await;
    alice.ask("interaction.close", json!({ "interaction_id": id })).await;
    let sent = alice.ask("transcript.send", to("b@b.fr")).await;
    outcome(&mut alice, &sent, "sent").await;
    // As many an hour as one agent may send; sending the same request again is no second letter.
    let key = json!("transcript-request-0001");
    let first = alice.ask_as(key.clone(), "transcript.send", to("c@b.fr")).await;
    assert_eq!(alice.ask_as(key, "transcript.send", to("c@b.fr")).await["result"], first["result"]);
    for _ in 2..20 {
        alice.ask("transcript.send", to("d@b.fr")).await;
    }
    assert_eq!(alice.refused("transcript.send", to("d@b.fr")).await, "rate_limited");
    desk.clock.advance(Span::hours(1));
    let sent = alice.ask("transcript.send", to("last@b.fr")).await;
    outcome(&mut alice, &sent, "sent").await;
    let mut letters = Vec::new();
    // As many letters as were asked for: one a to each address, and the rest to one.
    while letters.len() < 22 {
        letters.push(mailbox.told("letter").await["recipients"].clone());
    }
    let to = |address: &str| letters.iter().filter(|it| **it == json!([address])).count();
    assert_eq!((to("a@b.fr"), to("b@b.fr"), to("c@b.fr"), to("d@b.fr")), (1, 1, 1, 18));
}

#[tokio::test]
async fn a_server_that_puts_off_refuses_or_says_nothing() {
    let Some(mut mailbox) = Mailbox::start(&[]).await else { return };
    let desk = desk(mailbox.port).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write(CUSTOMER, &[("wamid.1", "bonjour")]).await;
    let id = alice.accept_next().await;
    let to = |email: &str| json!({ "interaction_id": id, "email": email });
    let never = alice.ask("transcript.send", to("never@b.fr")).await;
    assert_eq!(outcome(&mut alice, &never, "failed").await["reason"], "mail_refused");
    let silent = alice.ask("transcript.send", to("silent@b.fr")).await;
    assert_eq!(outcome(&mut alice, &silent, "unknown").await["reason"], "mail_unanswered");
    let later = alice.ask("transcript.send", to("later@b.fr")).await;
    assert_eq!(outcome(&mut alice, &later, "queued").await["reason"], "mail_busy");
    // It waits in the database; what is written meanwhile is not in it.
    desk.write(CUSTOMER, &[("wamid.2", "MEANWHILE")]).await;
    let folder = desk.end().await;
    let mailer = Some(mailer(mailbox.port, SmtpTls::None, None));
    let desk = TestDesk::start_set(Setup { mailer, folder: Some(folder), ..Setup::default() }).await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    desk.clock.advance(Span::minutes(1));
    outcome(&mut alice, &later, "sent").await;
    loop {
        let letter = mailbox.told("letter").await;
        if letter["recipients"] == json!(["later@b.fr"]) {
            assert!(!everything(&letter).contains("MEANWHILE"));
            break;
        }
    }
}

#[tokio::test]
async fn one_that_was_being_sent_when_the_process_ended_is_not_sent_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let desk = desk(port).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write(CUSTOMER, &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let cursor = alice.cursor.clone();
    let sent = alice.ask("transcript.send", json!({ "interaction_id": id, "email": "a@b.fr" })).await;
    // The server lets us in and says nothing.
    let (_silent, _) = listener.accept().await.expect("a connection");
    let folder = desk.end().await;
    let mailer = Some(mailer(port, SmtpTls::None, None));
    let desk = TestDesk::start_set(Setup { mailer, folder: Some(folder), ..Setup::default() }).await;
    let mut alice = Client::connect(&desk, "alice").await;
    alice.ask("session.start", json!({ "cursor": cursor })).await;
    assert_eq!(outcome(&mut alice, &sent, "unknown").await["reason"], "restarted");
}

#[tokio::test]
async fn logins_and_tls_are_never_gone_without() {
    let Some(mut mailbox) = Mailbox::start(&["--login"]).await else { return };
    for (tls, password, state, reason) in [
        (SmtpTls::None, Some("right"), "sent", Value::Null),
        (SmtpTls::None, Some("wrong"), "failed", json!("mail_login")),
        (SmtpTls::None, None, "failed", json!("mail_refused")),
        // It offers no STARTTLS, and the password must not travel in the open.
        (SmtpTls::Starttls, Some("right"), "failed", json!("mail_tls")),
    ] {
        let mailer = Some(mailer(mailbox.port, tls, password));
        let desk = TestDesk::start_set(Setup { mailer, ..Setup::default() }).await;
        let mut alice = Client::available(&desk, "alice").await;
        let (mut ada, _) = Client::start(&desk, "ada").await;
        desk.write(CUSTOMER, &[("wamid.1", "hello")]).await;
        let id = alice.accept_next().await;
        let sent = alice.ask("transcript.send", json!({ "interaction_id": id, "email": "a@b.fr" })).await;
        assert_eq!(outcome(&mut alice, &sent, state).await["reason"], reason, "{tls:?} {password:?}");
        if reason == "mail_login" || reason == "mail_tls" {
            ada.event("an alarm", |event| event["code"] == reason).await;
        }
    }
    assert_eq!(mailbox.told("letter").await["recipients"], json!(["a@b.fr"]));
}

#[tokio::test]
async fn without_a_mail_server_it_is_told_so() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write(CUSTOMER, &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let to = json!({ "interaction_id": id, "email": "a@b.fr" });
    assert_eq!(alice.refused("transcript.send", to).await, "unsupported");
}
