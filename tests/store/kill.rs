//! What was acknowledged survives `kill -9`: a child commits numbered batches and tells each one; it is killed at some
//! moment; then everything it told must be there, and the batch it was at is whole or absent.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use guichet::domain::*;
use guichet::engine::*;
use guichet::port::{Store, StoreError};

use super::dice::{Dice, row};
use super::testbed::{Testbed, say};

/// Tells the child which database to write.
pub(crate) const CHILD: &str = "GUICHET_KILL_CHILD";
/// Rounds when `GUICHET_KILL_ROUNDS` says nothing.
const ROUNDS: u64 = 10;
/// The most batches a child makes; its parent has killed it long before.
const BATCHES: i64 = 100_000;

/// How many messages batch `number` holds.
fn size(number: i64) -> i64 {
    1 + number % 7
}

fn batch(number: i64, seq: i64) -> Batch {
    let mut dice = Dice::new(number.cast_unsigned());
    let mut batch = Batch { number, next_id: (number + 1) * 10, ..Batch::default() };
    for at in 0..size(number) {
        let id = number * 10 + at;
        batch.rows.messages.push(("wa".parse().unwrap(), Arc::new(dice.message(id, 1))));
        batch.rows.interactions.push(Arc::new(dice.interaction(id)));
        batch.rows.dedupe.push(DedupeRow { key: format!("{id:064x}"), expires_at: Time(id) });
        batch.events.push(row(dice.event(seq + at + 1)));
    }
    batch
}

/// Not a test of its own: the program that gets killed.
#[tokio::test]
#[ignore = "run by the test that kills it"]
async fn child() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let store = guichet::store::open(&url).await.unwrap();
    acquire(&*store).await;
    let stored = store.load(Time(0)).await.unwrap();
    let mut seq = stored.seq;
    for number in stored.batch + 1..stored.batch + BATCHES {
        if let Err(error) = store.commit(Arc::new(batch(number, seq))).await {
            say(&format!("ended {error:?}"));
            return;
        }
        seq += size(number);
        say(&format!("acknowledged {number}"));
    }
}

/// Becomes the writer once the database has noticed that the former one is dead.
pub(crate) async fn acquire(store: &dyn Store) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_000 {
        tick.tick().await;
        match store.acquire().await {
            Ok(()) => return,
            Err(StoreError::Taken(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the dead writer's place is still taken after 20 s");
}

/// Starts a child, kills it somewhere after its `acks`th acknowledgement, and gives the last one it told.
fn kill_one(url: &str, acks: usize, spins: usize) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored", "--nocapture"])
        .env(CHILD, url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap());
    let mut told = told.lines().map_while(Result::ok).filter_map(|line| {
        // The test harness writes its own words before the first.
        let (_, number) = line.split_once("acknowledged ")?;
        number.trim().parse::<i64>().ok()
    });
    let mut last = told.by_ref().take(acks).last().unwrap_or_default();
    for _ in 0..spins {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    // What it told before it died, but we had not read.
    last = told.last().unwrap_or(last);
    child.wait().unwrap();
    assert!(last > 0, "the child acknowledged nothing");
    last
}

pub(crate) async fn kill_nine_loses_nothing_acknowledged(testbed: &Testbed) {
    let rounds = std::env::var("GUICHET_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut dice = Dice::new(u64::from(std::process::id()));
    for round in 0..rounds {
        let (acks, spins) = (1 + dice.below(40), dice.below(3_000_000));
        let url = testbed.url.clone();
        let told = tokio::task::spawn_blocking(move || kill_one(&url, acks, spins)).await.unwrap();

        everything_told_is_there(testbed, told, &format!("round {round}")).await;
    }
}

/// Opens the database again: the last batch told is there with all before it, and at most one more, whole.
pub(crate) async fn everything_told_is_there(testbed: &Testbed, told: i64, when: &str) {
    let store = testbed.closed().await;
    acquire(&*store).await;
    let stored = store.load(Time(0)).await.unwrap();
    let what = format!("{when}: told {told}, stored {}", stored.batch);
    assert!(stored.batch == told || stored.batch == told + 1, "{what}");
    let messages: i64 = (1..=stored.batch).map(size).sum();
    assert_eq!(stored.seq, messages, "{what}");
    for table in ["messages", "interactions", "dedupe", "events"] {
        let count = testbed.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(count, messages, "{table}, {what}");
    }
    let newest = testbed.number("SELECT MAX(message_id) FROM messages").await;
    assert_eq!(newest, stored.batch * 10 + size(stored.batch) - 1, "{what}");
    if testbed.file().is_some() {
        let sound = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
        assert_eq!(testbed.number(sound).await, 1, "{what}");
    }
    store.close().await;
}
