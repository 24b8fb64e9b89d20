//! Words as search sees them: without case, accents or endings, so that *livré* finds *livraisons* and *Élodie* finds *elodie*.
//!
//! A word is kept as its stem in French and in English, because nobody says which language a message is in; most words have
//! the same in both. French stems are made of the word as written and of the word without accents, since half of all people
//! type without them. Both databases are given these stems as text: neither `SQLite`'s index nor a bare `PostgreSQL` knows French.

use std::collections::BTreeSet;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::text::fold;

/// A word longer than this is no word (a key, an address): its beginning serves.
const WORD_CHARS: usize = 40;

/// The words of a text in small letters, accents kept: runs of letters and digits. Single letters (the *l* of *l'avis*) are none.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter_map(|word| {
        let short: String = word.nfc().take(WORD_CHARS).flat_map(char::to_lowercase).collect();
        let mut chars = short.chars();
        let lonely = chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none();
        (!short.is_empty() && !lonely).then_some(short)
    })
}

/// A word without case, accents and what folding brings to light (`½` is `1⁄2`): one word stays one word.
fn plain(word: &str) -> String {
    fold(word).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Makes stems. Holds its two tables, so that a whole text needs one.
struct Stems {
    french: Stemmer,
    english: Stemmer,
}

impl Stems {
    fn new() -> Self {
        Self { french: Stemmer::create(Algorithm::French), english: Stemmer::create(Algorithm::English) }
    }

    fn of(&self, word: &str, into: &mut BTreeSet<String>) {
        let plain = plain(word);
        into.insert(self::plain(&self.french.stem(word)));
        into.insert(self.french.stem(&plain).into_owned());
        into.insert(self.english.stem(&plain).into_owned());
        // A stem can be empty when folding left nothing of the word.
        into.remove("");
    }
}

/// The stems of these texts, each once; at most `max`, which keeps a document's place in the index bounded.
pub fn stems<'a>(texts: impl IntoIterator<Item = &'a str>, max: usize) -> BTreeSet<String> {
    let stems = Stems::new();
    let mut found = BTreeSet::new();
    for word in texts.into_iter().flat_map(words) {
        if found.len() >= max {
            break;
        }
        stems.of(&word, &mut found);
    }
    found
}

/// A word that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchWord {
    /// One of these is there.
    pub any: BTreeSet<String>,
    /// Or a word that begins so: what was typed ended in `*`.
    pub prefix: Option<String>,
}

/// What a query looks for: every word of it, in any order.
pub fn search_words(query: &str) -> Vec<SearchWord> {
    let stems = Stems::new();
    let mut found = Vec::new();
    for part in query.split_whitespace() {
        let (part, begins) = part.strip_suffix('*').map_or((part, false), |part| (part, true));
        let all: Vec<String> = words(part).collect();
        let last = all.len();
        for (at, word) in (1..).zip(all) {
            let mut any = BTreeSet::new();
            stems.of(&word, &mut any);
            found.push(SearchWord { any, prefix: (begins && at == last).then(|| plain(&word)) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_finds_what_people_wrote() {
        let cases = [
            ("livraison", "Les livraisons sont en retard", true),
            ("LIVRÉES", "ma commande n'a pas été livrée", true),
            ("telephone", "Mon téléphone est cassé", true),
            ("téléphones", "mon telephone", true),
            ("elodie", "Élodie Müller", true),
            ("muller", "Élodie Müller", true),
            ("coeur", "de tout cœur", true),
            ("orders", "I ordered twice; my order is late", true),
            ("refund late", "The refund is very late", true),
            ("refund early", "The refund is very late", false),
            ("A-123", "commande A-123", true),
            ("124", "commande A-123", false),
            ("comm*", "ma commande", true),
            ("comm", "ma commande", false),
            ("e\u{301}lodie", "Élodie", true),
            ("طلب", "أين طلبي ؟ طلب", true),
            ("½", "il en manque ½", true),
            ("हिन्दी", "मैं हिन्दी बोलता हूँ", true),
        ];
        for (query, text, expected) in cases {
            let there = stems([text], 1_000);
            let found = search_words(query).iter().all(|wanted| {
                wanted.any.iter().any(|stem| there.contains(stem))
                    || wanted
                        .prefix
                        .as_ref()
                        .is_some_and(|prefix| there.iter().any(|s| s.starts_with(prefix)))
            });
            assert_eq!(found, expected, "{query:?} in {text:?}: {there:?}");
        }
    }

    #[test]
    fn nothing_to_look_for_is_nothing() {
        for query in ["", "  ", "!?", "a", "*", "- ' \""] {
            assert_eq!(search_words(query), [], "{query:?}");
        }
    }

    #[test]
    fn a_text_has_a_bounded_number_of_stems_and_a_word_a_bounded_length() {
        let long = (0..5_000).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
        assert!(stems([long.as_str()], 100).len() <= 102);
        let word = "x".repeat(10_000);
        assert!(stems([word.as_str()], 100).iter().all(|stem| stem.chars().count() <= WORD_CHARS));
    }
}
