//! Bots: plugins that answer contacts and hand over to people.

use guichet::domain::Span;
use serde_json::{Value, json};

use super::{Plugged, grant, until};
use crate::client::{Client, on};
use crate::desk::{Setup, TestDesk};
use crate::provider::delivery;

const BOT: &str = "title = \"Greta\"\n[capabilities]\nbot = true\ncontacts = [\"name\"]";
const GRETA: &str = r#"
local p = plugin()
local CHOICES = { { id = "sales", title = "Buy" }, { id = "support", title = "Get help" } }
p:bot {
    start = function(c, m)
        c:reply(`Hello {c.contact.name}, you said {m.text}`, { choices = CHOICES })
    end,
    message = function(c, m)
        if m.text == "break" then
            error("broken on purpose")
        end
        if m.choice then
            c:tag("greeted")
            return c:hand_over { skill = m.choice, note = `Chose {m.choice} after {c.data.tries or 0} tries` }
        end
        c.data.tries = (c.data.tries or 0) + 1
        c:reply(`Try {c.data.tries}`, { choices = CHOICES })
    end,
}
return p
"#;
const ROUTE: &str = "return to.bot(\"greta\"):otherwise(\"support\")";

async fn start() -> (Plugged, Client) {
    let plugged = Plugged::start(&[("greta", BOT, GRETA)], ROUTE).await;
    let (mut ada, _) = Client::start(&plugged.desk, "ada").await;
    grant(&mut ada, "greta").await;
    (plugged, ada)
}

/// What the contact was shown: texts, also those above buttons.
fn shown(desk: &TestDesk) -> Vec<String> {
    let text = |sent: &Value| {
        let body = sent["text"]["body"].as_str().or_else(|| sent["interactive"]["body"]["text"].as_str());
        body.map(str::to_owned)
    };
    desk.provider.sent().iter().filter_map(text).collect()
}

async fn until_shown(desk: &TestDesk, texts: &[&str]) {
    desk.until(&format!("{texts:?}, not {:?}", shown(desk)), async || shown(desk) == texts).await;
}

#[tokio::test]
async fn a_bot_answers_first_with_buttons_and_hands_over_with_a_note() {
    let (plugged, _ada) = start().await;
    let desk = &plugged.desk;
    let mut bruno = Client::available(desk, "bruno").await;
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hi")]).await;
    until_shown(desk, &["Hello Customer 33600000001, you said hi"]).await;
    let buttons = &desk.provider.sent()[0]["interactive"];
    assert_eq!(buttons["type"], "button");
    assert_eq!(buttons["action"]["buttons"][0]["reply"], json!({ "id": "sales", "title": "Buy" }));
    desk.write("33600000001", &[("wamid.2", "what?"), ("wamid.3", "hm")]).await;
    until_shown(desk, &["Hello Customer 33600000001, you said hi", "Try 1", "Try 2"]).await;
    // A button, as Meta tells of it.
    let pressed = json!({ "from": "33600000001", "id": "wamid.4", "timestamp": desk.seconds().to_string(),
        "type": "interactive",
        "interactive": { "type": "button_reply", "button_reply": { "id": "sales", "title": "Buy" } } });
    let contacts = json!([{ "profile": { "name": "C" }, "wa_id": "33600000001" }]);
    let body = delivery(&json!({ "contacts": contacts, "messages": [pressed] }));
    assert_eq!(desk.deliver(body).await, 200);

    let id = bruno.accept_next().await;
    let whole = bruno.ask("interaction.get", json!({ "interaction_id": id })).await;
    assert_eq!(whole["notes"][0]["text"], "Chose sales after 2 tries");
    assert_eq!(whole["interaction"]["tags"], json!(["greeted"]));
    assert_eq!(
        (&whole["interaction"]["skill"], &whole["interaction"]["unread"]),
        (&json!("sales"), &json!(4))
    );
    let history = bruno.ask("interaction.history", json!({ "interaction_id": id })).await;
    let choices = &history["messages"][1]["data"]["choices"];
    assert_eq!(
        choices,
        &json!([{ "id": "sales", "title": "Buy" }, { "id": "support", "title": "Get help" }])
    );
    // Its name is known to clients; it is nobody to hand work to, and stands on no board.
    let (_, again) = Client::start(desk, "bruno").await;
    let agents = again["snapshot"]["agents"].as_array().expect("agents").clone();
    let bot = agents.iter().find(|agent| agent["bot"] == true).expect("the bot").clone();
    assert_eq!((&bot["name"], &bot["login"]), (&json!("Greta"), &json!("@greta")));
    assert_eq!(history["messages"][1]["author"]["agent_id"], bot["agent_id"]);
    let to = json!({ "to": { "agent": bot["agent_id"] } });
    assert_eq!(bruno.refused("interaction.transfer", on(&id, to)).await, "invalid");
    let found = bruno.ask("directory.search", json!({ "book": "agents", "query": "greta" })).await;
    assert_eq!(found["agents"], json!([]));
    let (mut sam, _) = Client::start(desk, "sam").await;
    let board = sam.ask("board.get", json!({})).await;
    assert!(board["agents"].as_array().expect("agents").iter().all(|agent| agent["bot"] != true), "{board}");
    // From now on it is Bruno's, and the bot is silent.
    desk.write("33600000001", &[("wamid.5", "one more thing")]).await;
    bruno.event("the message", |event| event["message"]["text"] == "one more thing").await;
    assert!(alice.ask("inbox.list", json!({})).await["interactions"].as_array().expect("a list").is_empty());
    assert_eq!(shown(desk).len(), 3);
}

#[tokio::test]
async fn a_bot_goes_on_after_a_restart_and_steps_back_for_a_person() {
    let (plugged, _) = start().await;
    plugged.desk.write("33600000001", &[("wamid.1", "hi"), ("wamid.2", "a")]).await;
    until_shown(&plugged.desk, &["Hello Customer 33600000001, you said hi", "Try 1"]).await;
    let plugged = plugged.restart().await;
    let desk = &plugged.desk;
    desk.clock.advance(Span::minutes(2));
    desk.write("33600000001", &[("wamid.3", "b")]).await;
    until_shown(desk, &["Hello Customer 33600000001, you said hi", "Try 1", "Try 2"]).await;
    let (mut sam, _) = Client::start(desk, "sam").await;
    let all = sam.ask("interaction.list", json!({})).await;
    let id = all["interactions"][0]["interaction_id"].as_str().expect("an id").to_owned();
    assert_eq!(all["interactions"][0]["ownership"], "assigned");
    sam.ask("agent.set_state", json!({ "state": "available" })).await;
    sam.ask("supervise.take_over", json!({ "interaction_id": id })).await;
    desk.write("33600000001", &[("wamid.4", "1")]).await;
    sam.event("the message", |event| event["message"]["text"] == "1").await;
    sam.ask("message.send", on(&id, json!({ "text": "A person now" }))).await;
    until_shown(desk, &["Hello Customer 33600000001, you said hi", "Try 1", "Try 2", "A person now"]).await;
}

#[tokio::test]
async fn a_bot_that_is_not_there_leaves_its_work_to_people() {
    let plugged = Plugged::start(&[("greta", BOT, GRETA)], ROUTE).await;
    let desk = &plugged.desk;
    let mut alice = Client::available(desk, "alice").await;
    let (mut ada, _) = Client::start(desk, "ada").await;
    // Never granted: the work goes where it would in the end, and the decision tells of it.
    desk.write("33600000001", &[("wamid.1", "hi")]).await;
    let id = alice.accept_next().await;
    let (mut sam, _) = Client::start(desk, "sam").await;
    let why = sam.ask("interaction.why", json!({ "interaction_id": id })).await;
    let decisions = why["decisions"].as_array().expect("decisions");
    let route = decisions.iter().find(|it| it["question"] == "route").expect("a route");
    assert_eq!(route["answer"]["bot"], "greta");
    grant(&mut ada, "greta").await;
    desk.write("33600000002", &[("wamid.2", "ho")]).await;
    until_shown(desk, &["Hello Customer 33600000002, you said ho"]).await;
    // What it holds is nobody's to lose when it stops.
    ada.ask("admin.plugins.revoke", json!({ "plugin": "greta" })).await;
    let second = alice.accept_next().await;
    assert_ne!(second, id);
}

#[tokio::test]
async fn a_bot_that_fails_hands_over_with_what_happened_and_is_suspended_in_the_end() {
    let (plugged, mut ada) = start().await;
    let desk = &plugged.desk;
    let mut alice = Client::available(desk, "alice").await;
    for n in 1..=5 {
        let wa_id = format!("3360000000{n}");
        desk.write(&wa_id, &[(&format!("wamid.{n}a"), "hi"), (&format!("wamid.{n}b"), "break")]).await;
        let id = alice.accept_next().await;
        if n < 5 {
            let whole = alice.ask("interaction.get", json!({ "interaction_id": id })).await;
            let note = "The bot greta failed at plugins/greta/init.lua:10: broken on purpose";
            assert_eq!(whole["notes"][0]["text"], note);
        }
    }
    let suspended = until(&mut ada, "greta", "it is suspended", |it| it["state"] == "suspended").await;
    assert_eq!(suspended["errors"][0]["line"], 10);
    let said = shown(desk).len();
    desk.write("33600000009", &[("wamid.9", "hi")]).await;
    alice.accept_next().await;
    assert_eq!(shown(desk).len(), said, "it says nothing while it is suspended");
    ada.ask("admin.plugins.resume", json!({ "plugin": "greta" })).await;
    desk.write("33600000008", &[("wamid.8", "hi")]).await;
    desk.until("it answers again", async || {
        shown(desk).last().is_some_and(|text| text.contains("33600000008"))
    })
    .await;
}

#[tokio::test]
async fn a_survey_asks_once_and_its_answer_reopens_nothing() {
    let code = r#"
local p = plugin()
p:survey {
    ask = function(e) return { text = "How was it?", choices = { "good", "bad" } } end,
    answered = function(e) kv.set("answer/" .. e.interaction.id, e.choice) end,
}
p:webhook(function() return { body = table.concat(kv.names("answer/"), " ") .. " " .. (kv.get(kv.names("answer/")[1] or "") or "") } end)
return p
"#;
    let capabilities = "[capabilities]\nsurvey = true\nkv = \"64KiB\"\nwebhook = true";
    let plugged = Plugged::start(&[("survey", capabilities, code)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "survey").await;
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
    until_shown(desk, &["How was it?"]).await;
    // An answer leaves it resolved; the survey hears it.
    desk.write("33600000001", &[("wamid.2", "GOOD")]).await;
    let heard = format!("answer/{id} good");
    desk.until("the answer is heard", async || super::call(desk, "survey", "").await.1 == heard).await;
    let whole = alice.ask("interaction.get", json!({ "interaction_id": id })).await;
    assert_eq!(whole["interaction"]["status"], "resolved");
    // Anything else is a new question, and nobody is asked twice.
    desk.write("33600000001", &[("wamid.3", "one more thing")]).await;
    alice.event("it is open again", |event| event["to"] == "open").await;
    alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
    alice.told("interaction.status_changed").await;
    desk.write("33600000002", &[("wamid.4", "hello")]).await;
    let other = alice.accept_next().await;
    alice.ask("interaction.set_outcome", on(&other, json!({ "status": "resolved" }))).await;
    until_shown(desk, &["How was it?", "How was it?"]).await;
    assert_eq!(desk.provider.sent()[1]["to"], "+33600000002");
}

/// Moves the clock to a Wednesday, noon.
fn to_wednesday(desk: &TestDesk) {
    let (day, now) = (24 * 3_600_000, desk.clock.now().0);
    let noon = now / day * day + day / 2;
    let ahead = (0..14).map(|n| noon + n * day).find(|time| *time > now && (time / day + 4) % 7 == 3);
    desk.clock.advance(Span(ahead.expect("a Wednesday") - now));
}

#[tokio::test]
async fn the_greeter_that_comes_along_works() {
    let plugged =
        Plugged::on(super::services::shipped("greeter", &[]), "return to.bot('greeter')", Setup::default())
            .await;
    let desk = &plugged.desk;
    to_wednesday(desk);
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "greeter").await;
    let mut bruno = Client::available(desk, "bruno").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    until_shown(desk, &["Hello Customer 33600000001! What is it about?"]).await;
    desk.write("33600000001", &[("wamid.2", "2")]).await;
    let id = bruno.accept_next().await;
    let whole = bruno.ask("interaction.get", json!({ "interaction_id": id })).await;
    assert_eq!(whole["notes"][0]["text"], "Chose \"2\".");
}

#[tokio::test]
async fn the_faq_that_comes_along_works() {
    let plugged = Plugged::on(
        super::services::shipped("faq", &[]),
        "return to.bot('faq'):otherwise('sales')",
        Setup::default(),
    )
    .await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "faq").await;
    let mut bruno = Client::available(desk, "bruno").await;
    desk.write("33600000001", &[("wamid.1", "Where are you?")]).await;
    until_shown(desk, &["12 rue des Lilas, 75020 Paris.", "Does that answer your question?"]).await;
    desk.write("33600000001", &[("wamid.2", "yes")]).await;
    until_shown(
        desk,
        &["12 rue des Lilas, 75020 Paris.", "Does that answer your question?", "You're welcome!"],
    )
    .await;
    desk.write("33600000002", &[("wamid.3", "My parcel is broken")]).await;
    let id = bruno.accept_next().await;
    let whole = bruno.ask("interaction.get", json!({ "interaction_id": id })).await;
    assert_eq!(whole["notes"][0]["text"], "No answer known to \"My parcel is broken\".");
}

#[tokio::test]
async fn the_survey_that_comes_along_works() {
    let plugged =
        Plugged::on(super::services::shipped("survey", &[]), "return to.skill('support')", Setup::default())
            .await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "survey").await;
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    alice.ask("interaction.set_outcome", on(&id, json!({ "status": "resolved" }))).await;
    until_shown(desk, &["How satisfied were you?"]).await;
    desk.write("33600000001", &[("wamid.2", "very")]).await;
    until(&mut ada, "survey", "the answer is counted", |it| it["kept_bytes"].as_u64() > Some(0)).await;
    // Outside the window nobody is asked.
    desk.write("33600000002", &[("wamid.3", "hello")]).await;
    let other = alice.accept_next().await;
    desk.clock.advance(Span::hours(25));
    alice.ask("interaction.set_outcome", on(&other, json!({ "status": "resolved" }))).await;
    until(&mut ada, "survey", "it is over", |it| it["behind"] == 0 && it["handled"].as_u64() >= Some(3))
        .await;
    assert_eq!(shown(desk), ["How satisfied were you?"]);
}
