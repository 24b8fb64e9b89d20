//! The house rules that the compiler does not know: who may look at whom, how long a file may be, what it may name.
//!
//! Each rule is a function from a file to findings, tried below on small made-up sources, then run on the repository.
//! A finding says where, what is wrong, and what to do. A new room is added to `ROOMS` in `tidy/rust.rs`.

#![expect(clippy::expect_used, reason = "a test that cannot read the repository fails")]

#[path = "tidy/rust.rs"]
mod rust;
#[path = "tidy/sql.rs"]
mod sql;
#[path = "tidy/text.rs"]
mod text;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A file of the repository: its path from the root, with `/`, and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

const LINES_MAX: usize = 600;

/// Folders whose code follows the rules for files. Elsewhere are documents and data.
const CODE: [&str; 8] = ["src/", "tests/", "xtask/", "bench/", "web/", "scripts/", "plugins/", "fuzz/"];

/// Names that say "everything else", which is where nobody looks.
const DRAWERS: [&str; 9] =
    ["util", "utils", "manager", "managers", "helper", "helpers", "common", "misc", "stuff"];

fn is_code(path: &str) -> bool {
    let ends = ["rs", "ts", "js", "svelte", "css", "lua"];
    CODE.iter().any(|folder| path.starts_with(folder)) && ends.iter().any(|end| is(path, end))
}

/// Is it a file of this kind, by the end of its name?
pub(crate) fn is(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == extension)
}

fn long_files(file: &File) -> Vec<Finding> {
    let generated = file.text.lines().take(3).any(|line| line.contains("@generated"));
    let lines = file.text.lines().count();
    if !is_code(&file.path) || generated || lines <= LINES_MAX {
        return Vec::new();
    }
    let what = format!(
        "{lines} lines, at most {LINES_MAX}: find the second idea in it and give it a file of its own"
    );
    vec![Finding::new(&file.path, LINES_MAX + 1, what)]
}

fn file_names(file: &File) -> Vec<Finding> {
    if !is_code(&file.path) {
        return Vec::new();
    }
    if file.path.ends_with("/mod.rs") {
        let what =
            "rename `room/mod.rs` to `room.rs`, beside its folder, so that an editor's tabs tell files apart";
        return vec![Finding::new(&file.path, 1, what)];
    }
    let drawer = file.path.split(['/', '.', '_', '-']).find(|word| DRAWERS.contains(word));
    drawer.map_or_else(Vec::new, |word| {
        let what = format!("`{word}` says nothing: name the file after the one thing it holds");
        vec![Finding::new(&file.path, 1, what)]
    })
}

/// The files git knows or would add; what it ignores is nobody's business.
fn repository() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .expect("these rules need git and a checkout");
    let names = String::from_utf8(listed.stdout).expect("file names are text");
    let files: Vec<File> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .filter_map(|name| {
            let text = std::fs::read(root.join(name)).ok()?;
            Some(File { path: name.to_owned(), text: String::from_utf8(text).unwrap_or_default() })
        })
        .collect();
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "git lists no files in {}", root.display());
    files
}

/// The rules' own examples are wrong on purpose.
const EXAMPLES: &str = "tests/tidy";

fn check(rule: impl Fn(&File) -> Vec<Finding>) {
    let mut findings: Vec<Finding> = repository().iter().flat_map(rule).collect();
    findings.retain(|finding| !finding.path.starts_with(EXAMPLES));
    findings.sort();
    let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} finding(s)\n{}", shown.len(), shown.join("\n"));
}

/// One case of a rule: the path and text of a made-up file, and the lines on which it is wrong.
pub(crate) fn expect(rule: impl Fn(&File) -> Vec<Finding>, path: &str, text: &str, lines: &[usize]) {
    let file = File { path: path.to_owned(), text: text.to_owned() };
    let found: Vec<usize> = rule(&file).iter().map(|finding| finding.line).collect();
    assert_eq!(found, lines, "{path}\n{text}");
}

#[test]
fn rooms_look_only_downwards() {
    check(rust::layers);
}

#[test]
fn the_pure_rooms_stay_pure() {
    check(rust::pure);
}

#[test]
fn files_say_what_they_are_for() {
    check(rust::opening);
}

#[test]
fn files_are_short() {
    let long = "x\n".repeat(LINES_MAX + 1);
    expect(long_files, "src/a.rs", &long, &[LINES_MAX + 1]);
    expect(long_files, "web/src/A.svelte", &long, &[LINES_MAX + 1]);
    expect(long_files, "src/a.rs", &"x\n".repeat(LINES_MAX), &[]);
    expect(long_files, "web/src/protocol.ts", &format!("// @generated\n{long}"), &[]);
    expect(long_files, "docs/PROTOCOL.md", &long, &[]);
    check(long_files);
}

#[test]
fn files_are_named_after_what_they_hold() {
    expect(file_names, "src/engine/mod.rs", "", &[1]);
    expect(file_names, "src/engine/utils.rs", "", &[1]);
    expect(file_names, "src/common/x.rs", "", &[1]);
    expect(file_names, "web/src/date_helpers.ts", "", &[1]);
    expect(file_names, "src/engine/commons.rs", "", &[]);
    expect(file_names, "docs/common.md", "", &[]);
    check(file_names);
}

#[test]
fn nothing_tells_the_machine_it_was_written_on() {
    let here = text::Machine::this();
    check(|file| text::machine(&here, file));
}

#[test]
fn links_lead_somewhere() {
    let files = repository();
    let known: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
    let anchors = text::anchors(&files);
    check(|file| text::links(&known, &anchors, file));
}

#[test]
fn both_databases_have_the_same_columns() {
    let files = repository();
    let (sqlite, postgres) =
        (sql::schema(&files, "migrations/sqlite/"), sql::schema(&files, "migrations/postgres/"));
    let differences = sql::differences(&sqlite, &postgres);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
