//! Rules for Rust sources: the layers, what the pure rooms may name, and how a file opens.

use super::{File, Finding, is};

/// Every room and its floor. A room may use rooms of lower floors only.
const ROOMS: [(&str, u8); 19] = [
    ("main", 8),
    ("cli", 7),
    ("server", 6),
    ("plugin", 5),
    ("runtime", 4),
    ("protocol", 3),
    ("store", 3),
    ("lua", 3),
    ("channel", 3),
    ("mail", 3),
    ("translate", 3),
    ("simulator", 3),
    ("port", 2),
    ("config", 2),
    ("clock", 2),
    ("telemetry", 2),
    ("engine", 1),
    ("domain", 0),
    // The map of the house: it names every room and uses none.
    ("lib", 0),
];

/// Rooms that compute and do nothing else.
const PURE: [&str; 2] = ["domain", "engine"];

/// What they must not name, and where that belongs.
const IMPURE: [(&str, &str); 22] = [
    ("tokio", "waiting belongs in `runtime`"),
    ("futures_util", "waiting belongs in `runtime`"),
    ("sqlx", "statements belong in `store`"),
    ("mlua", "scripts belong in `lua`, behind the policy trait"),
    ("tracing", "return what happened; the shell logs it"),
    ("axum", "HTTP belongs in `server`"),
    ("hyper", "HTTP belongs in `server`"),
    ("reqwest", "HTTP belongs in `channel`"),
    ("notify", "watching files belongs in `lua`"),
    ("getrandom", "randomness comes in with the input"),
    ("rand", "randomness comes in with the input"),
    ("SystemTime", "`now` is an argument"),
    ("Instant", "`now` is an argument"),
    ("Timestamp::now", "`now` is an argument"),
    ("Zoned::now", "`now` is an argument"),
    ("std::fs", "files belong to the rooms above"),
    ("std::net", "the network belongs to the rooms above"),
    ("std::io", "input and output belong to the rooms above"),
    ("std::env", "settings come in as arguments"),
    ("std::thread", "threads belong in `runtime`"),
    ("std::process", "processes belong in `cli`"),
    ("std::time::SystemTime", "`now` is an argument"),
];

pub(crate) fn opening(file: &File) -> Vec<Finding> {
    let first = file.text.lines().next().unwrap_or_default();
    if !is(&file.path, "rs") || first.starts_with("//! ") {
        return Vec::new();
    }
    vec![Finding::new(&file.path, 1, "open with `//! `: what this file is for and what it must not know")]
}

pub(crate) fn layers(file: &File) -> Vec<Finding> {
    let Some(module) = module(&file.path) else { return Vec::new() };
    let room = module.first().map_or("lib", String::as_str);
    let Some(own) = floor(room) else {
        let what =
            format!("`{room}` is no room of the house: put the file into one, or add the room to ROOMS");
        return vec![Finding::new(&file.path, 1, what)];
    };
    if room == "lib" {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = paths(&code(&file.text))
        .iter()
        .filter_map(|path| {
            let other = room_of(path, module.len())?;
            let theirs = floor(other)?;
            (other != room && theirs >= own).then(|| {
                let what = format!(
                    "`{room}` (floor {own}) looks at `{other}` (floor {theirs}): hand it in from above, or move what \
                     both need to a lower room"
                );
                Finding::new(&file.path, path.line, what)
            })
        })
        .collect();
    findings.dedup();
    findings
}

pub(crate) fn pure(file: &File) -> Vec<Finding> {
    let room = module(&file.path).and_then(|module| module.first().cloned()).unwrap_or_default();
    if !PURE.contains(&room.as_str()) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for path in paths(&code(&file.text)) {
        let named = IMPURE.iter().find(|(name, _)| {
            let name: Vec<&str> = name.split("::").collect();
            path.names.windows(name.len()).any(|window| window == name.as_slice())
        });
        if let Some((name, instead)) = named {
            let what = format!("`{room}` is pure and may not name `{name}`: {instead}");
            findings.push(Finding::new(&file.path, path.line, what));
        }
    }
    findings.dedup_by_key(|finding| finding.line);
    findings
}

fn floor(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// `src/engine/decide/inbound.rs` → engine, decide, inbound. `None` outside `src/`.
fn module(path: &str) -> Option<Vec<String>> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    Some(inside.split('/').map(str::to_owned).collect())
}

/// The room that a path leads to when it goes through the root of the package.
fn room_of(path: &NamedPath, depth: usize) -> Option<&str> {
    let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["crate" | "guichet", room, ..] => Some(room),
        ["super", ..] => {
            let ups = names.iter().take_while(|name| **name == "super").count();
            let next = names.get(ups)?;
            (ups >= depth).then_some(*next)
        }
        _ => None,
    }
}

struct NamedPath {
    line: usize,
    names: Vec<String>,
}

/// Every path in the code, groups taken apart: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<NamedPath> {
    let tokens = tokens(code);
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = path(&tokens, at, &[], &mut paths);
    }
    paths
}

/// Reads one path, or skips one token, and gives where to go on.
fn path(tokens: &[(usize, &str)], mut at: usize, before: &[String], paths: &mut Vec<NamedPath>) -> usize {
    let mut names = before.to_vec();
    let Some(&(line, _)) = tokens.get(at) else { return at };
    while let Some(&(_, token)) = tokens.get(at) {
        if token == "{" && at > 0 && tokens.get(at - 1).is_some_and(|(_, token)| *token == "::") {
            at += 1;
            while tokens.get(at).is_some_and(|(_, token)| *token != "}") {
                at = path(tokens, at, &names, paths);
            }
            return at + 1;
        }
        if !is_name(token) {
            at += usize::from(names.len() == before.len());
            break;
        }
        names.push(token.to_owned());
        at += 1;
        if tokens.get(at).is_none_or(|(_, token)| *token != "::") {
            break;
        }
        at += 1;
    }
    if names.len() > before.len() {
        paths.push(NamedPath { line, names });
    }
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    for (number, mut line) in code.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        while let Some(first) = line.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                line.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(line.len())
            } else if line.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, rest) = line.split_at(length);
            if !token.trim().is_empty() {
                tokens.push((number, token));
            }
            line = rest;
        }
    }
    tokens
}

/// The source without comments, strings and characters; every line keeps its number.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| string(rest)).or_else(|| character(rest));
        let length = skipped.unwrap_or_else(|| {
            // A name is taken whole: the `r` of `for` does not begin a raw string.
            let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            name.max(first.len_utf8())
        });
        let (taken, after) = rest.split_at(length);
        if skipped.is_some() {
            code.push(' ');
            code.extend(taken.chars().filter(|c| *c == '\n'));
        } else {
            code.push_str(taken);
        }
        rest = after;
    }
    code
}

fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.strip_prefix("/*")?;
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
    Some(text.len())
}

fn string(text: &str) -> Option<usize> {
    let unprefixed = text.strip_prefix(['b', 'c']).unwrap_or(text);
    let prefix = text.len() - unprefixed.len();
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw.get(hashes..)?.starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = raw.get(hashes + 1..)?;
            let length = body.find(&end).map_or(body.len(), |at| at + end.len());
            return Some(prefix + 1 + hashes + 1 + length);
        }
        return None;
    }
    let body = unprefixed.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(prefix + 1 + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// `'x'` and `'\n'`, not the lifetime `'x`.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    if let Some(escape) = body.strip_prefix('\\') {
        let second = escape.chars().next()?.len_utf8();
        return Some(2 + second + escape.get(second..)?.find('\'')? + 1);
    }
    let first = body.chars().next()?.len_utf8();
    body.get(first..)?.starts_with('\'').then_some(1 + first + 1)
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    #[test]
    fn a_room_may_not_look_up_or_sideways() {
        expect(layers, "src/engine/apply.rs", "use crate::domain::Time;\nuse crate::store::Batch;\n", &[2]);
        expect(
            layers,
            "src/store/sqlite.rs",
            "use crate::{\n    domain::Time,\n    channel::{Send, x},\n};\n",
            &[3],
        );
        expect(layers, "src/store.rs", "fn f() { crate::runtime::go() }\n", &[1]);
        expect(layers, "src/store.rs", "use super::runtime;\n", &[1]);
        expect(layers, "src/store/row.rs", "use super::super::{domain, lua};\n", &[1]);
        expect(
            layers,
            "src/server/ws.rs",
            "use crate::{runtime::{Feed, Inbox}, protocol::Frame, store};\n",
            &[],
        );
        expect(layers, "src/main.rs", "use guichet::cli;\n", &[]);
        expect(layers, "src/cli.rs", "use crate::main::x;\n", &[1]);
        expect(layers, "src/lib.rs", "pub mod server;\nuse crate::server::X;\n", &[]);
    }

    #[test]
    fn words_and_own_modules_are_no_looks() {
        expect(layers, "src/engine.rs", "//! Not crate::store.\n/* crate::lua /* crate::lua */ */\n", &[]);
        expect(layers, "src/engine.rs", "const A: &str = \"crate::store\"; const B: char = '\"';\n", &[]);
        expect(layers, "src/engine.rs", "const A: &str = r#\"a\" crate::store\"#; use crate::lua;\n", &[1]);
        expect(layers, "src/engine.rs", "fn f<'a>(x: &'a str) { crate::store::x(x) } // '\n", &[1]);
        expect(layers, "src/engine.rs", "mod tests { use super::*; use super::world; }\n", &[]);
        expect(layers, "src/engine/a.rs", "use super::store_it;\nuse self::store;\n", &[]);
        expect(layers, "tests/sim/main.rs", "use guichet::server;\n", &[]);
    }

    #[test]
    fn an_unknown_room_is_named() {
        expect(layers, "src/services/x.rs", "", &[1]);
        expect(layers, "src/helper.rs", "", &[1]);
    }

    #[test]
    fn the_pure_rooms_name_nothing_that_acts() {
        expect(pure, "src/engine/apply.rs", "use std::{collections::BTreeMap, fs};\n", &[1]);
        expect(pure, "src/engine.rs", "fn f() {}\nlet t = std::time::Instant::now();\n", &[2]);
        expect(pure, "src/domain/id.rs", "use tokio::sync::Mutex;\ntracing::info!(\"x\");\n", &[1, 2]);
        expect(pure, "src/domain/id.rs", "let t = jiff::Timestamp::now();\n", &[1]);
        expect(pure, "src/domain/id.rs", "use jiff::Timestamp;\nuse std::fmt;\n// tokio\n", &[]);
        expect(pure, "src/runtime/loop.rs", "use tokio::sync::Mutex;\n", &[]);
    }

    #[test]
    fn a_file_opens_with_its_purpose() {
        expect(opening, "src/a.rs", "//! The nouns.\n", &[]);
        expect(opening, "src/a.rs", "use std::fmt;\n", &[1]);
        expect(opening, "xtask/src/main.rs", "", &[1]);
        expect(opening, "scripts/routing.lua", "", &[]);
    }
}
