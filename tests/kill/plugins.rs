//! A bot in a server that is killed in the middle of its work: every message is answered, none twice, and what was planned for
//! later is done.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::client::{Contacts, http};
use crate::database;
use crate::process::Server;
use crate::{moment, seed};

/// So many that none writes more in a minute than a bot may answer, however fast the machine.
const CUSTOMERS: usize = 9_000;

/// Looks at how far it is, 250 ms apart: each look costs the bot time, and it gives way to everything else on the machine.
const PATIENCE: usize = 480;

const MANIFEST: &str = "name = \"echo\"\nversion = \"1\"\napi = 1\nsummary = \"Echoes\"\n\
    [capabilities]\nbot = true\nkv = \"4MiB\"\nschedule = true\nwebhook = true\n";
const ECHO: &str = r#"
local p = plugin()
local function echo(c, m)
    -- Kept first, so that a kill between the two leaves the one without the other.
    kv.update("heard/" .. m.text, function(n) return (n or 0) + 1 end)
    c:reply("echo " .. m.text)
    -- One in twenty: a plugin may have a thousand jobs, and after a kill it catches up with more messages than that at once.
    if tonumber(string.match(m.text, "%d+")) % 20 == 0 then
        kv.set("planned/" .. m.text, true)
        schedule.at("mark:" .. m.id, "1s", m.text)
    end
end
p:bot { start = echo, message = echo }
p:job("mark", function(job) kv.set("marked/" .. job.data, true) end)
p:webhook(function()
    local function count(prefix) return #kv.names(prefix) end
    return { body = json.encode({ heard = count("heard/"), planned = count("planned/"), marked = count("marked/") }) }
end)
return p
"#;

fn rounds() -> u64 {
    std::env::var("GUICHET_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The bot in its folder, routing that sends everything to it, and a grant.
fn install(folder: &Path, database: &str) -> [(&'static str, std::path::PathBuf); 2] {
    let (plugins, scripts) = (folder.join("plugins"), folder.join("scripts"));
    write(&plugins.join("echo/plugin.toml"), MANIFEST);
    write(&plugins.join("echo/init.lua"), ECHO);
    let route = "return routing { version = 1, route = function() return to.bot(\"echo\"):otherwise(\"support\") end }\n";
    write(&scripts.join("routing.lua"), route);
    let settings = [("GUICHET_PLUGINS", plugins), ("GUICHET_SCRIPTS", scripts)];
    let granted = std::process::Command::new(env!("CARGO_BIN_EXE_guichet"))
        .args(["plugin", "grant", "echo", "--yes", "--data"])
        .arg(folder)
        .env("GUICHET_DATABASE", database)
        .envs(settings.iter().map(|(name, path)| (name, path)))
        .status()
        .unwrap();
    assert!(granted.success(), "the grant");
    settings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_answers_each_message_once_though_killed_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    survive(&format!("sqlite:{}", folder.path().join("guichet.db").display()), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_answers_each_message_once_though_killed_on_postgresql() {
    let Some(database) = database::postgres("plugins").await else { return };
    let folder = tempfile::tempdir().unwrap();
    survive(&database, folder.path()).await;
}

async fn survive(database: &str, folder: &Path) {
    let settings = install(folder, database);
    let (rounds, seed) = (rounds(), seed());
    println!("GUICHET_SIM_SEED={seed} GUICHET_KILL_ROUNDS={rounds}");
    let mut contacts = Contacts::new(CUSTOMERS);
    for round in 0..rounds {
        let mut server = Server::start_with(database, folder, &settings).await;
        contacts.resend(&server).await;
        let kill_at = Duration::from_millis(moment(seed, round));
        // The moment is real time because the kill is.
        tokio::select! {
            () = contacts.write(&server) => {}
            () = server.killed_after(kill_at) => {}
        }
        server.kill();
    }
    let mut server = Server::start_with(database, folder, &settings).await;
    contacts.resend(&server).await;
    let written = contacts.acknowledged().count();
    assert!(written > 0, "the load never reached the server");
    // It has everything to catch up with; then it is as if nobody had been killed.
    let mut told = Value::Null;
    for _ in 0..PATIENCE {
        let answer = http().get(format!("{}/plugins/echo/webhook", server.base)).send().await.unwrap();
        told = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
        // What a handler says is on its way when the handler has ended.
        if told["marked"] == told["planned"]
            && told["heard"] == written
            && database::outbound_texts(database).await.len() >= written
        {
            break;
        }
        tokio::time::timeout(Duration::from_millis(250), std::future::pending::<()>()).await.unwrap_err();
    }
    assert_eq!(told["heard"], written, "seed {seed}");
    assert_eq!(told["marked"], told["planned"], "seed {seed}");
    assert_ne!(told["planned"], 0, "seed {seed}: nothing was planned");
    server.stop();
    let mut echoes: BTreeMap<String, usize> = BTreeMap::new();
    for text in database::outbound_texts(database).await {
        *echoes.entry(text).or_default() += 1;
    }
    let twice: Vec<_> = echoes.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "seed {seed}: said twice: {twice:?}");
    assert_eq!(echoes.len(), written, "seed {seed}: answers");
    println!("{written} messages, each answered once");
}
