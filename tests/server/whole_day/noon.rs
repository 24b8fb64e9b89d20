//! Nadia comes by the site's chat and goes on on WhatsApp; Paul writes on WhatsApp and goes on by e-mail.

use serde_json::{Value, json};

use super::phone::Phone;
use super::{Day, hears, id_of, inbox, look, says};
use crate::client::on;
use crate::visitor::{Visitor, texts};

const NADIA: Phone = Phone { number: "33622222222", name: "Nadia Comaneci" };
const PAUL: Phone = Phone { number: "33633333333", name: "Paul Klee" };
const PAUL_MAIL: &str = "paul@example.com";

/// A visitor is offered to who knows most, answered, and called back on her phone by a template.
pub(super) async fn a_chat_goes_on_on_whatsapp(day: &mut Day) {
    day.turns_the_page().await;
    let mut nadia = Visitor::new(&day.desk).await;
    nadia.write("nadia-first", "Bonjour, êtes-vous là ?").await;
    assert_eq!(nadia.told("state").await["state"]["conversation"], "waiting");
    let offered = day.alice.told("interaction.offered").await;
    assert_eq!(
        (&offered["interaction"]["kind"], &offered["interaction"]["channel_id"]),
        (&"chat".into(), &"site".into())
    );
    let chat = id_of(&offered);
    day.alice.ask("interaction.accept", on(&chat, json!({}))).await;
    let open = nadia.until("somebody is there", |frame| frame["state"]["conversation"] == "open").await;
    assert_eq!(open["state"]["agent"], "The alice");
    day.alice.ask("note.add", on(&chat, json!({ "text": "pressée" }))).await;
    let sent = says(&mut day.alice, &chat, "Oui. Je vous écris sur WhatsApp ?").await;
    let answer = nadia.answer().await;
    assert_eq!(
        (&answer["text"], &answer["name"]),
        (&"Oui. Je vous écris sur WhatsApp ?".into(), &"The alice".into())
    );
    nadia.say(json!({ "type": "read", "message_id": answer["message_id"] })).await;
    for client in [&mut day.alice, &mut day.sam] {
        let id = &sent["message_id"];
        let read =
            |event: &Value| event["message"]["message_id"] == *id && event["message"]["state"] == "read";
        client.event("it was read", read).await;
    }

    let mut convert = json!({ "kind": "whatsapp" });
    assert_eq!(day.alice.refused("interaction.convert", on(&chat, convert.clone())).await, "address_needed");
    convert["address"] = "+33 6 22 22 22 22".into();
    assert_eq!(
        day.alice.refused("interaction.convert", on(&chat, convert.clone())).await,
        "template_required"
    );
    let values = json!({ "1": "Nadia", "2": "votre question" });
    convert["template"] = json!({ "name": "welcome_back", "language": "fr", "parameters": values });
    let whatsapp = day.alice.ask("interaction.convert", on(&chat, convert)).await["interaction"].clone();
    assert_eq!((&whatsapp["kind"], &whatsapp["converted_from"]), (&"whatsapp".into(), &chat.as_str().into()));
    let whatsapp = id_of(&whatsapp);
    for client in [&mut day.alice, &mut day.sam] {
        let converted = client.told("interaction.converted").await;
        assert_eq!(
            (&converted["interaction_id"], &converted["to"]),
            (&chat.as_str().into(), &whatsapp.as_str().into())
        );
    }
    NADIA.gets(&day.desk, "Bonjour Nadia, nous revenons vers vous au sujet de : votre question. Souhaitez-vous reprendre la conversation ?").await;
    NADIA.writes(&day.desk, "Me voici").await;
    assert_eq!(hears(&mut day.alice, "Me voici").await["interaction_id"], *whatsapp);
    says(&mut day.alice, &whatsapp, "Parfait").await;
    NADIA.gets(&day.desk, "Parfait").await;

    // Both stand side by side, with one contact; the page of the chat shows the chat alone.
    assert_eq!(look(&mut day.alice, &chat).await["status"], "open");
    let contacts = [look(&mut day.alice, &chat).await, look(&mut day.alice, &whatsapp).await]
        .map(|row| row["contact"]["contact_id"].clone());
    assert_eq!(contacts[0], contacts[1]);
    for id in [&chat, &whatsapp] {
        day.resolve("alice", id, "solved").await;
    }
    nadia.until("it is over", |frame| frame["state"]["conversation"] == "ended").await;
    let mut other_page = Visitor::connect(&day.desk).await;
    let all = other_page.start(json!({ "token": nadia.token })).await;
    assert_eq!(texts(&all["messages"]), ["Bonjour, êtes-vous là ?", "Oui. Je vous écris sur WhatsApp ?"]);
    day.is_nothing_to(&["bruno", "chloe"], &chat).await;
}

/// Who asks for a price is sales' work; the price goes by e-mail, and so does the answer.
pub(super) async fn a_whatsapp_goes_on_by_mail(day: &mut Day) {
    day.turns_the_page().await;
    PAUL.writes(&day.desk, "Un devis pour cinquante lampes ?").await;
    let id = day.bruno.accept_next().await;
    let to_mail = json!({ "kind": "email", "address": "Paul@Example.com", "subject": "Votre devis", "text": "Cinquante lampes : 2000 €." });
    let mail = day.bruno.ask("interaction.convert", on(&id, to_mail)).await["interaction"].clone();
    assert_eq!(
        (&mail["kind"], &mail["subject"], &mail["skill"]),
        (&"email".into(), &"Votre devis".into(), &"sales".into())
    );
    let mail = id_of(&mail);
    day.desk.until("the e-mail left", async || day.mail.sent().len() == 1).await;
    assert_eq!(day.mail.texts(), [(PAUL_MAIL.to_owned(), "Cinquante lampes : 2000 €.".to_owned())]);
    assert_eq!(day.mail.sent()[0].subject.as_deref(), Some("Votre devis"));
    assert_eq!(PAUL.got(&day.desk).await, [""; 0], "nothing of it on his phone");

    day.mail.write(&day.desk, PAUL_MAIL, "paul-1", "D'accord, je les prends").await;
    assert_eq!(hears(&mut day.bruno, "D'accord, je les prends").await["interaction_id"], *mail);
    assert_eq!(hears(&mut day.sam, "D'accord, je les prends").await["interaction_id"], *mail);
    assert_eq!(look(&mut day.bruno, &id).await["status"], "open", "where it came from goes on");
    for id in [&id, &mail] {
        assert!(inbox(&mut day.bruno).await.contains(id));
        day.resolve("bruno", id, "sold").await;
    }
    day.is_nothing_to(&["alice", "chloe"], &mail).await;
}
