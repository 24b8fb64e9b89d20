//! The floor's store: one thread, one SQLite connection, everything that waits in one transaction.

use anyhow::{Context as _, ensure};
use std::path::Path;
use std::sync::mpsc;
use tokio::sync::mpsc as wakes;

/// One message to keep.
pub struct Row {
    pub id: String,
    pub interaction: String,
    pub agent: i64,
    pub inbound: bool,
    pub body: String,
    pub at: i64,
}

/// A transaction takes what waits, up to this.
const BATCH_MAX: usize = 256;

/// Opens the database and starts the thread. Rows are committed in the order given; the receiver is told how many more
/// are durable after each commit.
pub fn start(file: &Path) -> anyhow::Result<(mpsc::Sender<Row>, wakes::UnboundedReceiver<usize>)> {
    let connection = rusqlite::Connection::open(file).with_context(|| format!("open {}", file.display()))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE message (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, interaction TEXT NOT NULL,
           agent BIGINT NOT NULL, inbound BOOLEAN NOT NULL, body TEXT NOT NULL, at BIGINT NOT NULL, state TEXT NOT NULL);
         CREATE INDEX message_of_interaction ON message (interaction, at);",
    )?;
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    ensure!(synchronous == 2, "SQLite does not say FULL: {synchronous}");
    let (rows, inbox) = mpsc::channel();
    let (done, committed) = wakes::unbounded_channel();
    std::thread::spawn(move || {
        if let Err(error) = write(&connection, &inbox, &done) {
            eprintln!("floor: the writer stopped: {error}");
            std::process::exit(1);
        }
    });
    Ok((rows, committed))
}

fn write(
    connection: &rusqlite::Connection,
    inbox: &mpsc::Receiver<Row>,
    done: &wakes::UnboundedSender<usize>,
) -> anyhow::Result<()> {
    let mut insert = connection.prepare(
        "INSERT OR IGNORE INTO message (id, interaction, agent, inbound, body, at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'received')",
    )?;
    let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
    let mut commit = connection.prepare("COMMIT")?;
    while let Ok(first) = inbox.recv() {
        begin.execute([])?;
        let mut count = 0;
        for row in std::iter::once(first).chain(inbox.try_iter()).take(BATCH_MAX) {
            insert.execute((&row.id, &row.interaction, row.agent, row.inbound, &row.body, row.at))?;
            count += 1;
        }
        commit.execute([])?;
        if done.send(count).is_err() {
            break;
        }
    }
    Ok(())
}
