//! Plugins under traffic: reloaded again and again, and behind; the main path does not wait for them, and nothing is lost.

use guichet::domain::Span;
use serde_json::{Value, json};

use super::{COUNTER, COUNTING, Plugged, call, grant, said, until};
use crate::client::Client;

const RELOADED: &str = "[capabilities]\nevents = [\"message.added\"]\nmessages = [\"read\"]\nkv = \"1MiB\"\n\
    schedule = true\nwebhook = true";
const COUNTS: &str = r#"
local p = plugin()
local function count(name) kv.update(name, function(n) return (n or 0) + 1 end) end
p:on("message.added", function(e)
    if e.message.author == "contact" then
        count("heard/" .. e.message.text)
        schedule.at("mark:" .. e.message.text, "1m", e.message.text)
    end
end)
p:job("mark", function(job) count("marked/" .. job.data) end)
p:every("10h", "tenth", function() count("tenth") end)
p:webhook(function()
    local told = { heard = 0, marked = 0, more = 0, tenth = kv.get("tenth") or 0 }
    for _, kind in { "heard", "marked" } do
        for _, name in kv.names(kind .. "/") do
            told[kind] += 1
            told.more += kv.get(name) - 1
        end
    end
    return { body = json.encode(told) }
end)
return p
"#;

/// How often it is reloaded; more than a few rounds are for a longer run.
fn reloads() -> usize {
    std::env::var("GUICHET_RELOADS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// The threads of this process that run the plugin of this test.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "plugin-reloaded").count()
}

/// Kilobytes of this process in memory.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn reloads_under_traffic_lose_nothing_and_leave_nothing() {
    /// Rounds after which the clock is moved, so that jobs are done: a plugin may have a thousand waiting.
    const STEP: usize = 50;
    /// What the server and this test remember of a message, in kilobytes, is far less.
    const PER_ROUND: usize = 20;
    let rounds = reloads();
    let plugged = Plugged::start(&[("reloaded", RELOADED, COUNTS)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "reloaded").await;
    let told = async || {
        let (status, body) = call(desk, "reloaded", "").await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).expect("JSON")
    };
    let mut before = 0;
    for round in 0..rounds {
        for n in 0..4 {
            let (id, text) = (format!("wamid.{round}.{n}"), format!("{round}.{n}"));
            desk.write(&format!("3360000{n:04}"), &[(&id, &text)]).await;
        }
        plugged.write("reloaded", "init.lua", &format!("{COUNTS}-- {round}\n"));
        ada.ask("admin.plugins.reload", json!({})).await;
        if round % STEP == STEP - 1 {
            let written = (round + 1) * 4;
            desk.until("the messages are heard", async || told().await["heard"] == written).await;
            desk.clock.advance(Span::minutes(1));
            desk.until("the jobs are done", async || told().await["marked"] == written).await;
        }
        if round == rounds / 5 {
            before = memory();
        }
    }
    until(&mut ada, "reloaded", "the last one is live", |it| it["generation"] == rounds + 1).await;
    desk.until("every message is heard", async || told().await["heard"] == rounds * 4).await;
    desk.clock.advance(Span::minutes(1));
    desk.until("every job is done", async || told().await["marked"] == rounds * 4).await;
    assert_eq!(told().await["more"], 0, "each once");
    desk.until("one thread", async || threads() == 1).await;
    let (after, most) = (memory(), before + 8 * 1024 + rounds * PER_ROUND);
    assert!(after < most, "{before} → {after} KiB after {rounds} reloads");

    // Its files are gone: so are its way in, its jobs and its thread. Put back, it does what had come due, once.
    let folder = plugged.folder.path();
    std::fs::rename(folder.join("reloaded"), folder.join(".away")).expect("moved");
    until(&mut ada, "reloaded", "it is gone", |it| it["state"] == "removed").await;
    desk.until("no thread", async || threads() == 0).await;
    assert_eq!(call(desk, "reloaded", "").await.0, 503);
    assert!(!desk.metrics.text().contains("plugin=\"reloaded\""), "{}", desk.metrics.text());
    desk.clock.advance(Span::hours(25));
    std::fs::rename(folder.join(".away"), folder.join("reloaded")).expect("moved");
    until(&mut ada, "reloaded", "it is back", |it| it["state"] == "running").await;
    desk.until("what was due is done", async || told().await["tenth"] == 1).await;
    assert_eq!(told().await["heard"], rounds * 4, "and knows what it knew");
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
