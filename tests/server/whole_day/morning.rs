//! Marie's order did not arrive: alice writes to her first, and bruno takes it over.

use serde_json::{Value, json};

use super::phone::Phone;
use super::{Day, hears, id_of, inbox, look, says};
use crate::client::on;
use crate::desk::CHANNEL;
use crate::transfer::types;

pub(super) const MARIE: Phone = Phone { number: "33611111111", name: "Marie Curie" };
pub(super) const QUESTION: &str = "Oui, ma commande n'est pas arrivée";
pub(super) const NOTE: &str = "le transporteur a perdu le colis";

/// Outbound: nobody knows her yet, and the first word is a template.
pub(super) async fn a_template_opens_a_conversation(day: &mut Day) -> String {
    let known = json!({ "book": "contacts", "query": "33611111111" });
    assert_eq!(day.alice.ask("directory.search", known.clone()).await["contacts"], json!([]));
    let mut start = json!({ "address": "+33 6 11 11 11 11", "channel_id": CHANNEL, "text": "Bonjour" });
    assert_eq!(day.alice.refused("outbound.start", start.clone()).await, "template_required");
    start["text"] = Value::Null;
    let values = json!({ "1": "Marie", "2": "votre commande" });
    start["template"] = json!({ "name": "welcome_back", "language": "fr", "parameters": values });
    let begun = day.alice.ask("outbound.start", start).await;
    let (id, row) = (id_of(&begun["interaction"]), &begun["interaction"]);
    assert_eq!(
        (&row["status"], &row["ownership"], &row["agent_id"], &row["outbound"], &row["window_ends_at"]),
        (&"open".into(), &"assigned".into(), &day.ids["alice"], &true.into(), &Value::Null)
    );
    // The phone shows what stands below its template apart from it; the desk shows it as one text.
    let text = begun["message"]["text"].as_str().expect("a text").to_owned();
    let shown = "Bonjour Marie, nous revenons vers vous au sujet de : votre commande. Souhaitez-vous reprendre la conversation ?";
    MARIE.gets(&day.desk, shown).await;
    assert!(text.starts_with(shown), "{text}");
    assert_eq!(hears(&mut day.sam, &text).await["interaction_id"], *id);
    // A template opens no window.
    assert_eq!(
        day.alice.refused("message.send", on(&id, json!({ "text": "Marie ?" }))).await,
        "window_closed"
    );

    MARIE.reads(&day.desk).await;
    MARIE.writes(&day.desk, QUESTION).await;
    let read = |event: &Value| event["message"]["text"] == *text && event["message"]["state"] == "read";
    day.alice.event("it was read", read).await;
    let answered = hears(&mut day.alice, QUESTION).await;
    assert!(answered["interaction"]["window_ends_at"].is_string(), "{answered}");
    assert_eq!(answered["interaction"]["contact"]["name"], MARIE.name);
    assert_eq!(day.alice.ask("directory.search", known).await["contacts"][0]["name"], MARIE.name);
    hears(&mut day.sam, QUESTION).await;
    day.is_nothing_to(&["bruno", "chloe"], &id).await;
    id
}

/// A quick reply with fields: found, filled in, changed by hand, sent.
pub(super) async fn a_prepared_answer_is_filled_in(day: &mut Day, id: &str) {
    day.turns_the_page().await;
    let found = day.alice.ask("quick_reply.list", on(id, json!({ "search": "expediee" }))).await;
    assert_eq!(found["quick_replies"][0]["quick_reply_id"], "order_sent");
    let render = |fields: Value| on(id, json!({ "quick_reply_id": "order_sent", "fields": fields }));
    let missing = render(json!({ "order": "AB-12" }));
    assert_eq!(day.alice.refused("quick_reply.render", missing).await, "invalid");
    let filled = render(json!({ "order": "AB-12", "day": "2027-03-04" }));
    let rendered = day.alice.ask("quick_reply.render", filled).await;
    assert_eq!(rendered["text"], "Votre commande AB-12 est partie. Livraison prévue le 4 mars 2027.");
    let text = format!("{} Merci de votre patience.", rendered["text"].as_str().expect("a text"));
    says(&mut day.alice, id, &text).await;
    MARIE.gets(&day.desk, &text).await;
    MARIE.reads(&day.desk).await;
    for client in [&mut day.alice, &mut day.sam] {
        let read = |event: &Value| event["message"]["text"] == *text && event["message"]["state"] == "read";
        client.event("it was read", read).await;
    }
}

/// A note on her message and a tag on both: sam sees them, she does not.
pub(super) async fn a_note_and_tags_are_for_colleagues(day: &mut Day, id: &str) {
    day.turns_the_page().await;
    let history = day.alice.ask("interaction.history", on(id, json!({}))).await;
    let message_id = &history["messages"][1]["message_id"];
    day.alice.ask("note.add", on(id, json!({ "text": NOTE, "message_id": message_id }))).await;
    day.alice.ask("tag.add", on(id, json!({ "tag": "retard", "message_id": message_id }))).await;
    day.alice.ask("tag.add", on(id, json!({ "tag": "livraison" }))).await;

    let note = day.sam.told("note.added").await["note"].clone();
    assert_eq!((&note["text"], &note["message_id"]), (&NOTE.into(), message_id));
    let on_message = day.sam.told("tag.changed").await;
    assert_eq!((&on_message["message_id"], &on_message["added"]), (message_id, &json!(["retard"])));
    assert_eq!(day.sam.told("tag.changed").await["interaction"]["tags"], json!(["livraison"]));
    let screen = MARIE.screen(&day.desk).await.to_string();
    for secret in [NOTE, "retard", "livraison"] {
        assert!(!screen.contains(secret), "{secret} is on her phone: {screen}");
    }
    day.is_nothing_to(&["bruno", "chloe"], id).await;
}

/// To bruno: refused while it is pending; once open he is asked, and alice keeps it until he says yes.
pub(super) async fn a_transfer_waits_for_its_status_and_its_taker(day: &mut Day, id: &str) {
    day.turns_the_page().await;
    let transfer =
        on(id, json!({ "to": { "agent": day.ids["bruno"] }, "note": "tu connais le transporteur" }));
    day.alice.ask("interaction.set_outcome", on(id, json!({ "status": "pending" }))).await;
    assert_eq!(day.alice.refused("interaction.transfer", transfer.clone()).await, "wrong_status");
    day.is_nothing_to(&["bruno"], id).await;
    day.alice.ask("interaction.set_outcome", on(id, json!({ "status": "open" }))).await;
    let asked = day.alice.ask("interaction.transfer", transfer).await["interaction"].clone();
    assert_eq!((&asked["agent_id"], &asked["transfer"]["agent_id"]), (&day.ids["alice"], &day.ids["bruno"]));

    let offered = day.bruno.told("interaction.offered").await;
    assert_eq!(offered["messages"].as_array().map(Vec::len), Some(3), "with what was said");
    let note = day.bruno.told("note.added").await;
    assert_eq!(note["note"]["text"], "tu connais le transporteur");
    let too_early = on(id, json!({ "text": "Bonjour" }));
    assert_eq!(day.bruno.refused("message.send", too_early).await, "not_assigned");
    day.bruno.ask("interaction.accept", on(id, json!({}))).await;

    for client in [&mut day.alice, &mut day.sam] {
        let transferred = client.told("interaction.transferred").await;
        assert_eq!(
            (&transferred["from"], &transferred["to"]["agent"]),
            (&day.ids["alice"], &day.ids["bruno"])
        );
    }
    assert_eq!(inbox(&mut day.bruno).await, [id]);
    assert_eq!(inbox(&mut day.alice).await, [""; 0]);
    day.turns_the_page().await;
    MARIE.writes(&day.desk, "Quand viendra-t-elle ?").await;
    hears(&mut day.bruno, "Quand viendra-t-elle ?").await;
    hears(&mut day.sam, "Quand viendra-t-elle ?").await;
    day.is_nothing_to(&["alice", "chloe"], id).await;
}

/// Bruno asks chloe, who reads and writes notes, and no more.
pub(super) async fn a_colleague_is_asked(day: &mut Day, id: &str) {
    day.turns_the_page().await;
    let question = json!({ "agent_id": day.ids["chloe"], "note": "que lui dire ?" });
    let asked = day.bruno.ask("interaction.consult", on(id, question)).await;
    assert_eq!(asked["interaction"]["consulted"], json!([day.ids["chloe"]]));
    let started = day.chloe.told("interaction.consult_started").await;
    assert_eq!(started["messages"].as_array().map(Vec::len), Some(4));
    assert_eq!(day.chloe.told("note.added").await["note"]["text"], "que lui dire ?");
    assert_eq!(inbox(&mut day.chloe).await, [""; 0], "it is no work of hers");
    let answer = on(id, json!({ "text": "Demain." }));
    assert_eq!(day.chloe.refused("message.send", answer).await, "not_assigned");
    day.chloe.ask("note.add", on(id, json!({ "text": "demain matin" }))).await;
    for client in [&mut day.bruno, &mut day.sam] {
        client.event("her advice", |event| event["note"]["text"] == "demain matin").await;
    }
    day.bruno.ask("interaction.end_consult", on(id, json!({}))).await;
    assert_eq!(day.chloe.told("interaction.consult_ended").await["reason"], "ended");
    says(&mut day.bruno, id, "Demain matin, Madame.").await;
    MARIE.gets(&day.desk, "Demain matin, Madame.").await;
    assert_eq!(look(&mut day.sam, id).await["consulted"], json!([]));
    assert_eq!(types(&mut day.chloe, id).await, [""; 0]);
    assert_eq!(day.chloe.refused("interaction.get", on(id, json!({}))).await, "not_found");
}
