//! One search box over agents, skills, teams and contacts (SPEC §5.4).

use std::collections::BTreeSet;

use guichet::domain::{ChannelKind, Team};
use guichet::engine::AdminCommand;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;
use crate::stand_in::StandIn;

fn names<'a>(found: &'a Value, book: &str, field: &str) -> Vec<&'a str> {
    let all = found[book].as_array().unwrap_or_else(|| panic!("no {book} in {found}"));
    all.iter().map(|one| one[field].as_str().unwrap_or_default()).collect()
}

async fn search(client: &mut Client, book: &str, query: &str) -> Value {
    client.ask("directory.search", json!({ "book": book, "query": query })).await
}

#[tokio::test]
async fn colleagues_are_shown_with_presence_state_and_load() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    alice.accept_next().await;
    let everybody = search(&mut alice, "agents", "").await;
    // Who is there comes first; then by name.
    assert_eq!(names(&everybody, "agents", "login"), ["alice", "ada", "bruno", "sam"]);
    let me = &everybody["agents"][0];
    assert_eq!((&me["state"], &me["load"]), (&"available".into(), &1.into()));
    assert_eq!(everybody["agents"][1]["state"], "offline");
    let found = search(&mut alice, "agents", "THE brù").await;
    assert_eq!(names(&found, "agents", "login"), ["bruno"]);
    assert_eq!(search(&mut alice, "agents", "zoe").await["agents"], json!([]));
    let two = alice.ask("directory.search", json!({ "book": "agents", "query": "", "limit": 2 })).await;
    assert_eq!(two["agents"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn skills_tell_who_waits_and_teams_who_is_there() {
    let desk = TestDesk::start().await;
    let team = Team { team: "front".parse().expect("a team"), title: "Front désk".into() };
    desk.desk.administer(AdminCommand::SaveTeam(team)).await.expect("an administrator may");
    desk.join_teams("alice", BTreeSet::from(["front".parse().expect("a team")])).await;
    desk.join_teams("bruno", BTreeSet::from(["front".parse().expect("a team")])).await;
    let mut bruno = Client::available(&desk, "bruno").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let skills = search(&mut bruno, "skills", "").await;
    assert_eq!(names(&skills, "skills", "skill"), ["sales", "support"]);
    let of = |at: usize| {
        (skills["skills"][at]["waiting"].clone(), skills["skills"][at]["available_agents"].clone())
    };
    assert_eq!((of(0), of(1)), ((0.into(), 1.into()), (1.into(), 0.into())));
    let teams = search(&mut bruno, "teams", "desk").await;
    assert_eq!(
        teams["teams"],
        json!([{ "team": "front", "title": "Front désk", "members": 2, "available_agents": 1 }])
    );
}

#[tokio::test]
async fn contacts_are_found_by_name_number_and_mail() {
    let channels = [StandIn::new("sms", ChannelKind::Sms), StandIn::new("mail", ChannelKind::Email)];
    let desk = TestDesk::with_channels(&channels).await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33612345678", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let contact =
        alice.ask("interaction.get", json!({ "interaction_id": id })).await["interaction"]["contact"].clone();
    let save = |name: &str, kind: &str, address: &str| {
        json!({ "contact_id": contact["contact_id"], "name": name,
            "add_addresses": [{ "kind": kind, "address": address }] })
    };
    alice.ask("contact.save", save("Élodie d'Ormesson-Lebœuf", "email", "Elo.D@Example.com")).await;
    channels[0].write(&desk, "+33698765432", "s1", "hello").await;

    for query in [
        "elodie",
        "ÉLODIE",
        "orm elo",
        "leboeuf",
        "+33 6 12 34 56 78",
        "06 12 34",
        "345678",
        "elo.d@example.com",
        "example.com",
    ] {
        let found = search(&mut alice, "contacts", query).await;
        assert_eq!(names(&found, "contacts", "name"), ["Élodie d'Ormesson-Lebœuf"], "{query}");
    }
    let found = search(&mut alice, "contacts", "elodie").await;
    assert_eq!(
        found["contacts"][0]["addresses"],
        json!([{ "kind": "whatsapp", "address": "+33612345678" }, { "kind": "email", "address": "elo.d@example.com" }])
    );
    // Its old name finds it no longer; who was never renamed is found by what the channel told.
    let found = search(&mut alice, "contacts", "customer").await;
    assert_eq!(names(&found, "contacts", "name"), ["Customer +33698765432"]);
    for nobody in ["elodie dupont", "0799", "a@b.fr", ""] {
        assert_eq!(search(&mut alice, "contacts", nobody).await["contacts"], json!([]), "{nobody}");
    }
}

#[tokio::test]
async fn a_search_has_its_limits() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    for (params, kind) in [
        (json!({ "book": "agents", "query": "", "limit": 51 }), "invalid"),
        (json!({ "book": "agents", "query": "", "limit": 0 }), "invalid"),
        (json!({ "book": "phones", "query": "" }), "invalid"),
        (json!({ "book": "contacts", "query": "x".repeat(201) }), "too_large"),
    ] {
        assert_eq!(ada.refused("directory.search", params.clone()).await, kind, "{params}");
    }
    assert_eq!(search(&mut ada, "contacts", &"x ".repeat(100)).await["contacts"], json!([]));
}

const BOOKS: &str = r#"return address_books { version = 1,
    { id = "suppliers", title = "Suppliers", skills = { "support" }, entries = {
        { name = "Aqua Plomberie Générale", phone = "+33 1 99 00 12 34", email = "Contact@Aqua.example", note = "On call until 20:00" },
        { name = "Verre & Lumière", email = "atelier@verre.example" },
    } },
    { id = "branches", title = "Branches", entries = { { name = "Agence de Lyon", phone = "+33 4 99 00 56 78" } } },
}"#;

#[tokio::test]
async fn address_books_are_found_by_name_number_and_mail_by_who_may_see_them() {
    let desk = TestDesk::with_scripts(&[("address_books.lua", BOOKS)]).await;
    let mut alice = Client::available(&desk, "alice").await;
    let everybody = search(&mut alice, "address_books", "").await;
    assert_eq!(
        names(&everybody, "address_books", "name"),
        ["Aqua Plomberie Générale", "Verre & Lumière", "Agence de Lyon"]
    );
    assert_eq!(
        everybody["address_books"][0],
        json!({ "address_book": "suppliers", "title": "Suppliers", "name": "Aqua Plomberie Générale",
            "phone": "+33199001234", "email": "contact@aqua.example", "note": "On call until 20:00" })
    );
    for query in ["generale aqua", "01 99 00 12 34", "1234", "contact@aqua"] {
        let found = search(&mut alice, "address_books", query).await;
        assert_eq!(names(&found, "address_books", "name"), ["Aqua Plomberie Générale"], "{query}");
    }
    let one =
        alice.ask("directory.search", json!({ "book": "address_books", "query": "", "limit": 1 })).await;
    assert_eq!(names(&one, "address_books", "name"), ["Aqua Plomberie Générale"]);

    // A book for a skill is for who has it.
    let mut bruno = Client::available(&desk, "bruno").await;
    let found = search(&mut bruno, "address_books", "").await;
    assert_eq!(names(&found, "address_books", "name"), ["Agence de Lyon"]);
    let mut sam = Client::available(&desk, "sam").await;
    assert_eq!(names(&search(&mut sam, "address_books", "").await, "address_books", "name").len(), 3);
}
