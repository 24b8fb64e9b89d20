//! Plugins in the running server: grants, events, what they keep, jobs, webhooks, reloads. Beside: `bots`, `hostile`,
//! `traffic`, `services` and (with translators that we did not write) `published`.

mod bots;
mod hostile;
mod published;
mod services;
mod traffic;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use guichet::config::Secret;
use guichet::domain::Span;
use guichet::plugin::{Host, Lookup, Settings};
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{Setup, TestDesk, scripts};

/// Says what names lead to, once for each time they are looked up.
#[derive(Default)]
pub(crate) struct Names(Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>);

impl Names {
    /// The next look-ups of a name lead here; the last one for ever.
    pub(crate) fn set(&self, host: &str, answers: &[&str]) {
        let answers = answers.iter().map(|ip| vec![ip.parse().expect("an address")]).collect();
        self.0.lock().expect("whole").insert(host.to_owned(), answers);
    }
}

impl Lookup for Names {
    fn lookup(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let mut names = self.0.lock().expect("whole");
        let answers = names.get_mut(&host);
        let answer = answers.map(|all| if all.len() > 1 { all.remove(0) } else { all[0].clone() });
        async move { answer.ok_or_else(|| std::io::Error::other("no such name")) }.boxed()
    }
}

/// A server with plugins in a folder of its own.
pub(crate) struct Plugged {
    pub(crate) desk: TestDesk,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) names: Arc<Names>,
}

/// A `plugin.toml` with these capabilities.
pub(crate) fn manifest(name: &str, capabilities: &str) -> String {
    format!("name = \"{name}\"\nversion = \"1.0.0\"\napi = 1\nsummary = \"For a test\"\n{capabilities}\n")
}

impl Plugged {
    /// `route`: the body of `route`, in Lua; without one, the rules of these tests.
    pub(crate) async fn start(plugins: &[(&str, &str, &str)], route: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, capabilities, code) in plugins {
            write(&folder, name, "plugin.toml", &manifest(name, capabilities));
            write(&folder, name, "init.lua", code);
        }
        Self::on(folder, route, Setup::default()).await
    }

    pub(crate) async fn on(folder: tempfile::TempDir, route: &str, setup: Setup) -> Self {
        Self::with(folder, route, setup, |_, _| ()).await
    }

    /// `more` may put what plugins are for others into the setup.
    pub(crate) async fn with(
        folder: tempfile::TempDir,
        route: &str,
        mut setup: Setup,
        more: impl FnOnce(&Arc<Host>, &mut Setup),
    ) -> Self {
        let names = Arc::new(Names::default());
        let secrets = BTreeMap::from([("key".to_owned(), Secret::new("s3cret-key"))]);
        let secrets =
            ["probe", "deepl", "libretranslate", "crm-card"].map(|name| (name.to_owned(), secrets.clone()));
        let settings = Settings {
            folder: folder.path().to_owned(),
            secrets: secrets.into_iter().collect(),
            lookup: Arc::clone(&names) as Arc<dyn Lookup>,
        };
        let routing = format!("return routing {{ version = 1, route = function(i, now)\n{route}\nend }}\n");
        let scripts = (!route.is_empty()).then(|| scripts(&[("routing.lua", &routing)]));
        let host = Host::new(settings.clone());
        more(&host, &mut setup);
        let host = (!setup.cards.is_empty() || setup.translator.is_some()).then_some(host);
        let desk = TestDesk::start_set(Setup { plugins: Some(settings), host, scripts, ..setup }).await;
        Self { desk, folder, names }
    }

    pub(crate) fn write(&self, name: &str, file: &str, text: &str) {
        write(&self.folder, name, file, text);
    }

    /// Ends, and starts again on what was kept.
    pub(crate) async fn restart(self) -> Self {
        Self { desk: self.desk.restart().await, ..self }
    }
}

fn write(folder: &tempfile::TempDir, name: &str, file: &str, text: &str) {
    let path: PathBuf = folder.path().join(name).join(file);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, text).expect("written");
}

/// A plugin as the administrator sees it.
pub(crate) async fn seen(ada: &mut Client, name: &str) -> Value {
    let all = ada.ask("admin.plugins.list", json!({})).await;
    let plugins = all["plugins"].as_array().expect("plugins").clone();
    plugins.into_iter().find(|plugin| plugin["name"] == name).unwrap_or_default()
}

/// Grants what it asks for.
pub(crate) async fn grant(ada: &mut Client, name: &str) -> Value {
    let asks = seen(ada, name).await["asks"].clone();
    let granted = ada.ask("admin.plugins.grant", json!({ "plugin": name, "capabilities": asks })).await;
    assert_eq!(granted["plugin"]["state"], "running", "{granted}");
    granted["plugin"].clone()
}

/// Asks until a plugin is as it should be.
pub(crate) async fn until(ada: &mut Client, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1_000 {
        let plugin = seen(ada, name).await;
        if holds(&plugin) {
            return plugin;
        }
        guichet::clock::pause(10).await;
    }
    panic!("still not: {what}: {}", seen(ada, name).await);
}

/// Calls a plugin's webhook; status and body.
pub(crate) async fn call(desk: &TestDesk, name: &str, body: &str) -> (u16, String) {
    let url = desk.url(&format!("/plugins/{name}/webhook"));
    let answer = desk.http.post(url).body(body.to_owned()).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

const COUNTING: &str =
    "[capabilities]\nevents = [\"message.added\"]\nmessages = [\"read\"]\nkv = \"64KiB\"\nwebhook = true";
const COUNTER: &str = r#"
local p = plugin()
p:on("message.added", function(e)
    if e.message.author == "contact" then
        kv.update("said", function(said) said = said or {} table.insert(said, e.message.text) return said end)
    end
end)
p:webhook(function(request)
    return { body = json.encode({ said = kv.get("said") or {} }), content_type = "application/json" }
end)
return p
"#;

async fn said(desk: &TestDesk) -> Vec<String> {
    let (status, body) = call(desk, "counter", "").await;
    assert_eq!(status, 200, "{body}");
    let said: Value = serde_json::from_str(&body).expect("JSON");
    said["said"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|text| text.as_str().expect("text").to_owned())
        .collect()
}

#[tokio::test]
async fn nothing_runs_before_it_is_granted_and_an_upgrade_shows_what_it_wants_more() {
    let plugged = Plugged::start(&[("counter", COUNTING, COUNTER)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    let (mut alice, _) = Client::start(desk, "alice").await;
    assert_eq!(alice.refused("admin.plugins.list", json!({})).await, "not_permitted");
    let waiting = seen(&mut ada, "counter").await;
    assert_eq!((&waiting["state"], &waiting["running"]), (&json!("waiting"), &json!(false)));
    assert_eq!(waiting["missing"], json!(["event message.added", "kv 64KiB", "messages read", "webhook"]));
    assert_eq!(call(desk, "counter", "").await.0, 503);
    desk.write("33600000001", &[("wamid.0", "before")]).await;

    let some = json!({ "plugin": "counter", "capabilities": ["webhook"] });
    assert_eq!(ada.refused("admin.plugins.grant", some).await, "invalid");
    grant(&mut ada, "counter").await;
    assert_eq!(ada.told("plugin.changed").await["state"], "running");
    desk.write("33600000001", &[("wamid.1", "one"), ("wamid.2", "two")]).await;
    desk.until("both are heard", async || said(desk).await == ["one", "two"]).await;

    // An upgrade that asks for more stops it until that is granted; what it kept stays.
    let more = COUNTING.replace("\"message.added\"", "\"message.added\", \"note.added\"");
    plugged.write("counter", "plugin.toml", &manifest("counter", &more));
    let waiting = until(&mut ada, "counter", "the difference", |it| it["state"] == "waiting").await;
    assert_eq!(waiting["missing"], json!(["event note.added"]));
    desk.write("33600000001", &[("wamid.3", "three")]).await;
    assert_eq!(call(desk, "counter", "").await.0, 503);
    grant(&mut ada, "counter").await;
    desk.until("what came meanwhile is heard too", async || said(desk).await == ["one", "two", "three"])
        .await;

    let revoked = ada.ask("admin.plugins.revoke", json!({ "plugin": "counter" })).await;
    assert_eq!((&revoked["plugin"]["state"], &revoked["plugin"]["granted"]), (&json!("waiting"), &json!([])));
    assert_eq!(call(desk, "counter", "").await.0, 503);
    assert_eq!(ada.refused("admin.plugins.revoke", json!({ "plugin": "none" })).await, "not_found");
}

#[tokio::test]
async fn what_it_kept_and_where_it_was_survive_a_restart() {
    let plugged = Plugged::start(&[("counter", COUNTING, COUNTER)], "").await;
    let (mut ada, _) = Client::start(&plugged.desk, "ada").await;
    grant(&mut ada, "counter").await;
    plugged.desk.write("33600000001", &[("wamid.1", "one")]).await;
    plugged.desk.until("it is heard", async || said(&plugged.desk).await == ["one"]).await;
    let plugged = plugged.restart().await;
    plugged.desk.write("33600000001", &[("wamid.2", "two")]).await;
    plugged
        .desk
        .until("both are there, each once", async || said(&plugged.desk).await == ["one", "two"])
        .await;
}

#[tokio::test]
async fn a_save_goes_live_and_a_broken_one_does_not() {
    let saving = "local p = plugin()\nlocal state = { n = 1 }\np:save(function() return state end)\n\
        p:restore(function(given) state = given.saved state.from = given.version end)\n\
        p:webhook(function() state.n += 1 return { body = json.encode(state) } end)\nreturn p\n";
    let plugged = Plugged::start(&[("saver", "[capabilities]\nwebhook = true", saving)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "saver").await;
    assert_eq!(call(desk, "saver", "").await, (200, "{\"n\":2}".to_owned()));
    plugged.write("saver", "init.lua", &saving.replace("+= 1", "+= 10"));
    until(&mut ada, "saver", "the second generation", |it| it["generation"] == 2).await;
    assert_eq!(call(desk, "saver", "").await, (200, "{\"from\":\"1.0.0\",\"n\":12}".to_owned()));

    for (broken, line, problem) in [
        ("local p = plugin()\nlocal = 3\nreturn p\n", 2, "Expected identifier"),
        ("local p = plugin()\n\nerror('no')\nreturn p\n", 3, "no"),
        ("local p = plugin()\np:every('1h', 'x', function() end)\nreturn p\n", 2, "not granted"),
        ("return 5\n", 0, "a plugin ends with `return p`"),
        ("local p = plugin()\nwhile true do end\nreturn p\n", 2, "took too long"),
        (&saving.replace("state = given.saved", "error('old')"), 4, "old"),
    ] {
        plugged.write("saver", "init.lua", broken);
        let refused =
            until(&mut ada, "saver", problem, |it| it["errors"].to_string().contains(problem)).await;
        assert_eq!((&refused["state"], &refused["running"]), (&json!("refused"), &json!(true)), "{problem}");
        let error = &refused["errors"][0];
        assert_eq!(
            (&error["file"], &error["line"]),
            (&json!("plugins/saver/init.lua"), &json!(line)),
            "{error}"
        );
        assert_eq!(call(desk, "saver", "").await.0, 200, "the last good one goes on");
    }
    plugged.write("saver", "init.lua", saving);
    until(&mut ada, "saver", "good again", |it| it["state"] == "running").await;
    std::fs::remove_dir_all(plugged.folder.path().join("saver")).expect("removed");
    until(&mut ada, "saver", "it is gone", |it| it["state"] == "removed").await;
    assert_eq!(call(desk, "saver", "").await.0, 503);
}

#[tokio::test]
async fn jobs_are_done_when_they_are_due_also_after_a_restart() {
    let code = "local p = plugin()\n\
        local function did(what) kv.update('did', function(did) did = did or {} table.insert(did, what) return did end) end\n\
        p:every('1h', 'hourly', function() did('hourly') end)\n\
        p:job('remind', function(job) did(job.data) end)\n\
        p:webhook(function(r)\n\
            if r.body == 'cancel' then schedule.cancel('remind:b') elseif r.body ~= '' then schedule.at('remind:' .. r.body, '90m', r.body) end\n\
            return { body = table.concat(kv.get('did') or {}, ' ') }\nend)\nreturn p\n";
    let capabilities = "[capabilities]\nwebhook = true\nschedule = true\nkv = \"64KiB\"";
    let plugged = Plugged::start(&[("clock", capabilities, code)], "").await;
    let (mut ada, _) = Client::start(&plugged.desk, "ada").await;
    grant(&mut ada, "clock").await;
    for body in ["a", "b", "cancel"] {
        assert_eq!(call(&plugged.desk, "clock", body).await.0, 200);
    }
    plugged.desk.clock.advance(Span::minutes(61));
    let did = async |desk: &TestDesk| call(desk, "clock", "").await.1;
    plugged.desk.until("the hourly one", async || did(&plugged.desk).await == "hourly").await;
    let plugged = plugged.restart().await;
    plugged.desk.clock.advance(Span::minutes(30));
    plugged.desk.until("the other one, once", async || did(&plugged.desk).await == "hourly a").await;
    plugged.desk.clock.advance(Span::minutes(40));
    plugged.desk.until("the next hour", async || did(&plugged.desk).await == "hourly a hourly").await;
}

#[tokio::test]
async fn settings_are_checked_and_reach_it_at_once() {
    let capabilities = "[capabilities]\nwebhook = true\n[[settings]]\nkey = \"greeting\"\ntype = \"text\"\nlabel = \"Greeting\"\n\
        default = \"Hello\"\n[[settings]]\nkey = \"key\"\ntype = \"secret\"";
    let code = "local p = plugin()\np:webhook(function(r)\n\
        return { body = p.settings.greeting .. ' ' .. tostring(p.settings.key) .. ' ' .. hmac.sha256(secret.key, r.body) }\nend)\nreturn p\n";
    let plugged = Plugged::start(&[("probe", capabilities, code)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    let granted = grant(&mut ada, "probe").await;
    assert_eq!(granted["settings"], json!({ "greeting": "Hello" }));
    assert_eq!(granted["secrets"], json!({ "key": true }));
    assert_eq!(
        granted["settings_schema"][0],
        json!({ "key": "greeting", "type": "text", "label": "Greeting", "default": "Hello" })
    );
    let signed = "5e6bf8c8ac4a1c4c2f9b8f1d";
    let (_, body) = call(desk, "probe", "text").await;
    assert!(body.starts_with("Hello nil ") && body.len() == 10 + 64 && !body.contains(signed), "{body}");
    for wrong in [json!({ "greeting": 5 }), json!({ "other": "x" }), json!({ "key": "x" })] {
        let params = json!({ "plugin": "probe", "settings": wrong });
        assert_eq!(ada.refused("admin.plugins.configure", params).await, "invalid");
    }
    let params = json!({ "plugin": "probe", "settings": { "greeting": "Bonjour" } });
    ada.ask("admin.plugins.configure", params).await;
    desk.until("the new word", async || call(desk, "probe", "").await.1.starts_with("Bonjour")).await;
}
