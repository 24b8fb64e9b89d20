//! Marie gets it in writing, Ines is understood, and what was done is put away and found again.

use serde_json::{Value, json};

use super::morning::{MARIE, NOTE, QUESTION};
use super::phone::Phone;
use super::{Day, hears, id_of, inbox, says};
use crate::client::on;

const INES: Phone = Phone { number: "33655555555", name: "Ines Rau" };

/// What Marie saw goes to one address: her words and theirs, no note and no tag.
pub(super) async fn a_transcript_goes_by_mail(day: &mut Day, marie: &str) {
    day.turns_the_page().await;
    let Some(mailbox) = &mut day.mailbox else { return };
    let asked = json!({ "email": "marie@example.com" });
    assert_eq!(day.chloe.refused("transcript.send", on(marie, asked.clone())).await, "not_found");
    day.bruno.ask("transcript.send", on(marie, asked)).await;
    let letter = mailbox.told("letter").await;
    assert_eq!(letter["recipients"], json!(["marie@example.com"]));
    let plain = letter["parts"][0]["text"].as_str().expect("a text");
    for said in [QUESTION, "Votre commande AB-12 est partie.", "Demain matin, Madame."] {
        assert!(plain.contains(said), "{said} is missing: {plain}");
    }
    for secret in [NOTE, "retard", "livraison", "que lui dire"] {
        assert!(!letter.to_string().contains(secret), "{secret} is in the letter");
    }
    let sent = |event: &Value| event["type"] == "transcript.changed" && event["state"] == "sent";
    day.bruno.event("it was sent", sent).await;
    assert_eq!(MARIE.got(&day.desk).await.len(), 3, "nothing of it on her phone");
}

/// Ines writes French and alice English: each reads the other in her own language.
pub(super) async fn two_languages(day: &mut Day) -> String {
    day.turns_the_page().await;
    INES.writes(&day.desk, "bonjour").await;
    let id = day.alice.accept_next().await;
    let languages = json!({ "my_language": "en", "their_language": "fr", "translate_theirs": true, "translate_mine": true });
    day.alice.ask("translation.set", on(&id, languages)).await;
    INES.writes(&day.desk, "ma lampe est cassée").await;
    for client in [&mut day.alice, &mut day.sam] {
        let translated = |event: &Value| event["message"]["translation"]["state"] == "ok";
        let message = client.event("a translation", translated).await["message"].clone();
        assert_eq!(
            (&message["text"], &message["translation"]["text"]),
            (&"ma lampe est cassée".into(), &"en-ma en-lampe en-est en-cassée".into())
        );
    }
    says(&mut day.alice, &id, "we send another").await;
    INES.gets(&day.desk, "fr-we fr-send fr-another\n\n(traduit)").await;
    assert_eq!(INES.got(&day.desk).await.len(), 1, "never the words that alice wrote");
    assert_eq!(day.translator.asked().len(), 2);
    day.is_nothing_to(&["bruno", "chloe"], &id).await;
    id
}

/// Support asks what came of it before anything is resolved.
pub(super) async fn the_outcome_asks_for_a_disposition(day: &mut Day, ines: &str) {
    day.turns_the_page().await;
    let refused = day.alice.call("interaction.set_outcome", on(ines, json!({ "status": "resolved" }))).await;
    let needed = &refused["error"]["data"];
    assert_eq!((&needed["kind"], &needed["choices"]), (&"outcome_needed".into(), &json!(["solved", "spam"])));
    let outcome = json!({ "status": "resolved", "disposition": "solved", "notes": "Envoi d'une lampe neuve", "tags": ["échange"] });
    let row = day.alice.ask("interaction.set_outcome", on(ines, outcome)).await["interaction"].clone();
    assert_eq!(
        (&row["status"], &row["disposition"], &row["tags"]),
        (&"resolved".into(), &"solved".into(), &json!(["échange"]))
    );
    assert!(row["timers"]["agent"].is_null() && row["timers"]["customer"].is_null(), "nobody waits any more");
    let told = day.sam.told("interaction.outcome_set").await;
    assert_eq!(
        (&told["interaction_id"], &told["interaction"]["disposition"]),
        (&ines.into(), &"solved".into())
    );
}

/// Detach and close: it ends, and what Ines writes later is something new.
pub(super) async fn what_is_done_leaves_the_desk(day: &mut Day, ines: &str) {
    day.turns_the_page().await;
    let closed = day.alice.ask("interaction.close", on(ines, json!({}))).await["interaction"].clone();
    assert_eq!((&closed["status"], &closed["ownership"]), (&"closed".into(), &"detached".into()));
    assert!(closed["ended_at"].is_string());
    assert_eq!(day.sam.told("interaction.closed").await["interaction_id"], *ines);
    assert!(!inbox(&mut day.alice).await.contains(&ines.to_owned()));
    let over = on(ines, json!({ "status": "open" }));
    assert_eq!(day.alice.refused("interaction.set_outcome", over).await, "wrong_status");

    INES.writes(&day.desk, "merci").await;
    let offered = day.alice.told("interaction.offered").await;
    assert_ne!(id_of(&offered), ines);
    assert_eq!(offered["interaction"]["previous_id"], *ines);
    assert_eq!(hears(&mut day.sam, "merci").await["interaction"]["previous_id"], *ines);
}

/// By a word without its accents, a tag, a note: by those who may see it.
pub(super) async fn all_is_found_again(day: &mut Day, marie: &str, ines: &str) {
    for (login, query, expected) in [
        ("alice", "lampes cassees", Some((ines, "message"))),
        ("alice", "echange", Some((ines, "interaction"))),
        ("alice", "transporteur", None),
        ("bruno", "colis perdu", Some((marie, "note"))),
        ("bruno", "cassée", None),
        ("chloe", "transporteur", None),
        ("sam", "arrivée commande", Some((marie, "message"))),
        ("sam", "lampe neuve", Some((ines, "note"))),
    ] {
        let found = day.client(login).ask("search.run", json!({ "query": query })).await;
        let hits = found["hits"].as_array().expect("hits");
        let hits: Vec<(&str, &str)> = hits
            .iter()
            .map(|hit| (&hit["interaction"]["interaction_id"], &hit["kind"]))
            .map(|(id, kind)| (id.as_str().unwrap_or_default(), kind.as_str().unwrap_or_default()))
            .collect();
        match expected {
            Some(expected) => assert!(hits.contains(&expected), "{login} looks for {query:?}: {hits:?}"),
            None => assert_eq!(hits, [("", ""); 0], "{login} looks for {query:?}"),
        }
    }
}
