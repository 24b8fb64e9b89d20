//! Contacts: read, changed, merged and parted, blocked, opted out (SPEC §5.11, §6).

use std::sync::Arc;

use guichet::domain::ChannelKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::stand_in::StandIn;

/// The contact of an interaction.
async fn contact_of(client: &mut Client, interaction_id: &str) -> Value {
    let answer = client.ask("interaction.get", json!({ "interaction_id": interaction_id })).await;
    answer["interaction"]["contact"]["contact_id"].clone()
}

async fn get(client: &mut Client, contact_id: &Value) -> Value {
    client.ask("contact.get", json!({ "contact_id": contact_id })).await
}

#[tokio::test]
async fn a_contact_is_changed_and_who_works_with_it_is_told() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let contact_id = contact_of(&mut alice, &id).await;
    let save = json!({ "contact_id": contact_id, "name": "Élodie", "language": "fr", "vip": true,
        "attributes": { "account": "A-7", "tier": "gold" } });
    let saved = alice.ask("contact.save", save).await;
    assert_eq!(saved["contact"]["attributes"], json!({ "account": "A-7", "tier": "gold" }));
    let changed = alice.told("contact.changed").await;
    assert_eq!((&changed["interaction_id"], &changed["contact_id"]), (&id.as_str().into(), &contact_id));
    assert_eq!(
        (&changed["interaction"]["contact"]["name"], &changed["interaction"]["contact"]["vip"]),
        (&"Élodie".into(), &true.into())
    );
    alice
        .ask(
            "contact.save",
            json!({ "contact_id": contact_id, "attributes": { "tier": null }, "language": "" }),
        )
        .await;
    let card = get(&mut alice, &contact_id).await;
    assert_eq!(card["contact"]["attributes"], json!({ "account": "A-7" }));
    assert_eq!((&card["contact"]["name"], &card["contact"]["language"]), (&"Élodie".into(), &Value::Null));

    let many: serde_json::Map<String, Value> = (0..51).map(|n| (format!("k{n}"), "x".into())).collect();
    for (more, kind) in [
        (json!({ "name": "x".repeat(101) }), "too_large"),
        (json!({ "language": "french" }), "invalid"),
        (json!({ "attributes": many }), "too_large"),
        (json!({ "attributes": { "k": "x".repeat(1_001) } }), "too_large"),
        (json!({ "attributes": { "x".repeat(51): "v" } }), "too_large"),
        (json!({ "attributes": { " ": "v" } }), "invalid"),
        (json!({ "contact_id": "c999" }), "not_found"),
        (json!({ "contact_id": null }), "invalid"),
        (json!({ "add_addresses": [{ "kind": "email", "address": "a@b.fr" }] }), "invalid"),
        (json!({ "add_addresses": [{ "kind": "whatsapp", "address": "06" }] }), "invalid"),
        (json!({ "remove_addresses": [{ "kind": "whatsapp", "address": "+33699999999" }] }), "invalid"),
        (json!({ "remove_addresses": [{ "kind": "whatsapp", "address": "+33600000001" }] }), "wrong_status"),
    ] {
        let mut params = json!({ "contact_id": contact_id });
        params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        assert_eq!(alice.refused("contact.save", params).await, kind, "{more}");
    }
    // Refusals leave no trace.
    assert_eq!(get(&mut alice, &contact_id).await["contact"]["name"], "Élodie");
}

#[tokio::test]
async fn a_contact_can_be_made_and_its_addresses_come_and_go() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    let new =
        json!({ "name": "Marie", "add_addresses": [{ "kind": "sms", "address": "+33 6 00 00 00 01" }] });
    let marie = alice.ask("contact.save", new).await["contact"].clone();
    assert_eq!(marie["addresses"], json!([{ "kind": "sms", "address": "+33600000001" }]));
    let begun = json!({ "contact_id": marie["contact_id"], "channel_id": "sms", "text": "hello" });
    let begun = alice.ask("outbound.start", begun).await;
    assert_eq!(begun["interaction"]["contact"]["name"], "Marie");
    let id = begun["interaction"]["interaction_id"].clone();
    alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "closed" })).await;
    alice.ask("interaction.close", json!({ "interaction_id": id })).await;

    // Somebody else's number: the conversation goes with it.
    let wrong = json!({ "kind": "sms", "address": "+33600000001" });
    let saved = alice
        .ask("contact.save", json!({ "contact_id": marie["contact_id"], "remove_addresses": [wrong] }))
        .await;
    assert_eq!(saved["contact"]["addresses"], json!([]));
    let (mut sam, _) = Client::start(&desk, "sam").await;
    assert_eq!(get(&mut sam, &marie["contact_id"]).await["interactions"], json!([]));
    sms.write(&desk, "+33600000001", "s1", "who is Marie?").await;
    let next = alice.accept_next().await;
    assert_ne!(contact_of(&mut alice, &next).await, marie["contact_id"]);
    let other = json!({ "contact_id": marie["contact_id"], "add_addresses": [wrong] });
    let refused = alice.call("contact.save", other).await;
    assert_eq!(refused["error"]["data"]["kind"], "invalid");
    assert!(refused["error"]["data"]["choices"][0].is_string());
}

#[tokio::test]
async fn two_contacts_are_merged_and_parted_and_keep_their_work() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello by chat")]).await;
    let chat = alice.accept_next().await;
    sms.write(&desk, "+33600000001", "s1", "hello by text").await;
    let text = alice.accept_next().await;
    let (one, two) = (contact_of(&mut alice, &chat).await, contact_of(&mut alice, &text).await);
    assert_ne!(one, two);
    let merging = json!({ "contact_id": two, "into": one });
    assert_eq!(alice.refused("contact.merge", merging).await, "not_permitted");
    let (mut sam, _) = Client::start(&desk, "sam").await;
    // The equal number is noticed, and left to a person.
    let card = get(&mut alice, &one).await;
    assert_eq!(card["duplicates"][0]["contact_id"], two);
    assert_eq!(card["interactions"].as_array().map(Vec::len), Some(1));

    assert_eq!(sam.refused("contact.merge", json!({ "contact_id": one, "into": one })).await, "invalid");
    assert_eq!(sam.refused("contact.merge", json!({ "contact_id": two, "into": "c999" })).await, "not_found");
    let merged = sam.ask("contact.merge", json!({ "contact_id": two, "into": one })).await;
    assert_eq!(merged["contact"]["addresses"].as_array().map(Vec::len), Some(2));
    let told = alice.event("the work follows", |event| {
        event["type"] == "contact.changed" && event["interaction_id"] == text.as_str()
    });
    assert_eq!(told.await["interaction"]["contact"]["contact_id"], one);
    let card = get(&mut alice, &one).await;
    assert_eq!(card["interactions"].as_array().map(Vec::len), Some(2));
    assert_eq!((&card["merged"][0]["contact_id"], &card["duplicates"]), (&two, &json!([])));
    // The other one is gone from every door.
    assert_eq!(get(&mut alice, &two).await["contact"]["merged_into"], one);
    let start = json!({ "contact_id": two, "channel_id": "sms", "text": "x" });
    assert_eq!(alice.refused("outbound.start", start).await, "not_found");
    assert_eq!(sam.refused("contact.merge", json!({ "contact_id": two, "into": one })).await, "not_found");
    let found = alice.ask("directory.search", json!({ "book": "contacts", "query": "0600000001" })).await;
    assert_eq!(found["contacts"].as_array().map(Vec::len), Some(1));
    // What arrives goes where it went, under the one contact.
    sms.write(&desk, "+33600000001", "s2", "still me").await;
    let added = alice.event("the message", |event| event["message"]["text"] == "still me").await;
    assert_eq!(
        (&added["interaction_id"], &added["interaction"]["contact"]["contact_id"]),
        (&text.as_str().into(), &one)
    );

    assert_eq!(
        sam.refused("contact.merge", json!({ "contact_id": one, "into": two, "undo": true })).await,
        "not_found"
    );
    let parted = sam.ask("contact.merge", json!({ "contact_id": two, "into": one, "undo": true })).await;
    assert_eq!(parted["contact"]["addresses"], json!([{ "kind": "sms", "address": "+33600000001" }]));
    assert_eq!(contact_of(&mut alice, &text).await, two);
    assert_eq!(contact_of(&mut alice, &chat).await, one);
    let card = get(&mut alice, &one).await;
    assert_eq!((&card["merged"], card["interactions"].as_array().map(Vec::len)), (&json!([]), Some(1)));
    assert_eq!(
        sam.refused("contact.merge", json!({ "contact_id": two, "into": one, "undo": true })).await,
        "invalid"
    );
}

#[tokio::test]
async fn past_work_comes_in_pages_to_who_works_with_the_contact() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut ids = Vec::new();
    for n in 0..4 {
        sms.write(&desk, "+33600000001", &format!("s{n}"), "hello").await;
        let id = alice.accept_next().await;
        if n < 3 {
            alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "resolved" })).await;
            alice.ask("interaction.close", json!({ "interaction_id": id })).await;
        }
        ids.push(id);
    }
    let contact_id = contact_of(&mut alice, &ids[3]).await;
    let page = |before: Option<&String>| json!({ "contact_id": contact_id, "limit": 2, "before": before });
    let shown = |answer: &Value| -> Vec<String> {
        let all = answer["interactions"].as_array().expect("a list");
        all.iter().map(|one| one["interaction_id"].as_str().expect("an id").to_owned()).collect()
    };
    let first = alice.ask("contact.interactions", page(None)).await;
    assert_eq!((shown(&first), &first["more"]), (vec![ids[3].clone(), ids[2].clone()], &true.into()));
    let second = alice.ask("contact.interactions", page(Some(&ids[2]))).await;
    assert_eq!((shown(&second), &second["more"]), (vec![ids[1].clone(), ids[0].clone()], &false.into()));
    // A past one may be read by who works with the contact now.
    alice.ask("interaction.history", json!({ "interaction_id": ids[0] })).await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    assert_eq!(bruno.refused("contact.interactions", page(None)).await, "not_permitted");
    assert_eq!(get(&mut bruno, &contact_id).await["interactions"], json!([]));
    assert_eq!(bruno.refused("card.get", json!({ "interaction_id": ids[3] })).await, "not_found");
    let (mut sam, _) = Client::start(&desk, "sam").await;
    assert_eq!(get(&mut sam, &contact_id).await["interactions"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_blocked_contact_reaches_nobody_until_it_is_let_in_again() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    sms.write(&desk, "+33600000001", "s1", "nonsense").await;
    let id = alice.accept_next().await;
    let contact_id = contact_of(&mut alice, &id).await;
    let blocked = alice.ask("contact.block", json!({ "contact_id": contact_id })).await;
    assert_eq!(blocked["contact"]["blocked"], true);
    // The agent who has the work closes it in its own time.
    alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "closed" })).await;
    alice.ask("interaction.close", json!({ "interaction_id": id })).await;
    alice.events.clear();
    sms.write(&desk, "+33600000001", "s2", "more nonsense").await;
    let start = json!({ "contact_id": contact_id, "channel_id": "sms", "text": "stop it" });
    assert_eq!(alice.refused("outbound.start", start.clone()).await, "not_permitted");
    let (mut sam, started) = Client::start(&desk, "sam").await;
    let waiting: i64 = started["snapshot"]["queues"]
        .as_array()
        .expect("queues")
        .iter()
        .map(|queue| queue["waiting"].as_i64().unwrap_or(0))
        .sum();
    assert_eq!(waiting, 0);
    // Kept, for whoever supervises.
    let card = get(&mut sam, &contact_id).await;
    let kept = &card["interactions"][0];
    assert_eq!(
        (&kept["status"], &kept["ownership"], &kept["last_line"]),
        (&"closed".into(), &"detached".into(), &"more nonsense".into())
    );

    alice.ask("contact.block", json!({ "contact_id": contact_id, "blocked": false })).await;
    sms.write(&desk, "+33600000001", "s3", "sorry").await;
    let back = alice.accept_next().await;
    assert_ne!(Value::from(back), kept["interaction_id"]);
    assert!(alice.events.iter().all(|event| event["message"]["text"] != "more nonsense"));
}

#[tokio::test]
async fn blocking_ends_the_work_that_nobody_has() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    sms.write(&desk, "+33600000001", "s1", "nonsense").await;
    sam.event("one waits", |event| event["queue"]["waiting"] == 1).await;
    let found = sam.ask("directory.search", json!({ "book": "contacts", "query": "0600000001" })).await;
    sam.ask("contact.block", json!({ "contact_id": found["contacts"][0]["contact_id"] })).await;
    sam.event("none waits", |event| event["queue"]["waiting"] == 0).await;
}

#[tokio::test]
async fn who_opted_out_is_not_written_to_first_and_still_answered() {
    let (sms, mail) = (StandIn::new("sms", ChannelKind::Sms), StandIn::new("mail", ChannelKind::Email));
    let desk = TestDesk::with_channels(&[Arc::clone(&sms), mail]).await;
    let mut alice = Client::available(&desk, "alice").await;
    sms.write(&desk, "+33600000001", "s1", "stop").await;
    let id = alice.accept_next().await;
    let contact_id = contact_of(&mut alice, &id).await;
    let out = alice.ask("contact.opt_out", json!({ "contact_id": contact_id })).await;
    assert_eq!(out["contact"]["opted_out"], true);
    let start = json!({ "contact_id": contact_id, "channel_id": "sms", "text": "buy this" });
    assert_eq!(alice.refused("outbound.start", start.clone()).await, "not_permitted");
    let convert = json!({ "interaction_id": id, "kind": "email", "address": "a@example.com", "text": "x" });
    assert_eq!(alice.refused("interaction.convert", convert).await, "not_permitted");
    alice.ask("message.send", json!({ "interaction_id": id, "text": "you will get no more" })).await;
    desk.until("the answer left", async || sms.texts().len() == 1).await;
    alice.ask("contact.opt_out", json!({ "contact_id": contact_id, "opted_out": false })).await;
    alice.ask("outbound.start", start).await;
}

#[tokio::test]
async fn a_customer_s_card_shows_who_it_is_and_what_was() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let card = alice.ask("card.get", json!({ "interaction_id": id })).await;
    assert_eq!(card["contact"]["name"], "Customer 33600000001");
    assert_eq!(card["contact"]["addresses"], json!([{ "kind": "whatsapp", "address": "+33600000001" }]));
    assert_eq!(card["interactions"][0]["interaction_id"], id.as_str());
    assert_eq!((&card["sections"], &card["interactions"][0]["channel_id"]), (&json!([]), &CHANNEL.into()));
}
