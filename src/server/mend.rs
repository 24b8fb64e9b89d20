//! Mends what JSON may say and a database can't hold: U+0000 and halves of surrogate pairs, both written as escapes.

use std::borrow::Cow;

const REPLACEMENT: &str = "\\uFFFD";
/// Bytes of `\uXXXX`.
const ESCAPE: usize = 6;

/// The same JSON text with U+FFFD in place of what can't be kept. Most texts have no escapes and are given back as they are.
pub(crate) fn mend(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(offset) = rest.find('\\')
    {
        at += offset;
        at += match (unit(text, at), unit(text, at + ESCAPE)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 2 * ESCAPE,
            (Some(0 | 0xD800..=0xDFFF), _) => {
                mended.push_str(text.get(kept..at).unwrap_or_default());
                mended.push_str(REPLACEMENT);
                kept = at + ESCAPE;
                ESCAPE
            }
            (Some(_), _) => ESCAPE,
            // Another escape, of one character, which may be no escape at all and longer than a byte.
            (None, _) => {
                1 + text.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
            }
        };
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(mended)
}

/// The UTF-16 unit that is escaped at this place.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_kept_is_replaced() {
        for (text, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""a\u00e9b\n""#, r#""a\u00e9b\n""#),
            (r#""\u0000""#, r#""\uFFFD""#),
            (r#""a\u0000\u0000b""#, r#""a\uFFFD\uFFFDb""#),
            (r#""\\u0000""#, r#""\\u0000""#),
            (r#""\\\u0000""#, r#""\\\uFFFD""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\uD83D""#, r#""\uFFFD""#),
            (r#""\ude00\ud83d""#, r#""\uFFFD\uFFFD""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\uFFFD\ud83d\ude00""#),
            (r#""\ud83dé\u00""#, r#""\uFFFDé\u00""#),
            (r#""\u+123""#, r#""\u+123""#),
            (r#""\é\u0000""#, r#""\é\uFFFD""#),
            ("\\u", "\\u"),
        ] {
            assert_eq!(mend(text), expected, "{text}");
        }
    }
}
