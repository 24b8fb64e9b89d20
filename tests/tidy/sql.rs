//! Both databases must hold the same tables and columns, or a query written for one fails on the other.
//!
//! Reads just enough SQL for migrations: tables made, changed and dropped. What one database needs alone (a search
//! index, say) is marked on its line with `-- only here: why`.

use super::{File, is};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Schema = BTreeMap<String, BTreeSet<String>>;

/// The tables that the migrations of a folder lead to, in the order of their names.
pub(crate) fn schema(files: &[File], folder: &str) -> Schema {
    let mut migrations: Vec<&File> =
        files.iter().filter(|file| file.path.starts_with(folder) && is(&file.path, "sql")).collect();
    migrations.sort_by(|a, b| a.path.cmp(&b.path));
    let mut schema = Schema::new();
    for migration in migrations {
        for statement in statements(&migration.text) {
            run(&mut schema, &statement);
        }
    }
    schema
}

pub(crate) fn differences(sqlite: &Schema, postgres: &Schema) -> Vec<String> {
    let empty = BTreeSet::new();
    let tables: BTreeSet<&String> = sqlite.keys().chain(postgres.keys()).collect();
    let mut differences = Vec::new();
    for table in tables {
        let (left, right) = (sqlite.get(table), postgres.get(table));
        let mut missing = |where_missing: &str, what: &str| {
            differences.push(format!(
                "{where_missing}: {what} is missing; add it there, or mark the other with `-- only here: why`"
            ));
        };
        if left.is_none() || right.is_none() {
            let folder = if left.is_none() { "migrations/sqlite" } else { "migrations/postgres" };
            missing(folder, &format!("table `{table}`"));
            continue;
        }
        let (left, right) = (left.unwrap_or(&empty), right.unwrap_or(&empty));
        right
            .difference(left)
            .for_each(|column| missing("migrations/sqlite", &format!("`{table}.{column}`")));
        left.difference(right)
            .for_each(|column| missing("migrations/postgres", &format!("`{table}.{column}`")));
    }
    differences
}

/// Statements as words and punctuation, in lower case, without comments, quotes and what is marked.
fn statements(text: &str) -> Vec<Vec<String>> {
    let mut kept = String::new();
    let mut skip_statement = false;
    for line in text.lines() {
        let (sql, remark) = line.split_once("--").unwrap_or((line, ""));
        let marked = remark.trim_start().starts_with("only here:");
        let lower = sql.to_lowercase();
        let begins = ["create", "alter", "drop"].iter().any(|word| lower.trim_start().starts_with(word));
        skip_statement |= marked && begins;
        if !skip_statement && !marked {
            kept.push_str(&lower);
            kept.push('\n');
        }
        skip_statement &= !lower.trim_end().ends_with(';');
    }
    // Bodies of functions, between `$$`, hold statements of another kind.
    let outside: String = kept.split("$$").step_by(2).collect();
    outside.split(';').map(words).filter(|statement| !statement.is_empty()).collect()
}

fn words(statement: &str) -> Vec<String> {
    let spaced: String = statement
        .chars()
        .flat_map(|c| match c {
            '(' | ')' | ',' => vec![' ', c, ' '],
            '"' | '`' => vec![],
            other => vec![other],
        })
        .collect();
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn run(schema: &mut Schema, statement: &[String]) {
    const FILLERS: [&str; 8] = ["if", "not", "exists", "only", "column", "temp", "temporary", "unlogged"];
    let words: Vec<&str> =
        statement.iter().map(String::as_str).filter(|word| !FILLERS.contains(word)).collect();
    match words.as_slice() {
        ["create", "table", name, "(", body @ ..] => {
            schema.insert((*name).to_owned(), columns(body));
        }
        ["drop", "table", names @ ..] => {
            for name in names {
                schema.remove(*name);
            }
        }
        ["alter", "table", name, "rename", "to", new] => {
            let columns = schema.remove(*name).unwrap_or_default();
            schema.insert((*new).to_owned(), columns);
        }
        ["alter", "table", name, actions @ ..] => {
            let columns = schema.entry((*name).to_owned()).or_default();
            for action in parts(actions) {
                alter(columns, &action);
            }
        }
        _ => {}
    }
}

fn alter(columns: &mut BTreeSet<String>, action: &[&str]) {
    match action {
        ["add" | "drop", "constraint" | "primary" | "unique" | "foreign" | "check", ..] => {}
        ["add", name, ..] => drop(columns.insert((*name).to_owned())),
        ["drop", name, ..] => drop(columns.remove(*name)),
        ["rename", old, "to", new] => {
            columns.remove(*old);
            columns.insert((*new).to_owned());
        }
        _ => {}
    }
}

fn columns(body: &[&str]) -> BTreeSet<String> {
    const CONSTRAINTS: [&str; 7] = ["primary", "unique", "foreign", "check", "constraint", "exclude", ")"];
    let firsts = parts(body).into_iter().filter_map(|part| part.first().copied());
    firsts.filter(|word| !CONSTRAINTS.contains(word)).map(str::to_owned).collect()
}

/// Split at the commas that are in no bracket of their own; ends with the bracket that closes the whole.
fn parts<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0_i32;
    for word in words {
        match *word {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            break;
        }
        if *word == "," && depth == 0 {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(*word);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &str) -> Schema {
        let files = [File { path: "migrations/sqlite/1.sql".to_owned(), text: sql.to_owned() }];
        schema(&files, "migrations/sqlite/")
    }

    fn shown(schema: &Schema) -> Vec<String> {
        schema
            .iter()
            .map(|(table, columns)| {
                format!("{table}:{}", columns.iter().cloned().collect::<Vec<_>>().join(","))
            })
            .collect()
    }

    #[test]
    fn tables_and_columns_are_read() {
        let cases = [
            (
                "CREATE TABLE a (id TEXT PRIMARY KEY, n BIGINT DEFAULT (1 + 2), CHECK (n > 0)) STRICT;",
                "a:id,n",
            ),
            (
                "create table if not exists \"a\" (\n x int, -- the x, (really)\n PRIMARY KEY (x, y)\n);",
                "a:x",
            ),
            ("CREATE TABLE a (x int); ALTER TABLE a ADD COLUMN y int; ALTER TABLE a DROP COLUMN x;", "a:y"),
            ("CREATE TABLE a (x int); ALTER TABLE a ADD y int, ADD CONSTRAINT c UNIQUE (y);", "a:x,y"),
            ("CREATE TABLE a (x int); ALTER TABLE a RENAME COLUMN x TO z; ALTER TABLE a RENAME TO b;", "b:z"),
            ("CREATE TABLE a (x int); CREATE INDEX i ON a (x); CREATE VIRTUAL TABLE f USING fts5(x);", "a:x"),
            ("CREATE TABLE a (x int,\n s tsvector, -- only here: search\n y int);", "a:x,y"),
            ("CREATE TABLE f ( -- only here: search\n x int\n);\nCREATE TABLE a (x int);", "a:x"),
            ("CREATE FUNCTION f() AS $$ CREATE TABLE g (x int); $$; CREATE TABLE a (x int);", "a:x"),
        ];
        for (sql, expected) in cases {
            assert_eq!(shown(&of(sql)), [expected], "{sql}");
        }
        assert!(of("CREATE TABLE a (x int); DROP TABLE a;").is_empty());
    }

    #[test]
    fn a_difference_is_told_where_it_is_missing() {
        let (left, right) =
            (of("CREATE TABLE a (x int, y int);"), of("CREATE TABLE a (x int); CREATE TABLE b (x int);"));
        let told = differences(&left, &right);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("migrations/postgres: `a.y`")), "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("migrations/sqlite: table `b`")), "{told:?}");
        assert!(differences(&left, &left).is_empty());
    }
}
