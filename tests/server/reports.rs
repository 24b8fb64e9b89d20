//! What a day's work came to, and files to take away.

use guichet::domain::Span;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{TestDesk, token_of};

/// One interaction answered, one accepted and closed without an answer, one nobody took.
async fn work(desk: &TestDesk) -> Client {
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hello")]).await;
    desk.clock.advance(Span::seconds(10));
    let first = alice.accept_next().await;
    alice.ask("message.send", json!({ "interaction_id": first, "text": "hello too" })).await;
    let outcome =
        json!({ "interaction_id": first, "status": "resolved", "disposition": "=1+1", "tags": ["@x"] });
    alice.ask("interaction.set_outcome", outcome).await;
    desk.write("33600000002", &[("wamid.2", "hello")]).await;
    let second = alice.accept_next().await;
    alice.ask("interaction.set_outcome", json!({ "interaction_id": second, "status": "closed" })).await;
    alice.ask("interaction.close", json!({ "interaction_id": second })).await;
    desk.write("33600000003", &[("wamid.3", "I want to buy")]).await;
    alice
}

#[tokio::test]
async fn a_day_is_told_in_all_by_skill_and_by_agent() {
    let desk = TestDesk::start().await;
    let mut alice = work(&desk).await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let report = sam.ask("report.daily", json!({})).await;
    let total = &report["total"];
    for (figure, expected) in
        [("offered", 3), ("accepted", 2), ("accepted_in_time", 2), ("abandoned", 0), ("ended_unanswered", 1)]
    {
        assert_eq!(total[figure], expected, "{figure} of {report}");
    }
    assert_eq!(total["service_level"], 1.0);
    assert!(total["wait"]["max_seconds"].as_i64().is_some_and(|it| it >= 10), "{report}");
    assert!(total["first_response"]["mean_seconds"].as_i64().is_some_and(|it| it >= 10));
    assert!(total["handling"]["mean_seconds"].is_i64());
    let skills = report["skills"].as_array().expect("a list");
    assert_eq!(skills.iter().map(|it| it["offered"].as_i64().unwrap_or(0)).sum::<i64>(), 3);
    assert_eq!(report["agents"][0]["name"], "The alice");
    assert_eq!(report["agents"][0]["accepted"], 2);
    assert_eq!((&report["accept_seconds"], &report["time_zone"]), (&60.into(), &"UTC".into()));

    let sales = sam.ask("report.daily", json!({ "skill": "sales" })).await;
    assert_eq!((&sales["total"]["offered"], &sales["total"]["wait"]), (&1.into(), &Value::Null));
    let past = sam.ask("report.daily", json!({ "date": "2020-02-29" })).await;
    assert_eq!((&past["total"]["offered"], &past["from"]), (&0.into(), &"2020-02-29T00:00:00.000Z".into()));
    for date in ["2021-02-29", "today", ""] {
        assert_eq!(sam.refused("report.daily", json!({ "date": date })).await, "invalid", "{date}");
    }
    assert_eq!(alice.refused("report.daily", json!({})).await, "not_permitted");
    let get = async |login: &str, path: &str| {
        desk.http.get(desk.url(path)).bearer_auth(token_of(login)).send().await.expect("an answer")
    };
    let file = get("sam", "/export/report?format=csv").await;
    assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
    let text = file.text().await.expect("text");
    assert!(
        text.lines().any(|line| line.contains("\"total\",\"\",\"3\",\"2\",\"2\",\"0\",\"1\",\"1\"")),
        "{text}"
    );
    assert_eq!(get("alice", "/export/report").await.status(), 403);
    assert_eq!(get("sam", "/export/report?date=x").await.status(), 400);
    assert_eq!(get("sam", "/export/report?colour=red").await.status(), 400);
}

#[tokio::test]
async fn interactions_are_taken_out_as_a_file_that_runs_nothing() {
    let desk = TestDesk::start().await;
    let mut alice = work(&desk).await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let span = json!({ "from": "2020-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z" });
    let asked = async |sam: &mut Client, more: Value| {
        let mut params = span.clone();
        params.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        sam.ask("export.interactions", params).await["url"].as_str().expect("an address").to_owned()
    };
    let get = async |login: &str, path: String| {
        desk.http.get(desk.url(&path)).bearer_auth(token_of(login)).send().await.expect("an answer")
    };
    let url = asked(&mut sam, json!({})).await;
    let file = get("sam", url.clone()).await;
    assert!(file.headers()["content-disposition"].to_str().is_ok_and(|it| it.contains("interactions.csv")));
    let text = file.text().await.expect("text");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("\"'=1+1\"") && text.contains("\"'@x\""), "{text}");
    assert!(!text.contains("33600000001"), "addresses are in the export of a contact only");

    let url = asked(&mut sam, json!({ "format": "json", "filters": { "status": "resolved" } })).await;
    let rows: Value = get("sam", url).await.json().await.expect("JSON");
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    assert_eq!((&rows[0]["disposition"], &rows[0]["tags"]), (&"=1+1".into(), &json!(["@x"])));
    let url = asked(&mut sam, json!({ "format": "json", "filters": { "skill": "nothing" } })).await;
    assert_eq!(get("sam", url).await.json::<Value>().await.expect("JSON"), json!([]));

    assert_eq!(get("alice", asked(&mut sam, json!({})).await).await.status(), 403);
    assert_eq!(desk.http.get(desk.url("/export/report")).send().await.expect("an answer").status(), 401);
    assert_eq!(alice.refused("export.interactions", span.clone()).await, "not_permitted");
    assert_eq!(get("sam", "/export/interactions?from=x&to=y".into()).await.status(), 400);
    let wrong = json!({ "from": "x", "to": "y" });
    assert_eq!(sam.refused("export.interactions", wrong).await, "invalid");
    // Taking out is written down.
    let (mut ada, _) = Client::start(&desk, "ada").await;
    let acts = ada.ask("admin.audit.list", json!({ "action": "export" })).await;
    assert_eq!(acts["entries"].as_array().map(Vec::len), Some(3), "{acts}");
}
