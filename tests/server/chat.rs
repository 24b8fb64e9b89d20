//! Web chat from both sides: a visitor's page and an agent's desk, over real sockets.

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{Setup, TestDesk, token_of};
use crate::translator::{Does, Translator};
use crate::visitor::{IDENTITY_SECRET, Visitor, chat, desk, settings, signed, texts};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";

async fn sends(agent: &mut Client, id: &str, text: &str) -> String {
    let answer = agent.ask("message.send", json!({ "interaction_id": id, "text": text })).await;
    answer["message"]["message_id"].as_str().expect("an id").to_owned()
}

async fn has_state(agent: &mut Client, message_id: &str, state: &str) {
    let what = format!("{message_id} is {state}");
    let holds =
        |event: &Value| event["message"]["message_id"] == *message_id && event["message"]["state"] == *state;
    agent.event(&what, holds).await;
}

#[tokio::test]
async fn a_visitor_writes_and_an_agent_answers() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut visitor = Visitor::connect(&desk).await;
    let started = visitor.start(json!({})).await;
    assert_eq!(started["state"], json!({ "conversation": "none", "unread": 0 }));
    assert_eq!((&started["messages"], &started["resumed"]), (&json!([]), &json!(false)));
    visitor.write("first-message", "hello, my router is dead").await;

    let offered = alice.told("interaction.offered").await;
    assert_eq!(
        (&offered["interaction"]["kind"], &offered["interaction"]["channel_id"]),
        (&"chat".into(), &"site".into())
    );
    assert_eq!(offered["interaction"]["window_ends_at"], json!(null));
    assert_eq!(offered["messages"][0]["text"], "hello, my router is dead");
    let token = visitor.token.clone().expect("a token");
    assert!(!offered.to_string().contains(&token), "nobody is shown a visitor's token");
    let id = offered["interaction_id"].as_str().expect("an id").to_owned();
    let waiting = visitor.told("state").await;
    assert_eq!(waiting["state"], json!({ "conversation": "waiting", "unread": 1 }));
    alice.ask("interaction.accept", json!({ "interaction_id": id })).await;
    let open = visitor.until("it is open", |frame| frame["state"]["conversation"] == "open").await;
    assert_eq!(open["state"]["agent"], "The alice");
    alice.ask("message.mark_read", json!({ "interaction_id": id })).await;
    visitor.until("it was read", |frame| frame["state"]["unread"] == 0).await;

    alice.ask("note.add", json!({ "interaction_id": id, "text": "a difficult one" })).await;
    let message_id = sends(&mut alice, &id, "Did you turn it on?").await;
    let answer = visitor.answer().await;
    assert_eq!(
        (&answer["text"], &answer["name"], &answer["from"]),
        (&"Did you turn it on?".into(), &"The alice".into(), &"agent".into())
    );
    has_state(&mut alice, &message_id, "accepted").await;
    visitor.say(json!({ "type": "delivered", "message_id": message_id })).await;
    has_state(&mut alice, &message_id, "delivered").await;
    visitor.say(json!({ "type": "read", "message_id": message_id })).await;
    has_state(&mut alice, &message_id, "read").await;

    let tags = json!({ "interaction_id": id, "status": "resolved", "disposition": "solved", "tags": ["difficult"], "notes": "difficult" });
    alice.ask("interaction.set_outcome", tags).await;
    visitor.until("it is over", |frame| frame["state"]["conversation"] == "ended").await;
    let (_, again) = visitor.resume(&desk).await;
    let mut elsewhere = Visitor::connect(&desk).await;
    let all = elsewhere.start(json!({ "token": token })).await;
    assert_eq!(texts(&all["messages"]), ["hello, my router is dead", "Did you turn it on?"]);
    assert_eq!(all["messages"][0]["client_id"], "first-message");
    for told in [again, all] {
        assert!(!told.to_string().contains("difficult"), "a note or a tag: {told}");
    }

    // Writing again reopens it, with whoever had it.
    elsewhere.write("second-message", "it is dead again").await;
    elsewhere.until("it is open again", |frame| frame["state"]["conversation"] == "open").await;
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn after_a_cut_nothing_is_lost_and_nothing_twice() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut visitor = Visitor::new(&desk).await;
    visitor.write("first-message", "hello").await;
    let id = alice.accept_next().await;
    let first = sends(&mut alice, &id, "one").await;
    assert_eq!(visitor.answer().await["text"], "one");
    visitor.say(json!({ "type": "delivered", "message_id": first })).await;
    has_state(&mut alice, &first, "delivered").await;
    let (mut visitor, started) = visitor.resume(&desk).await;
    assert_eq!((&started["resumed"], &started["messages"]), (&json!(true), &json!([])));

    // The line breaks before the page says that this one came: it is told again, under the same id.
    let second = sends(&mut alice, &id, "two").await;
    assert_eq!(visitor.answer().await["message_id"], second);
    let (mut visitor, started) = visitor.resume(&desk).await;
    assert_eq!(texts(&started["messages"]), ["two"]);
    visitor.say(json!({ "type": "delivered", "message_id": second })).await;
    has_state(&mut alice, &second, "delivered").await;

    // A message on a dying line, and two while nobody is there.
    visitor.say(json!({ "type": "message", "client_id": "on-a-dying-line", "text": "are you there?" })).await;
    alice.event("it came", |event| event["message"]["text"] == "are you there?").await;
    visitor.cut().await;
    sends(&mut alice, &id, "three").await;
    sends(&mut alice, &id, "four").await;
    let (mut visitor, started) = visitor.resume(&desk).await;
    assert_eq!(texts(&started["messages"]), ["are you there?", "three", "four"]);
    visitor.write("on-a-dying-line", "are you there?").await;
    visitor.write("the-next-message", "good").await;
    alice.event("the next", |event| event["message"]["text"] == "good").await;
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    assert_eq!(
        texts(&history["messages"]),
        ["hello", "one", "two", "are you there?", "three", "four", "good"]
    );
}

#[tokio::test]
async fn a_message_sent_again_is_the_same_message() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut visitor = Visitor::new(&desk).await;
    visitor.write("the-same-id", "hello").await;
    visitor.write("the-same-id", "hello").await;
    alice.accept_next().await;
    let (mut visitor, started) = visitor.resume(&desk).await;
    // The page had not seen it yet, or had: either way it knows it by its own id.
    for message in started["messages"].as_array().expect("messages") {
        assert_eq!(message["client_id"], "the-same-id");
    }
    visitor.write("the-same-id", "hello").await;
    // Also when the engine has forgotten the id.
    desk.clock.advance(Span::days(10));
    visitor.write("the-same-id", "hello").await;
    visitor.write("another-id", "hello?").await;
    alice.event("the second message", |event| event["message"]["text"] == "hello?").await;
    let mut elsewhere = Visitor::connect(&desk).await;
    let all = elsewhere.start(json!({ "token": visitor.token })).await;
    assert_eq!(texts(&all["messages"]), ["hello", "hello?"]);
    // Another visitor's id of the same letters is another message.
    let mut other = Visitor::new(&desk).await;
    other.write("the-same-id", "hello from somebody else").await;
    let offered = alice.told("interaction.offered").await;
    assert_eq!(offered["messages"][0]["text"], "hello from somebody else");
}

#[tokio::test]
async fn nobody_reads_what_is_somebody_else_s() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut anna = Visitor::new(&desk).await;
    let mut other = Visitor::new(&desk).await;
    anna.write("from-anna", "my secret").await;
    let id = alice.accept_next().await;
    let message_id = sends(&mut alice, &id, "an answer").await;
    anna.answer().await;

    // Another token leads to another conversation, whatever else it claims.
    let mut third = Visitor::connect(&desk).await;
    let nothing = third.start(json!({ "token": other.token, "cursor": "0.0" })).await;
    assert_eq!(nothing["messages"], json!([]));
    third.say(json!({ "type": "history", "before": message_id })).await;
    assert_eq!(third.told("history").await["messages"], json!([]));
    // Nor does it speak for others.
    third.say(json!({ "type": "read", "message_id": message_id })).await;
    third.say(json!({ "type": "read", "message_id": "m999999" })).await;
    other.write("from-other", "a sign that all before was handled").await;
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    assert_eq!(history["messages"][1]["state"], "accepted");

    // What is stored of a token opens nothing, and what is none is turned away.
    let mut forger = Visitor::connect(&desk).await;
    let address =
        alice.ask("interaction.get", json!({ "interaction_id": id })).await["interaction"]["contact"]["address"].clone();
    let guess = format!("{:0<43}", address.as_str().expect("an address"));
    assert_eq!(forger.start(json!({ "token": guess })).await["messages"], json!([]));
    for token in ["", "short", "a.b.c", &"x".repeat(44)] {
        let mut forger = Visitor::connect(&desk).await;
        forger.say(json!({ "type": "start", "token": token })).await;
        assert_eq!(forger.told("refused").await["kind"], "invalid", "{token}");
        assert_eq!(forger.closed().await, 4001);
    }
}

#[tokio::test]
async fn files_go_both_ways_and_to_nobody_else() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut visitor = Visitor::new(&desk).await;
    let other = Visitor::new(&desk).await;
    let (status, made) = visitor.upload(&desk, PNG.to_vec(), "été.png", "text/html").await;
    assert_eq!((status, &made["mime"], &made["filename"]), (200, &"image/png".into(), &"été.png".into()));
    let media_id = made["media_id"].as_str().expect("an id").to_owned();
    assert_eq!(visitor.download(&desk, &media_id).await.0, 404, "it stands in no message yet");
    let mut thief = Visitor::new(&desk).await;
    thief.say(json!({ "type": "message", "client_id": "stolen-file", "media_id": media_id })).await;
    assert_eq!(thief.told("refused").await["kind"], "not_found");
    visitor
        .say(json!({ "type": "message", "client_id": "with-a-file", "media_id": media_id, "text": "look" }))
        .await;
    visitor.told("stored").await;

    let id = alice.accept_next().await;
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    let message = &history["messages"][0];
    assert_eq!((&message["kind"], &message["text"]), (&"image".into(), &"look".into()));
    assert_eq!(
        (&message["media"][0]["state"], &message["media"][0]["mime"]),
        (&"stored".into(), &"image/png".into())
    );
    let get = desk.http.get(desk.url(&format!("/media/{media_id}"))).bearer_auth(token_of("alice"));
    assert_eq!(get.send().await.expect("an answer").bytes().await.expect("bytes"), PNG);
    assert_eq!(visitor.download(&desk, &media_id).await, (200, PNG.to_vec()));

    let part = reqwest::multipart::Part::bytes(PNG).file_name("plan.png");
    let post = desk.http.post(desk.url("/media")).bearer_auth(token_of("alice"));
    let made: Value = post
        .multipart(reqwest::multipart::Form::new().part("file", part))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let theirs = made["media_id"].as_str().expect("an id").to_owned();
    assert_eq!(visitor.download(&desk, &theirs).await.0, 404, "it was not sent yet");
    let media = json!([{ "media_id": theirs, "caption": "the plan" }]);
    alice.ask("message.send", json!({ "interaction_id": id, "media": media })).await;
    let answer = visitor.answer().await;
    assert_eq!(
        (&answer["media"][0]["media_id"], &answer["text"]),
        (&theirs.clone().into(), &"the plan".into())
    );
    assert_eq!(visitor.download(&desk, &theirs).await, (200, PNG.to_vec()));
    for id in [&media_id, &theirs] {
        assert_eq!(other.download(&desk, id).await.0, 404);
        let nobody =
            desk.http.get(desk.url(&format!("/chat/site/media/{id}"))).send().await.expect("an answer");
        assert_eq!(nobody.status(), 401);
        // Nor may a file that stands in a message be named again.
        thief.say(json!({ "type": "message", "client_id": "stolen-again", "media_id": id })).await;
        assert_eq!(thief.told("refused").await["kind"], "not_found");
    }
}

#[tokio::test]
async fn both_see_that_the_other_types() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut visitor = Visitor::new(&desk).await;
    visitor.write("first-message", "hello").await;
    let id = alice.accept_next().await;
    visitor.say(json!({ "type": "typing" })).await;
    let typing = alice.told("typing").await;
    assert_eq!((&typing["contact"], &typing["interaction_id"]), (&true.into(), &id.clone().into()));
    assert!(typing["cursor"].is_null(), "it is not kept");
    alice.ask("message.typing", json!({ "interaction_id": id })).await;
    visitor.told("typing").await;
    // An answer takes the sign away, so what is typed after it shows at once.
    sends(&mut alice, &id, "one moment").await;
    visitor.answer().await;
    alice.ask("message.typing", json!({ "interaction_id": id })).await;
    visitor.told("typing").await;
}

#[tokio::test]
async fn a_host_site_says_who_somebody_is() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let soon = desk.seconds() + 600;
    let word = signed("42", "Marie Curie", soon, IDENTITY_SECRET);
    let mut marie = Visitor::connect(&desk).await;
    let started = marie.start(json!({ "identity": word })).await;
    assert_eq!((&started["name"], &started["token"]), (&"Marie Curie".into(), &json!(null)));
    marie.write("from-marie", "hello").await;
    let offered = alice.told("interaction.offered").await;
    assert_eq!(offered["interaction"]["contact"]["name"], "Marie Curie");
    assert_eq!(offered["interaction"]["contact"]["address"], "site:42");

    // The same person on another device, with another word.
    let mut phone = Visitor::connect(&desk).await;
    let again = phone.start(json!({ "identity": signed("42", "Marie", soon + 5, IDENTITY_SECRET) })).await;
    assert_eq!(texts(&again["messages"]), ["hello"]);
    phone.write("from-the-phone", "and hello again").await;
    let told =
        marie.until("the other device", |frame| frame["message"]["client_id"] == "from-the-phone").await;
    assert_eq!(told["message"]["text"], "and hello again");

    for word in [
        signed("42", "Marie Curie", soon, "another secret of 32 characters!"),
        signed("42", "Marie Curie", desk.seconds() - 1, IDENTITY_SECRET),
        format!("{}x", signed("42", "Marie Curie", soon, IDENTITY_SECRET)),
    ] {
        let mut forger = Visitor::connect(&desk).await;
        forger.say(json!({ "type": "start", "identity": word })).await;
        assert_eq!(forger.told("refused").await["kind"], "not_permitted");
        assert_eq!(forger.closed().await, 4001);
    }
    // A word is no token, and a token is no word.
    let mut mixed = Visitor::connect(&desk).await;
    mixed.say(json!({ "type": "start", "token": signed("42", "Marie", soon, IDENTITY_SECRET) })).await;
    assert_eq!(mixed.told("refused").await["kind"], "invalid");
}

#[tokio::test]
async fn a_visitor_gets_the_translation_alone() {
    let translator = Translator::start().await;
    let setup = Setup { more: chat(settings()), translator: Some(translator.way(false)), ..Setup::default() };
    let desk = TestDesk::start_set(setup).await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut visitor = Visitor::new(&desk).await;
    visitor.write("first-message", "bonjour").await;
    let id = alice.accept_next().await;
    let languages = json!({ "interaction_id": id, "my_language": "en", "their_language": "fr",
        "translate_theirs": true, "translate_mine": true });
    alice.ask("translation.set", languages).await;

    // What waits for its translation is nowhere: not on this page, not on one that is opened meanwhile.
    translator.next(Does::Waits);
    sends(&mut alice, &id, "good morning").await;
    desk.until("it is being translated", async || translator.asked().len() == 1).await;
    let mut elsewhere = Visitor::connect(&desk).await;
    let all = elsewhere.start(json!({ "token": visitor.token })).await;
    assert_eq!(texts(&all["messages"]), ["bonjour"]);
    translator.go_on();
    for page in [&mut visitor, &mut elsewhere] {
        assert_eq!(page.answer().await["text"], "fr-good fr-morning\n\n(traduit)");
    }
    // What the visitor wrote stays as it was written.
    visitor.write("second-message", "merci").await;
    let holds = |event: &Value| event["message"]["translation"]["text"] == "en-merci";
    alice.event("the agent's translation", holds).await;

    translator.next(Does::Answers(500));
    let failed = sends(&mut alice, &id, "see you soon").await;
    has_state(&mut alice, &failed, "failed").await;
    let (mut visitor, _) = visitor.resume(&desk).await;
    visitor.say(json!({ "type": "history", "before": "m999999" })).await;
    let all = visitor.told("history").await;
    assert_eq!(texts(&all["messages"]), ["bonjour", "fr-good fr-morning\n\n(traduit)", "merci"]);
    let again = json!({ "interaction_id": id, "message_id": failed, "untranslated": true });
    alice.ask("message.retry", again).await;
    let told = visitor.until("it left as it was written", |frame| frame["message"]["message_id"] == *failed);
    assert_eq!(told.await["message"]["text"], "see you soon");
}

#[tokio::test]
async fn a_visitor_who_was_erased_sees_nothing_more_and_starts_anew() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let mut visitor = Visitor::new(&desk).await;
    let token = visitor.token.clone();
    // Open work, and work that has ended: of that, nothing else would tell the page.
    for ended in [false, true] {
        visitor.write(&format!("before-it-{ended}"), "my secret").await;
        let id = alice.accept_next().await;
        sends(&mut alice, &id, "an answer").await;
        visitor.answer().await;
        let row = alice.ask("interaction.get", json!({ "interaction_id": id })).await["interaction"].clone();
        if ended {
            alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "resolved" })).await;
            alice.ask("interaction.close", json!({ "interaction_id": id })).await;
            visitor.until("it has ended", |frame| frame["state"]["conversation"] == "ended").await;
        }
        let cursor = visitor.cursor.clone();
        let contact_id = row["contact"]["contact_id"].clone();
        ada.ask("admin.contacts.erase", json!({ "contact_id": contact_id })).await;
        assert_eq!(visitor.closed().await, 4009, "ended: {ended}");

        visitor = Visitor::connect(&desk).await;
        let started = visitor.start(json!({ "token": token, "cursor": cursor })).await;
        assert_eq!((&started["resumed"], &started["messages"]), (&json!(false), &json!([])));
        assert_eq!(started["state"], json!({ "conversation": "none", "unread": 0 }));
        visitor.say(json!({ "type": "history", "before": "m999999" })).await;
        assert_eq!(visitor.told("history").await["messages"], json!([]));
        visitor.write(&format!("anew-{ended}"), "hello").await;
        let offered = alice.told("interaction.offered").await;
        assert_ne!(offered["interaction"]["contact"]["contact_id"], contact_id);
        let id = offered["interaction_id"].clone();
        alice.ask("interaction.accept", json!({ "interaction_id": id })).await;
        alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "resolved" })).await;
        alice.ask("interaction.close", json!({ "interaction_id": id })).await;
    }
    let mut elsewhere = Visitor::connect(&desk).await;
    let all = elsewhere.start(json!({ "token": token })).await;
    assert_eq!(texts(&all["messages"]), ["hello"]);
}

#[tokio::test]
async fn a_conversation_outlives_the_server() {
    let first = desk().await;
    let mut alice = Client::available(&first, "alice").await;
    let mut visitor = Visitor::new(&first).await;
    visitor.write("first-message", "hello").await;
    let id = alice.accept_next().await;
    sends(&mut alice, &id, "one").await;
    visitor.answer().await;
    let folder = first.end().await;
    assert_eq!(visitor.closed().await, 1012);

    let second =
        TestDesk::start_set(Setup { more: chat(settings()), folder: Some(folder), ..Setup::default() }).await;
    let mut alice = Client::available(&second, "alice").await;
    sends(&mut alice, &id, "two").await;
    let (mut visitor, started) = visitor.resume(&second).await;
    assert_eq!(started["resumed"], true);
    // "one" was never acknowledged, so it is told again under its id.
    assert_eq!(texts(&started["messages"]), ["one", "two"]);
    visitor.write("first-message", "hello").await;
    visitor.write("second-message", "here again").await;
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    assert_eq!(texts(&history["messages"]), ["hello", "one", "two", "here again"]);
}
