//! Keeps everything: one database behind [`crate::port::Store`], `SQLite` by default or `PostgreSQL`.
//!
//! A batch is one transaction with one prepared statement a table ([`table`] says which columns, [`mod@write`] fills them,
//! [`decode`] reads them back). `PostgreSQL` is given all rows of a table as one JSON array, `SQLite` row by row: there a call
//! costs little. What differs between the two databases stands in [`sqlite`] and [`postgres`]; all else is written once, in
//! [`database`], over the traits of [`backend`]. `sqlx` on `SQLite` was the other road: its calls go to a thread of their own and
//! back, and took two fifths of the server's time.
//!
//! This room must not know: rules. It never decides what a row should hold, and asks no clock.

mod backend;
mod cell;
mod cold;
mod contacts;
mod conversation;
mod database;
mod decode;
mod encode;
mod erase;
mod events;
mod fault;
mod index;
mod lane;
mod list;
mod load;
mod lookup;
mod plugins;
mod postgres;
mod search;
mod sql;
mod sqlite;
mod table;
mod write;

use std::sync::Arc;

pub use database::Database;
pub use postgres::Postgres;
pub use sqlite::Sqlite;

use crate::port::{Store, StoreError};

/// Opens a database by its address: `sqlite:PATH` (the folder is made) or `postgres://…`. Nothing is read, prepared or
/// locked before [`Store::acquire`], so that a second process can wait for its turn without touching anything.
///
/// # Errors
/// [`StoreError::Schema`] when the address is none of ours.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    if url.starts_with("sqlite:") {
        Ok(Arc::new(Sqlite::open(url)?))
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok(Arc::new(Postgres::open(url).await?))
    } else {
        // The address itself may hold a password, so it is not repeated.
        Err(StoreError::Schema(
            "the database address must begin with `sqlite:` (then a path) or `postgres://`".to_owned(),
        ))
    }
}
