//! Quick replies (SPEC §5.8): which are shown, how they are found, filled in and starred.

use serde_json::{Value, json};

use crate::client::{Client, on};
use crate::desk::TestDesk;

const REPLIES: &str = r#"return quick_replies { version = 1, default_language = "fr",
    { id = "greeting", title = { fr = "Accueil", en = "Greeting" }, favourite = true, shortcut = "/hello",
      text = { fr = "Bonjour {contact.first_name}, ici {agent.first_name}.", en = "Hello {contact.first_name}, {agent.first_name} here." } },
    { id = "order_sent", title = { fr = "Commande expédiée", en = "Order on its way" }, tags = { "livraison" },
      text = { fr = "Votre commande {order} part le {day} à {hour}. {how} Poids : {weight} kg.", en = "Your order {order} leaves on {day} at {hour}. {how} Weight: {weight} kg." },
      fields = {
        order = field.text { label = { fr = "N° de commande", en = "Order" }, hint = "AB-123", min = 4, max = 10, pattern = "[A-Z]{2}-\\d+", required = true },
        day = field.date { label = { fr = "Départ", en = "Departure" }, min = "2026-01-01", required = true },
        hour = field.time { required = true },
        how = field.choice { options = { { fr = "Par la poste.", en = "By post." }, { fr = "Par coursier.", en = "By courier." } } },
        weight = field.number { min = 0, max = 30, required = true },
      } },
    { id = "quote", title = "Devis", text = "Le devis suit.", skills = { "sales" } },
    { id = "name", title = "Nom", text = "Au nom de {who}, tél. {contact.address}, dossier {interaction.id} ({interaction.skill}).",
      fields = { who = field.from("contact.name") } },
    { id = "language", title = "Langue", text = "{interaction.language}" },
    { id = "template", title = "Modèle", kind = "whatsapp_template", template = "hello" },
}"#;

const ROUTING: &str = r#"return routing { version = 1, route = function(i)
    local decision = to.skill(if i.text == "buy" then "sales" else "support")
    return if i.text == "hello" then decision:language("en") else decision
end }"#;

async fn desk() -> TestDesk {
    TestDesk::with_scripts(&[("quick_replies.lua", REPLIES), ("routing.lua", ROUTING)]).await
}

async fn ids(client: &mut Client, params: Value) -> Vec<String> {
    let listed = client.ask("quick_reply.list", params).await;
    let all = listed["quick_replies"].as_array().expect("quick replies");
    all.iter().filter_map(|reply| reply["quick_reply_id"].as_str().map(str::to_owned)).collect()
}

async fn one(client: &mut Client, params: Value, id: &str) -> Value {
    let listed = client.ask("quick_reply.list", params).await;
    let all = listed["quick_replies"].as_array().expect("quick replies");
    all.iter().find(|reply| reply["quick_reply_id"] == id).cloned().unwrap_or_default()
}

fn good() -> Value {
    json!({ "order": "AB-123", "day": "2026-12-01", "hour": "9:30", "how": "By courier.", "weight": "1,5" })
}

#[tokio::test]
async fn they_are_shown_for_the_skill_in_the_language_with_what_is_known() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let english = alice.accept_next().await;
    desk.write("33600000002", &[("wamid.2", "bonjour")]).await;
    let french = alice.accept_next().await;

    assert_eq!(
        ids(&mut alice, on(&english, json!({}))).await,
        ["greeting", "order_sent", "name", "language"],
        "favourites first"
    );
    let greeting = one(&mut alice, on(&english, json!({})), "greeting").await;
    assert_eq!((&greeting["title"], &greeting["language"]), (&"Greeting".into(), &"en".into()));
    assert_eq!(greeting["text"], "Hello Customer, The here.");
    let greeting = one(&mut alice, on(&french, json!({})), "greeting").await;
    assert_eq!(
        (&greeting["title"], &greeting["text"]),
        (&"Accueil".into(), &"Bonjour Customer, ici The.".into())
    );
    let asked = one(&mut alice, on(&french, json!({ "language": "en" })), "greeting").await;
    assert_eq!(asked["language"], "en");

    let order = one(&mut alice, on(&english, json!({})), "order_sent").await;
    assert_eq!(order["text"], "Your order {order} leaves on {day} at {hour}. {how} Weight: {weight} kg.");
    let field = |name: &str| {
        order["fields"]
            .as_array()
            .expect("fields")
            .iter()
            .find(|f| f["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    let text = field("order");
    assert_eq!(
        (&text["kind"], &text["label"], &text["required"], &text["hint"]),
        (&"text".into(), &"Order".into(), &true.into(), &"AB-123".into())
    );
    assert_eq!(
        (&text["min_length"], &text["max_length"], &text["pattern"]),
        (&4.into(), &10.into(), &"[A-Z]{2}-\\d+".into())
    );
    assert_eq!((&field("day")["kind"], &field("day")["min"]), (&"date".into(), &"2026-01-01".into()));
    assert_eq!((&field("hour")["kind"], &field("hour")["label"]), (&"time".into(), &"hour".into()));
    assert_eq!(
        (&field("how")["options"], &field("how")["required"]),
        (&json!(["By post.", "By courier."]), &false.into())
    );
    assert_eq!((&field("weight")["kind"], &field("weight")["max"]), (&"number".into(), &json!(30.0)));
    let name = one(&mut alice, on(&french, json!({})), "name").await;
    assert_eq!(name["fields"][0]["value"], "Customer 33600000002", "prefilled");

    // Without an interaction: what fits the caller's skills, with what is known of the caller.
    let greeting = one(&mut alice, json!({}), "greeting").await;
    assert_eq!(greeting["text"], "Bonjour {contact.first_name}, ici The.");
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    assert!(ids(&mut bruno, json!({})).await.contains(&"quote".to_owned()));
    assert_eq!(bruno.refused("quick_reply.list", on(&english, json!({}))).await, "not_found");
    bruno.ask("agent.set_state", json!({ "state": "available" })).await;
    desk.write("33600000003", &[("wamid.3", "buy")]).await;
    let sales = bruno.accept_next().await;
    assert!(ids(&mut bruno, on(&sales, json!({}))).await.contains(&"quote".to_owned()));
}

#[tokio::test]
async fn they_are_found_in_spite_of_accents_and_slips() {
    let desk = desk().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    for (typed, found) in [
        ("expediee", vec!["order_sent"]),
        ("comande", vec!["order_sent"]),
        ("LIVRAISON", vec!["order_sent"]),
        ("/hello", vec!["greeting"]),
        ("bonjuor", vec!["greeting"]),
        ("dossier", vec!["name"]),
        ("facture", vec![]),
    ] {
        assert_eq!(ids(&mut alice, json!({ "search": typed })).await, found, "{typed}");
    }
}

#[tokio::test]
async fn a_form_is_checked_and_filled_in() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    let params = |fields: Value| on(&id, json!({ "quick_reply_id": "order_sent", "fields": fields }));
    let rendered = alice.ask("quick_reply.render", params(good())).await;
    assert_eq!(
        rendered["text"],
        "Your order AB-123 leaves on 1 December 2026 at 09:30. By courier. Weight: 1,5 kg."
    );
    let mut french = params(good());
    french["language"] = "fr".into();
    let rendered = alice.ask("quick_reply.render", french).await;
    assert_eq!(
        rendered["text"],
        "Votre commande AB-123 part le 1er décembre 2026 à 09:30. Par coursier. Poids : 1,5 kg."
    );
    let mut less = good();
    less.as_object_mut().expect("an object").remove("how");
    let rendered = alice.ask("quick_reply.render", params(less)).await;
    assert_eq!(rendered["text"], "Your order AB-123 leaves on 1 December 2026 at 09:30.  Weight: 1,5 kg.");

    for (field, value) in [
        ("order", Value::Null),
        ("order", "  ".into()),
        ("order", "123".into()),
        ("order", "ab-1234".into()),
        ("order", "AB-12345678".into()),
        ("day", "2025-12-31".into()),
        ("day", "1 December".into()),
        ("hour", "25:00".into()),
        ("how", "By air.".into()),
        ("weight", "31".into()),
        ("weight", "much".into()),
        ("colour", "red".into()),
    ] {
        let mut fields = good();
        if value.is_null() {
            fields.as_object_mut().expect("an object").remove(field);
        } else {
            fields[field] = value.clone();
        }
        let data = alice.call("quick_reply.render", params(fields)).await["error"]["data"].clone();
        assert_eq!((&data["kind"], &data["field"]), (&"invalid".into(), &field.into()), "{field}: {value}");
    }
}

#[tokio::test]
async fn known_values_are_taken_and_may_be_changed() {
    let desk = desk().await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "bonjour")]).await;
    let id = alice.accept_next().await;
    let render = |reply: &str, fields: Value| on(&id, json!({ "quick_reply_id": reply, "fields": fields }));
    let text = alice.ask("quick_reply.render", render("name", json!({}))).await["text"].clone();
    assert_eq!(text, format!("Au nom de Customer 33600000001, tél. +33600000001, dossier {id} (support)."));
    let text =
        alice.ask("quick_reply.render", render("name", json!({ "who": "Mme Prado" }))).await["text"].clone();
    assert!(text.as_str().is_some_and(|text| text.starts_with("Au nom de Mme Prado,")), "{text}");
    // What nobody knows is asked for, never sent as an empty place.
    let data = alice.call("quick_reply.render", render("language", json!({}))).await["error"]["data"].clone();
    assert_eq!((&data["kind"], &data["field"]), (&"invalid".into(), &"interaction.language".into()));
    let given = json!({ "interaction.language": "français" });
    assert_eq!(alice.ask("quick_reply.render", render("language", given)).await["text"], "français");

    assert_eq!(alice.refused("quick_reply.render", render("nothing", json!({}))).await, "not_found");
    assert_eq!(alice.refused("quick_reply.render", render("template", json!({}))).await, "unsupported");
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    assert_eq!(bruno.refused("quick_reply.render", render("greeting", json!({}))).await, "not_found");
}

#[tokio::test]
async fn stars_are_each_agents_own_on_all_devices() {
    let desk = desk().await;
    let (mut here, _) = Client::start(&desk, "alice").await;
    let (mut there, _) = Client::start(&desk, "alice").await;
    let (mut bruno, _) = Client::start(&desk, "bruno").await;
    let favourites = json!({ "favourites": true });
    assert_eq!(
        ids(&mut here, favourites.clone()).await,
        ["greeting"],
        "the script's, until one says otherwise"
    );
    here.ask("quick_reply.star", json!({ "quick_reply_id": "name", "starred": true })).await;
    let told = there.told("quick_reply.starred").await;
    assert_eq!((&told["quick_reply_id"], &told["starred"]), (&"name".into(), &true.into()));
    here.ask("quick_reply.star", json!({ "quick_reply_id": "greeting", "starred": false })).await;
    assert_eq!(ids(&mut there, favourites.clone()).await, ["name"]);
    assert_eq!(ids(&mut there, json!({})).await[0], "name");
    assert_eq!(ids(&mut bruno, favourites.clone()).await, ["greeting"]);
    assert_eq!(
        here.refused("quick_reply.star", json!({ "quick_reply_id": "nothing", "starred": true })).await,
        "not_found"
    );

    let desk = desk.restart().await;
    let (mut alice, _) = Client::start(&desk, "alice").await;
    assert_eq!(ids(&mut alice, favourites).await, ["name"]);
}
