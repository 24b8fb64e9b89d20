//! Finds quick replies by what somebody types: accents, capitals and small slips of the keyboard don't matter.

use super::{QuickReply, QuickReplyBody};
use crate::domain::fold;
use crate::lua::fault::distance;

/// Characters of a search that are looked at, and words.
const SEARCH_CHARS: usize = 100;
const WORDS_MAX: usize = 8;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Search(Vec<String>);

/// How well a word fits a place: from the beginning of one of its words, somewhere in it, or nearly.
struct Weights {
    begins: u32,
    within: u32,
    nearly: u32,
}

const TITLE: Weights = Weights { begins: 100, within: 80, nearly: 30 };
const TAG: Weights = Weights { begins: 60, within: 50, nearly: 25 };
const TEXT: Weights = Weights { begins: 40, within: 35, nearly: 10 };

impl Search {
    /// Reads what was typed; `/` before a shortcut may be there or not.
    pub fn new(typed: &str) -> Self {
        let typed: String = typed.chars().take(SEARCH_CHARS).collect();
        let folded = fold(typed.trim().trim_start_matches('/'));
        Self(words(&folded).take(WORDS_MAX).map(str::to_owned).collect())
    }

    /// How well a quick reply fits; `None`: it does not. Each word must be found somewhere, in any language.
    pub fn score(&self, reply: &QuickReply) -> Option<u32> {
        if self.0.is_empty() {
            return Some(0);
        }
        let shortcut = reply.shortcut.as_deref().map(|text| fold(text.trim_start_matches('/')));
        let titles = reply.title.values().map(|text| (&TITLE, fold(text)));
        let tags = reply.tags.iter().map(|text| (&TAG, fold(text)));
        let texts = match &reply.body {
            QuickReplyBody::Text { text } => Some(text.values().map(|text| (&TEXT, fold(text)))),
            QuickReplyBody::WhatsappTemplate { .. } => None,
        };
        let places: Vec<(&Weights, String)> = shortcut
            .into_iter()
            .map(|text| (&TITLE, text))
            .chain(titles)
            .chain(tags)
            .chain(texts.into_iter().flatten())
            .collect();
        self.0
            .iter()
            .map(|word| places.iter().filter_map(|(weights, place)| fit(word, place, weights)).max())
            .sum()
    }
}

fn fit(word: &str, place: &str, weights: &Weights) -> Option<u32> {
    if words(place).any(|other| other.starts_with(word)) {
        return Some(weights.begins);
    }
    if place.contains(word) {
        return Some(weights.within);
    }
    words(place).any(|other| nearly(word, other)).then_some(weights.nearly)
}

/// Whether one may stand for the other: a slip or two, never in the first letter, where nobody makes them. What is typed may be
/// the beginning only.
fn nearly(word: &str, other: &str) -> bool {
    let length = word.chars().count();
    let slips = match length {
        0..4 => return false,
        4..6 => 1,
        _ => 2,
    };
    if word.chars().next() != other.chars().next() {
        return false;
    }
    let beginning: String = other.chars().take(length + 1).collect();
    let shorter: String = other.chars().take(length).collect();
    [other, &beginning, &shorter].iter().any(|other| distance(word, other) <= slips)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lua::Localized;

    fn reply(title: &str, text: &str, tags: &[&str], shortcut: &str) -> QuickReply {
        let one = |text: &str| Localized::from([("fr".to_owned(), text.to_owned())]);
        QuickReply {
            quick_reply_id: title.to_owned(),
            title: one(title),
            body: QuickReplyBody::Text { text: one(text) },
            fields: Vec::new(),
            skills: Vec::new(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            favourite: false,
            shortcut: Some(shortcut.to_owned()),
        }
    }

    #[test]
    fn accents_capitals_and_slips_are_forgiven() {
        let sent = reply("Commande expédiée", "Votre commande est partie.", &["livraison"], "/envoi");
        for (typed, found) in [
            ("", true),
            ("  ", true),
            ("commande", true),
            ("EXPEDIEE", true),
            ("expédi", true),
            ("comande", true),
            ("comand", true),
            ("commadne", true),
            ("livraisn", true),
            ("/envoi", true),
            ("envoi", true),
            ("partie commande", true),
            ("commande facture", false),
            ("kommande", false),
            ("rappel", false),
            ("par", true),
            ("pat", false),
        ] {
            assert_eq!(Search::new(typed).score(&sent).is_some(), found, "{typed}");
        }
    }

    #[test]
    fn a_title_counts_more_than_a_text_and_a_slip_least() {
        let score = |typed: &str, reply: &QuickReply| Search::new(typed).score(reply).unwrap();
        let title = reply("Remise", "x", &[], "/r");
        let tag = reply("A", "x", &["remise"], "/r");
        let text = reply("A", "Une remise de 10 %", &[], "/r");
        assert!(score("remise", &title) > score("remise", &tag));
        assert!(score("remise", &tag) > score("remise", &text));
        assert!(score("remise", &text) > score("remsie", &title));
    }

    #[test]
    fn a_search_has_bounds() {
        assert_eq!(Search::new(&"mot ".repeat(1_000)).0.len(), WORDS_MAX);
        assert_eq!(Search::new(&"x".repeat(1_000)).0.first().map(String::len), Some(SEARCH_CHARS));
    }
}
