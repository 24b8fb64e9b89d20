//! A database that can't write: each sort of trouble has its own error, and what was acknowledged before is kept.

use std::process::Command;
use std::sync::Arc;

use guichet::engine::*;
use guichet::port::StoreError;
use sqlx::Connection as _;

use super::kill::{CHILD, everything_told_is_there};
use super::testbed::Testbed;

fn empty(number: i64) -> Arc<Batch> {
    Arc::new(Batch { number, next_id: 1, ..Batch::default() })
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told() {
    let testbed = Testbed::sqlite();
    let file = std::path::Path::new(testbed.file().unwrap());
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, "to do: buy milk\n".repeat(500)).unwrap();
    assert!(matches!(testbed.closed().await.acquire().await, Err(StoreError::ReadOnly(_))));
}

#[tokio::test]
async fn a_full_disk_loses_nothing_acknowledged() {
    let testbed = Testbed::sqlite();
    // A limit on the size of a file stands in for the disk's end: the write fails, as it would there.
    let output = Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; ulimit -f 2000; exec "$0" --exact kill::child --ignored --nocapture"#])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, &testbed.url)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("ended ReadOnly"), "{said}");
    let mut told = said.lines().filter_map(|line| line.split_once("acknowledged ")?.1.trim().parse().ok());
    let told: i64 = told.next_back().unwrap();
    everything_told_is_there(&testbed, told, "full disk").await;
}

#[tokio::test]
async fn somebody_elses_lock_is_waited_for_then_told() {
    let testbed = Testbed::sqlite();
    let store = testbed.open().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(testbed.file().unwrap());
    let mut shell = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut shell).await.unwrap();
    assert!(matches!(store.commit(empty(1)).await, Err(StoreError::Lost(_))));
    sqlx::query("ROLLBACK").execute(&mut shell).await.unwrap();
    assert_eq!(store.committed_batch().await.unwrap(), 0);
    store.commit(empty(1)).await.unwrap();
}

#[tokio::test]
async fn a_stand_by_is_told_to_be_read_only() {
    let Some(testbed) = Testbed::postgres().await else { return };
    let store = testbed.open().await;
    store.commit(empty(1)).await.unwrap();
    let (_, name) = testbed.url.rsplit_once('/').unwrap();
    testbed.run(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    testbed
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    assert!(matches!(store.commit(empty(2)).await, Err(StoreError::Lost(_))));
    assert_eq!(store.committed_batch().await.unwrap(), 1);
    assert!(matches!(store.commit(empty(2)).await, Err(StoreError::ReadOnly(_))));
    store.close().await;
    testbed.remove().await;
}

#[tokio::test]
async fn an_address_of_no_database_is_refused_without_repeating_it() {
    for (url, word) in [
        ("mysql://root:secret@host/db", "must begin with"),
        ("guichet.db", "must begin with"),
        ("sqlite:", "needs a file"),
        ("sqlite::memory:", "needs a file"),
        ("postgres://user:secret@host:notaport/db", "schema can't be prepared"),
    ] {
        let Err(error) = guichet::store::open(url).await else { panic!("{url} was taken") };
        let said = error.to_string();
        assert!(matches!(error, StoreError::Schema(_)) && said.contains(word), "{url}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
}
