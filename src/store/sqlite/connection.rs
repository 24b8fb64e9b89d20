//! A connection to the file: statements prepared once, rows bound cell by cell.
//!
//! Calls block. The writer's and the engine's own connection are used from threads that may; what others read is read
//! aside, on the runtime's threads for blocking work.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{CachedStatement, OpenFlags};

use super::checkpoint::Checkpoints;
use crate::port::{Commit, StoreError};
use crate::store::backend::{Argument, Cells, Connection, Read};
use crate::store::cell::Cell;
use crate::store::decode::Reader;
use crate::store::encode::{Row, unwritable};
use crate::store::fault;
use crate::store::sql::Sql;
use crate::store::table::Table;
use crate::store::write::{self, Script};

/// For how long somebody else's lock (a shell, a backup tool) is waited for.
const BUSY: Duration = Duration::from_secs(5);
/// Statements kept prepared: more than there are, so that none is ever prepared again.
const PREPARED: usize = 128;
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Opens the file and sets the connection up.
pub(super) fn open(
    path: &Path,
    flags: OpenFlags,
    settings: &str,
) -> Result<rusqlite::Connection, StoreError> {
    let connection = rusqlite::Connection::open_with_flags(path, flags).map_err(fault::sqlite)?;
    connection.busy_timeout(BUSY).map_err(fault::sqlite)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.execute_batch(settings).map_err(fault::sqlite)?;
    Ok(connection)
}

/// See the file's head.
#[derive(Debug)]
pub(in crate::store) struct SqliteConnection {
    /// Away while it works aside; a caller that leaves meanwhile leaves it lost.
    connection: Option<rusqlite::Connection>,
    aside: bool,
    /// The writer's: when its log is copied home.
    checkpoints: Option<Checkpoints>,
}

impl SqliteConnection {
    /// One whose calls block the caller.
    pub(super) fn here(connection: rusqlite::Connection) -> Self {
        Self { connection: Some(connection), aside: false, checkpoints: None }
    }

    /// One whose calls run on a thread for blocking work.
    pub(super) fn aside(connection: rusqlite::Connection) -> Self {
        Self { connection: Some(connection), aside: true, checkpoints: None }
    }

    /// The writer's; its calls block the caller.
    pub(super) fn writer(connection: rusqlite::Connection, checkpoints: Checkpoints) -> Self {
        Self { connection: Some(connection), aside: false, checkpoints: Some(checkpoints) }
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let lost = || StoreError::Lost("a call on this connection broke off".to_owned());
        if !self.aside {
            return work(self.connection.as_ref().ok_or_else(lost)?);
        }
        let connection = self.connection.take().ok_or_else(lost)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&connection);
            (connection, result)
        });
        let (connection, result) = done.await.map_err(|_| lost())?;
        self.connection = Some(connection);
        result
    }
}

impl Connection for SqliteConnection {
    type Row = SqliteRow;

    async fn run(&mut self, sql: &'static str, arguments: Vec<Argument>) -> Result<u64, StoreError> {
        self.with(move |connection| execute(connection, sql, &arguments)).await
    }

    async fn each<T: Send + 'static>(
        &mut self,
        sql: &'static str,
        arguments: Vec<Argument>,
        table: &'static str,
        read: Read<SqliteRow, T>,
    ) -> Result<Vec<T>, StoreError> {
        self.with(move |connection| query(connection, sql, &arguments, table, read)).await
    }

    async fn transact(&mut self, sql: &'static Sql, batch: Commit, epoch: i64) -> Result<(), StoreError> {
        self.with(move |connection| {
            execute(connection, BEGIN, &[])?;
            if execute(connection, &sql.begin_batch, &write::place(&batch, epoch))? == 0 {
                return Err(StoreError::Fenced);
            }
            write::batch(&mut Rows { connection, sql, json: Vec::new() }, &batch)?;
            execute(connection, "COMMIT", &[]).map(drop)
        })
        .await?;
        if let (Some(connection), Some(checkpoints)) = (&self.connection, &mut self.checkpoints) {
            checkpoints.after_commit(connection);
        }
        Ok(())
    }

    async fn close(self) {
        // The last connection copies the log home and removes it: the one beside must have ended.
        drop(self.checkpoints);
        // What can't be closed is closed by the end of the process; nothing is lost by it.
        let _closed = self.connection.map(rusqlite::Connection::close);
    }
}

fn bind(statement: &mut CachedStatement<'_>, arguments: &[Argument]) -> rusqlite::Result<()> {
    for (at, argument) in (1..).zip(arguments) {
        match argument {
            Argument::Int(value) => statement.raw_bind_parameter(at, value)?,
            Argument::Text(value) => statement.raw_bind_parameter(at, value)?,
        }
    }
    Ok(())
}

fn execute(connection: &rusqlite::Connection, sql: &str, arguments: &[Argument]) -> Result<u64, StoreError> {
    let run = || {
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, arguments)?;
        if statement.column_count() > 0 {
            // Asked for the sake of asking.
            return statement.raw_query().next().map(|_| 0);
        }
        statement.raw_execute()
    };
    run().map(|count| count as u64).map_err(fault::sqlite)
}

fn query<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    arguments: &[Argument],
    table: &'static str,
    read: Read<SqliteRow, T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(fault::sqlite)?;
    bind(&mut statement, arguments).map_err(fault::sqlite)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(fault::sqlite)? {
        let cells = (0..columns).map(|at| row.get(at)).collect::<Result<_, _>>().map_err(fault::sqlite)?;
        found.push(read(&mut Reader::new(&SqliteRow(cells), table))?);
    }
    Ok(found)
}

/// A row that was read.
pub(in crate::store) struct SqliteRow(Vec<Value>);

impl SqliteRow {
    fn wrong(at: usize, wanted: &str) -> String {
        format!("column {at} holds no {wanted}")
    }
}

impl Cells for SqliteRow {
    type Wrong = String;

    fn int(&self, at: usize) -> Result<Option<i64>, String> {
        match self.0.get(at) {
            Some(Value::Integer(value)) => Ok(Some(*value)),
            Some(Value::Null) => Ok(None),
            Some(Value::Real(_) | Value::Text(_) | Value::Blob(_)) | None => Err(Self::wrong(at, "number")),
        }
    }

    fn text(&self, at: usize) -> Result<Option<String>, String> {
        match self.0.get(at) {
            Some(Value::Text(value)) => Ok(Some(value.clone())),
            Some(Value::Null) => Ok(None),
            Some(Value::Integer(_) | Value::Real(_) | Value::Blob(_)) | None => Err(Self::wrong(at, "text")),
        }
    }

    fn flag(&self, at: usize) -> Result<Option<bool>, String> {
        Ok(self.int(at)?.map(|value| value != 0))
    }
}

/// Writes a batch's rows one by one, with the statement of their table.
struct Rows<'a> {
    connection: &'a rusqlite::Connection,
    sql: &'static Sql,
    json: Vec<u8>,
}

impl Script for Rows<'_> {
    fn sql(&self) -> &'static Sql {
        self.sql
    }

    fn add<T>(
        &mut self,
        table: &Table,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Row<'_>, T),
    ) -> Result<(), StoreError> {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return Ok(());
        }
        let statement = self.connection.prepare_cached(self.sql.upsert(table)).map_err(fault::sqlite)?;
        let mut bound = Bound { statement, next: 1, done: Ok(()) };
        for item in items {
            bound.next = 1;
            let mut failed = None;
            write(&mut Row::of_cells(&mut bound, &mut self.json, &mut failed), item);
            if let Some(problem) = failed {
                return Err(unwritable(&problem));
            }
            std::mem::replace(&mut bound.done, Ok(())).map_err(fault::sqlite)?;
            bound.statement.raw_execute().map_err(fault::sqlite)?;
        }
        Ok(())
    }

    fn run(&mut self, sql: &'static str, argument: Argument) -> Result<(), StoreError> {
        execute(self.connection, sql, &[argument]).map(drop)
    }
}

/// A statement whose parameters are being bound, in their order.
struct Bound<'a> {
    statement: CachedStatement<'a>,
    next: usize,
    done: rusqlite::Result<()>,
}

impl Bound<'_> {
    fn bind(&mut self, value: ValueRef<'_>) {
        let bound =
            self.statement.raw_bind_parameter(self.next, rusqlite::types::ToSqlOutput::Borrowed(value));
        self.next += 1;
        if bound.is_err() && self.done.is_ok() {
            self.done = bound;
        }
    }
}

impl Cell for Bound<'_> {
    fn int(&mut self, value: i64) {
        self.bind(ValueRef::Integer(value));
    }

    fn text(&mut self, value: &str) {
        self.bind(ValueRef::Text(value.as_bytes()));
    }

    fn null(&mut self) {
        self.bind(ValueRef::Null);
    }
}
