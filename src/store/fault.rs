//! What a database's complaint means for us: lost, read-only, refused, or nonsense.
//!
//! A complaint's text may quote a row. `SQLite`'s names columns only; of `PostgreSQL`'s we keep the code, the table and the
//! constraint where the text may hold data.

use crate::port::StoreError;

/// A complaint of `SQLite`.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn sqlite(error: rusqlite::Error) -> StoreError {
    let said = error.to_string();
    match error.sqlite_error() {
        Some(failure) => of_sqlite(failure.extended_code, said),
        None => StoreError::Refused(said),
    }
}

/// A complaint while the schema is brought to this version.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn migrating(error: sqlx::Error) -> StoreError {
    let sqlx::Error::Database(complaint) = &error else { return other(&error) };
    let code = complaint.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    of_sqlite(code, complaint.to_string())
}

/// The low byte is the sort, the rest its detail (sqlite.org/rescode.html).
fn of_sqlite(code: i32, said: String) -> StoreError {
    match code & 0xff {
        // BUSY, LOCKED, INTERRUPT: somebody else's tool holds the file; nothing of ours is broken.
        5 | 6 | 9 => StoreError::Lost(format!("another program holds the file: {said}")),
        // NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB
        7 | 8 | 10 | 11 | 13 | 14 | 26 => StoreError::ReadOnly(said),
        _ => StoreError::Refused(said),
    }
}

/// A complaint of `PostgreSQL`.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn postgres(error: sqlx::Error) -> StoreError {
    let sqlx::Error::Database(complaint) = &error else { return other(&error) };
    let code = complaint.code().unwrap_or_default().into_owned();
    let message = complaint.message();
    match code.get(..2).unwrap_or_default() {
        // A row that does not fit; the message may quote it.
        "22" => StoreError::Refused(format!("SQLSTATE {code}: a value does not fit its column")),
        "23" => StoreError::Refused(format!(
            "SQLSTATE {code}: constraint {} of table {}",
            complaint.constraint().unwrap_or("(unnamed)"),
            complaint.table().unwrap_or("(unnamed)")
        )),
        // Out of disk, of memory, of files; I/O; read-only (a stand-by); corrupted data.
        "53" | "58" | "XX" if code != "53300" => StoreError::ReadOnly(format!("SQLSTATE {code}: {message}")),
        "25" if code == "25006" => StoreError::ReadOnly(format!("SQLSTATE {code}: {message}")),
        // Connections, rollbacks that say "try again", an operator who stops the server, locks.
        "08" | "40" | "53" | "55" | "57" => StoreError::Lost(format!("SQLSTATE {code}: {message}")),
        _ => StoreError::Refused(format!("SQLSTATE {code}: {message}")),
    }
}

fn other(error: &sqlx::Error) -> StoreError {
    let said = error.to_string();
    if matches!(error, sqlx::Error::Migrate(_) | sqlx::Error::Configuration(_)) {
        StoreError::Schema(said)
    } else if matches!(error, sqlx::Error::Encode(_)) {
        StoreError::Refused(said)
    } else {
        // About the way to the database: sockets, TLS, its protocol, a worker that is gone.
        StoreError::Lost(said)
    }
}
