//! A fresh database for one test, and a way to look into it beside the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use guichet::port::Store;
use sqlx::{AssertSqlSafe, Connection as _};

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// One database.
pub(crate) struct Testbed {
    pub(crate) url: String,
    folder: Option<tempfile::TempDir>,
    server: Option<String>,
}

impl Testbed {
    /// A new `SQLite` file, in a folder that the store must make.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("made/guichet.db").display());
        Self { url, folder: Some(folder), server: None }
    }

    /// A new database on the test server; `None`: there is no server, and none is required.
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("GUICHET_TEST_POSTGRES") else {
            let required = std::env::var("GUICHET_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
            assert!(!required, "GUICHET_REQUIRE_POSTGRES=1, but GUICHET_TEST_POSTGRES names no server");
            say("skipped: GUICHET_TEST_POSTGRES names no PostgreSQL server");
            return None;
        };
        let name = format!("guichet_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
        }
        let (address, _) = server.rsplit_once('/').unwrap();
        Some(Self { url: format!("{address}/{name}"), folder: None, server: Some(server) })
    }

    /// A store on it that is not the writer.
    pub(crate) async fn closed(&self) -> Arc<dyn Store> {
        guichet::store::open(&self.url).await.unwrap()
    }

    /// A store on it that is the writer.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        let store = self.closed().await;
        store.acquire().await.unwrap();
        store
    }

    /// The path of the file, for `SQLite`.
    pub(crate) fn file(&self) -> Option<&str> {
        self.url.strip_prefix("sqlite:")
    }

    /// Runs a statement beside the store, as an administrator with a shell would.
    pub(crate) async fn run(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        if let Some(file) = self.file() {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            let mut beside = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::query(sql).execute(&mut beside).await.unwrap().rows_affected()
        } else {
            let mut beside = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query(sql).execute(&mut beside).await.unwrap().rows_affected()
        }
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        if let Some(file) = self.file() {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            let mut beside = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut beside).await.unwrap()
        } else {
            let mut beside = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut beside).await.unwrap()
        }
    }

    /// Takes it away.
    pub(crate) async fn remove(self) {
        if let Some(server) = &self.server {
            let (_, name) = self.url.rsplit_once('/').unwrap();
            let mut admin = sqlx::PgConnection::connect(server).await.unwrap();
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
        }
        drop(self.folder);
    }
}

/// A line for whoever runs the tests.
pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}
