//! An agent begins: the contact or a new address, the skill, the first message (SPEC §5.3).

use std::sync::Arc;

use guichet::domain::ChannelKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::stand_in::StandIn;

fn hello() -> Value {
    json!({ "name": "hello", "language": "fr", "parameters": { "1": "Marie" } })
}

#[tokio::test]
async fn a_new_contact_is_written_to_with_a_template_first() {
    let desk = TestDesk::start().await;
    desk.desk.refresh_templates();
    let mut alice = Client::available(&desk, "alice").await;
    let start = |more: Value| {
        let mut params = json!({ "address": "+33 (0)6 12 34 56 78", "channel_id": CHANNEL });
        params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        params
    };
    alice
        .until_asked("the template is known", "template.list", json!({ "channel_id": CHANNEL }), |answer| {
            answer["templates"][0]["name"] == "hello"
        })
        .await;
    assert_eq!(alice.refused("outbound.start", start(json!({ "text": "hi" }))).await, "template_required");
    assert_eq!(alice.refused("outbound.start", start(json!({}))).await, "template_required");

    let begun = alice.ask("outbound.start", start(json!({ "template": hello() }))).await;
    let interaction = &begun["interaction"];
    assert_eq!(
        (&interaction["status"], &interaction["ownership"], &interaction["skill"], &interaction["outbound"]),
        (&"open".into(), &"assigned".into(), &"support".into(), &true.into())
    );
    assert_eq!(interaction["contact"]["address"], "+33612345678");
    assert_eq!(begun["message"]["text"], "Bonjour Marie");
    desk.until("the provider has it", async || desk.provider.sent().len() == 1).await;

    // The same address in another spelling is the same work: reused, never a second one.
    let again = json!({ "address": "0033612345678", "channel_id": CHANNEL, "template": hello() });
    let again = alice.ask("outbound.start", again).await;
    assert_eq!(again["interaction"]["interaction_id"], interaction["interaction_id"]);
    assert_eq!(again["interaction"]["contact"]["contact_id"], interaction["contact"]["contact_id"]);
}

#[tokio::test]
async fn an_address_is_read_as_its_channel_wants_it() {
    let channels = StandIn::of_every_kind();
    let desk = TestDesk::with_channels(&channels).await;
    let mut alice = Client::available(&desk, "alice").await;
    for (channel, address, expected) in [
        ("email", "Marie@Example.com", Ok("marie@example.com")),
        ("email", "+33612345678", Err("invalid")),
        ("email", "a@b.fr, c@d.fr", Err("invalid")),
        ("sms", "+33 6 12 34 56 78", Ok("+33612345678")),
        ("sms", "06 12 34 56 78", Err("invalid")),
        ("sms", "marie@example.com", Err("invalid")),
        // Nobody is written to first there.
        ("private_social", "17841400", Err("unsupported")),
        ("chat", "visitor-1", Err("unsupported")),
        ("nowhere", "+33612345678", Err("not_found")),
    ] {
        let params = json!({ "address": address, "channel_id": channel, "text": "hello" });
        match expected {
            Ok(read) => {
                let begun = alice.ask("outbound.start", params).await;
                assert_eq!(begun["interaction"]["contact"]["address"], read, "{channel} {address}");
            }
            Err(kind) => {
                assert_eq!(alice.refused("outbound.start", params).await, kind, "{channel} {address}");
            }
        }
    }
    assert_eq!(
        alice.refused("outbound.start", json!({ "channel_id": "email", "text": "x" })).await,
        "address_needed"
    );
    assert_eq!(
        alice.refused("outbound.start", json!({ "address": "a@b.fr", "channel_id": "email" })).await,
        "invalid"
    );
}

#[tokio::test]
async fn a_subject_goes_where_there_are_subjects_and_a_call_needs_no_message() {
    let (mail, voice) = (StandIn::new("mail", ChannelKind::Email), StandIn::new("line", ChannelKind::Voice));
    let desk = TestDesk::with_channels(&[Arc::clone(&mail), Arc::clone(&voice)]).await;
    let mut alice = Client::available(&desk, "alice").await;
    let params = json!({ "address": "marie@example.com", "channel_id": "mail", "subject": "Your order", "text": "It left" });
    let begun = alice.ask("outbound.start", params).await;
    assert_eq!(begun["interaction"]["subject"], "Your order");
    desk.until("it was sent", async || mail.sent().len() == 1).await;
    assert_eq!(mail.sent()[0].subject.as_deref(), Some("Your order"));
    assert_eq!(mail.texts(), [("marie@example.com".to_owned(), "It left".to_owned())]);
    let long = "x".repeat(251);
    for (channel, address, subject, kind) in [
        ("mail", "b@example.com", long.as_str(), "too_large"),
        ("mail", "b@example.com", "two\nlines", "invalid"),
        ("line", "+33612345678", "x", "unsupported"),
    ] {
        let params = json!({ "address": address, "channel_id": channel, "subject": subject, "text": "x" });
        assert_eq!(alice.refused("outbound.start", params).await, kind, "{channel}");
    }

    let call = json!({ "address": "+33612345678", "channel_id": "line" });
    let begun = alice.ask("outbound.start", call.clone()).await;
    assert_eq!((&begun["interaction"]["kind"], &begun["message"]), (&"voice".into(), &Value::Null));
    let mut with_text = call;
    with_text["text"] = "hello".into();
    assert_eq!(alice.refused("outbound.start", with_text).await, "unsupported");
}

#[tokio::test]
async fn the_skill_is_asked_for_when_several_fit() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    desk.hold_skills("alice", &["support", "sales"]).await;
    let mut alice = Client::available(&desk, "alice").await;
    let start = |skill: Option<&str>| json!({ "address": "+33612345678", "channel_id": "sms", "text": "x", "skill_id": skill });
    let refused = alice.call("outbound.start", start(None)).await;
    assert_eq!(refused["error"]["data"]["kind"], "skill_needed");
    assert_eq!(refused["error"]["data"]["choices"], json!(["sales", "support"]));
    let begun = alice.ask("outbound.start", start(Some("sales"))).await;
    assert_eq!(begun["interaction"]["skill"], "sales");

    // Who holds none of them is told so, with nothing to choose from.
    desk.hold_skills("bruno", &[]).await;
    let mut bruno = Client::available(&desk, "bruno").await;
    let other = json!({ "address": "+33612345679", "channel_id": "sms", "text": "x" });
    let refused = bruno.call("outbound.start", other).await;
    assert_eq!(refused["error"]["data"]["kind"], "skill_needed");
    assert!(refused["error"]["data"]["choices"].is_null());
}

#[tokio::test]
async fn work_of_another_is_refused_naming_who_and_unowned_work_is_taken() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    sms.write(&desk, "+33600000001", "s1", "hello").await;
    let id = alice.accept_next().await;
    let start = json!({ "address": "+33600000001", "channel_id": "sms", "text": "good morning" });
    let refused = bruno.call("outbound.start", start.clone()).await;
    assert_eq!(refused["error"]["data"]["kind"], "held_by_other");
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("The alice")));
    assert!(refused["error"]["data"]["holder"].is_string());

    alice.ask("interaction.detach", json!({ "interaction_id": id })).await;
    let taken = bruno.ask("outbound.start", start).await;
    assert_eq!(taken["interaction"]["interaction_id"], id.as_str());
    assert_eq!(taken["interaction"]["ownership"], "assigned");
    desk.until("it was sent", async || sms.texts().len() == 1).await;
}

#[tokio::test]
async fn a_number_written_in_either_way_is_one_contact() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    // A Brazilian mobile, with its ninth digit and as older accounts have it.
    let start = |address: &str| json!({ "address": address, "channel_id": "sms", "text": "olá" });
    let one = alice.ask("outbound.start", start("+55 11 98765-4321")).await;
    let two = alice.ask("outbound.start", start("+55 11 8765-4321")).await;
    assert_eq!(one["interaction"]["interaction_id"], two["interaction"]["interaction_id"]);
    sms.write(&desk, "+551187654321", "s1", "oi").await;
    let added = alice.event("the answer", |event| event["message"]["text"] == "oi").await;
    assert_eq!(added["interaction_id"], one["interaction"]["interaction_id"]);
    // A landline differs by more than its spelling.
    let landline = alice.ask("outbound.start", start("+55 11 3765-4321")).await;
    assert_ne!(one["interaction"]["interaction_id"], landline["interaction"]["interaction_id"]);
    // What was first known is what is sent to.
    desk.until("they were sent", async || sms.texts().len() == 3).await;
    assert_eq!(sms.texts()[0].0, "+5511987654321");
}
