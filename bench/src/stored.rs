//! What a database that holds much costs: a million messages are made, the search index follows them, words are looked up, and the
//! server starts on it.
//!
//! The data is made: words by Zipf's law from a made vocabulary, so that there are words in a third of all messages and words in one.

use crate::process::{Process, free_address};
use crate::webhook::Connection;
use anyhow::{Context as _, ensure};
use guichet::domain::{AgentId, Status, search_words};
use guichet::engine::Sight;
use guichet::port::{SearchQuery, Store};
use sqlx::{AssertSqlSafe, Connection as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What to make and to measure.
#[derive(clap::Args)]
pub struct Settings {
    /// The release server; without it no start is measured.
    #[arg(long)]
    server: Option<PathBuf>,
    /// An empty database: `sqlite:PATH` or `postgres://…`.
    #[arg(long)]
    database: String,
    /// Messages; four an interaction.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u32,
    /// Interactions that have not ended.
    #[arg(long, default_value_t = 5_000)]
    open: u32,
    /// How often each word is looked up.
    #[arg(long, default_value_t = 200)]
    times: u32,
}

const EACH: u32 = 4;
const VOCABULARY: u32 = 40_000;
const WORDS: u32 = 12;
const BATCH: u32 = 2_000;
/// 2026-01-01 UTC, in milliseconds.
const BEGIN: i64 = 1_767_225_600_000;

pub async fn measure(settings: Settings) -> anyhow::Result<()> {
    let store = guichet::store::open(&settings.database).await?;
    store.acquire().await?;
    store.close().await;
    let begin = Instant::now();
    let mut database = Database::open(&settings.database).await?;
    make(&mut database, &settings).await?;
    println!("made {} messages in {:.0} s", settings.messages, begin.elapsed().as_secs_f64());

    let store = guichet::store::open(&settings.database).await?;
    store.acquire().await?;
    let begin = Instant::now();
    while !store.index_more(128).await?.complete {}
    let taken = begin.elapsed().as_secs_f64();
    println!("indexed in {taken:.0} s: {:.0} messages/s", f64::from(settings.messages) / taken);
    database.settle().await?;
    lookups(&store, &settings).await?;
    store.close().await;
    if let Some(server) = &settings.server {
        starts(server, &settings).await?;
    }
    Ok(())
}

/// Words by rank; a low number is common.
async fn lookups(store: &Arc<dyn Store>, settings: &Settings) -> anyhow::Result<()> {
    let everybody = Sight { agent_id: AgentId(1), everything: true, contacts: Vec::new() };
    let agent = Sight { agent_id: AgentId(7), everything: false, contacts: Vec::new() };
    let common = format!("{} {}", word(1), word(2));
    let cases: [(&str, String, &Sight, Option<Status>); 8] = [
        ("the commonest word", word(0), &everybody, None),
        ("a common word", word(20), &everybody, None),
        ("a middling word", word(400), &everybody, None),
        ("a rare word", word(30_000), &everybody, None),
        ("two common words", common, &everybody, None),
        ("a beginning", format!("{}*", &word(400)[..3]), &everybody, None),
        ("a common word, by one agent", word(0), &agent, None),
        ("a common word, open work only", word(0), &everybody, Some(Status::Open)),
    ];
    println!("{:32} {:>8} {:>8} {:>8}   hits", "looked up, newest 50", "p50 ms", "p99 ms", "max ms");
    for (what, text, sight, status) in cases {
        let query = SearchQuery {
            words: search_words(&text),
            kinds: Vec::new(),
            status,
            agent_id: None,
            channel_id: None,
            contact_id: None,
            from: None,
            to: None,
            sight: sight.clone(),
            before: None,
            limit: 50,
        };
        let mut times = Vec::new();
        let mut hits = 0;
        for _ in 0..settings.times {
            let begin = Instant::now();
            hits = store.search(&query).await?.hits.len();
            times.push(begin.elapsed().as_secs_f64() * 1_000.0);
        }
        row(what, times, hits);
    }
    Ok(())
}

/// From the start of the process to the first `/readyz` that says yes; then what a supervisor asks most.
async fn starts(server: &Path, settings: &Settings) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("guichet-stored-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let here = std::env::current_dir()?;
    let address = free_address()?;
    let config = folder.join("guichet.toml");
    std::fs::write(&config, format!("listen = \"{address}\"\ndatabase = {:?}\n", settings.database))?;
    let (server, config) = (server.to_string_lossy(), config.to_string_lossy());
    let words = |command: &[&str]| {
        let own = ["--config", &config, "--data", &folder.to_string_lossy()].map(str::to_owned);
        std::iter::once(server.clone().into_owned())
            .chain(command.iter().map(|word| (*word).to_owned()))
            .chain(own)
            .collect::<Vec<String>>()
    };
    let adds =
        words(&["agent", "add", "boss", "--name", "Boss", "--role", "supervisor", "--capacity", "1000"]);
    said(&adds)?;
    let token = said(&words(&["token", "add", "bench", "--agent", "boss"]))?;
    let mut times = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let mut process = Process::start(&words(&["serve"]), &here, &folder.join("log"))?;
        process.ready(address).await?;
        times.push(begin.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    println!(
        "start with {} open interactions: median {:.2} s, longest {:.2} s (asked every 50 ms)",
        settings.open, times[2], times[4]
    );
    let mut process = Process::start(&words(&["serve"]), &here, &folder.join("log"))?;
    process.ready(address).await?;
    let asked = from_memory(address, token.trim(), settings).await;
    asked.with_context(|| process.said())?;
    drop(process);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// What a command of the server prints; its password, if it asks for one, is a made one.
fn said(command: &[String]) -> anyhow::Result<String> {
    let password = command.iter().any(|word| word == "agent").then_some("--password-stdin");
    let mut child = std::process::Command::new(&command[0])
        .args(&command[1..])
        .args(password)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .with_context(|| command.join(" "))?;
    if let Some(mut input) = child.stdin.take() {
        // A command that reads nothing may be gone already.
        drop(input.write_all(crate::agents::PASSWORD.as_bytes()));
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{} failed", command.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

/// An inbox of fifty, and the board over everything that is open, each asked over HTTP.
async fn from_memory(address: std::net::SocketAddr, token: &str, settings: &Settings) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    let headers = format!("content-type: application/json\r\nauthorization: Bearer {token}\r\n");
    let last = settings.messages / EACH;
    for number in last - settings.open.min(50)..last {
        let id = 100 + i64::from(number) * 10;
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":"{id}","method":"supervise.take_over","params":{{"interaction_id":"i{id}"}}}}"#
        );
        let (status, _) = connection.call("POST", "/rpc", &headers, &body).await?;
        ensure!(status == 200 && !connection.said().contains("\"error\""), "{}", connection.said());
    }
    println!("{:32} {:>8} {:>8} {:>8}   bytes", "answered from memory", "p50 ms", "p99 ms", "max ms");
    for method in ["inbox.list", "board.get"] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":"1","method":"{method}","params":{{}}}}"#);
        let mut times = Vec::new();
        for _ in 0..settings.times {
            let begin = Instant::now();
            connection.call("POST", "/rpc", &headers, &body).await?;
            times.push(begin.elapsed().as_secs_f64() * 1_000.0);
        }
        let answer = connection.said();
        ensure!(answer.contains("\"result\""), "{method}: {answer}");
        row(method, times, answer.len());
    }
    Ok(())
}

fn row(what: &str, mut times: Vec<f64>, found: usize) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{what:32} {:>8.2} {:>8.2} {:>8.2}   {found}", at(0.5), at(0.99), at(1.0));
}

/// The word of a rank: pronounceable, without meaning, each its own stem.
fn word(rank: u32) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "ko", "ri", "tu", "mo", "la", "fi", "nu", "da", "po", "gi", "vu", "ra", "so", "ti", "bu"];
    let mut text = String::new();
    let mut left = rank;
    for _ in 0..4 {
        text.push_str(SYLLABLES[(left % 16) as usize]);
        left /= 16;
    }
    text.push('k');
    text
}

/// A generator of numbers; the same run makes the same data.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Zipf's law, nearly: the logarithm of a rank is even.
    fn rank(&mut self) -> u32 {
        (f64::from(VOCABULARY).powf(self.unit()) - 1.0) as u32
    }
}

async fn make(database: &mut Database, settings: &Settings) -> anyhow::Result<()> {
    let interactions = settings.messages / EACH;
    ensure!(settings.open <= interactions, "--open is more than there are interactions");
    let mut dice = Dice(7);
    for from in (0..interactions).step_by(BATCH as usize) {
        let (mut contacts, mut rows, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        for number in from..interactions.min(from + BATCH) {
            let id = 100 + i64::from(number) * 10;
            let at = BEGIN + i64::from(number) * 1_000;
            let open = number >= interactions - settings.open;
            contacts.push(serde_json::json!([
                id + 1,
                format!("{} {}", word(dice.rank()), word(dice.rank())),
                at
            ]));
            let agent = 1 + i64::from(number % 500);
            rows.push(serde_json::json!([
                id,
                id + 1,
                id + 2,
                if open { "open" } else { "closed" },
                agent,
                at,
                if open { None } else { Some(at + 900) },
                id + 9
            ]));
            for message in 0..EACH {
                let text = (0..WORDS).map(|_| word(dice.rank())).collect::<Vec<_>>().join(" ");
                messages.push(serde_json::json!([
                    id + 3 + i64::from(message),
                    id,
                    text,
                    at + i64::from(message)
                ]));
            }
        }
        for (sql, rows) in [(CONTACTS, contacts), (INTERACTIONS, rows), (MESSAGES, messages)] {
            database.insert(sql, serde_json::to_string(&rows)?).await?;
        }
    }
    let next = 1_000 + i64::from(interactions) * 10;
    database.run(&format!("UPDATE writer SET next_id = {next}")).await?;
    database.run(&format!("UPDATE index_progress SET below = {next}")).await
}

const CONTACTS: &str = "INSERT INTO contacts (contact_id, name, vip, blocked, opted_out, created_at) \
    SELECT :int0, :text1, FALSE, FALSE, FALSE, :int2 FROM :rows";
const INTERACTIONS: &str = "INSERT INTO interactions (interaction_id, channel_id, kind, contact_id, identity_id, address, \
    outbound, status, ownership, last_agent_id, consulted, window_told, timers, unread, last_line, answered, tags, created_at, \
    status_since, ended_at, revision, kept) \
    SELECT :int0, 'whatsapp-fr', 'whatsapp', :int1, :int2, '', FALSE, :text3, 'detached', :int4, '[]', 0, '{}', 0, '', TRUE, \
    '[]', :int5, :int5, :int6, :int7, '{}' FROM :rows";
const MESSAGES: &str = "INSERT INTO messages (message_id, interaction_id, channel_id, direction, author, kind, text, media, \
    data, forwarded, edited, deleted, reactions, state, attempts, backoff, sent_at, created_at) \
    SELECT :int0, :int1, 'whatsapp-fr', 'in', 'contact', 'text', :text2, '[]', '', FALSE, FALSE, FALSE, '[]', 'delivered', 0, 0, \
    :int3, :int3 FROM :rows";

/// The same statements on either database.
enum Database {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Database {
    async fn open(url: &str) -> anyhow::Result<Self> {
        if url.starts_with("sqlite:") {
            let mut sqlite = sqlx::SqliteConnection::connect(url).await?;
            // The data is made, and made again after a power cut.
            sqlx::query("PRAGMA synchronous = OFF").execute(&mut sqlite).await?;
            return Ok(Self::Sqlite(sqlite));
        }
        Ok(Self::Postgres(sqlx::PgConnection::connect(url).await?))
    }

    async fn insert(&mut self, sql: &str, rows: String) -> anyhow::Result<()> {
        let (cell, list) = match self {
            Self::Sqlite(_) => ("(e.value->>", "json_each($1) AS e"),
            Self::Postgres(_) => ("(e.value->>", "jsonb_array_elements($1::jsonb) AS e(value)"),
        };
        let int = if matches!(self, Self::Postgres(_)) { ")::bigint" } else { ")" };
        let mut text = sql.replace(":rows", list);
        for at in 0..8 {
            text = text.replace(&format!(":int{at}"), &format!("{cell}{at}{int}"));
            text = text.replace(&format!(":text{at}"), &format!("{cell}{at})"));
        }
        match self {
            Self::Sqlite(c) => sqlx::query(AssertSqlSafe(text)).bind(rows).execute(c).await.map(drop),
            Self::Postgres(c) => sqlx::query(AssertSqlSafe(text)).bind(rows).execute(c).await.map(drop),
        }
        .context("make rows")
    }

    async fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(c) => sqlx::query(sql).execute(c).await.map(drop),
            Self::Postgres(c) => sqlx::query(sql).execute(c).await.map(drop),
        }
        .context("prepare the database")
    }

    /// What a running database does by itself within minutes.
    async fn settle(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => self.run("VACUUM ANALYZE").await,
        }
    }
}
