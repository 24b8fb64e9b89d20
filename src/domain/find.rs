//! The words by which people and things are found: small letters without accents, and every tail of a phone number, so that
//! the beginning of some word is all that a search needs to look for.

use std::collections::BTreeSet;

use super::status::words;
use super::text::fold;
use super::{AddressKind, AliasKind};

/// Words of one text that count: names have at most a dozen.
const WORDS_MAX: usize = 24;
/// Characters of a word that count.
const WORD_CHARS: usize = 64;
/// The shortest tail of a phone number that is kept: fewer digits than this at the end of a number find nothing.
const TAIL_MIN: usize = 4;
/// Words of a query: each must be found, and four narrow any list down.
const QUERY_MAX: usize = 6;

words! {
    /// What a directory holds.
    Book {
        /// Colleagues.
        Agents = "agents",
        /// Skills, with who waits for them.
        Skills = "skills",
        /// Teams.
        Teams = "teams",
        /// Everybody who ever wrote, or was written to.
        Contacts = "contacts",
        /// People and places to write to, as the scripts list them.
        AddressBooks = "address_books",
    }
}

/// The words of a text.
pub fn words_of(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    let words = folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(WORDS_MAX).map(short).collect()
}

/// What an address is found by. What only a provider can read is found by nothing.
pub fn words_of_alias(alias_kind: AliasKind, value: &str) -> BTreeSet<String> {
    match (alias_kind, alias_kind.address()) {
        (_, AddressKind::Phone) => {
            let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).take(WORD_CHARS).collect();
            let tails = digits.len().saturating_sub(TAIL_MIN) + 1;
            (0..tails).filter_map(|from| digits.get(from..)).map(|tail| tail.iter().collect()).collect()
        }
        (_, AddressKind::Email) => {
            let folded = fold(value);
            let (name, host) = folded.split_once('@').unwrap_or((&folded, ""));
            let mut words = words_of(name);
            words.extend([short(&folded), short(host)].into_iter().filter(|word| !word.is_empty()));
            words
        }
        (AliasKind::Username | AliasKind::Account, _) => {
            let mut words = words_of(value);
            words.insert(short(&fold(value)));
            words
        }
        (_, AddressKind::Opaque) => BTreeSet::new(),
    }
}

/// What a query looks for, the longest first: each must begin a word of what is found. Digits, however spaced, are one number.
pub fn query_words(query: &str) -> Vec<String> {
    let plain = |letter: char| letter.is_ascii_digit() || "+-.()/ \u{a0}\u{202f}".contains(letter);
    let digits: String = query.chars().filter(char::is_ascii_digit).collect();
    let mut words: Vec<String> = if digits.is_empty() || !query.chars().all(plain) {
        let folded = fold(query);
        let whole = |part: &str| part.contains('@') || part.contains('.') && !part.ends_with('.');
        let split = |part: &str| -> Vec<String> {
            if whole(part) { vec![short(part)] } else { words_of(part).into_iter().collect() }
        };
        folded.split_whitespace().flat_map(split).collect()
    } else {
        // As dialled inside the country, or from another one: both prefixes are no part of the number.
        let rest = digits.trim_start_matches('0');
        vec![short(if rest.is_empty() { &digits } else { rest })]
    };
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words.truncate(QUERY_MAX);
    words
}

/// Whether every word of a query begins one of these.
pub fn found_by(words: &BTreeSet<String>, query: &[String]) -> bool {
    query.iter().all(|wanted| {
        words.range(wanted.clone()..).next().is_some_and(|word| word.starts_with(wanted.as_str()))
    })
}

fn short(word: &str) -> String {
    word.chars().take(WORD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_ligatures_do_not_matter() {
        for (text, expected) in [
            ("Élodie LEBŒUF", "elodie leboeuf"),
            ("Jörg Straße", "jorg strasse"),
            ("İstanbul", "istanbul"),
            ("Nguyễn", "nguyen"),
            ("ＡＢＣ", "abc"),
        ] {
            assert_eq!(fold(text), expected);
        }
    }

    #[test]
    fn people_are_found_by_parts_of_names_and_addresses() {
        let mut words = words_of("Marie-Hélène d'Ormesson");
        words.extend(words_of_alias(AliasKind::WaId, "33612345678"));
        words.extend(words_of_alias(AliasKind::Email, "mh.ormesson@example.com"));
        words.extend(words_of_alias(AliasKind::Username, "la_patronne"));
        for found in [
            "marie",
            "HELENE",
            "orm mar",
            "Hélè",
            "+33 6 12 34 56 78",
            "06 12 34",
            "3456",
            "5678",
            "0033612",
            "mh.ormesson@example.com",
            "ormesson@",
            "example.com",
            "@example",
            "la_patr",
            "patronne",
            "",
        ] {
            let expected = !["ormesson@", "@example"].contains(&found);
            assert_eq!(found_by(&words, &query_words(found)), expected, "{found}");
        }
        for lost in ["maria", "marie dupont", "0798", "678", "arie", "a@b.fr"] {
            assert!(!found_by(&words, &query_words(lost)), "{lost}");
        }
        assert!(words_of_alias(AliasKind::Visitor, "f3b0c442").is_empty());
    }

    #[test]
    fn there_is_an_end_to_words() {
        let long = "word ".repeat(10_000) + &"x".repeat(10_000);
        assert!(words_of(&long).len() <= WORDS_MAX);
        assert!(words_of(&"x".repeat(10_000)).iter().all(|word| word.chars().count() <= WORD_CHARS));
        let many = ('a'..='z').map(String::from).collect::<Vec<_>>().join(" ");
        assert_eq!(query_words(&many).len(), QUERY_MAX);
        assert!(words_of_alias(AliasKind::Phone, &"1".repeat(10_000)).len() <= WORD_CHARS);
    }
}
