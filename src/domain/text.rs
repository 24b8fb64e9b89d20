//! Text that every database and client can hold.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Replaces U+0000, which `PostgreSQL` can't store, by U+FFFD. Lone surrogates can't reach a Rust string: the edge that
/// reads escaped JSON replaces them before.
pub fn clean_text(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// A text as it is compared: small letters, no accents, ligatures taken apart.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            _ => folded.push(letter),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_capitals_fold_away() {
        for (text, folded) in
            [("Déjà VU", "deja vu"), ("Œuvre", "oeuvre"), ("e\u{301}", "e"), ("ﬁn", "fin"), ("", "")]
        {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
