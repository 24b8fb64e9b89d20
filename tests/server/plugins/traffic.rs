//! Plugins under traffic: reloaded again and again, and behind; the main path does not wait for them, and nothing is lost.

use serde_json::json;

use super::{COUNTER, COUNTING, Plugged, call, grant, said, until};
use crate::client::Client;

#[tokio::test]
async fn reloads_under_traffic_lose_nothing() {
    let plugged = Plugged::start(&[("counter", COUNTING, COUNTER)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "counter").await;
    let mut texts = Vec::new();
    for round in 0..20 {
        for n in 0..4 {
            let (id, text) = (format!("wamid.{round}.{n}"), format!("{round}.{n}"));
            desk.write(&format!("3360000{n:04}"), &[(&id, &text)]).await;
            texts.push(text);
        }
        plugged.write("counter", "init.lua", &format!("{COUNTER}-- {round}\n"));
        ada.ask("admin.plugins.reload", json!({})).await;
    }
    until(&mut ada, "counter", "the last one is live", |it| it["generation"] == 21).await;
    texts.sort();
    let heard = async || {
        let mut heard = said(desk).await;
        heard.sort();
        heard
    };
    desk.until("every message is heard once", async || heard().await == texts).await;
}

#[tokio::test]
async fn one_that_stands_still_is_behind_visibly_and_goes_on_where_it_was() {
    let asked = "p:webhook(function(request)";
    let code = COUNTER.replace(asked, &format!("{asked}\nif request.body == 'break' then error('no') end"));
    let plugged = Plugged::start(&[("counter", COUNTING, &code)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "counter").await;
    for _ in 0..5 {
        assert_eq!(call(desk, "counter", "break").await.0, 503);
    }
    until(&mut ada, "counter", "it is suspended", |it| it["state"] == "suspended").await;
    for n in 0..10 {
        desk.write("33600000001", &[(&format!("wamid.{n}"), &n.to_string())]).await;
    }
    until(&mut ada, "counter", "it is behind", |it| it["behind"].as_i64() >= Some(10)).await;
    let behind = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("guichet_plugin_behind{plugin=\"counter\"}"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<i64>().ok())
    };
    assert!(behind(&desk.metrics.text()) >= Some(10), "{}", desk.metrics.text());
    ada.ask("admin.plugins.resume", json!({ "plugin": "counter" })).await;
    let all: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    desk.until("it has caught up, in order", async || said(desk).await == all).await;
    until(&mut ada, "counter", "it is not behind", |it| it["behind"] == 0).await;
    assert_eq!(behind(&desk.metrics.text()), Some(0));
}
