//! `[translation]`: the translator, and how contacts are told that they read a translation.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::SecretSource;

/// Its keys, as the environment names them.
pub(super) const KEYS: [&str; 7] =
    ["kind", "url", "plugin", "api_key", "timeout_seconds", "text_max", "notice"];
/// Those that are numbers.
pub(super) const NUMBERS: [&str; 2] = ["timeout_seconds", "text_max"];

/// What is said in each language unless configured; English elsewhere.
const NOTICES: [(&str, &str); 8] = [
    ("en", "(Translated automatically)"),
    ("fr", "(Traduit automatiquement)"),
    ("es", "(Traducido automáticamente)"),
    ("de", "(Automatisch übersetzt)"),
    ("it", "(Tradotto automaticamente)"),
    ("pt", "(Traduzido automaticamente)"),
    ("nl", "(Automatisch vertaald)"),
    ("pl", "(Przetłumaczono automatycznie)"),
];

/// Which messages carry the notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichNotice {
    /// The first one that reaches the contact.
    #[default]
    First,
    /// Each.
    Each,
}

/// The translator.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationConfig {
    /// Which kind: `libretranslate`, or `plugin`.
    pub kind: String,
    /// Its address.
    #[serde(default)]
    pub url: String,
    /// The plugin that translates, if one does.
    #[serde(default)]
    pub plugin: Option<String>,
    /// Its key, if it wants one.
    #[serde(default)]
    pub api_key: Option<SecretSource>,
    /// How long an answer may take.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Longest text that is translated, in characters.
    #[serde(default = "text_max")]
    pub text_max: usize,
    /// Which messages tell the contact that they are translated.
    #[serde(default)]
    pub notice: WhichNotice,
    /// What they tell, by language.
    #[serde(default)]
    pub notices: BTreeMap<String, String>,
}

fn timeout_seconds() -> u64 {
    5
}

fn text_max() -> usize {
    5_000
}

impl TranslationConfig {
    /// The notices of every language: those configured over those that come along.
    pub fn all_notices(&self) -> BTreeMap<String, String> {
        let own = self.notices.iter().map(|(code, text)| (code.clone(), text.clone()));
        NOTICES.iter().map(|(code, text)| ((*code).to_owned(), (*text).to_owned())).chain(own).collect()
    }

    /// What makes no sense: the key, and what to do.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        match self.kind.as_str() {
            "plugin" if self.plugin.is_none() => {
                return Err(("plugin", "expected the name of the plugin that translates".into()));
            }
            "libretranslate" if self.url.is_empty() => {
                return Err(("url", "expected an address that begins with https:// (or http://)".into()));
            }
            "plugin" | "libretranslate" => {}
            other => {
                let expected = "expected \"libretranslate\" or \"plugin\"";
                return Err(("kind", format!("there is no translator {other:?} here; {expected}")));
            }
        }
        if !(1..=60).contains(&self.timeout_seconds) {
            return Err(("timeout_seconds", "expected 1 to 60".into()));
        }
        if !(1..=50_000).contains(&self.text_max) {
            return Err(("text_max", "expected 1 to 50000".into()));
        }
        if self.notices.values().any(|text| text.trim().is_empty() || text.chars().count() > 200) {
            return Err(("notices", "a notice has 1 to 200 characters; contacts must be told".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_told_by_its_key() {
        let base = "kind = \"libretranslate\"\nurl = \"http://127.0.0.1:5000\"\n";
        for (text, key) in [
            ("", None),
            ("timeout_seconds = 0", Some("timeout_seconds")),
            ("text_max = 0", Some("text_max")),
            ("[notices]\nfr = \" \"", Some("notices")),
            ("notice = \"each\"\n[notices]\nfr = \"Traduit\"", None),
        ] {
            let config: TranslationConfig = toml::from_str(&format!("{base}{text}")).unwrap();
            assert_eq!(config.check().err().map(|(key, _)| key), key, "{text}");
        }
        let config: TranslationConfig =
            toml::from_str(&format!("{base}[notices]\nfr = \"Traduit\"")).unwrap();
        let notices = config.all_notices();
        assert_eq!(
            (notices["fr"].as_str(), notices["en"].as_str()),
            ("Traduit", "(Translated automatically)")
        );
        for (text, key) in
            [("kind = \"x\"", "kind"), ("kind = \"libretranslate\"", "url"), ("kind = \"plugin\"", "plugin")]
        {
            let config: TranslationConfig = toml::from_str(text).unwrap();
            assert_eq!(config.check().unwrap_err().0, key);
        }
    }
}
