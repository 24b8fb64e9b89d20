//! Timers across a killed process: the same milliseconds afterwards, and they go on.

use serde_json::{Value, json};

use crate::client::{Agent, http};
use crate::process::Server;

/// What the agent has in hand, once it holds this many.
async fn held(agent: &mut Agent, count: usize) -> Vec<Value> {
    loop {
        let inbox = agent.ask("inbox.list", json!({})).await.expect("an answer");
        let all = inbox["result"]["interactions"].as_array().cloned().unwrap_or_default();
        for row in all.iter().filter(|row| row["ownership"] == "offered") {
            let params = json!({ "interaction_id": row["interaction_id"] });
            agent.ask("interaction.accept", params).await.expect("an answer");
        }
        if all.len() == count && all.iter().all(|row| row["ownership"] == "assigned") {
            return all;
        }
    }
}

async fn post(server: &Server, path: &str, body: Value) {
    let answer = http().post(format!("{}{path}", server.base)).json(&body).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

fn states<'a>(rows: &'a [Value], timer: &str) -> Vec<&'a Value> {
    rows.iter()
        .map(|row| &row["timers"][timer])
        .filter(|timer| timer.is_object())
        .map(|timer| &timer["state"])
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_go_on_after_a_kill_to_the_millisecond() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("guichet.db").display());
    let mut server = Server::start(&database, folder.path()).await;
    let mut alice = Agent::new("alice");
    alice.come_back(&server).await;
    for customer in ["33600000001", "33600000002"] {
        post(&server, &format!("/sim/customers/{customer}/messages"), json!({ "text": "Bonjour" })).await;
    }
    let rows = held(&mut alice, 2).await;
    let answered = json!({ "interaction_id": rows[0]["interaction_id"], "text": "Bonjour" });
    alice.ask("message.send", answered).await.expect("an answer");
    alice
        .ask("timer.extend", json!({ "interaction_id": rows[0]["interaction_id"] }))
        .await
        .expect("an answer");
    let timers = |rows: &[Value]| -> Vec<Value> { rows.iter().map(|row| row["timers"].clone()).collect() };
    let before = timers(&held(&mut alice, 2).await);
    assert_eq!(before[0]["customer"]["extended"], 1);

    server.kill();
    let server = Server::start(&database, folder.path()).await;
    alice.come_back(&server).await;
    assert_eq!(timers(&held(&mut alice, 2).await), before);

    // The scripts that come with the server: 10 minutes for an answer, 24 hours and 2 more for the contact.
    post(&server, "/sim/clock", json!({ "advance": "4m" })).await;
    assert_eq!(states(&held(&mut alice, 2).await, "agent"), ["running"]);
    post(&server, "/sim/clock", json!({ "advance": "1m" })).await;
    while states(&held(&mut alice, 2).await, "agent") != ["yellow"] {}
    post(&server, "/sim/clock", json!({ "advance": "5m" })).await;
    while states(&held(&mut alice, 2).await, "agent") != ["red"] {}
    post(&server, "/sim/clock", json!({ "advance": "25h" })).await;
    assert_eq!(states(&held(&mut alice, 2).await, "customer"), ["yellow"]);
    post(&server, "/sim/clock", json!({ "advance": "50m" })).await;
    // At zero it has left the inbox.
    held(&mut alice, 1).await;
}
