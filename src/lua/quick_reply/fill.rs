//! Puts values into a quick reply's text: what is known, and what the agent gave, each value checked by its field.
//!
//! It must not know where values come from, nor who asks.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use regex::{Regex, RegexBuilder};

use super::{FieldKind, Localized, QuickReply, QuickReplyField, TEXT_MAX, in_language};

/// Memory of a compiled pattern, in bytes: enough for any form, too little for a bomb.
const PATTERN_BYTES: usize = 256 * 1024;
/// Characters of a value that no field limits more.
const VALUE_MAX: u32 = 1_000;

/// Why a quick reply can't be filled in: which name, and what is wrong with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// The field's name, or the name in braces.
    pub field: String,
    /// A sentence.
    pub message: String,
}

impl Unfilled {
    fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

impl QuickReply {
    /// The text with every name filled in. `known`: values by the names that need no field (`contact.name`); `given`: the
    /// agent's, by field, or by such a name, which then counts instead of what is known.
    ///
    /// # Errors
    /// The first field, in the order of their names, that is missing or does not fit.
    pub fn render(
        &self,
        text: &str,
        language: &str,
        known: &BTreeMap<String, String>,
        given: &BTreeMap<String, String>,
    ) -> Result<String, Unfilled> {
        let mut values = known.clone();
        for (name, value) in
            given.iter().filter(|(name, _)| self.fields.iter().all(|field| field.name != **name))
        {
            if !parts(text).iter().any(|part| matches!(part, Part::Name(other) if other == name)) {
                return Err(Unfilled::new(name, format!("this quick reply has no field {name}")));
            }
            length(value.trim(), 1, VALUE_MAX).map_err(|what| Unfilled::new(name, what))?;
            values.insert(name.clone(), value.trim().to_owned());
        }
        for field in &self.fields {
            let value = given.get(&field.name).map(|value| value.trim()).filter(|value| !value.is_empty());
            let value = match (value, &field.kind) {
                (None, FieldKind::From { from }) => {
                    known.get(from).map(String::as_str).filter(|v| !v.is_empty())
                }
                (value, _) => value,
            };
            let shown = match value {
                Some(value) => field.check(value, language)?,
                None if field.required => {
                    return Err(Unfilled::new(&field.name, format!("{} is missing", field.named(language))));
                }
                None => String::new(),
            };
            values.insert(field.name.clone(), shown);
        }
        let filled = fill(text, &values).map_err(|name| {
            let message = format!("{name} is not known here; write the text yourself, or choose another one");
            Unfilled::new(&name, message)
        })?;
        let length = filled.chars().count();
        if length > TEXT_MAX {
            let message = format!("the text has {length} characters; at most {TEXT_MAX}");
            return Err(Unfilled::new("fields", message));
        }
        Ok(filled)
    }
}

impl QuickReplyField {
    fn named<'a>(&'a self, language: &str) -> &'a str {
        let label = in_language(&self.label, language);
        if label.is_empty() { &self.name } else { label }
    }

    /// The value as the contact will read it.
    fn check(&self, value: &str, language: &str) -> Result<String, Unfilled> {
        let shown = match &self.kind {
            FieldKind::Text { min, max, pattern } => length(value, *min, *max)
                .and_then(|()| form(value, pattern.as_deref(), in_language(&self.hint, language)))
                .map(|()| value.to_owned()),
            FieldKind::From { .. } => length(value, 0, VALUE_MAX).map(|()| value.to_owned()),
            FieldKind::Number { min, max, whole } => {
                number(value, *min, *max, *whole).map(|()| value.to_owned())
            }
            FieldKind::Date { min, max } => date(value, *min, *max).map(|date| shown_date(date, language)),
            FieldKind::Time => match Time::strptime("%H:%M", value) {
                Ok(time) => Ok(time.strftime("%H:%M").to_string()),
                Err(_) => Err(format!("{value:?} is no time of day; write it as 14:30")),
            },
            FieldKind::Choice { options } => choice(value, options, language),
        };
        shown.map_err(|what| Unfilled::new(&self.name, format!("{}: {what}", self.named(language))))
    }
}

/// Whether the whole value matches the pattern.
fn form(value: &str, pattern: Option<&str>, hint: &str) -> Result<(), String> {
    let Some(pattern) = pattern else { return Ok(()) };
    if whole(pattern).is_ok_and(|pattern| pattern.is_match(value)) {
        return Ok(());
    }
    let such = if hint.is_empty() { String::new() } else { format!(", such as {hint}") };
    Err(format!("{value:?} has not the expected form{such}"))
}

/// In whichever language it was chosen, it is told in the contact's.
fn choice(value: &str, options: &[Localized], language: &str) -> Result<String, String> {
    let chosen = options.iter().find(|option| option.values().any(|text| text == value));
    let Some(option) = chosen else {
        let all: Vec<&str> = options.iter().map(|option| in_language(option, language)).collect();
        return Err(format!("{value:?} is not one of {}", all.join(", ")));
    };
    Ok(option.get(language).map_or(value, String::as_str).to_owned())
}

fn length(value: &str, min: u32, max: u32) -> Result<(), String> {
    let length = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
    if (min..=max).contains(&length) {
        return Ok(());
    }
    let range = if min == 0 { format!("at most {max}") } else { format!("{min} to {max}") };
    Err(format!("{range} characters, this has {length}"))
}

/// A pattern that the whole value must match.
pub(super) fn whole(pattern: &str) -> Result<Regex, String> {
    // In brackets of its own, so that `a|b` means the whole value too.
    let built = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_BYTES).build();
    built.map_err(|error| error.to_string().lines().last().unwrap_or_default().trim().to_owned())
}

/// As people write numbers: a comma or a point, blanks between thousands.
fn number(value: &str, min: Option<f64>, max: Option<f64>, whole: bool) -> Result<(), String> {
    let plain: String = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace(',', ".");
    let digits = plain.trim_start_matches(['-', '+']);
    let written = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.ends_with(|c: char| c.is_ascii_digit());
    let Some(number) = plain.parse::<f64>().ok().filter(|_| written) else {
        return Err(format!("{value:?} is no number"));
    };
    if whole && number.fract() != 0.0 {
        return Err(format!("{value} is no whole number"));
    }
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(format!("{value} is less than {min}"));
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(format!("{value} is more than {max}"));
    }
    Ok(())
}

fn date(value: &str, min: Option<Date>, max: Option<Date>) -> Result<Date, String> {
    let date = Date::strptime("%Y-%m-%d", value);
    let date = date.map_err(|_| format!("{value:?} is no date; write it as 2026-11-24"))?;
    if let Some(min) = min.filter(|min| date < *min) {
        return Err(format!("{value} is before {min}"));
    }
    if let Some(max) = max.filter(|max| date > *max) {
        return Err(format!("{value} is after {max}"));
    }
    Ok(date)
}

/// `24 novembre 2026`
fn shown_date(date: Date, language: &str) -> String {
    if language != "fr" {
        return date.strftime("%-d %B %Y").to_string();
    }
    let day = if date.day() == 1 { "1er".to_owned() } else { date.day().to_string() };
    format!("{day} {} {}", crate::lua::calendar::french_month(date.month()), date.year())
}

/// Puts values into `{names}`; `{{` is a brace. `Err`: the name that has none.
pub(super) fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) => filled.push_str(values.get(name).ok_or(name)?),
        }
    }
    Ok(filled)
}

/// The same, leaving names without a value as they stand: a preview.
pub fn preview(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) => match known.get(name).filter(|value| !value.is_empty()) {
                Some(value) => filled.push_str(value),
                None => filled.extend(["{", name, "}"]),
            },
        }
    }
    filled
}

pub(super) enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        parts.push(Part::Text(before));
        let inner = from.get(1..).unwrap_or_default();
        let close = inner.find('}');
        if inner.starts_with('{') {
            parts.push(Part::Text("{"));
            rest = inner.get(1..).unwrap_or_default();
        } else if let Some(close) = close {
            parts.push(Part::Name(inner.get(..close).unwrap_or_default().trim()));
            rest = inner.get(close + 1..).unwrap_or_default();
        } else {
            parts.push(Part::Text(from));
            rest = "";
        }
    }
    parts.push(Part::Text(rest));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(fr: &str, en: &str) -> Localized {
        [("fr".to_owned(), fr.to_owned()), ("en".to_owned(), en.to_owned())].into()
    }

    fn field(kind: FieldKind) -> QuickReplyField {
        let (label, hint) = (words("Libellé", "Label"), words("AB-1", "AB-1"));
        QuickReplyField { name: "x".to_owned(), label, hint, required: true, kind }
    }

    #[test]
    fn names_are_filled_in() {
        let values = BTreeMap::from([("a".to_owned(), "{b}".to_owned()), ("c.d".to_owned(), "é".to_owned())]);
        for (text, filled, previewed) in [
            ("x {a} { c.d }", Ok("x {b} é"), "x {b} é"),
            ("{{a}", Ok("{a}"), "{a}"),
            ("open { end", Ok("open { end"), "open { end"),
            ("{a}{nobody}", Err("nobody"), "{b}{nobody}"),
            ("{}", Err(""), "{}"),
        ] {
            assert_eq!(fill(text, &values), filled.map(str::to_owned).map_err(str::to_owned), "{text}");
            assert_eq!(preview(text, &values), previewed, "{text}");
        }
    }

    #[test]
    fn each_kind_takes_what_fits_it_and_shows_it_in_the_language() {
        let day = |text: &str| Some(Date::strptime("%Y-%m-%d", text).unwrap());
        let text = || FieldKind::Text { min: 2, max: 4, pattern: Some("[A-Z]+|x-\\d".to_owned()) };
        let number = || FieldKind::Number { min: Some(-1.0), max: Some(1_000.5), whole: false };
        let whole = || FieldKind::Number { min: None, max: None, whole: true };
        let date = || FieldKind::Date { min: day("2026-02-01"), max: day("2026-12-31") };
        let choice =
            || FieldKind::Choice { options: vec![words("demain", "tomorrow"), words("lundi", "Monday")] };
        for (kind, value, language, shown) in [
            (text(), "ABC", "fr", Ok("ABC")),
            (text(), "x-1", "fr", Ok("x-1")),
            (text(), "A", "fr", Err("2 to 4 characters")),
            (text(), "ÀÉÎÕÜ", "fr", Err("this has 5")),
            (text(), "AB1", "en", Err("Label: \"AB1\" has not the expected form, such as AB-1")),
            (number(), "1 000,5", "fr", Ok("1 000,5")),
            (number(), "-1.0", "fr", Ok("-1.0")),
            (number(), "1000.6", "fr", Err("more than 1000.5")),
            (number(), "-2", "fr", Err("less than -1")),
            (number(), "inf", "fr", Err("no number")),
            (number(), "1e3", "fr", Err("no number")),
            (number(), "", "fr", Err("no number")),
            (whole(), "12", "fr", Ok("12")),
            (whole(), "12,5", "fr", Err("no whole number")),
            (date(), "2026-11-24", "fr", Ok("24 novembre 2026")),
            (date(), "2026-08-01", "fr", Ok("1er août 2026")),
            (date(), "2026-11-24", "en", Ok("24 November 2026")),
            (date(), "2026-02-30", "fr", Err("no date")),
            (date(), "24/11/2026", "fr", Err("no date")),
            (date(), "2026-01-31", "fr", Err("before 2026-02-01")),
            (date(), "2027-01-01", "fr", Err("after 2026-12-31")),
            (FieldKind::Time, "9:05", "fr", Ok("09:05")),
            (FieldKind::Time, "24:30", "fr", Err("no time of day")),
            (choice(), "tomorrow", "fr", Ok("demain")),
            (choice(), "demain", "en", Ok("tomorrow")),
            (choice(), "hier", "fr", Err("not one of demain, lundi")),
            (
                FieldKind::From { from: "contact.name".to_owned() },
                &"x".repeat(1_001),
                "fr",
                Err("at most 1000"),
            ),
        ] {
            match (field(kind).check(value, language), shown) {
                (Ok(got), Ok(shown)) => assert_eq!(got, shown, "{value}"),
                (Err(got), Err(part)) => {
                    assert!(got.field == "x" && got.message.contains(part), "{value}: {}", got.message);
                }
                (got, shown) => panic!("{value}: {got:?}, expected {shown:?}"),
            }
        }
    }

    #[test]
    fn a_pattern_has_bounds() {
        assert!(whole("a{1000}{1000}").is_err());
        assert!(whole("(").is_err());
        assert!(!whole("a|b").unwrap().is_match("ab"));
    }
}
