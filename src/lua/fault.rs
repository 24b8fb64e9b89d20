//! From what the interpreter says to what an administrator is told: file, line, column, one sentence.

#![expect(clippy::wildcard_enum_match_arm, reason = "the interpreter's error type may grow")]

use mlua::Error;

use super::source::ScriptSet;
use crate::engine::PolicyError;

/// Longest message kept; a script may raise an error as long as its memory.
const MESSAGE_MAX: usize = 500;

/// A fault without a column.
pub(crate) fn fault(file: &str, line: usize, message: impl Into<String>) -> PolicyError {
    let line = u32::try_from(line).unwrap_or(0);
    PolicyError { file: file.to_owned(), line, column: 0, message: short(&message.into()) }
}

/// Puts an error of the interpreter where it belongs. `file` and `line` are used when the error does not tell.
pub(crate) fn from_lua(error: &Error, set: &ScriptSet, file: &str, line: usize) -> PolicyError {
    let (message, more) = texts(error);
    let first = message.lines().next().unwrap_or_default();
    let (text, place) = split(first).map_or((first, None), |(place, text)| (text, Some(place)));
    let place = place
        .filter(|(name, _)| set.files.contains_key(*name))
        .or_else(|| message.lines().chain(more.lines()).find_map(|line| find(line, set)))
        .unwrap_or((file, line));
    let mut fault = fault(place.0, place.1, reworded(text));
    fault.column = column(&fault, set);
    fault
}

/// Whether memory ran out, which leaves the VM unfit for more.
pub(crate) fn out_of_memory(error: &Error) -> bool {
    match error {
        Error::MemoryError(_) => true,
        Error::RuntimeError(text) => text.contains("not enough memory"),
        Error::CallbackError { cause, .. } => out_of_memory(cause),
        _ => false,
    }
}

/// The message, and further text in which a place may be named.
pub(crate) fn texts(error: &Error) -> (String, String) {
    match error {
        Error::CallbackError { traceback, cause } => {
            let (message, more) = texts(cause);
            (message, format!("{more}\n{traceback}"))
        }
        Error::SyntaxError { message, .. } | Error::RuntimeError(message) | Error::MemoryError(message) => {
            (message.clone(), String::new())
        }
        other => (other.to_string(), String::new()),
    }
}

fn reworded(text: &str) -> String {
    let text = text.trim();
    if text.ends_with("not enough memory") {
        return "needs more memory than a script may use (16 MiB)".to_owned();
    }
    text.to_owned()
}

/// `scripts/routing.lua:3: attempt to …` → the place and the rest.
fn split(text: &str) -> Option<((&str, usize), &str)> {
    let (file, rest) = text.split_once(':')?;
    let (line, rest) = rest.split_once(':')?;
    let line = line.parse().ok()?;
    (!file.contains(' ')).then(|| ((file, line), rest.trim_start()))
}

/// The first place in a file of the set that a line of a traceback names.
fn find<'a>(text: &'a str, set: &ScriptSet) -> Option<(&'a str, usize)> {
    let begin = text.find("scripts/")?;
    let rest = text.get(begin..)?;
    let (file, rest) = rest.split_once(':')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let line = rest.get(..digits)?.parse().ok()?;
    set.files.contains_key(file).then_some((file, line))
}

/// Where on its line: at the one word that the message quotes, else where the line begins.
fn column(fault: &PolicyError, set: &ScriptSet) -> u32 {
    let number = usize::try_from(fault.line).unwrap_or(0);
    let text = set.files.get(&fault.file).and_then(|text| text.lines().nth(number.checked_sub(1)?));
    let Some(text) = text else { return 0 };
    let quoted = fault.message.split(['\'', '`', '"']).skip(1).step_by(2);
    let at = quoted
        .filter(|word| !word.is_empty() && text.matches(word).count() == 1)
        .find_map(|word| text.find(word))
        .unwrap_or_else(|| text.len() - text.trim_start().len());
    let before = text.get(..at).unwrap_or_default().chars().count();
    u32::try_from(before + 1).unwrap_or(0)
}

fn short(text: &str) -> String {
    if text.len() <= MESSAGE_MAX {
        return text.to_owned();
    }
    let end = (0..=MESSAGE_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// The candidate nearest to `word`, if one is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = word.chars().count().div_ceil(3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put, taken or changed. Words are cut at 40 letters: nobody means a longer one.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(40).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != *y)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_messages() {
        let text = "--\n  local x = = 3\n\n\nreturn x:skil()\n";
        let set = ScriptSet { files: [("scripts/routing.lua".to_owned(), text.to_owned())].into() };
        let runtime = |text: &str| Error::RuntimeError(text.to_owned());
        for (error, line, column, message) in [
            (runtime("scripts/routing.lua:2: Expected x, got '='"), 2, 3, "Expected x, got '='"),
            (runtime("scripts/routing.lua:5: no 'skil' here\nstack traceback:\n…"), 5, 10, "no 'skil' here"),
            (
                runtime("guichet:9: bad\nstack traceback:\n[C] in f\nscripts/routing.lua:5 function r"),
                5,
                1,
                "bad",
            ),
            (runtime("not enough memory"), 7, 0, "needs more memory than a script may use (16 MiB)"),
        ] {
            let fault = from_lua(&error, &set, "scripts/routing.lua", 7);
            assert_eq!((fault.line, fault.column, fault.message.as_str()), (line, column, message));
        }
        let long = from_lua(&runtime(&"é".repeat(1_000)), &set, "x", 0);
        assert!(long.message.len() < 600);
    }

    #[test]
    fn the_nearest_word_is_found() {
        let words = ["channel", "kind", "skill", "status"];
        assert_eq!(nearest("chanel", words), Some("channel"));
        assert_eq!(nearest("skills", words), Some("skill"));
        assert_eq!(nearest("xyz", words), None);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
