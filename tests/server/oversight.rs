//! What administrators look at and clear away, and what is written down of it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use guichet::config::SmtpTls;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, PASSWORD, Setup, TestDesk, token_of};
use crate::transcripts::mailer;
use crate::transfer::agent_id;

/// What the audit log has, newest first.
async fn acts(ada: &mut Client, filters: Value) -> Vec<Value> {
    ada.ask("admin.audit.list", filters).await["entries"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn nothing_goes_that_is_used() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    for skill in ["spare", "lost"] {
        ada.ask("admin.skills.save", json!({ "skill": skill })).await;
    }
    ada.ask("admin.teams.save", json!({ "team": "front" })).await;
    ada.ask("admin.agents.save", json!({ "login": "bruno", "teams": ["front"] })).await;
    for (method, params, kind) in [
        ("admin.skills.remove", json!({ "skill": "support" }), "invalid"),
        ("admin.skills.remove", json!({ "skill": "sales" }), "invalid"),
        ("admin.skills.remove", json!({ "skill": "nothing" }), "not_found"),
        ("admin.teams.remove", json!({ "team": "front" }), "invalid"),
        ("admin.teams.remove", json!({ "team": "nothing" }), "not_found"),
        ("admin.agents.remove", json!({ "login": "ada" }), "invalid"),
        ("admin.agents.remove", json!({ "login": "nobody" }), "not_found"),
        ("admin.agents.reset_password", json!({ "login": "nobody" }), "not_found"),
        ("admin.agents.reset_password", json!({ "login": "bruno", "password": "short" }), "invalid"),
        ("admin.channels.test", json!({ "channel_id": "nothing" }), "not_found"),
        ("admin.dispositions.save", json!({ "skill": "nothing", "dispositions": [] }), "not_found"),
        ("admin.dispositions.save", json!({ "skill": "sales", "dispositions": ["a", "a"] }), "invalid"),
        (
            "admin.dispositions.save",
            json!({ "skill": "sales", "dispositions": ["x".repeat(101)] }),
            "too_large",
        ),
        ("admin.dispositions.save", json!({ "skill": "sales", "dispositions": vec!["x"; 201] }), "too_large"),
        ("admin.dispositions.list", json!({ "skill": "nothing" }), "not_found"),
        ("admin.audit.list", json!({ "limit": 101 }), "invalid"),
        ("admin.audit.list", json!({ "from": "yesterday" }), "invalid"),
    ] {
        assert_eq!(ada.refused(method, params.clone()).await, kind, "{method} {params}");
    }
    ada.ask("admin.skills.remove", json!({ "skill": "spare" })).await;
    ada.ask("admin.agents.save", json!({ "login": "bruno", "teams": [] })).await;
    ada.ask("admin.teams.remove", json!({ "team": "front" })).await;
    let skills = ada.ask("admin.skills.list", json!({})).await["skills"].as_array().expect("a list").len();
    assert_eq!(skills, 3);
    assert_eq!(ada.ask("admin.teams.list", json!({})).await["teams"], json!([]));
}

#[tokio::test]
async fn an_agent_who_is_removed_is_gone_at_once_and_its_work_waits() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let mut alice = Client::available(&desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    let id = alice.accept_next().await;
    ada.ask("admin.agents.remove", json!({ "login": "alice" })).await;
    assert_eq!(alice.closed().await, 4001);
    let rpc = desk.http.post(desk.url("/rpc")).bearer_auth(token_of("alice")).body("{}");
    assert_eq!(rpc.send().await.expect("an answer").status(), 401);
    let got = ada.ask("interaction.get", json!({ "interaction_id": id })).await;
    assert_eq!(got["interaction"]["ownership"], "queued");
    assert_eq!(ada.refused("admin.agents.remove", json!({ "login": "alice" })).await, "not_found");
}

async fn log_in(desk: &TestDesk, password: &str) -> (u16, Option<String>) {
    let body = json!({ "login": "alice", "password": password });
    let answer = desk.http.post(desk.url("/login")).json(&body).send().await.expect("an answer");
    let cookie = answer.headers().get("set-cookie").and_then(|it| it.to_str().ok());
    (answer.status().as_u16(), cookie.and_then(|it| it.split(';').next()).map(str::to_owned))
}

#[tokio::test]
async fn another_password_ends_the_logins_made_with_the_old_one() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let (status, cookie) = log_in(&desk, PASSWORD).await;
    assert_eq!(status, 204);
    let knows = async |cookie: &str| {
        let origin = desk.url("");
        let post = desk.http.post(desk.url("/rpc")).header("cookie", cookie).header("origin", origin);
        post.body(r#"{"jsonrpc":"2.0","id":1,"method":"inbox.list"}"#)
            .send()
            .await
            .expect("an answer")
            .status()
    };
    let cookie = cookie.expect("a cookie");
    assert_eq!(knows(&cookie).await, 200);
    let made = ada.ask("admin.agents.reset_password", json!({ "login": "alice" })).await;
    assert_eq!(knows(&cookie).await, 401);
    assert_eq!(log_in(&desk, PASSWORD).await.0, 401);
    assert_eq!(log_in(&desk, made["password"].as_str().expect("a password")).await.0, 204);
    let given =
        ada.ask("admin.agents.reset_password", json!({ "login": "alice", "password": PASSWORD })).await;
    assert_eq!(given, json!({}));
    assert_eq!(log_in(&desk, PASSWORD).await.0, 204);
}

#[tokio::test]
async fn channels_tokens_and_dispositions_are_shown() {
    let desk = TestDesk::start().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let channels = ada.ask("admin.channels.list", json!({})).await;
    let channel = &channels["channels"][0];
    assert_eq!((&channel["channel_id"], &channel["state"]), (&CHANNEL.into(), &"up".into()));
    assert_eq!((&channel["window_hours"], &channel["abilities"]["templates"]), (&24.into(), &true.into()));
    let tested = ada.ask("admin.channels.test", json!({ "channel_id": CHANNEL })).await;
    assert_eq!(tested, json!({ "ok": true, "templates": 1 }));

    ada.ask("admin.tokens.add", json!({ "name": "the wall board", "login": "sam" })).await;
    let tokens = ada.ask("admin.tokens.list", json!({})).await;
    let token = tokens["tokens"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["login"] == "sam" && it["name"] == "the wall board");
    let token = token.expect("the token");
    assert!(token["token"].is_null() && token["hash"].is_null(), "{token}");

    let all = json!({ "skill": "sales", "dispositions": ["sold", "lost"], "required": true });
    ada.ask("admin.dispositions.save", all).await;
    let listed = ada.ask("admin.dispositions.list", json!({ "skill": "sales" })).await;
    assert_eq!(
        listed["dispositions"],
        json!([{ "skill": "sales", "dispositions": ["sold", "lost"], "required": true }])
    );
    ada.ask("admin.dispositions.save", json!({ "skill": "sales", "dispositions": ["sold"] })).await;
    let listed = ada.ask("admin.dispositions.list", json!({})).await;
    let sales =
        listed["dispositions"].as_array().expect("a list").iter().find(|it| it["skill"] == "sales").cloned();
    assert_eq!(sales.expect("sales")["required"], true);

    let kept = ada.ask("admin.retention.get", json!({})).await;
    assert_eq!(kept, json!({ "events_days": 30, "decisions_days": 90, "audit_days": 730, "raw_days": 30 }));
}

#[tokio::test]
async fn who_did_what_is_written_down_without_secrets() {
    let desk = TestDesk::start().await;
    let (mut ada, started) = Client::start(&desk, "ada").await;
    let me = started["agent"]["agent_id"].clone();
    let secret = "a very secret word";
    ada.ask("admin.roles.save", json!({ "role": "trainee", "permissions": ["handle"] })).await;
    ada.ask("admin.agents.save", json!({ "login": "eve", "role": "trainee", "password": secret })).await;
    ada.ask("admin.agents.reset_password", json!({ "login": "eve", "password": secret })).await;
    let token = ada.ask("admin.tokens.add", json!({ "name": "t", "login": "eve" })).await;
    ada.ask("admin.tokens.revoke", json!({ "name": "t" })).await;
    ada.ask("admin.agents.remove", json!({ "login": "eve" })).await;
    ada.ask("admin.roles.remove", json!({ "role": "trainee" })).await;
    ada.ask("admin.roles.list", json!({})).await;
    assert_eq!(ada.refused("admin.roles.remove", json!({ "role": "agent" })).await, "invalid");

    let mine = acts(&mut ada, json!({ "agent_id": me })).await;
    let told: Vec<&str> = mine.iter().filter_map(|act| act["action"].as_str()).collect();
    let expected = [
        "role.remove",
        "agent.remove",
        "token.revoke",
        "token.add",
        "agent.password",
        "agent.save",
        "role.save",
    ];
    assert_eq!(told, expected, "newest first; lists and refusals are no acts");
    let text = serde_json::to_string(&mine).expect("JSON");
    assert!(!text.contains(secret) && !text.contains(token["token"].as_str().expect("a token")));
    assert_eq!(mine[5]["detail"], json!({ "role": "trainee", "password": true }));
    assert_eq!(mine[5]["object"], "eve");

    // Pages and filters; the installation's own beginnings are nobody's.
    let first = ada.ask("admin.audit.list", json!({ "limit": 2 })).await;
    assert_eq!((first["entries"].as_array().map(Vec::len), &first["more"]), (Some(2), &true.into()));
    let before = first["entries"][1]["audit_id"].clone();
    let next = acts(&mut ada, json!({ "limit": 1, "before": before })).await;
    assert_eq!(next[0]["action"], "token.revoke");
    let saved = acts(&mut ada, json!({ "action": "agent.save", "object": "alice" })).await;
    assert_eq!((saved.len(), &saved[0]["agent_id"]), (1, &Value::Null));
    assert_eq!(acts(&mut ada, json!({ "from": "2999-01-01T00:00:00Z" })).await.len(), 0);
    let (mut sam, _) = Client::start(&desk, "sam").await;
    assert_eq!(sam.refused("admin.audit.list", json!({})).await, "not_permitted");
}

#[tokio::test]
async fn what_supervisors_do_to_others_is_written_down() {
    // Nobody answers there; that a transcript was asked for is what counts.
    let mailer = Some(mailer(1, SmtpTls::None, None));
    let desk = TestDesk::start_set(Setup { mailer, ..Setup::default() }).await;
    let mut alice = Client::available(&desk, "alice").await;
    let (mut sam, started) = Client::start(&desk, "sam").await;
    let (me, alice_id) = (started["agent"]["agent_id"].clone(), agent_id(&started, "alice"));
    let mut contacts = Vec::new();
    let mut ids = Vec::new();
    for n in 1..=2 {
        desk.write(&format!("3360000000{n}"), &[(&format!("wamid.{n}"), "hello")]).await;
        let id = alice.accept_next().await;
        let got = alice.ask("interaction.get", json!({ "interaction_id": id })).await;
        contacts.push(got["interaction"]["contact"]["contact_id"].clone());
        ids.push(id);
    }
    let on = |more: Value| crate::client::on(&ids[0], more);
    let merge = |undo: bool| json!({ "contact_id": contacts[1], "into": contacts[0], "undo": undo });
    for (method, params) in [
        ("supervise.watch", on(json!({}))),
        ("supervise.set_agent_state", json!({ "agent_id": alice_id, "state": "unavailable" })),
        ("supervise.reassign", on(json!({ "to": { "skill": "sales" } }))),
        ("supervise.take_over", on(json!({}))),
        ("contact.merge", merge(false)),
        ("contact.merge", merge(true)),
        ("contact.block", json!({ "contact_id": contacts[1], "blocked": true })),
        ("contact.opt_out", json!({ "contact_id": contacts[1], "opted_out": true })),
        ("transcript.send", on(json!({ "email": "someone@example.com" }))),
        // Looking and what is refused are no acts.
        ("board.get", json!({})),
    ] {
        sam.ask(method, params).await;
    }
    assert_eq!(sam.refused("supervise.take_over", on(json!({}))).await, "already_done");
    let passwords = json!({ "old_password": PASSWORD, "new_password": "another horse" });
    alice.ask("agent.change_password", passwords).await;

    let (mut ada, _) = Client::start(&desk, "ada").await;
    let mut told = acts(&mut ada, json!({ "agent_id": me })).await;
    told.reverse();
    let words: Vec<&str> = told.iter().filter_map(|act| act["action"].as_str()).collect();
    let expected = [
        "supervise.watch",
        "supervise.set_agent_state",
        "supervise.reassign",
        "supervise.take_over",
        "contact.merge",
        "contact.part",
        "contact.block",
        "contact.opt_out",
        "transcript.send",
    ];
    assert_eq!(words, expected);
    assert_eq!((&told[1]["object"], &told[1]["detail"]["state"]), (&alice_id, &"unavailable".into()));
    assert_eq!(
        (&told[2]["object"], &told[2]["detail"]["to"]["skill"]),
        (&ids[0].as_str().into(), &"sales".into())
    );
    assert_eq!((&told[4]["object"], &told[4]["detail"]["into"]), (&contacts[1], &contacts[0]));
    let own = acts(&mut ada, json!({ "agent_id": alice_id })).await;
    assert_eq!(
        (own.len(), &own[0]["action"], &own[0]["object"]),
        (1, &"agent.password".into(), &"alice".into())
    );
    let all = format!("{told:?} {own:?}");
    assert!(!all.contains("example.com") && !all.contains("horse"), "{all}");
}

#[tokio::test]
async fn a_first_administrator_is_made_from_the_command_line() {
    let folder = TestDesk::start().await.end().await;
    let guichet = |arguments: &[&str], input: &str| {
        let mut guichet = Command::new(env!("CARGO_BIN_EXE_guichet"));
        guichet.args(arguments).arg("--data").arg(folder.path());
        let mut running =
            guichet.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
        running.stdin.take().expect("an input").write_all(input.as_bytes()).expect("it reads");
        let out = running.wait_with_output().expect("it ends");
        assert!(out.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    guichet(&["agent", "add", "root", "--role", "administrator", "--password-stdin"], PASSWORD);
    let printed = guichet(&["token", "add", "first", "--agent", "root"], "");
    let token = printed.split_whitespace().last().expect("a token").to_owned();
    let desk = TestDesk::start_set(Setup { folder: Some(folder), ..Setup::default() }).await;
    let body = json!({ "login": "root", "password": PASSWORD });
    let answer = desk.http.post(desk.url("/login")).json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), 204);
    let mut root = Client::with_token(&desk, &token).await;
    let made = acts(&mut root, json!({ "action": "agent.save", "object": "root" })).await;
    assert_eq!((made.len(), &made[0]["agent_id"]), (1, &Value::Null), "the operator is nobody's agent");
}
