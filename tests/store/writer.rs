//! One writer: its durability, its place, its epoch, and what becomes of a batch that fails.

use std::io::Read as _;
use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;
use guichet::port::StoreError;
use guichet::store::{Postgres, Sqlite};

use super::dice::Dice;
use super::testbed::Testbed;

const NOW: Time = Time(0);

fn empty(number: i64) -> Arc<Batch> {
    Arc::new(Batch { number, next_id: 1, ..Batch::default() })
}

pub(crate) async fn durability_is_on(testbed: &Testbed) {
    let told = if testbed.file().is_some() {
        let store = Sqlite::open(&testbed.url).unwrap();
        guichet::port::Store::acquire(&store).await.unwrap();
        store.durability().await.unwrap()
    } else {
        // Somebody switched it off for the whole database; we switch it on for what we write.
        let (_, name) = testbed.url.rsplit_once('/').unwrap();
        testbed.run(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
        let store = Postgres::open(&testbed.url).await.unwrap();
        guichet::port::Store::acquire(&store).await.unwrap();
        store.durability().await.unwrap()
    };
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected: &[(&str, &str)] = if testbed.file().is_some() {
        // 2 is FULL.
        &[("journal_mode", "wal"), ("synchronous", "2")]
    } else {
        &[("synchronous_commit", "on")]
    };
    assert_eq!(told, expected);
}

pub(crate) async fn a_second_process_is_refused_at_once(testbed: &Testbed) {
    let (first, second) = (testbed.open().await, testbed.closed().await);
    assert!(matches!(second.acquire().await, Err(StoreError::Taken(_))));
    first.commit(empty(1)).await.unwrap();
    assert!(matches!(second.commit(empty(1)).await, Err(StoreError::Fenced)));
    first.close().await;
    second.acquire().await.unwrap();
    second.commit(empty(2)).await.unwrap();
    assert_eq!(second.committed_batch().await.unwrap(), 2);
    assert!(matches!(first.commit(empty(3)).await, Err(StoreError::Fenced)));
}

pub(crate) async fn a_stale_epoch_is_fenced(testbed: &Testbed) {
    let store = testbed.open().await;
    store.commit(empty(1)).await.unwrap();
    assert_eq!(testbed.run("UPDATE writer SET epoch = epoch + 1").await, 1);
    let batch = Dice::new(31).batch(2, 3);
    assert!(matches!(store.commit(Arc::new(batch)).await, Err(StoreError::Fenced)));
    assert!(matches!(store.committed_batch().await, Err(StoreError::Fenced)));
    assert_eq!(testbed.number("SELECT COUNT(*) FROM messages").await, 0);
    assert_eq!(testbed.number("SELECT batch FROM writer").await, 1);
}

pub(crate) async fn nothing_is_written_before_acquire_or_after_close(testbed: &Testbed) {
    let store = testbed.closed().await;
    assert!(matches!(store.commit(empty(1)).await, Err(StoreError::Fenced)));
    assert!(matches!(store.committed_batch().await, Err(StoreError::Fenced)));
    store.acquire().await.unwrap();
    store.ping().await.unwrap();
    store.commit(empty(1)).await.unwrap();
    store.close().await;
    assert!(matches!(store.commit(empty(2)).await, Err(StoreError::Fenced)));
    assert!(store.ping().await.is_err());
}

pub(crate) async fn a_failed_batch_leaves_nothing(testbed: &Testbed) {
    let store = testbed.open().await;
    let first = Dice::new(32).batch(1, 4);
    store.commit(Arc::new(first.clone())).await.unwrap();
    // Everything in it is new, but for the last event, whose number is taken.
    let mut second = Dice::new(33).batch(101, 4);
    second.events[3].event.seq = 1;
    assert!(matches!(store.commit(Arc::new(second.clone())).await, Err(StoreError::Refused(_))));
    assert_eq!(testbed.number("SELECT COUNT(*) FROM messages").await, 4);
    assert_eq!(testbed.number("SELECT COUNT(*) FROM contacts WHERE contact_id > 100").await, 0);
    assert_eq!(store.committed_batch().await.unwrap(), 1);
    let stored = store.load(NOW).await.unwrap();
    assert_eq!((stored.batch, stored.next_id, stored.seq), (1, 5, 4));
    // And the next one goes through.
    second.events[3].event.seq = 104;
    store.commit(Arc::new(second)).await.unwrap();
    assert_eq!(testbed.number("SELECT COUNT(*) FROM messages").await, 8);

    // Each of what is only ever added refuses a second.
    for spoil in [
        |batch: &mut Batch| batch.rows.dedupe[0].key = format!("{:064x}", 1),
        |batch: &mut Batch| batch.rows.decisions[0].decision_id = DecisionId(1),
        |batch: &mut Batch| batch.rows.tokens[0].hash = "token1".to_owned(),
        |batch: &mut Batch| {
            let (_, message) = &mut batch.rows.messages[0];
            Arc::make_mut(message).provider_id = Some("wamid.same".to_owned());
            let (_, message) = &mut batch.rows.messages[1];
            Arc::make_mut(message).provider_id = Some("wamid.same".to_owned());
        },
    ] {
        let mut batch = Dice::new(34).batch(201, 4);
        spoil(&mut batch);
        assert!(matches!(store.commit(Arc::new(batch)).await, Err(StoreError::Refused(_))));
    }
    assert_eq!(store.committed_batch().await.unwrap(), 101);
}

pub(crate) async fn a_lost_connection_is_made_again(testbed: &Testbed) {
    let store = testbed.open().await;
    store.commit(empty(1)).await.unwrap();
    if testbed.file().is_some() {
        // Nothing can cut a connection to a file.
        return;
    }
    testbed
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    assert!(matches!(store.commit(empty(2)).await, Err(StoreError::Lost(_))));
    assert_eq!(store.committed_batch().await.unwrap(), 1);
    store.commit(empty(2)).await.unwrap();
    // A read may meet its own dead connection once.
    let first = store.event_bounds().await;
    assert!(matches!(first, Ok(_) | Err(StoreError::Lost(_))));
    assert_eq!(store.event_bounds().await.unwrap(), (1, 0));

    // Somebody else took the place meanwhile: then it is over.
    testbed
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    let other = testbed.open().await;
    assert!(matches!(store.commit(empty(3)).await, Err(StoreError::Lost(_))));
    assert!(matches!(store.committed_batch().await, Err(StoreError::Fenced)));
    other.commit(empty(3)).await.unwrap();
}

pub(crate) async fn an_abandoned_commit_is_whole_or_absent(testbed: &Testbed) {
    let store = testbed.open().await;
    for polls in 0..40_u32 {
        let batch = Arc::new(Dice::new(u64::from(polls)).batch(i64::from(polls) * 100 + 1, 3));
        let before = testbed.number("SELECT COUNT(*) FROM messages").await;
        let mut commit = store.commit(Arc::clone(&batch));
        // Goes a few steps of the way, then its caller goes away.
        for _ in 0..polls {
            if let std::task::Poll::Ready(result) = futures_util::poll!(&mut commit) {
                result.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        let done = store.committed_batch().await.unwrap() == batch.number;
        let after = testbed.number("SELECT COUNT(*) FROM messages").await;
        assert_eq!(after - before, if done { 3 } else { 0 });
        if !done {
            store.commit(batch).await.unwrap();
        }
    }
}

pub(crate) async fn batches_count(testbed: &Testbed) {
    let store = testbed.open().await;
    assert_eq!(store.committed_batch().await.unwrap(), 0);
    let stored = store.load(NOW).await.unwrap();
    assert_eq!((stored.batch, stored.next_id, stored.seq), (0, 1, 0));
    for number in 1..=20 {
        store.commit(empty(number)).await.unwrap();
    }
    assert_eq!(store.committed_batch().await.unwrap(), 20);
    // To acquire again is to fence the former self, not to be refused.
    store.acquire().await.unwrap();
    store.commit(empty(21)).await.unwrap();
    assert_eq!(testbed.number("SELECT epoch FROM writer").await, 2);
}

pub(crate) async fn a_newer_schema_is_refused(testbed: &Testbed) {
    testbed.open().await.close().await;
    testbed.run("UPDATE _sqlx_migrations SET version = 999999 WHERE version = 1").await;
    let store = testbed.closed().await;
    assert!(matches!(store.acquire().await, Err(StoreError::Schema(_))));
}

/// Only `SQLite` makes a folder.
#[cfg(unix)]
#[tokio::test]
async fn a_folder_made_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let testbed = Testbed::sqlite();
    testbed.open().await.close().await;
    let folder = std::path::Path::new(testbed.file().unwrap()).parent().unwrap();
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
}

/// Only `SQLite` has a log to copy.
#[tokio::test]
async fn the_log_begins_anew_though_the_writer_never_rests() {
    let testbed = Testbed::sqlite();
    let store = testbed.open().await;
    let mut number = 0;
    // Two MiB each: ten are more than is left in the log.
    for _ in 0..10 {
        number += 1;
        let mut batch = Batch { number, next_id: 1, ..Batch::default() };
        batch.rows.raw.push(RawDelivery {
            channel_id: "whatsapp-fr".parse().unwrap(),
            hash: number.to_string(),
            body: "x".repeat(2 * 1024 * 1024),
            reason: "too long".to_owned(),
            received_at: NOW,
        });
        store.commit(Arc::new(batch)).await.unwrap();
    }
    // The log's head counts its beginnings (sqlite.org/fileformat2.html, "WAL Header").
    let log = format!("{}-wal", testbed.file().unwrap());
    let beginnings = || {
        let mut head = [0; 16];
        std::fs::File::open(&log).unwrap().read_exact(&mut head).unwrap();
        head[12..].iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte))
    };
    let first = beginnings();
    for _ in 0..5_000 {
        number += 1;
        store.commit(empty(number)).await.unwrap();
        if beginnings() > first {
            return;
        }
    }
    panic!("the log has {} bytes and grows", std::fs::metadata(&log).unwrap().len());
}
