//! Makes a provider's JSON one that can be read and stored: no lone surrogates, no U+0000, limits on what is kept.
//!
//! JSON allows the escape of half a surrogate pair; no Rust string can hold it and the parser refuses all of the delivery
//! for it. So the text is mended before it is parsed, once, and everything after may rely on that.

use std::borrow::Cow;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The largest part that is kept beside a message. Meta's largest (an order, contact cards) stay far below.
pub(super) const DATA_MAX: usize = 64 * 1024;
/// How much of a larger one is kept beside the message; all of it is kept raw elsewhere.
const CUT: usize = 4 * 1024;
/// Longest id that is kept as it is. Meta's have up to 130 bytes; databases index them.
const ID_MAX: usize = 256;

/// Replaces escapes of lone surrogates and of U+0000 by that of U+FFFD.
pub(super) fn mend(json: &str) -> Cow<'_, str> {
    let (mut mended, mut done, mut at) = (String::new(), 0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')).map(|step| at + step) {
        let (length, broken) = escape(json.get(found..).unwrap_or_default());
        if broken {
            mended.push_str(json.get(done..found).unwrap_or_default());
            mended.push_str("\\ufffd");
            done = found + length;
        }
        at = found + length;
    }
    if done == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(json.get(done..).unwrap_or_default());
    Cow::Owned(mended)
}

/// How long the escape is with which `text` begins, and whether it has to be replaced.
fn escape(text: &str) -> (usize, bool) {
    match unit(text) {
        Some(0 | 0xDC00..=0xDFFF) => (6, true),
        Some(0xD800..=0xDBFF) => match text.get(6..).and_then(unit) {
            Some(0xDC00..=0xDFFF) => (12, false),
            Some(_) | None => (6, true),
        },
        Some(_) => (6, false),
        None => (1 + text.chars().nth(1).map_or(0, char::len_utf8), false),
    }
}

/// The code unit of `\uXXXX`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

/// A part as it is kept beside a message: a JSON object that every reader of it can parse.
pub(super) fn keep(part: &str) -> String {
    let readable = part.len() <= DATA_MAX && serde_json::from_str::<Value>(part).is_ok();
    if readable && part.starts_with('{') {
        part.to_owned()
    } else if readable {
        format!("{{\"value\":{part}}}")
    } else {
        json!({ "raw": cut(part, CUT) }).to_string()
    }
}

/// At most `max` bytes of a text.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// An id as it is kept: itself, or its hash where it is longer than an index allows.
pub(super) fn id(text: &str) -> String {
    if text.len() <= ID_MAX { text.to_owned() } else { hash(text.as_bytes()) }
}

/// SHA-256 in hex.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_pairs_and_nul_are_replaced() {
        for (text, expected) in [
            (r#""plain é""#, None),
            (r#""caf\u00e9 \n \\ \" \ud83d\ude00""#, None),
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""\ude00\ud83d""#, Some(r#""\ufffd\ufffd""#)),
            (r#""\uD83Dx\u0000y""#, Some(r#""\ufffdx\ufffdy""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            // A backslash before it makes it six plain characters.
            (r#""\\ud83d \\u0000""#, None),
            // Not for us to mend: the parser will tell.
            (r#""\u12"#, None),
            (r#""\u+123" \é \"#, None),
        ] {
            assert_eq!(mend(text), expected.unwrap_or(text), "{text}");
            assert_eq!(matches!(mend(text), Cow::Owned(_)), expected.is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_kept_can_be_parsed() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let long = format!("{{\"a\":\"{}\"}}", "é".repeat(DATA_MAX));
        for (part, begins) in [
            ("{\"a\":1}", "{\"a\":1}"),
            ("[1]", "{\"value\":[1]}"),
            (deep.as_str(), "{\"raw\":"),
            (&long, "{\"raw\":"),
        ] {
            let kept = keep(part);
            assert!(kept.starts_with(begins), "{kept}");
            assert!(serde_json::from_str::<Value>(&kept).unwrap().is_object());
            assert!(kept.len() <= DATA_MAX);
        }
    }

    #[test]
    fn long_ids_are_hashed() {
        assert_eq!(id("wamid.X"), "wamid.X");
        assert_eq!(id(&"x".repeat(ID_MAX + 1)).len(), 64);
    }
}
