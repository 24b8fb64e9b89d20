//! `SQLite`: one file, a lock beside it, a write-ahead log flushed at every commit.

mod checkpoint;
mod connection;

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use rusqlite::OpenFlags;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;

use self::checkpoint::Checkpoints;
use self::connection::SqliteConnection;
use super::backend::{Backend, Connection as _};
use super::database::Database;
use super::decode;
use super::fault;
use super::sql::{Dialect, Sql};
use crate::port::StoreError;

static SQL: LazyLock<Sql> = LazyLock::new(|| Sql::new(Dialect::Sqlite));
/// Applied in the order of their numbers; one that is missing is applied whatever came after it.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// What the writer's connection is set to. FULL: the log is flushed at every commit; `fullfsync`, because macOS otherwise asks
/// the disk to flush some day (it means nothing elsewhere). The log is copied home when [`checkpoint`] says. After it has
/// grown (a long read held it) it shrinks to 64 MiB. 16 MiB of pages stay in memory, filled only as used.
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; \
    PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384";
const READER: &str = "PRAGMA query_only = 1";

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

    fn connect(&self, flags: OpenFlags, settings: &str) -> Result<rusqlite::Connection, StoreError> {
        connection::open(&self.path, OpenFlags::SQLITE_OPEN_NO_MUTEX | flags, settings)
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
    const BEGIN: &'static str = connection::BEGIN;
    const BEGIN_READ: &'static str = "BEGIN";
    // The statement says so itself.
    const IN_ORDER: Option<&'static str> = None;

    fn sql(&self) -> &'static Sql {
        &SQL
    }

    async fn reader(&self) -> Result<SqliteConnection, StoreError> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE, READER).map(SqliteConnection::aside)
    }

    async fn cold(&self) -> Result<SqliteConnection, StoreError> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE, READER).map(SqliteConnection::here)
    }

    async fn writer(&self) -> Result<SqliteConnection, StoreError> {
        self.take_lock()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let writer = self.connect(flags, WRITER)?;
        let checkpoints = Checkpoints::start(&writer, self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE, "")?)?;
        let mut writer = SqliteConnection::writer(writer, checkpoints);
        let settings = Self::durability(&mut writer).await?;
        let wanted = [("journal_mode", "wal"), ("synchronous", "2")];
        if settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).ne(wanted) {
            return Err(StoreError::Schema(format!(
                "the database can't be made durable: it says {settings:?} where {wanted:?} was asked for"
            )));
        }
        Ok(writer)
    }

    /// By `sqlx`, which keeps the books of what was done, as on the other database.
    async fn migrate(&self, _: &mut SqliteConnection) -> Result<(), StoreError> {
        // No foreign keys: the engine, the only writer, decides what belongs to what; rows of one batch come in the order
        // of tables; and history outlives what it names.
        let options = SqliteConnectOptions::new().filename(&self.path).foreign_keys(false);
        let mut beside = sqlx::SqliteConnection::connect_with(&options).await.map_err(fault::migrating)?;
        // `run` takes whatever a connection can be had from, and then its future is not `Send`
        // ("implementation of `Acquire` is not general enough"); this is the same, on the connection itself.
        let run = MIGRATIONS.run_direct(None, &mut beside, false);
        run.await.map_err(|error| StoreError::Schema(error.to_string()))?;
        beside.close().await.map_err(fault::migrating)
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
