//! Reads a script's data with care: every key must be known, every value of its kind, and each fault has its place.

#![expect(clippy::wildcard_enum_match_arm, reason = "the interpreter's value type may grow")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write};
use std::str::FromStr;

use mlua::Value;

use super::fault::{fault, nearest};
use super::locate::{Step, locate};
use crate::domain::Span;
use crate::engine::PolicyError;

/// Most entries of one table.
const ENTRIES_MAX: usize = 1_000;
/// Most faults told at once.
const FAULTS_MAX: usize = 50;

/// Where data comes from, and what was found wrong with it.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    /// The word before the table; empty for what a function returned, which has no place of its own.
    pub(crate) constructor: &'a str,
    /// The line to name when no better one is found.
    pub(crate) line: usize,
    pub(crate) faults: RefCell<Vec<PolicyError>>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str, constructor: &'a str, line: usize) -> Self {
        Self { file, text, constructor, line, faults: RefCell::default() }
    }

    /// The data as a whole.
    pub(crate) fn node(&self, value: Value) -> Node<'_> {
        Node { source: self, path: Vec::new(), value }
    }

    pub(crate) fn place(&self, path: &[Step]) -> (usize, usize) {
        let found =
            if self.constructor.is_empty() { None } else { locate(self.text, self.constructor, path) };
        found.unwrap_or((self.line, 0))
    }
}

/// One value, and the way to it.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    source: &'a Source<'a>,
    path: Vec<Step>,
    value: Value,
}

impl<'a> Node<'a> {
    /// Says that this value is wrong.
    pub(crate) fn wrong(&self, what: impl Display) {
        let mut faults = self.source.faults.borrow_mut();
        if faults.len() >= FAULTS_MAX {
            return;
        }
        let (line, column) = self.source.place(&self.path);
        let name = name(&self.path);
        let message = if name.is_empty() { what.to_string() } else { format!("{name}: {what}") };
        let mut fault = fault(self.source.file, line, message);
        fault.column = u32::try_from(column).unwrap_or(0);
        faults.push(fault);
    }

    fn expected<T>(&self, what: &str) -> Option<T> {
        let shown = match &self.value {
            Value::String(text) => format!("\"{}\"", text.to_string_lossy()),
            Value::Integer(number) => number.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Boolean(value) => value.to_string(),
            other => format!("a {}", other.type_name()),
        };
        self.wrong(format!("expected {what}, got {shown}"));
        None
    }

    /// The line this value stands on.
    pub(crate) fn line(&self) -> usize {
        self.source.place(&self.path).0
    }

    pub(crate) fn is_false(&self) -> bool {
        matches!(self.value, Value::Boolean(false))
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, Value::String(_))
    }

    pub(crate) fn function(&self) -> Option<mlua::Function> {
        match &self.value {
            Value::Function(function) => Some(function.clone()),
            _ => self.expected("a function"),
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match &self.value {
            Value::Boolean(value) => Some(*value),
            _ => self.expected("true or false"),
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(number) if number.is_finite() => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "numbers of scripts are doubles anyway")]
            Value::Integer(number) => Some(*number as f64),
            _ => self.expected("a number"),
        }
    }

    pub(crate) fn whole(&self, least: u32, most: u32) -> Option<u32> {
        let number = self.number()?;
        let fits = number.fract() == 0.0 && number >= f64::from(least) && number <= f64::from(most);
        if !fits {
            return self.expected(&format!("a whole number from {least} to {most}"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a u32")]
        let whole = number as u32;
        Some(whole)
    }

    /// A text of 1 to `most` characters.
    pub(crate) fn text(&self, most: usize) -> Option<String> {
        let Value::String(text) = &self.value else { return self.expected("a text") };
        let Ok(text) = text.to_str() else { return self.expected("a text in UTF-8") };
        let length = text.chars().count();
        if length == 0 || length > most || text.contains('\0') {
            self.wrong(format!("expected a text of 1 to {most} characters, this one has {length}"));
            return None;
        }
        Some(text.to_owned())
    }

    /// A text of up to `most` characters.
    pub(crate) fn any_text(&self, most: usize) -> Option<String> {
        if matches!(&self.value, Value::String(text) if text.as_bytes().is_empty()) {
            return Some(String::new());
        }
        self.text(most)
    }

    /// A name of the script's own making, by which other scripts and clients call something.
    pub(crate) fn id(&self) -> Option<String> {
        let id = self.text(64)?;
        if !is_id(&id) {
            self.wrong(format!("expected small letters, digits, - _ and . only, got \"{id}\""));
        }
        Some(id)
    }

    /// A time such as "45s".
    pub(crate) fn span(&self) -> Option<Span> {
        let Value::String(text) = &self.value else {
            return self.expected("a time such as \"45s\", \"10m\" or \"24h\"");
        };
        match text.to_string_lossy().parse() {
            Ok(span) => Some(span),
            Err(error) => {
                self.wrong(format!("{error}, got \"{}\"", text.to_string_lossy()));
                None
            }
        }
    }

    /// A name with a spelling of its own, such as a status or a skill.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self) -> Option<T> {
        let text = self.text(200)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(format!("{error}, got \"{text}\""));
                None
            }
        }
    }

    /// One of some words.
    pub(crate) fn one_of<T: Clone>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(200)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(format!("expected one of {}, got \"{text}\"", known.join(", ")));
        }
        found.map(|(_, value)| value.clone())
    }

    /// What one of our constructors made (`field.text { … }`): its kind, and what it was given, which stands in the same
    /// place.
    pub(crate) fn made(&self, by: &str) -> Option<(String, Node<'a>)> {
        let Value::Table(table) = &self.value else { return None };
        let kind = table.raw_get::<Option<String>>(format!("made by {by}")).ok().flatten()?;
        let value = table.raw_get("given").unwrap_or(Value::Nil);
        Some((kind, Node { source: self.source, path: self.path.clone(), value }))
    }

    /// A list without keys.
    pub(crate) fn list(&self) -> Vec<Node<'a>> {
        let Some(mut fields) = self.fields() else { return Vec::new() };
        let items = fields.items();
        fields.finish();
        items
    }

    /// The entries of a table.
    pub(crate) fn fields(&self) -> Option<Fields<'a>> {
        let Value::Table(table) = &self.value else { return self.expected("a table { … }") };
        let mut entries = BTreeMap::new();
        let mut items = BTreeMap::new();
        for pair in table.pairs::<Value, Value>().take(ENTRIES_MAX + 1) {
            let Ok((key, value)) = pair else { return self.expected("a table { … }") };
            match key {
                Value::String(key) => drop(entries.insert(key.to_string_lossy(), value)),
                Value::Integer(at) => drop(items.insert(at, value)),
                #[expect(clippy::cast_possible_truncation, reason = "whole numbers only")]
                Value::Number(at) if at.fract() == 0.0 => drop(items.insert(at as i64, value)),
                _ => self.wrong("keys are words or positions"),
            }
        }
        if entries.len() + items.len() > ENTRIES_MAX {
            self.wrong(format!("more than {ENTRIES_MAX} entries"));
            return None;
        }
        let node = Node { source: self.source, path: self.path.clone(), value: Value::Nil };
        Some(Fields { node, entries, items, known: BTreeSet::new() })
    }
}

/// The entries of a table, taken one by one; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    node: Node<'a>,
    entries: BTreeMap<String, Value>,
    items: BTreeMap<i64, Value>,
    known: BTreeSet<String>,
}

impl<'a> Fields<'a> {
    /// An entry that may be left out.
    pub(crate) fn may(&mut self, key: &str) -> Option<Node<'a>> {
        self.known.insert(key.to_owned());
        let value = self.entries.remove(key)?;
        Some(self.child(Step::Key(key.to_owned()), value))
    }

    /// An entry that must be there.
    pub(crate) fn must(&mut self, key: &str) -> Option<Node<'a>> {
        let found = self.may(key);
        if found.is_none() {
            self.node.wrong(format!("`{key}` is missing"));
        }
        found
    }

    /// The values without keys, in order.
    pub(crate) fn items(&mut self) -> Vec<Node<'a>> {
        let items = std::mem::take(&mut self.items);
        let all = items
            .into_iter()
            .map(|(at, value)| self.child(Step::Item(usize::try_from(at).unwrap_or(0)), value));
        all.collect()
    }

    /// Every entry that has a key, whatever it is called.
    pub(crate) fn named(&mut self) -> Vec<(String, Node<'a>)> {
        let entries = std::mem::take(&mut self.entries);
        let all = entries.into_iter().map(|(key, value)| {
            let node = self.child(Step::Key(key.clone()), value);
            (key, node)
        });
        all.collect()
    }

    /// Refuses what nobody asked for: a key that does nothing is a mistake that nobody would see.
    pub(crate) fn finish(mut self) {
        for (key, node) in self.named() {
            node.wrong(format!("unknown key `{key}`; {}", self.meant(&key)));
        }
        for node in self.items() {
            node.wrong("a value without a key does nothing here");
        }
    }

    fn meant(&self, key: &str) -> String {
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        match nearest(key, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => "this table has no keys".to_owned(),
            None => format!("known are {}", known.join(", ")),
        }
    }

    pub(crate) fn wrong(&self, what: impl Display) {
        self.node.wrong(what);
    }

    pub(crate) fn line(&self) -> usize {
        self.node.line()
    }

    fn child(&self, step: Step, value: Value) -> Node<'a> {
        let mut path = self.node.path.clone();
        path.push(step);
        Node { source: self.node.source, path, value }
    }
}

/// Whether something may be called so in scripts.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b))
}

/// `rules[2].after`
fn name(path: &[Step]) -> String {
    path.iter().fold(String::new(), |mut name, step| {
        match step {
            Step::Key(key) if name.is_empty() => name.push_str(key),
            Step::Key(key) => {
                name.push('.');
                name.push_str(key);
            }
            Step::Item(at) => {
                // Writing to a text does not fail.
                let _ = write!(name, "[{at}]");
            }
        }
        name
    })
}
