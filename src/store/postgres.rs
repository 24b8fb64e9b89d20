//! `PostgreSQL`: a session that holds an advisory lock writes, others read.
//!
//! A pooler that hands sessions around (`pgbouncer` in transaction mode) does not serve: the lock belongs to the session.

use std::str::FromStr as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions as _, Row as SqlxRow, SqlSafeStr};

use super::backend::{Argument, Backend, Cells, Connection, Read};
use super::database::Database;
use super::decode::{self, Reader};
use super::encode::{Row, rows};
use super::fault;
use super::sql::{Dialect, Sql};
use super::table::Table;
use super::write::{self, Script};
use crate::port::{Commit, StoreError};

static SQL: LazyLock<Sql> = LazyLock::new(|| Sql::new(Dialect::Postgres));
/// Applied in the order of their numbers; one that is missing is applied whatever came after it.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The advisory lock of the writer: "guichet" in ASCII. It is this database's own, so two installations on one server don't
/// meet.
const LOCK: i64 = 0x0067_7569_6368_6574;
/// How often it is tried for. One more than once: our own former session may end between the try and the look at who holds it,
/// and to take that for another process would end this one.
const LOCK_TRIES: u32 = 5;
/// For how long a statement's answer is waited for. A network that swallows packets says nothing at all.
const ANSWER: Duration = Duration::from_secs(30);
/// The same for a query, which may bring the whole world.
const ROWS: Duration = Duration::from_mins(5);

/// A `PostgreSQL` database.
#[derive(Debug)]
pub struct Postgres {
    options: PgConnectOptions,
    /// The server process of our last writer session, 0: none yet. After a lost connection it may still be at work.
    session: AtomicI64,
}

impl Postgres {
    /// A database at `postgres://…`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when the address can't be read.
    #[expect(clippy::unused_async, reason = "the same form as any opening; it may come to look a name up")]
    pub async fn open(url: &str) -> Result<Database<Self>, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(fault::postgres)?;
        let options = options.application_name("guichet").disable_statement_logging();
        Ok(Database::new(Self { options, session: AtomicI64::new(0) }))
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        let connected = tokio::time::timeout(ANSWER, self.options.connect()).await;
        connected.map_err(|_| silent())?.map_err(fault::postgres)
    }

    /// Takes the writer's place. Our own former session, if it is still there, is ended and its end waited for: until then
    /// the fate of its last batch is open.
    async fn lock(&self, writer: &mut PgConnection) -> Result<(), StoreError> {
        for _ in 0..LOCK_TRIES {
            if self.try_lock(writer).await? {
                return Ok(());
            }
        }
        Err(StoreError::Taken("PostgreSQL sessions that come and go".to_owned()))
    }

    /// Takes it, if it is free or our own former session's. `false`: whoever held it left while we looked who that was.
    async fn try_lock(&self, writer: &mut PgConnection) -> Result<bool, StoreError> {
        let locked = writer
            .each(
                "SELECT pg_try_advisory_lock($1)::int::bigint",
                vec![LOCK.into()],
                "pg_locks",
                decode::number,
            )
            .await?;
        if locked == [1] {
            return Ok(true);
        }
        let holders = writer
            .each(
                "SELECT pid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted \
                 AND classid = ($1 >> 32)::oid AND objid = ($1 & 4294967295)::oid \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                vec![LOCK.into()],
                "pg_locks",
                decode::number,
            )
            .await?;
        match holders.first() {
            Some(pid) if *pid == self.session.load(Ordering::Acquire) => {
                writer.run("SELECT pg_terminate_backend($1::int)", vec![(*pid).into()]).await?;
                // The session's `lock_timeout` bounds the wait.
                writer.run("SELECT pg_advisory_lock($1)", vec![LOCK.into()]).await.map(|_| true)
            }
            Some(pid) => Err(StoreError::Taken(format!("PostgreSQL session {pid} holds the writer's lock"))),
            None => Ok(false),
        }
    }
}

fn silent() -> StoreError {
    StoreError::Lost("PostgreSQL does not answer".to_owned())
}

impl Backend for Postgres {
    type Connection = PgConnection;
    const DIALECT: Dialect = Dialect::Postgres;
    const BEGIN: &'static str = "BEGIN";
    const BEGIN_READ: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    // Its planner takes the places for ten thousand and reads every open interaction into a hash; or, after some searches, makes
    // one plan for common and rare words alike. Compiling a plan for fifty rows costs more than the rows.
    const IN_ORDER: Option<&'static str> = Some(
        "SELECT set_config('enable_hashjoin', 'off', TRUE), set_config('enable_mergejoin', 'off', TRUE), \
         set_config('plan_cache_mode', 'force_custom_plan', TRUE), set_config('jit', 'off', TRUE), \
         set_config('max_parallel_workers_per_gather', '0', TRUE)",
    );

    fn sql(&self) -> &'static Sql {
        &SQL
    }

    async fn reader(&self) -> Result<PgConnection, StoreError> {
        self.connect().await
    }

    async fn writer(&self) -> Result<PgConnection, StoreError> {
        let mut writer = self.connect().await?;
        for setting in [
            // Whoever holds a row or a table for longer gets a reload instead of a standstill.
            "SET lock_timeout = '10s'",
            "SET idle_in_transaction_session_timeout = '60s'",
            // A machine that vanished must not hold the writer's place for the two hours that TCP waits by default.
            "SET tcp_keepalives_idle = 10",
            "SET tcp_keepalives_interval = 5",
            "SET tcp_keepalives_count = 3",
        ] {
            writer.run(setting, Vec::new()).await?;
        }
        self.lock(&mut writer).await?;
        let session =
            writer.each("SELECT pg_backend_pid()::bigint", Vec::new(), "pg_locks", decode::number).await?;
        self.session.store(session.first().copied().unwrap_or_default(), Ordering::Release);
        let strong = |settings: &[(String, String)]| {
            settings.iter().all(|(_, value)| ["on", "remote_apply"].contains(&value.as_str()))
        };
        if !strong(&Self::durability(&mut writer).await?) {
            writer.run("SET synchronous_commit = on", Vec::new()).await?;
        }
        let settings = Self::durability(&mut writer).await?;
        if !strong(&settings) {
            return Err(StoreError::Schema(format!(
                "the database can't be made durable: it says {settings:?} where synchronous_commit = on was asked for"
            )));
        }
        Ok(writer)
    }

    async fn migrate(&self, writer: &mut PgConnection) -> Result<(), StoreError> {
        // `run` takes whatever a connection can be had from, and then its future is not `Send`
        // ("implementation of `Acquire` is not general enough"); this is the same, on the connection itself.
        let run = MIGRATIONS.run_direct(None, writer, false);
        run.await.map_err(|error| StoreError::Schema(error.to_string()))
    }

    fn release(&self) {
        // The lock went with its session.
        self.session.store(0, Ordering::Release);
    }

    async fn durability(writer: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
        let value = writer.each("SHOW synchronous_commit", Vec::new(), "pg_settings", decode::words).await?;
        Ok(value.into_iter().map(|value| ("synchronous_commit".to_owned(), value)).collect())
    }
}

impl Cells for PgRow {
    type Wrong = sqlx::Error;

    fn int(&self, at: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get_unchecked(at)
    }

    fn text(&self, at: usize) -> Result<Option<String>, sqlx::Error> {
        self.try_get_unchecked(at)
    }

    fn flag(&self, at: usize) -> Result<Option<bool>, sqlx::Error> {
        self.try_get_unchecked(at)
    }
}

/// A statement with what is bound to it.
fn bound(
    sql: impl SqlSafeStr,
    arguments: impl IntoIterator<Item = Argument>,
) -> Query<'static, sqlx::Postgres, PgArguments> {
    arguments.into_iter().fold(sqlx::query(sql), |query, argument| match argument {
        Argument::Int(value) => query.bind(value),
        Argument::Text(value) => query.bind(value),
    })
}

/// A batch as one statement for each table that has rows, in a fixed order: the rows travel as one JSON array, because here
/// the way to the database and back is what costs.
struct Statements {
    sql: &'static Sql,
    all: Vec<(&'static str, Argument)>,
}

impl Script for Statements {
    fn sql(&self) -> &'static Sql {
        self.sql
    }

    fn add<T>(
        &mut self,
        table: &Table,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Row<'_>, T),
    ) -> Result<(), StoreError> {
        if let Some(json) = rows(items, write)? {
            self.all.push((self.sql.upsert(table), json.into()));
        }
        Ok(())
    }

    fn run(&mut self, sql: &'static str, argument: Argument) -> Result<(), StoreError> {
        self.all.push((sql, argument));
        Ok(())
    }
}

impl Connection for PgConnection {
    type Row = PgRow;

    async fn run(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Result<u64, StoreError> {
        let query = bound(sql, arguments);
        let done = tokio::time::timeout(ANSWER, query.execute(self)).await.map_err(|_| silent())?;
        done.map(|done| done.rows_affected()).map_err(fault::postgres)
    }

    async fn each<T: Send + 'static>(
        &mut self,
        sql: &'static str,
        arguments: Vec<Argument>,
        table: &'static str,
        read: Read<PgRow, T>,
    ) -> Result<Vec<T>, StoreError> {
        let query = bound(sql, arguments);
        let read_all = async {
            let mut rows = query.fetch(self);
            let mut found = Vec::new();
            while let Some(row) = rows.try_next().await.map_err(fault::postgres)? {
                found.push(read(&mut Reader::new(&row, table))?);
            }
            Ok(found)
        };
        tokio::time::timeout(ROWS, read_all).await.map_err(|_| silent())?
    }

    async fn transact(&mut self, sql: &'static Sql, batch: Commit, epoch: i64) -> Result<(), StoreError> {
        let mut statements = Statements { sql, all: Vec::new() };
        write::batch(&mut statements, &batch)?;
        self.run(Postgres::BEGIN, Vec::new()).await?;
        if self.run(&sql.begin_batch, write::place(&batch, epoch).into()).await? == 0 {
            return Err(StoreError::Fenced);
        }
        for (sql, argument) in statements.all {
            self.run(sql, vec![argument]).await?;
        }
        self.run("COMMIT", Vec::new()).await.map(drop)
    }

    async fn close(self) {
        // What can't be closed is closed by the end of the process; nothing is lost by it.
        let _closed = sqlx::Connection::close(self).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_is_inside() {
        // As for `SQLite`.
        let there = std::fs::read_dir("migrations/postgres").unwrap().count();
        assert_eq!(MIGRATIONS.iter().count(), there);
    }
}
