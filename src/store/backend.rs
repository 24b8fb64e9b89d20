//! What the two databases must each bring: connections that run a statement, rows that give a cell, a writer's place.
//!
//! Everything else in this room is written once over these traits, and knows neither `SQLite` nor `PostgreSQL`.

use std::fmt::Display;
use std::future::Future;

use super::decode::Reader;
use super::sql::{Dialect, Sql};
use crate::port::{Commit, StoreError};

/// A value bound to a statement.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    /// A number, an id or a time.
    Int(i64),
    /// A text, or rows as a JSON array.
    Text(String),
}

impl From<i64> for Argument {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<String> for Argument {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// A row of either database.
pub(super) trait Cells {
    /// What it says of a cell that is something else.
    type Wrong: Display;
    /// A number.
    fn int(&self, at: usize) -> Result<Option<i64>, Self::Wrong>;
    /// A text.
    fn text(&self, at: usize) -> Result<Option<String>, Self::Wrong>;
    /// Yes or no.
    fn flag(&self, at: usize) -> Result<Option<bool>, Self::Wrong>;
}

/// How one kind of row is read.
pub(super) type Read<R, T> = fn(&mut Reader<'_, R>) -> Result<T, StoreError>;

/// A connection of either database. One whose call failed or was dropped half-way must not be used again.
pub(super) trait Connection: Sized + Send + 'static {
    /// Its rows.
    type Row: Cells + 'static;
    /// Runs a statement; how many rows it changed.
    fn run(
        &mut self,
        sql: &'static str,
        arguments: Vec<Argument>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// Reads every row of a query as it comes, so that a hundred thousand rows never stand in memory as rows.
    fn each<T: Send + 'static>(
        &mut self,
        sql: &'static str,
        arguments: Vec<Argument>,
        table: &'static str,
        read: Read<Self::Row, T>,
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send;
    /// Writes a batch in one transaction, if the writer's epoch is still this one. After an error the transaction may still
    /// be open.
    fn transact(
        &mut self,
        sql: &'static Sql,
        batch: Commit,
        epoch: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Says goodbye.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// One of the databases.
pub(super) trait Backend: Send + Sync + 'static {
    /// Its connections.
    type Connection: Connection;
    /// Its way with SQL.
    const DIALECT: Dialect;
    /// Begins a transaction that writes.
    const BEGIN: &'static str;
    /// Begins one that reads, and sees one moment throughout.
    const BEGIN_READ: &'static str;
    /// Tells the planner, for the transaction that has begun, to go through places in their order and to stop at the limit.
    const IN_ORDER: Option<&'static str>;
    /// Its statements.
    fn sql(&self) -> &'static Sql;
    /// A connection that reads.
    fn reader(&self) -> impl Future<Output = Result<Self::Connection, StoreError>> + Send;
    /// A connection that reads for the engine, whose thread waits for it.
    fn cold(&self) -> impl Future<Output = Result<Self::Connection, StoreError>> + Send {
        self.reader()
    }
    /// The connection that writes, with the durability read back. To hold it is to hold the writer's place: refused with
    /// [`StoreError::Taken`] while another process does.
    fn writer(&self) -> impl Future<Output = Result<Self::Connection, StoreError>> + Send;
    /// Brings the schema to this version.
    fn migrate(&self, writer: &mut Self::Connection) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Gives the writer's place free, after its connection is closed.
    fn release(&self);
    /// What the open writer connection says of its own durability, in the database's words.
    fn durability(
        writer: &mut Self::Connection,
    ) -> impl Future<Output = Result<Vec<(String, String)>, StoreError>> + Send;
}
