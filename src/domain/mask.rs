//! Masks: what a translator must not touch (numbers, addresses, order numbers, placeholders) is hidden behind a mark before it
//! sees the text, put back afterwards, and every mark must have come back exactly once.

use std::fmt::Write as _;
use std::ops::Range;

use super::link::{joint, links};

/// Longest placeholder, so that a lonely brace does not hide a page.
const PLACEHOLDER_MAX: usize = 80;

/// A text with its hidden parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// What the translator sees: `[[0]]`, `[[1]]`, … stand for the parts.
    pub text: String,
    /// The parts, in the order of the original.
    pub hidden: Vec<String>,
}

impl Masked {
    /// Hides what must not be touched.
    pub fn of(text: &str) -> Self {
        let mut masked = Self { text: String::with_capacity(text.len()), hidden: Vec::new() };
        let mut at = 0;
        for range in ranges(text) {
            masked.text.push_str(text.get(at..range.start).unwrap_or_default());
            // Writing to a String can't fail.
            let _written = write!(masked.text, "[[{}]]", masked.hidden.len());
            masked.hidden.push(text.get(range.clone()).unwrap_or_default().to_owned());
            at = range.end;
        }
        masked.text.push_str(text.get(at..).unwrap_or_default());
        masked
    }

    /// Whether anything is left to translate.
    pub fn has_words(&self) -> bool {
        self.text.chars().any(char::is_alphabetic)
    }

    /// Whether every mark of a masked text stands in its translation, once.
    pub fn survives(masked: &str, translated: &str) -> bool {
        let hidden = vec![String::new(); masked.matches("[[").count()];
        Self { text: String::new(), hidden }.reveal(translated).is_some()
    }

    /// A translation with the hidden parts in their places; `None`: a mark is missing, doubled or made up.
    pub fn reveal(&self, translated: &str) -> Option<String> {
        let mut used = vec![false; self.hidden.len()];
        let mut out = String::with_capacity(translated.len());
        let mut rest = translated;
        while let Some(begin) = rest.find("[[") {
            let (before, from_mark) = rest.split_at(begin);
            out.push_str(before);
            let inside = from_mark.get(2..)?;
            let end = inside.find("]]")?;
            let number: usize = inside.get(..end)?.trim().parse().ok()?;
            let seen = used.get_mut(number)?;
            if std::mem::replace(seen, true) {
                return None;
            }
            out.push_str(self.hidden.get(number)?);
            rest = inside.get(end + 2..)?;
        }
        out.push_str(rest);
        used.iter().all(|seen| *seen).then_some(out)
    }
}

/// What is hidden: in order, none overlapping.
fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = placeholders(text);
    found.extend(
        links(text)
            .into_iter()
            .filter(|range| text.get(range.clone()).is_some_and(|link| joint(link).is_none())),
    );
    for word in text.split_whitespace() {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        if let Some(core) = precious(word) {
            found.push(start + core.start..start + core.end);
        }
    }
    for range in &mut found {
        // A bracket before it would read as a part of the mark.
        let before = text.get(..range.start).unwrap_or_default();
        range.start = before.trim_end_matches('[').len();
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start < last.end || is_one_number(text, last, &range) => {
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// `06 12 34` and `1 234,50` are one number.
fn is_one_number(text: &str, before: &Range<usize>, after: &Range<usize>) -> bool {
    let numeric = |range: Range<usize>| {
        text.get(range).is_some_and(|part| {
            part.chars().all(|c| {
                // What was joined before has spaces in it.
                c.is_numeric()
                    || matches!(
                        c,
                        '+' | '-' | '.' | ',' | '/' | ':' | '(' | ')' | ' ' | '\u{A0}' | '\u{202F}'
                    )
            })
        })
    };
    let gap = text.get(before.end..after.start).unwrap_or_default();
    let mut between = gap.chars();
    let one_space = matches!((between.next(), between.next()), (Some(' ' | '\u{A0}' | '\u{202F}'), None));
    one_space && numeric(before.start..before.end) && numeric(after.clone())
}

/// The part of a word that is a number, an order number, a handle or a format mark.
fn precious(word: &str) -> Option<Range<usize>> {
    let start = word.len() - word.trim_start_matches(opens).len();
    let end = start + word.get(start..)?.trim_end_matches(closes).len();
    let core = word.get(start..end)?;
    let has_number = core.chars().any(char::is_numeric);
    let mut letters = core.chars();
    let handle =
        matches!(letters.next(), Some('@' | '#')) && letters.next().is_some_and(char::is_alphanumeric);
    let format = core.len() > 1
        && core.starts_with('%')
        && core.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '%' | '$' | '.'));
    (has_number || handle || format).then_some(start..end)
}

fn opens(c: char) -> bool {
    matches!(
        c,
        '(' | '[' | '{' | '"' | '\'' | '«' | '“' | '‘' | '<' | '*' | '_' | '¿' | '¡' | ',' | ';' | ':'
    )
}

fn closes(c: char) -> bool {
    matches!(
        c,
        ')' | ']'
            | '}'
            | '"'
            | '\''
            | '»'
            | '”'
            | '’'
            | '>'
            | '*'
            | '_'
            | '.'
            | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | '…'
    )
}

/// `{name}`, `{{ name }}`, and what looks like one of our own marks.
fn placeholders(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (open, close) in [("{{", "}}"), ("{", "}"), ("[[", "]]")] {
        let mut at = 0;
        while let Some(begin) = text.get(at..).and_then(|rest| rest.find(open)) {
            let begin = at + begin;
            let inside = begin + open.len();
            let end =
                text.get(inside..).and_then(|rest| rest.find(close)).map(|end| inside + end + close.len());
            match end {
                Some(end)
                    if end - begin <= PLACEHOLDER_MAX
                        && !text.get(begin..end).unwrap_or("\n").contains('\n') =>
                {
                    found.push(begin..end);
                    at = end;
                }
                _ => at = inside,
            }
        }
    }
    // Half a mark of the contact's own would not be told from ours.
    found.extend(text.match_indices("[[").map(|(at, mark)| at..at + mark.len()));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_must_stay_is_hidden() {
        for (text, masked, hidden) in [
            ("hello there", "hello there", &[][..]),
            ("order #A-123 is late", "order [[0]] is late", &["#A-123"]),
            ("CMD-2024/0012, please", "[[0]], please", &["CMD-2024/0012"]),
            ("call 06 12 34 56 78 at 10:30", "call [[0]] at [[1]]", &["06 12 34 56 78", "10:30"]),
            ("it costs 1 234,50 €.", "it costs [[0]] €.", &["1 234,50"]),
            ("see https://x.fr/a?b=1 now", "see [[0]] now", &["https://x.fr/a?b=1"]),
            ("write to a@b.fr.", "write to [[0]].", &["a@b.fr"]),
            ("dear {{ first name }} and {x}", "dear [[0]] and [[1]]", &["{{ first name }}", "{x}"]),
            ("%s of %1$d", "[[0]] of [[1]]", &["%s", "%1$d"]),
            ("[[0]] is mine, [[ too", "[[0]] is mine, [[1]] too", &["[[0]]", "[["]),
            ("@marie #promo", "[[0]] [[1]]", &["@marie", "#promo"]),
            ("(n°42)", "([[0]])", &["n°42"]),
            ("fin.Début", "fin.Début", &[]),
        ] {
            let got = Masked::of(text);
            assert_eq!(
                (got.text.as_str(), got.hidden.iter().map(String::as_str).collect::<Vec<_>>().as_slice()),
                (masked, hidden),
                "{text}"
            );
            assert_eq!(got.reveal(&got.text).as_deref(), Some(text));
        }
        assert!(!Masked::of("06 12 34 56 78 https://x.fr 👍").has_words());
        assert!(Masked::of("ok 3").has_words());
    }

    #[test]
    fn a_mark_that_is_missing_doubled_or_made_up_is_noticed() {
        let masked = Masked::of("order #A-123 of 3 May");
        for (translated, expected) in [
            ("commande [[0]] du [[1]] mai", Some("commande #A-123 du 3 mai")),
            ("le [[ 1 ]] mai, commande [[0]]", Some("le 3 mai, commande #A-123")),
            ("commande du [[1]] mai", None),
            ("commande [[0]] [[0]] du [[1]] mai", None),
            ("commande [[0]] du [[1]] mai [[2]]", None),
            ("commande [[0] du [[1]] mai", None),
            ("commande [[Un]] du [[1]] mai", None),
            ("", None),
        ] {
            assert_eq!(masked.reveal(translated).as_deref(), expected, "{translated}");
            assert_eq!(Masked::survives(&masked.text, translated), expected.is_some(), "{translated}");
        }
    }

    proptest! {
        #[test]
        fn what_is_hidden_comes_back(text in "([a-zé0-9 .,#@:/{}%\\[\\]]|https://|\\{\\{|\\]\\]){0,40}") {
            let masked = Masked::of(&text);
            prop_assert_eq!(masked.reveal(&masked.text), Some(text));
        }
    }
}
