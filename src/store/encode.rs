//! Rows on their way into a database: cell by cell, or as one JSON array of arrays, the form in which a statement takes a
//! whole table's rows at once.
//!
//! Arrays, not objects: a third smaller, and the database finds a cell by its place. Nested values are JSON either way.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use super::cell::{self, Cell};
use crate::port::StoreError;

/// Writes U+0000 as U+FFFD. The edges replace it already; `PostgreSQL` would refuse the whole batch for one that slipped by.
struct Clean;

impl Formatter for Clean {
    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        if matches!(escape, CharEscape::AsciiControl(0)) {
            return writer.write_all("\u{FFFD}".as_bytes());
        }
        CompactFormatter.write_char_escape(writer, escape)
    }
}

/// A row being written, cell by cell.
pub(super) struct Row<'a> {
    to: To<'a>,
    failed: &'a mut Option<String>,
}

enum To<'a> {
    Json { out: &'a mut Vec<u8>, begun: bool },
    Cells { cells: &'a mut dyn Cell, json: &'a mut Vec<u8> },
}

impl<'a> Row<'a> {
    /// A row whose cells are taken singly. `json` is room for nested ones; what goes wrong stands in `failed`.
    pub(super) fn of_cells(
        cells: &'a mut dyn Cell,
        json: &'a mut Vec<u8>,
        failed: &'a mut Option<String>,
    ) -> Self {
        Self { to: To::Cells { cells, json }, failed }
    }

    /// Adds a cell.
    pub(super) fn put<T: Serialize + ?Sized>(&mut self, value: &T) -> &mut Self {
        let done = match &mut self.to {
            To::Json { out, begun } => {
                if *begun {
                    out.push(b',');
                }
                *begun = true;
                json(value, out)
            }
            To::Cells { cells, json: room } => cell::put(value, *cells, room),
        };
        if let Err(problem) = done {
            self.failed.get_or_insert(problem);
        }
        self
    }
}

/// Adds a value's JSON, without U+0000.
pub(super) fn json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), String> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Clean);
    value.serialize(&mut serializer).map_err(|error| error.to_string())
}

/// A row that can't be written.
pub(super) fn unwritable(problem: &str) -> StoreError {
    StoreError::Refused(format!("a row can't be written: {problem}"))
}

/// Makes the JSON of a table's rows; `None`: there are none.
pub(super) fn rows<T>(
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut Row<'_>, T),
) -> Result<Option<String>, StoreError> {
    let mut out = vec![b'['];
    let mut failed = None;
    for item in items {
        if out.len() > 1 {
            out.push(b',');
        }
        out.push(b'[');
        let to = To::Json { out: &mut out, begun: false };
        write(&mut Row { to, failed: &mut failed }, item);
        out.push(b']');
    }
    if let Some(problem) = failed {
        return Err(unwritable(&problem));
    }
    if out.len() == 1 {
        return Ok(None);
    }
    out.push(b']');
    String::from_utf8(out).map(Some).map_err(|error| StoreError::Refused(error.to_string()))
}

/// A list of keys, for a statement that looks for any of them.
pub(super) fn list<T: Serialize>(items: impl IntoIterator<Item = T>) -> Result<String, StoreError> {
    let mut out = Vec::new();
    let items: Vec<T> = items.into_iter().collect();
    json(&items, &mut out).map_err(|problem| unwritable(&problem))?;
    String::from_utf8(out).map_err(|error| StoreError::Refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_place_and_nul_is_replaced() {
        let json = rows([("a\0\"\\u0000", None), ("b", Some([1, 2]))], |row, (text, nested)| {
            row.put(text).put(&nested).put(&true);
        });
        assert_eq!(json.unwrap().unwrap(), "[[\"a\u{FFFD}\\\"\\\\u0000\",null,true],[\"b\",[1,2],true]]");
        assert_eq!(rows([(); 0], |_, ()| ()).unwrap(), None);
        assert_eq!(list(["a\0", "b"]).unwrap(), "[\"a\u{FFFD}\",\"b\"]");
    }
}
