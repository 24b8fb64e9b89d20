//! Secrets of a plugin. The plugin holds a word that stands for one; the host puts the secret in its place, where it may go.

use std::collections::BTreeMap;

use crate::config::Secret;

/// A plugin's secrets and the words for them.
#[derive(Debug)]
pub(crate) struct Secrets {
    known: BTreeMap<String, Secret>,
    /// Part of each word, so that nobody outside can write one into a text that ends up in a header.
    mark: String,
}

impl Secrets {
    pub(crate) fn new(known: BTreeMap<String, Secret>) -> Self {
        let mut random = [0; 12];
        // Without randomness from the system a word could be guessed by who reads this file; it leads to granted addresses only.
        let _seeded = getrandom::fill(&mut random);
        Self { known, mark: hex::encode(random) }
    }

    /// The word for a secret.
    pub(crate) fn place(&self, key: &str) -> String {
        format!("⟦{}:{key}⟧", self.mark)
    }

    /// Whether a text holds a word for a secret.
    pub(crate) fn stands_in(&self, text: &str) -> bool {
        text.contains(&self.mark)
    }

    /// The text with secrets in their places; one that is not set is empty.
    pub(crate) fn fill(&self, text: &str) -> String {
        let begin = format!("⟦{}:", self.mark);
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(&begin) {
            filled.push_str(before);
            let Some((key, after)) = after.split_once('⟧') else { break };
            filled.push_str(self.known.get(key).map_or("", Secret::expose));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// The text without any secret: an answer may repeat what it was sent.
    pub(crate) fn redact(&self, mut text: String) -> String {
        for secret in self.known.values().map(Secret::expose).filter(|secret| secret.len() >= 4) {
            if text.contains(secret) {
                text = text.replace(secret, "(secret)");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_secrets() {
        let secrets = Secrets::new([("key".to_owned(), Secret::new("s3cret"))].into());
        let text = format!("Key {} and {}", secrets.place("key"), secrets.place("none"));
        assert!(!text.contains("s3cret") && secrets.stands_in(&text));
        assert_eq!(secrets.fill(&text), "Key s3cret and ");
        assert_eq!(secrets.redact("you sent s3cret".to_owned()), "you sent (secret)");
        let other = Secrets::new([("key".to_owned(), Secret::new("other"))].into());
        assert_eq!(other.fill(&text), text, "nobody else's words mean anything");
    }
}
