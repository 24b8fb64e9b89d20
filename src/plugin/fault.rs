//! From what the interpreter says of a plugin to what an administrator is told: file, line, one sentence.

use mlua::Error;

use crate::engine::PolicyError;
use crate::lua::texts;

/// Longest message kept; a plugin may raise an error as long as its memory.
const MESSAGE_MAX: usize = 500;

/// A fault without a column.
pub(crate) fn fault(file: &str, line: usize, message: impl Into<String>) -> PolicyError {
    let message: String = message.into().chars().take(MESSAGE_MAX).collect();
    PolicyError { file: file.to_owned(), line: u32::try_from(line).unwrap_or(0), column: 0, message }
}

/// Puts an error of the interpreter where it belongs; `file` is named when the error tells nothing.
pub(crate) fn from_lua(error: &Error, file: &str) -> PolicyError {
    let (message, more) = texts(error);
    let first = message.lines().next().unwrap_or_default();
    let own = split(first);
    let text = own.map_or(first, |(_, text)| text);
    let place = own.map(|(place, _)| place).or_else(|| message.lines().chain(more.lines()).find_map(find));
    let (file, line) = place.unwrap_or((file, 0));
    let text = text.trim();
    let spent = text.ends_with("not enough memory");
    fault(file, line, if spent { "needs more memory than a plugin may use (32 MiB)" } else { text })
}

/// `plugins/faq/init.lua:3: attempt to …` → the place and the rest.
fn split(text: &str) -> Option<((&str, usize), &str)> {
    let (file, rest) = text.split_once(':')?;
    let (line, rest) = rest.split_once(':')?;
    let line = line.parse().ok()?;
    file.starts_with("plugins/").then(|| ((file, line), rest.trim_start()))
}

/// The first place in a plugin that a line of a traceback names.
fn find(text: &str) -> Option<(&str, usize)> {
    let rest = text.get(text.find("plugins/")?..)?;
    let (file, rest) = rest.split_once(':')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    Some((file, rest.get(..digits)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_messages() {
        let runtime = |text: &str| Error::RuntimeError(text.to_owned());
        for (error, file, line, message) in [
            (runtime("plugins/faq/init.lua:2: bad"), "plugins/faq/init.lua", 2, "bad"),
            (
                runtime("guichet:9: bad\nstack traceback:\nplugins/faq/lib/a.lua:5 f"),
                "plugins/faq/lib/a.lua",
                5,
                "guichet:9: bad",
            ),
            (runtime("not enough memory"), "x", 0, "needs more memory than a plugin may use (32 MiB)"),
        ] {
            let fault = from_lua(&error, "x");
            assert_eq!((fault.file.as_str(), fault.line, fault.message.as_str()), (file, line, message));
        }
        assert_eq!(from_lua(&runtime(&"é".repeat(1_000)), "x").message.chars().count(), MESSAGE_MAX);
    }
}
