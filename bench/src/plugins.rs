//! What agents notice of plugins: the same load on a server without plugins, with ten that listen to every message, and with
//! hostile ones beside them, in turn. At saturation plugins fall behind; that they then miss nothing is counted.

use crate::agents;
use crate::load::{Board, Kind, Load, Paced, Rate};
use crate::process::{free_address, pin_to_second_core};
use crate::provider;
use crate::report::{median, spread};
use crate::server::{Folder, Server, conditions, fresh};
use crate::webhook::Connection;
use anyhow::{Context as _, ensure};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How to measure.
#[derive(clap::Args)]
pub struct Settings {
    /// The release server.
    #[arg(long)]
    server: PathBuf,
    /// Rounds of each kind.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of the paced part.
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// Seconds at saturation.
    #[arg(long, default_value_t = 2.0)]
    saturated: f64,
    /// Round trips per second of the paced part.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Plugins that listen to every message.
    #[arg(long, default_value_t = 10)]
    listeners: usize,
    /// Customers who have a conversation.
    #[arg(long, default_value_t = 800)]
    customers: usize,
}

const AGENTS: usize = 8;
const IN_FLIGHT: usize = 32;
/// How long plugins may take to catch up at the end.
const PATIENCE: Duration = Duration::from_secs(90);

const LISTENER: Plugin = Plugin {
    asks: "events = [\"message.added\"]\nmessages = [\"read\"]\nkv = \"64KiB\"\nwebhook = true",
    code: r#"
local p = plugin()
p:on("message.added", function(e)
    if e.message.author == "contact" and e.message.text then
        kv.update("heard", function(heard) return (heard or 0) + 1 end)
    end
end)
p:webhook(function() return { body = tostring(kv.get("heard") or 0) } end)
return p
"#,
};

/// They do what they can: one computes as long as it may at each message, one does not end and is suspended, one floods.
const HOSTILE: [(&str, Plugin); 3] = [
    (
        "burns",
        Plugin {
            asks: "events = [\"message.added\"]",
            code: r#"
local p = plugin()
p:on("message.added", function()
    local ends = time.now() + 90
    while time.now() < ends do end
end)
return p
"#,
        },
    ),
    (
        "loops",
        Plugin {
            asks: "events = [\"message.added\"]",
            code: r#"
local p = plugin()
p:on("message.added", function() while true do pcall(function() while true do end end) end end)
return p
"#,
        },
    ),
    (
        "floods",
        Plugin {
            asks: "events = [\"message.added\"]\nkv = \"1MiB\"\nschedule = true",
            code: r#"
local p = plugin()
p:on("message.added", function(e)
    for n = 1, 100 do
        log.info("a line of a flood, number %d, because of %s", n, e.id)
        kv.set(`flood/{n}`, string.rep(e.id, 100))
        schedule.at(`flood:{e.id}.{n}`, "1s", e.id)
    end
end)
p:job("flood", function(job) kv.set(`flood/{job.name}`, nil) end)
return p
"#,
        },
    ),
];

struct Plugin {
    asks: &'static str,
    code: &'static str,
}

/// What stands beside the main path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Listeners,
    Hostile,
}

const ALL: [Beside; 3] = [Beside::Nothing, Beside::Listeners, Beside::Hostile];

impl Beside {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "without plugins",
            Self::Listeners => "with listeners",
            Self::Hostile => "and hostile ones",
        }
    }
}

/// What one round gave.
struct Round {
    paced: Paced,
    saturated: Rate,
    /// Events that the last of the listeners had still to handle: after the paced part, and after saturation.
    behind: [f64; 2],
    /// Seconds until they had caught up.
    caught_up: Option<f64>,
}

pub async fn measure(settings: Settings) -> anyhow::Result<()> {
    if let Some(code) = pin_to_second_core()? {
        ensure!(code == 0, "the benchmark failed");
        return Ok(());
    }
    let folder = Folder::new()?;
    println!("{}", conditions(&folder.0)?);
    let begin = Instant::now();
    let mut rounds: [Vec<Round>; 3] = std::array::from_fn(|_| Vec::new());
    for number in 1..=settings.rounds {
        for (beside, rounds) in ALL.into_iter().zip(&mut rounds) {
            let last = number == settings.rounds;
            let round = round(&settings, beside, &folder.0, last).await;
            rounds.push(round.with_context(|| format!("round {number} {}", beside.name()))?);
            println!("round {number} {}: {:.0} s", beside.name(), begin.elapsed().as_secs_f64());
        }
    }
    println!("\n{}", table(&rounds));
    Ok(())
}

async fn round(settings: &Settings, beside: Beside, folder: &Path, last: bool) -> anyhow::Result<Round> {
    let board = Board::new();
    let provider = provider::start(Rc::clone(&board)).await?;
    let (address, data) = (free_address()?, fresh(&folder.join("server"))?);
    let logins: Vec<String> = (1..=AGENTS).map(|number| format!("bench{number:02}")).collect();
    let server = Server { program: &settings.server, data: &data, provider };
    server.set_up(&format!("plugins = {:?}\n", data.join("plugins")), &logins)?;
    let listeners = install(settings, beside, &server)?;
    let mut process = server.start(address)?;
    process.ready(address).await?;
    let measured = async {
        let _agents = agents::connect_all(&board, address, &logins, true).await?;
        let load = Load {
            board: Rc::clone(&board),
            address,
            server: &process,
            customers: settings.customers,
            in_flight: IN_FLIGHT,
        };
        load.warm_up(true).await.context("warm-up")?;
        let ready = caught_up(address, &listeners, Duration::from_secs(10)).await;
        // Beside hostile ones they may still be behind; it is agents that are measured.
        ready
            .or_else(|late| if beside == Beside::Hostile { Ok(0.0) } else { Err(late) })
            .context("warm-up")?;
        let paced = load.paced(settings.rate, settings.seconds).await.context("paced")?;
        let after_paced = behind(address, &listeners).await?;
        let saturated =
            load.saturate(Kind::RoundTrip, settings.saturated).await.context("round trips at saturation")?;
        let behind = [after_paced, behind(address, &listeners).await?];
        let caught_up = if last && !listeners.is_empty() {
            let seconds = caught_up(address, &listeners, PATIENCE).await?;
            heard(address, &listeners, board.written()).await?;
            Some(seconds)
        } else {
            None
        };
        Ok(Round { paced, saturated, behind, caught_up })
    };
    measured.await.map_err(|error: anyhow::Error| error.context(process.said()))
}

/// Writes and grants the plugins; the names of those that only listen.
fn install(settings: &Settings, beside: Beside, server: &Server<'_>) -> anyhow::Result<Vec<String>> {
    if beside == Beside::Nothing {
        return Ok(Vec::new());
    }
    let listeners: Vec<String> =
        (1..=settings.listeners).map(|number| format!("listener{number:02}")).collect();
    let listening = listeners.iter().map(|name| (name.as_str(), &LISTENER));
    let hostile = HOSTILE.iter().map(|(name, plugin)| (*name, plugin)).filter(|_| beside == Beside::Hostile);
    for (name, plugin) in listening.chain(hostile) {
        let folder = server.data.join("plugins").join(name);
        std::fs::create_dir_all(&folder)?;
        let manifest = format!(
            "name = \"{name}\"\nversion = \"1\"\napi = 1\nsummary = \"For the benchmark\"\n[capabilities]\n{}\n",
            plugin.asks
        );
        std::fs::write(folder.join("plugin.toml"), manifest)?;
        std::fs::write(folder.join("init.lua"), plugin.code)?;
        server.command(&["plugin", "grant", name, "--yes"])?;
    }
    Ok(listeners)
}

async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut connection = Connection::open(address).await?;
    let (status, _) = connection.call("GET", path, "", "").await?;
    ensure!(status == 200, "GET {path}: {status} {}", connection.said());
    Ok(connection.said())
}

/// How many events the last of these plugins has still to handle, as the server's metrics say.
async fn behind(address: SocketAddr, plugins: &[String]) -> anyhow::Result<f64> {
    // The server measures it once a second.
    tokio::time::sleep(Duration::from_millis(if plugins.is_empty() { 0 } else { 1_100 })).await;
    let metrics = get(address, "/metrics").await?;
    let of = |name: &String| -> anyhow::Result<f64> {
        let wanted = format!("guichet_plugin_behind{{plugin=\"{name}\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&wanted));
        Ok(value.with_context(|| format!("no metric tells how far {name} is behind"))?.parse()?)
    };
    plugins.iter().try_fold(0.0, |most: f64, name| Ok(most.max(of(name)?)))
}

/// Waits until none of them is behind; the seconds that it took.
async fn caught_up(address: SocketAddr, plugins: &[String], patience: Duration) -> anyhow::Result<f64> {
    let begin = Instant::now();
    loop {
        let behind = behind(address, plugins).await?;
        if behind <= 0.0 {
            return Ok(begin.elapsed().as_secs_f64());
        }
        ensure!(begin.elapsed() < patience, "plugins are still {behind} events behind");
    }
}

/// Every listener heard every message, once.
async fn heard(address: SocketAddr, plugins: &[String], written: usize) -> anyhow::Result<()> {
    for name in plugins {
        let heard: usize = get(address, &format!("/plugins/{name}/webhook")).await?.trim().parse()?;
        ensure!(heard == written, "{name} heard {heard} of {written} messages");
    }
    Ok(())
}

type Line = (&'static str, &'static str, usize, fn(&Round) -> f64);

const LINES: [Line; 9] = [
    ("paced, to the agent: p50 ms", "", 2, |round| round.paced.to_agent.p50),
    ("paced, to the agent: p99 ms", "<= 1.2", 2, |round| round.paced.to_agent.p99),
    ("paced, round trip: p50 ms", "", 2, |round| round.paced.to_provider.p50),
    ("paced, round trip: p99 ms", "<= 1.2", 2, |round| round.paced.to_provider.p99),
    ("paced, round trip: max ms", "", 1, |round| round.paced.to_provider.max),
    ("paced, CPU s per 10,000", "", 2, |round| round.paced.cpu_per_10k),
    ("behind after that, events", "", 0, |round| round.behind[0]),
    ("saturated, round trips/s", "", 0, |round| round.saturated.per_second),
    ("behind after that, events", "> 0", 0, |round| round.behind[1]),
];

/// Each kind beside what it is to the first.
fn table(rounds: &[Vec<Round>; 3]) -> String {
    let mut text = format!("{:28}", "");
    for beside in ALL {
        text.push_str(&format!("  {:>22}   ratio", beside.name()));
    }
    text.push_str("  wanted\n");
    for (what, wanted, digits, of) in LINES {
        text.push_str(&format!("{what:28}"));
        let values: Vec<Vec<f64>> = rounds.iter().map(|rounds| rounds.iter().map(of).collect()).collect();
        for value in &values {
            let ratio = median(value) / values.first().map_or(f64::NAN, |first| median(first));
            let ratio = if ratio.is_finite() { format!("{ratio:.2}") } else { String::new() };
            text.push_str(&format!("  {:>22}  {ratio:>6}", spread(value, digits)));
        }
        text.push_str(&format!("  {wanted}\n"));
    }
    for (beside, rounds) in ALL.into_iter().zip(rounds) {
        if let Some(seconds) = rounds.iter().find_map(|round| round.caught_up) {
            text.push_str(&format!(
                "{}: every listener had heard every message once, {seconds:.0} s after saturation\n",
                beside.name()
            ));
        }
    }
    text
}
