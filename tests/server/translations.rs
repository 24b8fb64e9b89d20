//! Translation, both ways, with a translator that fails in every way it can (SPEC §5.12).

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, Setup, TestDesk};
use crate::provider::delivery;
use crate::translator::{Does, Translator};

const CUSTOMER: &str = "33600000001";

async fn desk(translator: &Translator) -> TestDesk {
    let translator = Some(translator.way(false));
    TestDesk::start_set(Setup { translator, ..Setup::default() }).await
}

/// Alice has work, with translation both ways between English (hers) and French.
async fn work(desk: &TestDesk) -> (Client, String) {
    let mut alice = Client::available(desk, "alice").await;
    desk.write(CUSTOMER, &[("wamid.0", "bonjour")]).await;
    let id = alice.accept_next().await;
    let set = set(&id, true, true);
    let answer = alice.ask("translation.set", set).await;
    assert_eq!(
        answer["interaction"]["translation"],
        json!({ "my_language": "en", "their_language": "fr", "translate_theirs": true, "translate_mine": true })
    );
    alice.told("interaction.translation_set").await;
    (alice, id)
}

fn set(id: &str, theirs: bool, mine: bool) -> Value {
    json!({ "interaction_id": id, "my_language": "en", "their_language": "fr",
        "translate_theirs": theirs, "translate_mine": mine })
}

async fn message(client: &mut Client, text: &str, state: &str) -> Value {
    let holds =
        |event: &Value| event["message"]["text"] == text && event["message"]["translation"]["state"] == state;
    client.event("a translation", holds).await["message"].clone()
}

/// The agent sends; gives the message's id.
async fn send(client: &mut Client, id: &str, text: &str) -> String {
    let sent = client.ask("message.send", json!({ "interaction_id": id, "text": text })).await;
    sent["message"]["message_id"].as_str().expect("an id").to_owned()
}

async fn failed(client: &mut Client, message_id: &str) -> Value {
    let fails =
        |event: &Value| event["message"]["message_id"] == message_id && event["message"]["state"] == "failed";
    client.event("it fails", fails).await["message"].clone()
}

#[tokio::test]
async fn both_ways_with_numbers_and_addresses_untouched() {
    let translator = Translator::start().await;
    let desk = desk(&translator).await;
    let (mut alice, id) = work(&desk).await;
    translator.next(Does::Waits);
    desk.write(CUSTOMER, &[("wamid.1", "ma commande #A-123 du 3 mai, voir https://x.fr/a")]).await;
    let text = "ma commande #A-123 du 3 mai, voir https://x.fr/a";
    // The original is there at once, the translation when it is made.
    let added = alice.told("message.added").await;
    let pending = json!({ "state": "pending", "text": "", "from": "fr", "to": "en" });
    assert_eq!((&added["message"]["text"], &added["message"]["translation"]), (&json!(text), &pending));
    translator.go_on();
    let there = message(&mut alice, text, "ok").await;
    assert_eq!(
        there["translation"]["text"],
        "en-ma en-commande #A-123 en-du 3 en-mai, en-voir https://x.fr/a"
    );
    let asked = translator.asked();
    assert_eq!((&asked[0]["api_key"], &asked[0]["format"]), (&"the-key".into(), &"text".into()));
    assert!(!asked[0]["q"].to_string().contains("A-123") && !asked[0]["q"].to_string().contains("http"));

    send(&mut alice, &id, "order #A-123 left").await;
    send(&mut alice, &id, "anything else").await;
    desk.until("both left", async || desk.provider.texts().len() == 2).await;
    // The first one tells the contact that it is translated, in the contact's language; the contact never gets the original.
    assert_eq!(desk.provider.texts(), ["fr-order #A-123 fr-left\n\n(traduit)", "fr-anything fr-else"]);
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    let mine = &history["messages"][2];
    assert_eq!(mine["text"], "order #A-123 left");
    assert_eq!(mine["translation"]["text"], "fr-order #A-123 fr-left\n\n(traduit)");

    // What has no words, templates, and what is switched off stay as they are.
    send(&mut alice, &id, "06 12 34 56 78 👍").await;
    desk.desk.refresh_templates();
    let template = json!({ "name": "hello", "language": "fr", "parameters": { "1": "Marie" } });
    desk.until("templates are read", async || {
        let (mut other, _) = Client::start(&desk, "alice").await;
        other.ask("template.list", json!({ "channel_id": CHANNEL })).await["templates"] != json!([])
    })
    .await;
    let sent = alice.ask("message.send", json!({ "interaction_id": id, "template": template })).await;
    assert_eq!(sent["message"]["translation"], Value::Null);
    alice.ask("translation.set", set(&id, false, false)).await;
    send(&mut alice, &id, "plain").await;
    desk.until("all left", async || desk.provider.sent().len() == 5).await;
    assert_eq!(desk.provider.texts()[2..], ["06 12 34 56 78 👍", "plain"]);
    // What is said again is not translated again.
    let before = translator.asked().len();
    alice.ask("translation.set", set(&id, true, true)).await;
    send(&mut alice, &id, "anything else").await;
    desk.until("it left", async || desk.provider.sent().len() == 6).await;
    assert_eq!(translator.asked().len(), before);
}

#[tokio::test]
async fn nothing_is_sent_untranslated_by_itself() {
    let translator = Translator::start().await;
    let desk = desk(&translator).await;
    let (mut alice, id) = work(&desk).await;
    for (does, text, reason) in [
        (Does::Answers(429), "one", "translator_busy"),
        (Does::Answers(403), "two", "translator_refused"),
        (Does::Answers(400), "three", "language_unknown"),
        (Does::Answers(500), "four", "bad_answer"),
        (Does::Babbles, "five", "bad_answer"),
        (Does::LosesMarks, "order #A-1", "mask_lost"),
        (Does::Rambles, "six", "too_long"),
        (Does::Hangs, "seven", "translator_unanswered"),
    ] {
        translator.next(does);
        let message_id = send(&mut alice, &id, text).await;
        let message = failed(&mut alice, &message_id).await;
        assert_eq!(message["error"]["reason"], "translation_failed", "{does:?}");
        assert_eq!(message["translation"]["state"], "failed", "{does:?}");
        assert_eq!(message["translation"]["reason"], reason, "{does:?}");
    }
    assert_eq!(desk.provider.sent(), Vec::<Value>::new());
    // One that fails holds nothing up, and those behind it keep their order.
    translator.next(Does::Waits);
    let asked = async |count: usize| {
        desk.until("it was asked", async || translator.asked().len() == count).await;
    };
    let first = send(&mut alice, &id, "late").await;
    asked(9).await;
    send(&mut alice, &id, "second").await;
    asked(10).await;
    translator.next(Does::Answers(500));
    let third = send(&mut alice, &id, "third").await;
    asked(11).await;
    assert_eq!(desk.provider.sent(), Vec::<Value>::new());
    translator.go_on();
    failed(&mut alice, &third).await;
    desk.until("two left", async || desk.provider.texts().len() == 2).await;
    assert_eq!(desk.provider.texts(), ["fr-late\n\n(traduit)", "fr-second"]);
    let on = |message_id: &str| json!({ "interaction_id": id, "message_id": message_id });
    assert_eq!(alice.refused("message.retry", on(&first)).await, "already_done");
    // The choice: again, or as it was written.
    translator.next(Does::Answers(500));
    alice.ask("message.retry", on(&third)).await;
    failed(&mut alice, &third).await;
    alice.ask("message.retry", on(&third)).await;
    desk.until("it left translated", async || desk.provider.texts().len() == 3).await;
    translator.next(Does::Answers(500));
    let fourth = send(&mut alice, &id, "as I wrote it").await;
    failed(&mut alice, &fourth).await;
    let mut plain = on(&fourth);
    plain["untranslated"] = true.into();
    let answer = alice.ask("message.retry", plain).await;
    assert_eq!(answer["message"]["translation"]["state"], "skipped");
    desk.until("it left as written", async || desk.provider.texts().len() == 4).await;
    assert_eq!(desk.provider.texts()[2..], ["fr-third", "as I wrote it"]);
    assert_eq!(
        alice.refused("message.send", json!({ "interaction_id": id, "text": "x".repeat(201) })).await,
        "too_large"
    );
}

#[tokio::test]
async fn what_the_contact_wrote_is_shown_and_tried_again_on_request() {
    let translator = Translator::start().await;
    let desk = desk(&translator).await;
    let (mut alice, id) = work(&desk).await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    translator.next(Does::Answers(403));
    desk.write(CUSTOMER, &[("wamid.1", "au secours")]).await;
    let known = message(&mut alice, "au secours", "failed").await;
    assert_eq!(known["translation"]["reason"], "translator_refused");
    ada.event("an alarm", |event| event["code"] == "translator_refused").await;
    let on = json!({ "interaction_id": id, "message_id": known["message_id"] });
    let again = alice.ask("message.translate", on.clone()).await;
    assert_eq!(again["message"]["translation"]["state"], "pending");
    let there = message(&mut alice, "au secours", "ok").await;
    assert_eq!(there["translation"]["text"], "en-au en-secours");
    assert_eq!(alice.refused("message.translate", on).await, "already_done");
    // One from before translation was switched on.
    let history = alice.ask("interaction.history", json!({ "interaction_id": id })).await;
    let first = json!({ "interaction_id": id, "message_id": history["messages"][0]["message_id"] });
    alice.ask("message.translate", first).await;
    assert_eq!(message(&mut alice, "bonjour", "ok").await["translation"]["text"], "en-bonjour");
    // A message that the contact changes is translated again; one taken back is gone in both languages.
    let about = |kind: &str, what: Value| {
        let mut about = json!({ "from": CUSTOMER, "id": format!("wamid.{kind}"), "type": kind, "timestamp": desk.seconds().to_string() });
        about[kind] = what;
        delivery(&json!({ "contacts": [{ "wa_id": CUSTOMER }], "messages": [about] }))
    };
    let text = json!({ "type": "text", "text": { "body": "tout va bien" } });
    desk.deliver(about("edit", json!({ "original_message_id": "wamid.1", "message": text }))).await;
    assert_eq!(
        message(&mut alice, "tout va bien", "ok").await["translation"]["text"],
        "en-tout en-va en-bien"
    );
    desk.deliver(about("revoke", json!({ "original_message_id": "wamid.1" }))).await;
    let gone = alice.event("it is gone", |event| event["message"]["deleted"] == true).await;
    assert_eq!(gone["message"]["translation"], Value::Null);
}

#[tokio::test]
async fn what_was_pending_is_taken_up_after_a_restart() {
    let translator = Translator::start().await;
    let before = desk(&translator).await;
    let (mut alice, id) = work(&before).await;
    translator.next(Does::Hangs);
    translator.next(Does::Hangs);
    before.write(CUSTOMER, &[("wamid.1", "au secours")]).await;
    alice.told("message.added").await;
    send(&mut alice, &id, "coming").await;
    before.until("both were asked", async || translator.asked().len() == 2).await;
    let cursor = alice.cursor.clone();
    let folder = before.end().await;
    let way = Some(translator.way(false));
    let desk = TestDesk::start_set(Setup { translator: way, folder: Some(folder), ..Setup::default() }).await;
    let mut alice = Client::connect(&desk, "alice").await;
    alice.ask("session.start", json!({ "cursor": cursor })).await;
    desk.until("it left", async || desk.provider.texts() == ["fr-coming\n\n(traduit)"]).await;
    assert_eq!(message(&mut alice, "au secours", "ok").await["translation"]["text"], "en-au en-secours");
}

#[tokio::test]
async fn a_window_that_closes_meanwhile_is_looked_at_again() {
    let translator = Translator::start().await;
    let desk = desk(&translator).await;
    let (mut alice, id) = work(&desk).await;
    translator.next(Does::Waits);
    let message_id = send(&mut alice, &id, "too late").await;
    desk.until("it was asked", async || translator.asked().len() == 1).await;
    desk.clock.advance(Span::hours(25));
    translator.go_on();
    assert_eq!(failed(&mut alice, &message_id).await["error"]["reason"], "window_closed");
    assert_eq!(desk.provider.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn who_may_choose_what() {
    let translator = Translator::start().await;
    let desk = desk(&translator).await;
    let (mut alice, id) = work(&desk).await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    assert_eq!(ada.refused("translation.set", set(&id, true, true)).await, "not_permitted");
    assert_eq!(ada.refused("translation.languages", json!({})).await, "not_permitted");
    assert_eq!(bruno.refused("translation.set", set(&id, true, true)).await, "not_assigned");
    assert_eq!(alice.refused("translation.set", set("i999999", true, true)).await, "not_found");
    for (field, value) in [
        ("my_language", "e"),
        ("their_language", "français"),
        ("their_language", "en"),
        ("my_language", "x\r\ny"),
    ] {
        let mut bad = set(&id, true, true);
        bad[field] = value.into();
        let refused = alice.call("translation.set", bad).await;
        assert_eq!(refused["error"]["data"]["kind"], "invalid", "{field} {value}");
    }
    let known = alice.ask("translation.languages", json!({})).await;
    assert_eq!(known["languages"][1], json!({ "code": "fr", "name": "French" }));

    let without = TestDesk::start().await;
    let (mut alice, started) = Client::start(&without, "alice").await;
    assert_eq!(started["snapshot"]["services"]["translation"], false);
    alice.ask("agent.set_state", json!({ "state": "available" })).await;
    without.write(CUSTOMER, &[("wamid.1", "bonjour")]).await;
    let id = alice.accept_next().await;
    assert_eq!(alice.refused("translation.set", set(&id, true, true)).await, "unsupported");
    assert_eq!(alice.refused("translation.languages", json!({})).await, "unsupported");
}

#[tokio::test]
async fn the_notice_may_stand_in_each_message() {
    let translator = Translator::start().await;
    let way = Some(translator.way(true));
    let desk = TestDesk::start_set(Setup { translator: way, ..Setup::default() }).await;
    let (mut alice, id) = work(&desk).await;
    send(&mut alice, &id, "one").await;
    send(&mut alice, &id, "two").await;
    desk.until("both left", async || desk.provider.texts().len() == 2).await;
    assert_eq!(desk.provider.texts(), ["fr-one\n\n(traduit)", "fr-two\n\n(traduit)"]);
}
