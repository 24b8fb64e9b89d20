//! Finds where in a script's text a piece of its data stands, so that a fault in the data has a line and a column.
//!
//! The interpreter keeps no places for data. This reads the text as tokens and walks down the table constructors along a
//! path of keys; where data does not stand in place (a variable, a loop), the deepest place that was found is given.

/// One step from a table to what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// `key = …` or `["key"] = …`
    Key(String),
    /// The nth value without a key, from 1.
    Item(usize),
}

/// Line and column (from 1) of what `path` leads to, beginning at the table given to `constructor`.
pub(crate) fn locate(text: &str, constructor: &str, path: &[Step]) -> Option<(usize, usize)> {
    let tokens = tokens(text);
    let named = tokens.windows(2).rposition(|pair| match pair {
        [name, next] => name.text == constructor && matches!(next.text, "{" | "("),
        _ => false,
    })?;
    let mut place = named;
    let mut at = opening(&tokens, named + 1);
    for step in path {
        let Some((key, value)) = at.and_then(|at| entry(&tokens, at, step)) else { break };
        place = key;
        at = opening(&tokens, value);
    }
    tokens.get(place).map(|token| (token.line, token.column))
}

#[derive(Debug)]
struct Token<'a> {
    text: &'a str,
    line: usize,
    column: usize,
}

/// The `{` that a value begins with, directly or as the argument of a call: `field.text { … }`.
fn opening(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let text = tokens.get(at)?.text;
        if text == "{" {
            return Some(at);
        }
        let passes = matches!(text, "." | ":" | "(") || is_name(text) && !is_word(text);
        if !passes {
            return None;
        }
        at += 1;
    }
}

/// Where the key (or value) and the value of one entry stand, in the constructor that opens at `open`.
fn entry(tokens: &[Token<'_>], open: usize, step: &Step) -> Option<(usize, usize)> {
    let mut at = open + 1;
    let mut items = 0;
    loop {
        let text = tokens.get(at)?.text;
        if text == "}" {
            return None;
        }
        let next = |by: usize| tokens.get(at + by).map_or("", |token| token.text);
        let (key, value) = if is_name(text) && next(1) == "=" {
            (Some(text), at + 2)
        } else if text == "[" && next(2) == "]" && next(3) == "=" {
            (Some(unquoted(next(1))), at + 4)
        } else {
            items += 1;
            (None, at)
        };
        let found = match step {
            Step::Key(wanted) => key == Some(wanted.as_str()),
            Step::Item(wanted) => key.is_none() && items == *wanted,
        };
        if found {
            return Some((at, value));
        }
        at = after(tokens, value)?;
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// What is open while a value is passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Bracket,
    /// Closed by `end` or `until`.
    Block,
    /// `if a then b else c` as a value: no `end`; its `else` is its last word.
    Choice,
}

/// Where the entry after the one at `at` begins: behind the comma, or at the closing brace.
fn after(tokens: &[Token<'_>], mut at: usize) -> Option<usize> {
    let mut open: Vec<Open> = Vec::new();
    loop {
        let text = tokens.get(at)?.text;
        let outside = open.iter().all(|open| *open == Open::Choice);
        if outside && matches!(text, "," | ";") {
            return Some(at + 1);
        }
        if outside && text == "}" {
            return Some(at);
        }
        match text {
            "{" | "(" | "[" => open.push(Open::Bracket),
            "function" | "do" | "repeat" => open.push(Open::Block),
            // A loop's `do` opens it; its first word opens nothing.
            "if" => {
                let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map_or("", |token| token.text);
                let inside = open.last().copied();
                open.push(if is_value(before, inside) { Open::Choice } else { Open::Block });
            }
            "else" if open.last() == Some(&Open::Choice) => drop(open.pop()),
            "}" | ")" | "]" | "end" | "until" => drop(open.pop()),
            _ => {}
        }
        at += 1;
    }
}

/// Whether an `if` behind `before` is a value and not a statement.
fn is_value(before: &str, inside: Option<Open>) -> bool {
    match before {
        "then" | "else" => inside == Some(Open::Choice),
        "do" | "repeat" | "end" | ")" | "}" | "]" | ";" | "..." | "nil" | "true" | "false" => false,
        word if is_word(word) => true,
        name if is_name(name) => false,
        text => !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\'' | '`')),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn is_word(text: &str) -> bool {
    const WORDS: [&str; 21] = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
        "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
    ];
    WORDS.contains(&text)
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line, mut column) = (text, 1, 1);
    while let Some(first) = rest.chars().next() {
        let (length, kept) = token(rest, first);
        let (taken, after) = rest.split_at(length.min(rest.len()));
        if kept {
            tokens.push(Token { text: taken, line, column });
        }
        for c in taken.chars() {
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        rest = after;
    }
    tokens
}

/// The length of the token that begins `text`, and whether it is one (not space, not a comment).
fn token(text: &str, first: char) -> (usize, bool) {
    if let Some(comment) = text.strip_prefix("--") {
        let length = long(comment).unwrap_or_else(|| comment.find('\n').unwrap_or(comment.len()));
        return (2 + length, false);
    }
    if first.is_whitespace() {
        return (first.len_utf8(), false);
    }
    if let Some(length) = long(text) {
        return (length, true);
    }
    if matches!(first, '"' | '\'' | '`') {
        return (quoted(text, first), true);
    }
    if first.is_ascii_alphanumeric() || first == '_' {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        return (end.unwrap_or(text.len()), true);
    }
    let operator = ["...", "..", "==", "~=", "<=", ">=", "//", "->"];
    let operator = operator.iter().find(|operator| text.starts_with(**operator));
    (operator.map_or(first.len_utf8(), |operator| operator.len()), true)
}

/// `[[ … ]]`, `[==[ … ]==]`
fn long(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let equals = inner.bytes().take_while(|byte| *byte == b'=').count();
    inner.get(equals..)?.strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(equals));
    Some(text.find(&close).map_or(text.len(), |at| at + close.len()))
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            '\n' if quote != '`' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- timers { trap = 1 }\nlocal other = timers\nreturn timers {\n  version = 1,\n  policy = \
        function(i)\n    local a, b = 1, 2\n    if a then return { agent = false } elseif b then b = if a then 1 else 2 \
        end\n    for x = 1, 2 do local agent = 3 end\n    return nil\n  end,\n  note = [[ agent = 1, { ]], choice = if x \
        then 1 else 2, agent = {\n    total = \"a, {b\", on_zero = 'x',\n    extend = f.g({ by = \"2h\" }),\n  },\n  { id \
        = 1 },\n  --[[ { id = 9 }, ]]\n  { id = 2, [\"k-1\"] = { z = 1 } },\n}\n";

    fn key(text: &str) -> Step {
        Step::Key(text.to_owned())
    }

    #[test]
    fn data_is_found_in_its_text() {
        for (path, place) in [
            (vec![], (3, 8)),
            (vec![key("version")], (4, 3)),
            (vec![key("agent")], (11, 59)),
            (vec![key("agent"), key("on_zero")], (12, 22)),
            (vec![key("agent"), key("extend"), key("by")], (13, 20)),
            (vec![Step::Item(2), key("id")], (17, 5)),
            (vec![Step::Item(2), key("k-1"), key("z")], (17, 25)),
            // What is not there: as deep as it goes.
            (vec![key("agent"), key("missing")], (11, 59)),
            (vec![key("nothing"), key("x")], (3, 8)),
        ] {
            assert_eq!(locate(TEXT, "timers", &path), Some(place), "{path:?}");
        }
        assert_eq!(locate(TEXT, "routing", &[]), None);
    }

    #[test]
    fn unfinished_text_ends() {
        for end in 0..TEXT.len() {
            let _ = locate(&TEXT[..end], "timers", &[key("agent"), key("total")]);
        }
        let _ = locate("timers {\u{1F600}é[=[", "timers", &[Step::Item(1)]);
    }
}
