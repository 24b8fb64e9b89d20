//! The running server, killed at random moments under load, on each database: nothing acknowledged is missing, and nothing
//! appears twice to a client that resumes where it was and sends again what was not answered.
//!
//! `GUICHET_KILL_ROUNDS` says how often (10 unless set); `GUICHET_SIM_SEED` repeats a failure's moments.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may"
)]

mod client;
mod database;
mod plugins;
mod process;
mod timers;
mod visitor;

use std::collections::BTreeSet;
use std::time::Duration;

use client::{Agent, Contacts};
use process::Server;

/// Customers who write; more than the two agents can hold, so that some wait in the queue.
const CUSTOMERS: usize = 12;

fn rounds() -> u64 {
    std::env::var("GUICHET_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

fn seed() -> u64 {
    std::env::var("GUICHET_SIM_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| getrandom::u64().unwrap())
}

/// When the kill comes, in milliseconds after the load began: spread, and the same for the same seed.
fn moment(seed: u64, round: u64) -> u64 {
    let mixed = (seed ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    20 + (mixed >> 33) % 400
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    survive(&format!("sqlite:{}", folder.path().join("guichet.db").display()), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_on_postgresql() {
    let Some(database) = database::postgres("agents").await else { return };
    let folder = tempfile::tempdir().unwrap();
    survive(&database, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_a_visitor_writes() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("guichet.db").display());
    visitor::survive(&database, folder.path()).await;
}

async fn survive(database: &str, folder: &std::path::Path) {
    let (rounds, seed) = (rounds(), seed());
    println!("GUICHET_SIM_SEED={seed} GUICHET_KILL_ROUNDS={rounds}");
    let mut contacts = Contacts::new(CUSTOMERS);
    let mut agents = [Agent::new("alice"), Agent::new("bruno")];
    for round in 0..rounds {
        let mut server = Server::start(database, folder).await;
        contacts.resend(&server).await;
        for agent in &mut agents {
            agent.come_back(&server).await;
        }
        let kill_at = Duration::from_millis(moment(seed, round));
        {
            let [first, second] = &mut agents;
            let load = async { tokio::join!(contacts.write(&server), first.work(), second.work()) };
            // The load ends by itself when the server is gone; the moment is real time because the kill is.
            tokio::select! {
                _ = load => {}
                () = server.killed_after(kill_at) => {}
            }
        }
        server.kill();
    }
    let mut server = Server::start(database, folder).await;
    contacts.resend(&server).await;
    for agent in &mut agents {
        agent.come_back(&server).await;
        agent.check();
    }
    server.stop();

    let stored = database::provider_ids(database).await;
    let once: BTreeSet<_> = stored.iter().cloned().collect();
    assert_eq!(once.len(), stored.len(), "seed {seed}: a message is stored twice");
    for wamid in contacts.acknowledged() {
        assert!(once.contains(wamid), "seed {seed}: {wamid} was acknowledged and is not there");
    }
    let texts = database::outbound_texts(database).await;
    for agent in &agents {
        for text in agent.sent() {
            let times = texts.iter().filter(|stored| *stored == text).count();
            assert_eq!(times, 1, "seed {seed}: {text:?} was acknowledged and is there {times} times");
        }
    }
    assert!(contacts.acknowledged().count() > 0, "the load never reached the server");
    println!(
        "{} messages acknowledged, {} answers",
        contacts.acknowledged().count(),
        agents.iter().map(|a| a.sent().count()).sum::<usize>()
    );
}
