//! A contact is taken out and erased, on both databases; afterwards nothing of it is in any table or file.

use guichet::config::SmtpTls;
use guichet::domain::Span;
use guichet::engine::Retention;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::client::Client;
use crate::desk::{Setup, TestDesk, token_of};
use crate::provider::{delivery, text};
use crate::transcripts::mailer;
use crate::translator::Translator;

/// In every text that anybody writes.
const SENTINEL: &str = "zanzibar";
const NUMBER: &str = "33600777888";

/// Runs a test on `SQLite`, and on `PostgreSQL` where there is one.
async fn on_both(retention: Retention, test: impl AsyncFn(TestDesk)) {
    let translator = Translator::start().await;
    let setup = |database| Setup {
        database,
        retention,
        translator: Some(translator.way(false)),
        // Nobody answers there: what is to be sent waits.
        mailer: Some(mailer(1, SmtpTls::None, None)),
        ..Setup::default()
    };
    test(TestDesk::start_set(setup(None)).await).await;
    let Ok(server) = std::env::var("GUICHET_TEST_POSTGRES") else { return };
    let (address, _) = server.rsplit_once('/').expect("an address");
    // A process runs one test.
    let name = format!("guichet_erase_{}", std::process::id());
    let mut admin = sqlx::PgConnection::connect(&server).await.expect("PostgreSQL");
    let run = async |sql: String, admin: &mut sqlx::PgConnection| {
        sqlx::query(AssertSqlSafe(sql)).execute(admin).await.expect("a statement");
    };
    run(format!("DROP DATABASE IF EXISTS {name}"), &mut admin).await;
    run(format!("CREATE DATABASE {name}"), &mut admin).await;
    test(TestDesk::start_set(setup(Some(format!("{address}/{name}")))).await).await;
    run(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), &mut admin).await;
}

/// Every cell of every table, as `table.column: text`.
async fn cells(desk: &TestDesk) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(file) = desk.database.strip_prefix("sqlite:") {
        let mut c = sqlx::SqliteConnection::connect(&format!("sqlite:{file}")).await.expect("the database");
        let tables = "SELECT m.name, p.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table'";
        for row in sqlx::query(tables).fetch_all(&mut c).await.expect("tables") {
            let (table, column): (String, String) = (row.get(0), row.get(1));
            let sql =
                format!("SELECT CAST(\"{column}\" AS TEXT) FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
            for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut c).await.unwrap_or_default() {
                let bytes: Vec<u8> = row.try_get_unchecked(0).unwrap_or_default();
                found.push(format!("{table}.{column}: {}", String::from_utf8_lossy(&bytes)));
            }
        }
        return found;
    }
    let mut c = sqlx::PgConnection::connect(&desk.database).await.expect("the database");
    let tables = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'";
    for row in sqlx::query(tables).fetch_all(&mut c).await.expect("tables") {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let sql = format!("SELECT \"{column}\"::text FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut c).await.expect("cells") {
            found.push(format!("{table}.{column}: {}", row.get::<String, _>(0)));
        }
    }
    found
}

/// Where something of the contact is: cells, and files in the media folder.
async fn traces(desk: &TestDesk) -> Vec<String> {
    // The words that tags are chosen from are the installation's.
    let personal = |text: &String| {
        let named =
            text.to_lowercase().contains(SENTINEL) || text.contains(NUMBER) || text.contains("33600777889");
        named && !text.starts_with("tags.tag: ")
    };
    let mut traces: Vec<String> = cells(desk).await.into_iter().filter(personal).collect();
    for entry in std::fs::read_dir(desk.media_folder()).expect("the folder").flatten() {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        if String::from_utf8_lossy(&bytes).contains(SENTINEL) {
            traces.push(format!("file {}", entry.path().display()));
        }
    }
    traces
}

/// The contact writes, is answered with a file, noted, tagged and half answered; gives interaction and contact.
async fn talk(desk: &TestDesk, alice: &mut Client) -> (String, String) {
    let contacts = json!([{ "profile": { "name": "Zanzibar Jones" }, "wa_id": NUMBER }]);
    let messages = [text(NUMBER, "wamid.Z1", "I live in zanzibar", desk.seconds())];
    let body = delivery(&json!({ "contacts": contacts, "messages": messages }));
    assert_eq!(desk.deliver(body).await, 200);
    let id = alice.accept_next().await;
    let on = |more: Value| {
        let mut params = more;
        params["interaction_id"] = id.as_str().into();
        params
    };
    // Where there is a translator and a mail server.
    let languages = json!({
        "my_language": "fr", "their_language": "en", "translate_theirs": true, "translate_mine": false,
    });
    alice.call("translation.set", on(languages)).await;
    alice.call("transcript.send", on(json!({ "email": "zanzibar@example.com" }))).await;
    let uuid = |n: u32| json!(format!("0c5e7a52-0000-4000-8000-{n:012}"));
    let sent = alice.ask_as(uuid(1), "message.send", on(json!({ "text": "zanzibar is far" }))).await;
    let message_id = sent["result"]["message"]["message_id"].clone();
    let part = Part::bytes(&b"a map of zanzibar"[..])
        .file_name("zanzibar.txt")
        .mime_str("text/plain")
        .expect("a type");
    let post = desk.http.post(desk.url("/media")).bearer_auth(token_of("alice"));
    let uploaded = post.multipart(Form::new().part("file", part)).send().await.expect("an answer");
    let uploaded: Value = uploaded.json().await.expect("JSON");
    let media = json!([{ "media_id": uploaded["media_id"], "caption": "zanzibar" }]);
    alice.ask_as(uuid(2), "message.send", on(json!({ "media": media }))).await;
    alice.ask("note.add", on(json!({ "text": "knows zanzibar", "message_id": message_id }))).await;
    let outcome = on(json!({ "status": "open", "tags": ["zanzibar"], "notes": "zanzibar again" }));
    alice.ask_as(uuid(3), "interaction.set_outcome", outcome).await;
    alice.ask("draft.save", on(json!({ "text": "dear zanzibar" }))).await;
    let got = alice.ask("interaction.get", on(json!({}))).await;
    let contact_id = got["interaction"]["contact"]["contact_id"].as_str().expect("an id").to_owned();
    // A delivery nobody understands, with the number in it.
    let strange = json!({ "contacts": [], "messages": [{ "from": NUMBER, "id": 7, "zanzibar": true }] });
    assert_eq!(desk.deliver(delivery(&strange)).await, 200);
    (id, contact_id)
}

#[tokio::test]
async fn a_contact_is_taken_out_whole() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let mut alice = Client::available(&desk, "alice").await;
    let (id, contact_id) = talk(&desk, &mut alice).await;
    let one = json!({ "contact_id": contact_id });
    let taken = ada.ask("admin.contacts.export", one.clone()).await;
    assert_eq!(taken["contact"]["name"], "Zanzibar Jones");
    assert!(taken["contact"]["addresses"].to_string().contains(NUMBER));
    assert_eq!(taken["interactions"][0]["interaction"]["interaction_id"], id);
    let text = taken["interactions"].to_string();
    for part in ["I live in zanzibar", "zanzibar is far", "zanzibar.txt", "knows zanzibar", "zanzibar again"]
    {
        assert!(text.contains(part), "{part}");
    }
    // The same as a file, whatever its size.
    let get = async |login: &str, path: String| {
        desk.http.get(desk.url(&path)).bearer_auth(token_of(login)).send().await.expect("an answer")
    };
    let file = get("ada", format!("/export/contacts/{contact_id}")).await;
    assert_eq!(file.status(), 200);
    let whole: Value = file.json().await.expect("JSON");
    assert_eq!(whole["contact"], taken["contact"]);
    assert_eq!(whole["interactions"], taken["interactions"]);
    assert_eq!(get("alice", format!("/export/contacts/{contact_id}")).await.status(), 403);
    assert_eq!(get("ada", "/export/contacts/c999999".into()).await.status(), 404);
    assert_eq!(alice.refused("admin.contacts.export", one.clone()).await, "not_permitted");
    assert_eq!(alice.refused("admin.contacts.erase", one).await, "not_permitted");
}

#[tokio::test]
async fn nothing_stays_of_an_erased_contact() {
    on_both(Retention::default(), async |desk: TestDesk| {
        let (mut ada, _) = Client::start(&desk, "ada").await;
        let (mut sam, _) = Client::start(&desk, "sam").await;
        let mut alice = Client::available(&desk, "alice").await;
        let (first, contact_id) = talk(&desk, &mut alice).await;
        // It ended, and the contact came back: there is old work and open work.
        let ends = json!({ "interaction_id": first, "status": "closed" });
        alice.ask("interaction.set_outcome", ends).await;
        alice.ask("interaction.close", json!({ "interaction_id": first })).await;
        desk.write(NUMBER, &[("wamid.Z2", "zanzibar once more")]).await;
        let second = alice.accept_next().await;
        let words = json!({ "query": "zanzibar" });
        let hits = |answer: &Value| answer["hits"].as_array().map_or(0, Vec::len);
        sam.until_asked("it is indexed", "search.run", words.clone(), |answer| hits(answer) >= 4).await;
        desk.until("all is sent", async || desk.provider.sent().len() == 2).await;
        alice.ask("draft.save", json!({ "interaction_id": second, "text": "zanzibar" })).await;
        assert!(traces(&desk).await.len() > 10, "the test must find what it looks for");

        let one = json!({ "contact_id": contact_id });
        ada.ask("admin.contacts.erase", one.clone()).await;
        let closed = alice
            .event("closed", |it| it["type"] == "interaction.closed" && it["interaction_id"] == *second)
            .await;
        assert_eq!(closed["interaction"]["status"], "closed");
        assert_eq!(alice.told("contact.erased").await["contact_id"], *contact_id);
        assert_eq!(sam.told("contact.erased").await["contact_id"], *contact_id);
        desk.until("its files are gone", async || traces(&desk).await.is_empty()).await;
        let found = sam.ask("search.run", words).await;
        assert_eq!(hits(&found), 0, "{found}");

        // What happened is still told, without what was said; ids stay.
        let got = ada.ask("interaction.history", json!({ "interaction_id": first })).await;
        let messages = got["messages"].as_array().expect("a list");
        let blank = |it: &Value| it["text"] == "" && it["deleted"] == true && it["translation"].is_null();
        assert!(messages.len() >= 3 && messages.iter().all(blank), "{messages:?}");
        let seqs: Vec<String> =
            cells(&desk).await.into_iter().filter(|it| it.starts_with("events.seq")).collect();
        assert!(!seqs.is_empty());
        // Once more does no harm; late reports and repetitions bring nothing back.
        ada.ask("admin.contacts.erase", one).await;
        assert_eq!(desk.deliver(crate::provider::status("wamid.OUT1", "read", desk.seconds())).await, 200);
        let again = [text(NUMBER, "wamid.Z1", "I live in zanzibar", desk.seconds())];
        assert_eq!(desk.deliver(delivery(&json!({ "contacts": [], "messages": again }))).await, 200);
        assert_eq!(traces(&desk).await, [""; 0]);
        assert_eq!(
            ada.refused("admin.contacts.erase", json!({ "contact_id": "c999999" })).await,
            "not_found"
        );

        // Who writes from that number is somebody new.
        desk.write(NUMBER, &[("wamid.Z3", "a new life")]).await;
        let third = alice.accept_next().await;
        let got = alice.ask("interaction.get", json!({ "interaction_id": third })).await;
        assert_ne!(got["interaction"]["contact"]["contact_id"], *contact_id);
        let acts = ada.ask("admin.audit.list", json!({ "action": "contact.erase" })).await;
        assert_eq!(acts["entries"][0]["object"], *contact_id);
    })
    .await;
}

#[tokio::test]
async fn who_turned_out_to_be_one_person_is_taken_out_and_erased_as_one() {
    on_both(Retention::default(), async |desk: TestDesk| {
        let (mut ada, _) = Client::start(&desk, "ada").await;
        let (mut sam, _) = Client::start(&desk, "sam").await;
        let mut alice = Client::available(&desk, "alice").await;
        let (_, first) = talk(&desk, &mut alice).await;
        desk.write("33600777889", &[("wamid.O1", "the other telephone of zanzibar")]).await;
        let old = alice.accept_next().await;
        let got = alice.ask("interaction.get", json!({ "interaction_id": old })).await;
        let second = got["interaction"]["contact"]["contact_id"].as_str().expect("an id").to_owned();
        alice.ask("interaction.set_outcome", json!({ "interaction_id": old, "status": "closed" })).await;
        alice.ask("interaction.close", json!({ "interaction_id": old })).await;
        desk.until("all is sent", async || desk.provider.sent().len() == 2).await;
        let merge = json!({ "contact_id": second, "into": first });
        sam.ask("contact.merge", merge.clone()).await;

        let taken = ada.ask("admin.contacts.export", json!({ "contact_id": first })).await;
        assert!(taken.to_string().contains("the other telephone"), "{taken}");
        let half = json!({ "contact_id": second });
        assert_eq!(ada.refused("admin.contacts.erase", half).await, "invalid");
        ada.ask("admin.contacts.erase", json!({ "contact_id": first })).await;
        for _ in 0..2 {
            let erased = sam.told("contact.erased").await["contact_id"].clone();
            assert!([&first, &second].iter().any(|id| erased == id.as_str()), "{erased}");
        }
        desk.until("nothing is left", async || traces(&desk).await.is_empty()).await;
        let mut undo = merge;
        undo["undo"] = true.into();
        assert_eq!(sam.refused("contact.merge", undo).await, "invalid");
    })
    .await;
}

#[tokio::test]
async fn what_is_older_than_it_is_kept_goes_by_itself() {
    let kept = Retention { content: Some(Span::days(3)), events: Span::days(29), ..Retention::default() };
    on_both(kept, async |desk: TestDesk| {
        let mut alice = Client::available(&desk, "alice").await;
        let (first, contact_id) = talk(&desk, &mut alice).await;
        alice.ask("interaction.set_outcome", json!({ "interaction_id": first, "status": "closed" })).await;
        alice.ask("interaction.close", json!({ "interaction_id": first })).await;
        desk.until("all is sent", async || desk.provider.sent().len() == 2).await;
        desk.clock.advance(Span::days(2));
        desk.write("33600000001", &[("wamid.1", "still here")]).await;
        assert!(!traces(&desk).await.is_empty(), "two days are not three");
        desk.clock.advance(Span::days(2));
        let (mut ada, _) = Client::start(&desk, "ada").await;
        let gone = async || {
            // Each look is an input, by which time goes on here.
            desk.write("33600000001", &[("wamid.2", "tick")]).await;
            desk.clock.advance(Span::minutes(11));
            let left = traces(&desk).await;
            left.iter().all(|it| it.starts_with("requests.") || it.starts_with("raw_deliveries."))
        };
        desk.until("the texts and then the contact are gone", gone).await;
        let acts = ada.ask("admin.audit.list", json!({ "action": "contact.expire" })).await;
        assert_eq!(acts["entries"][0]["object"], *contact_id);
        let got = ada.ask("interaction.get", json!({ "interaction_id": first })).await;
        assert_eq!(got["interaction"]["status"], "closed");
    })
    .await;
}

#[tokio::test]
async fn the_command_line_takes_out_and_erases_while_the_server_is_stopped() {
    let mut desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let (_, contact_id) = talk(&desk, &mut alice).await;
    desk.until("all is sent", async || desk.provider.sent().len() == 2).await;
    let data = desk.media_folder().parent().expect("a folder").to_owned();
    let guichet = |command: &str| {
        let mut guichet = std::process::Command::new(env!("CARGO_BIN_EXE_guichet"));
        let out = guichet.args([command, &contact_id, "--data"]).arg(&data).output().expect("it runs");
        (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
    };
    assert!(!guichet("erase").0, "the server runs");
    drop(alice);
    desk.shut_down().await;
    desk.desk.shut_down().await;
    let (done, taken) = guichet("export");
    assert!(done && taken.contains("I live in zanzibar") && taken.contains("zanzibar.txt"), "{taken}");
    assert!(guichet("erase").0);
    assert_eq!(traces(&desk).await, [""; 0]);
    let (done, taken) = guichet("export");
    assert!(done && !taken.contains(SENTINEL), "{taken}");
}
