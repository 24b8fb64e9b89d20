//! `SQLite`: one file, a lock beside it, a write-ahead log flushed at every commit.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, SqlSafeStr};

use super::backend::{Argument, Backend, Cells, Connection, Read};
use super::database::Database;
use super::decode::{self, Reader};
use super::fault;
use super::sql::{Dialect, Sql};
use super::write::Script;
use crate::port::StoreError;

static SQL: LazyLock<Sql> = LazyLock::new(|| Sql::new(Dialect::Sqlite));
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// Pages of 4 KiB in the log before the writer copies them home: 16 MiB. `SQLite`'s own 1,000 copies (and flushes the
/// database file) four times as often, and the pages that every batch changes again and again are copied each time; much
/// more makes a start after a crash slower and reads search a longer log. It stays with the writer, in its commit: a second
/// connection that copies beside a busy writer never catches up, and the log grows without end.
const CHECKPOINT_PAGES: &str = "4000";
/// The log file shrinks to this after it has grown (a long read held it), 64 MiB.
const LOG_LIMIT: &str = "67108864";
/// KiB of pages that the writer keeps in memory, filled only as used.
const WRITER_CACHE: &str = "-16384";
/// For how long somebody else's lock (a shell, a backup tool) is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// An `SQLite` database.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    lock: Mutex<Option<File>>,
}

impl Sqlite {
    /// A database at `sqlite:PATH`. Touches nothing yet.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when there is no path, or it is no file.
    pub fn open(url: &str) -> Result<Database<Self>, StoreError> {
        let path = url.trim_start_matches("sqlite:");
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') {
            return Err(StoreError::Schema(
                "the database address needs a file: sqlite:data/guichet.db (a database in memory would keep nothing)"
                    .to_owned(),
            ));
        }
        Ok(Database::new(Self { path: PathBuf::from(path), lock: Mutex::new(None) }))
    }

    fn options(&self) -> SqliteConnectOptions {
        // No foreign keys: the engine, the only writer, decides what belongs to what; rows of one batch come in the order
        // of tables; and history outlives what it names.
        SqliteConnectOptions::new()
            .filename(&self.path)
            .foreign_keys(false)
            .busy_timeout(BUSY)
            .disable_statement_logging()
    }

    /// The lock is the operating system's: it ends with the process, however that ends.
    fn take_lock(&self) -> Result<(), StoreError> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            return Ok(());
        }
        let path = lock_path(&self.path);
        let unusable = |error: &std::io::Error| StoreError::ReadOnly(format!("{}: {error}", path.display()));
        if let Some(folder) = self.path.parent() {
            make_private(folder)
                .map_err(|error| StoreError::ReadOnly(format!("{}: {error}", folder.display())))?;
        }
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| unusable(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is only helps the reader of the message; a number is not needed to refuse.
                let _read = (&file).take(32).read_to_string(&mut holder);
                return Err(StoreError::Taken(format!("process {}, lock {}", holder.trim(), path.display())));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(&error)),
        }
        let told = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        told.map_err(|error| unusable(&error))?;
        *held = Some(file);
        Ok(())
    }
}

/// Makes the folder, if it is not there, for nobody but us: it will hold what people wrote.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl Backend for Sqlite {
    type Connection = SqliteConnection;
    // A deferred one would first read, then fail to become a writer without waiting for its turn.
    const DIALECT: Dialect = Dialect::Sqlite;
    const BEGIN: &'static str = "BEGIN IMMEDIATE";
    const BEGIN_READ: &'static str = "BEGIN";

    fn sql(&self) -> &'static Sql {
        &SQL
    }

    async fn reader(&self) -> Result<SqliteConnection, StoreError> {
        self.options().pragma("query_only", "1").connect().await.map_err(fault::sqlite)
    }

    async fn writer(&self) -> Result<SqliteConnection, StoreError> {
        self.take_lock()?;
        let mut writer = self
            .options()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Without this, macOS only asks the disk to flush some day. It means nothing elsewhere.
            .pragma("fullfsync", "1")
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("journal_size_limit", LOG_LIMIT)
            .pragma("cache_size", WRITER_CACHE)
            .connect()
            .await
            .map_err(fault::sqlite)?;
        let settings = Self::durability(&mut writer).await?;
        let wanted = [("journal_mode", "wal"), ("synchronous", "2")];
        if settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).ne(wanted) {
            return Err(StoreError::Schema(format!(
                "the database can't be made durable: it says {settings:?} where {wanted:?} was asked for"
            )));
        }
        Ok(writer)
    }

    async fn migrate(&self, writer: &mut SqliteConnection) -> Result<(), StoreError> {
        // `run` takes whatever a connection can be had from, and then its future is not `Send`
        // ("implementation of `Acquire` is not general enough"); this is the same, on the connection itself.
        let run = MIGRATIONS.run_direct(None, writer, false);
        run.await.map_err(|error| StoreError::Schema(error.to_string()))
    }

    fn release(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    async fn durability(writer: &mut SqliteConnection) -> Result<Vec<(String, String)>, StoreError> {
        let journal = writer.each("PRAGMA journal_mode", Vec::new(), "pragma", decode::words).await?;
        let flushed = writer.each("PRAGMA synchronous", Vec::new(), "pragma", decode::number).await?;
        let journal = journal.into_iter().map(|value| ("journal_mode".to_owned(), value));
        let flushed = flushed.into_iter().map(|value| ("synchronous".to_owned(), value.to_string()));
        Ok(journal.chain(flushed).collect())
    }
}

impl Cells for SqliteRow {
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
) -> Query<'static, sqlx::Sqlite, SqliteArguments> {
    arguments.into_iter().fold(sqlx::query(sql), |query, argument| match argument {
        Argument::Int(value) => query.bind(value),
        Argument::Text(value) => query.bind(value),
    })
}

impl Connection for SqliteConnection {
    type Row = SqliteRow;

    async fn run(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Result<u64, StoreError> {
        let query = bound(sql, arguments);
        query.execute(self).await.map(|done| done.rows_affected()).map_err(fault::sqlite)
    }

    async fn each<T: Send>(
        &mut self,
        sql: &'static str,
        arguments: Vec<Argument>,
        table: &'static str,
        read: Read<SqliteRow, T>,
    ) -> Result<Vec<T>, StoreError> {
        let query = bound(sql, arguments);
        let mut rows = query.fetch(self);
        let mut found = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(fault::sqlite)? {
            found.push(read(&mut Reader::new(&row, table))?);
        }
        Ok(found)
    }

    /// In two calls, whatever the number of tables: each call goes to the connection's own thread and back, which costs more
    /// than a small statement.
    async fn transact(&mut self, script: Script) -> Result<(), StoreError> {
        let begin = format!("{}; {} RETURNING 1", Sqlite::BEGIN, script.begin);
        let query = bound(AssertSqlSafe(begin), script.place);
        // Rows are counted, not changes: of BEGIN, SQLite reports the changes of the statement before.
        if query.fetch_all(&mut *self).await.map_err(fault::sqlite)?.is_empty() {
            return Err(StoreError::Fenced);
        }
        // Numbered parameters would count through the whole script; `?` takes the next.
        let mut text = String::new();
        for (sql, _) in &script.statements {
            text.push_str(&sql.replace("$1", "?"));
            text.push_str("; ");
        }
        text.push_str("COMMIT");
        let query = bound(AssertSqlSafe(text), script.statements.into_iter().map(|(_, argument)| argument));
        query.execute(self).await.map(drop).map_err(fault::sqlite)
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
        // The compiler does not look into the folder again when a file is added; then this fails, and a change to this
        // file or `cargo clean -p guichet` mends it.
        let there = std::fs::read_dir("migrations/sqlite").unwrap().count();
        assert_eq!(MIGRATIONS.iter().count(), there);
    }
}
