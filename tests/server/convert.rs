//! Going on with a contact on another channel (SPEC §5.6).

use std::sync::Arc;

use guichet::domain::ChannelKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::stand_in::StandIn;

/// The product's matrix, as its description has it.
const MATRIX: [(&str, &[&str]); 6] = [
    ("chat", &["voice", "email", "sms", "whatsapp"]),
    ("email", &["voice", "sms", "whatsapp"]),
    ("sms", &["voice", "email", "whatsapp"]),
    ("private_social", &["voice", "email", "sms", "whatsapp"]),
    ("public_social", &["voice", "email", "sms", "whatsapp"]),
    ("whatsapp", &["voice", "email", "sms"]),
];
const KINDS: [&str; 7] = ["whatsapp", "email", "sms", "chat", "voice", "private_social", "public_social"];

fn hello() -> Value {
    json!({ "name": "hello", "language": "fr", "parameters": { "1": "Marie" } })
}

/// What an agent would fill in for a target.
fn filled(id: &str, kind: &str, n: usize) -> Value {
    let mut params = json!({ "interaction_id": id, "kind": kind });
    match kind {
        "email" => params["address"] = format!("person{n}@example.com").into(),
        "whatsapp" => {
            params["address"] = format!("+3361000{n:04}").into();
            params["template"] = hello();
        }
        _ => params["address"] = format!("+3361000{n:04}").into(),
    }
    params
}

async fn templates_known(desk: &TestDesk, client: &mut Client) {
    desk.desk.refresh_templates();
    let params = json!({ "channel_id": CHANNEL });
    client
        .until_asked("the template", "template.list", params, |answer| answer["templates"][0].is_object())
        .await;
}

#[tokio::test]
#[expect(clippy::excessive_nesting, reason = "every source with every target")]
async fn each_kind_goes_where_the_matrix_says() {
    let channels = StandIn::of_every_kind();
    let desk = TestDesk::with_channels(&channels).await;
    let mut alice = Client::available(&desk, "alice").await;
    templates_known(&desk, &mut alice).await;
    let mut n = 0;
    for (from, targets) in MATRIX {
        for kind in KINDS {
            n += 1;
            match channels.iter().find(|channel| channel.id().as_str() == from) {
                Some(channel) => {
                    channel.write(&desk, &format!("+33700{n:05}"), &format!("m{n}"), "hello").await;
                }
                None => desk.write(&format!("33700{n:05}"), &[(&format!("wamid.{n}"), "hello")]).await,
            }
            let id = alice.accept_next().await;
            let params = filled(&id, kind, n);
            if targets.contains(&kind) {
                let answer = alice.ask("interaction.convert", params).await;
                let new = &answer["interaction"];
                assert_eq!(
                    (&new["kind"], &new["converted_from"], &new["status"], &new["ownership"]),
                    (&kind.into(), &id.as_str().into(), &"open".into(), &"assigned".into()),
                    "{from} to {kind}"
                );
                let old = alice.ask("interaction.get", json!({ "interaction_id": id })).await;
                assert_eq!(old["interaction"]["status"], "open", "{from} to {kind}");
                assert_eq!(old["interaction"]["contact"]["contact_id"], new["contact"]["contact_id"]);
            } else {
                let kind_of = alice.refused("interaction.convert", params).await;
                let same = from == kind;
                assert!(
                    kind_of == "unsupported" || same && kind_of == "not_found",
                    "{from} to {kind}: {kind_of}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_address_is_asked_for_once_and_remembered() {
    let sms = StandIn::new("sms", ChannelKind::Sms);
    let desk = TestDesk::with_channels(std::slice::from_ref(&sms)).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33612345678", &[("wamid.1", "call me")]).await;
    let id = alice.accept_next().await;
    let to_sms = json!({ "interaction_id": id, "channel_id": "sms", "text": "as you wish" });
    let refused = alice.call("interaction.convert", to_sms.clone()).await;
    assert_eq!(refused["error"]["data"]["kind"], "address_needed");
    // The number of the chat account would do: it is offered, not assumed.
    assert_eq!(refused["error"]["data"]["choices"], json!(["+33612345678"]));
    let mut with_address = to_sms.clone();
    with_address["address"] = "06".into();
    assert_eq!(alice.refused("interaction.convert", with_address.clone()).await, "invalid");
    with_address["address"] = "+33 6 12 34 56 78".into();
    let answer = alice.ask("interaction.convert", with_address).await;
    assert_eq!(answer["message"]["text"], "as you wish");
    desk.until("it was sent", async || sms.texts().len() == 1).await;
    assert_eq!(sms.texts()[0].0, "+33612345678");

    let converted = alice.told("interaction.converted").await;
    assert_eq!(converted["interaction_id"], id.as_str());
    assert_eq!(converted["to"], answer["interaction"]["interaction_id"]);
    let revision = converted["interaction"]["revision"].as_i64().expect("a revision");
    let got = alice.ask("interaction.get", json!({ "interaction_id": id })).await;
    assert_eq!(got["interaction"]["revision"].as_i64(), Some(revision));

    // Known now, and the work there is one's own: it goes on, no second one begins.
    let again = alice.ask("interaction.convert", to_sms).await;
    assert_eq!(again["interaction"]["interaction_id"], answer["interaction"]["interaction_id"]);
}

#[tokio::test]
async fn what_may_not_be_converted_is_refused_with_its_reason() {
    let channels = [StandIn::new("sms", ChannelKind::Sms), StandIn::new("mail", ChannelKind::Email)];
    let desk = TestDesk::with_channels(&channels).await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    channels[0].write(&desk, "+33600000001", "s1", "hello").await;
    let id = alice.accept_next().await;
    let to_mail = json!({ "interaction_id": id, "kind": "email", "address": "marie@example.com" });
    let with = |more: Value| {
        let mut params = to_mail.clone();
        params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        params
    };
    for (more, kind) in [
        (json!({ "interaction_id": "i999" }), "not_found"),
        (json!({ "kind": "voice" }), "not_found"),
        (json!({ "channel_id": "mail" }), "invalid"),
        (json!({ "kind": null }), "invalid"),
        (json!({ "kind": null, "channel_id": "sms" }), "already_done"),
        (json!({ "kind": "whatsapp", "address": "+33600000002" }), "template_required"),
        (json!({ "template": hello() }), "unsupported"),
        (json!({ "skill_id": "nobody" }), "skill_needed"),
    ] {
        assert_eq!(alice.refused("interaction.convert", with(more.clone())).await, kind, "{more}");
    }
    assert_eq!(bruno.refused("interaction.convert", to_mail.clone()).await, "not_assigned");
    let (mut ada, _) = Client::start(&desk, "ada").await;
    assert_eq!(ada.refused("interaction.convert", to_mail.clone()).await, "not_permitted");

    desk.hold_skills("alice", &["support", "sales"]).await;
    let mut alice = Client::available(&desk, "alice").await;
    let refused = alice.call("interaction.convert", to_mail.clone()).await;
    assert_eq!(refused["error"]["data"]["choices"], json!(["sales", "support"]));
    alice.ask("interaction.set_outcome", json!({ "interaction_id": id, "status": "closed" })).await;
    assert_eq!(alice.refused("interaction.convert", to_mail).await, "wrong_status");
}

#[tokio::test]
async fn work_of_another_at_the_target_is_refused_naming_who() {
    let (sms, mail) = (StandIn::new("sms", ChannelKind::Sms), StandIn::new("mail", ChannelKind::Email));
    let desk = TestDesk::with_channels(&[Arc::clone(&sms), Arc::clone(&mail)]).await;
    let mut alice = Client::available(&desk, "alice").await;
    mail.write(&desk, "marie@example.com", "e1", "hello").await;
    alice.accept_next().await;
    let mut bruno = Client::available(&desk, "bruno").await;
    sms.write(&desk, "+33600000001", "s1", "I want to buy").await;
    let id = bruno.accept_next().await;
    let params =
        json!({ "interaction_id": id, "channel_id": "mail", "address": "Marie@example.com", "subject": "x" });
    let refused = bruno.call("interaction.convert", params).await;
    assert_eq!(refused["error"]["data"]["kind"], "held_by_other");
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("The alice")));
}

#[tokio::test]
async fn clients_are_told_the_matrix() {
    let desk = TestDesk::start().await;
    let (_, started) = Client::start(&desk, "alice").await;
    let snapshot = &started["snapshot"];
    assert_eq!(snapshot["conversions"]["whatsapp"], json!(["email", "sms", "voice"]));
    assert_eq!(
        snapshot["channels"][0],
        json!({ "channel_id": CHANNEL, "kind": "whatsapp", "templates": true, "address": "phone", "outbound": true,
            "template_first": true, "subject": false, "text": true })
    );
}
