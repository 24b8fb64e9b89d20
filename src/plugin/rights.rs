//! What a plugin may, in the form in which it is checked. It is made from what was asked for once all of that is granted.

use std::collections::BTreeSet;

use reqwest::Url;
use serde_json::{Map, Value};

use super::manifest::Manifest;

/// Events that plugins may be told: those of the log that say something of work. The rest is the agents' own business.
pub(crate) const EVENTS: [&str; 20] = [
    "interaction.created",
    "interaction.queued",
    "interaction.offered",
    "interaction.offer_ended",
    "interaction.assigned",
    "interaction.transferred",
    "interaction.detached",
    "interaction.status_changed",
    "interaction.outcome_set",
    "interaction.closed",
    "interaction.window_changed",
    "interaction.converted",
    "interaction.snoozed",
    "message.added",
    "message.changed",
    "message.reaction",
    "note.added",
    "tag.changed",
    "timer.changed",
    "contact.changed",
];
/// What may be learnt of contacts.
pub(crate) const FIELDS: [&str; 5] = ["name", "language", "vip", "address", "attributes"];
/// The most that one plugin may keep: all of it stands in memory while it runs.
const KV_MAX: usize = 16 * 1024 * 1024;

/// What a plugin may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) bot: bool,
    pub(crate) survey: bool,
    pub(crate) events: BTreeSet<String>,
    pub(crate) texts: bool,
    pub(crate) contacts: BTreeSet<String>,
    pub(crate) http: BTreeSet<String>,
    pub(crate) private_network: bool,
    /// Bytes.
    pub(crate) kv: usize,
    pub(crate) schedule: bool,
    pub(crate) webhook: bool,
    pub(crate) translator: bool,
    pub(crate) card: bool,
    pub(crate) secrets: BTreeSet<String>,
}

impl Rights {
    /// What a manifest comes to. `Err`: the key that makes no sense, and why.
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, (&'static str, String)> {
        let asked = &manifest.capabilities;
        among("events", &asked.events, &EVENTS)?;
        among("messages", &asked.messages, &["read"])?;
        among("contacts", &asked.contacts, &FIELDS)?;
        for address in &asked.http {
            let setting = address.strip_prefix("setting:");
            let fits = match setting {
                Some(key) => manifest.settings.iter().any(|setting| setting.key == key),
                None => Url::parse(address).is_ok_and(|url| is_web(&url) && !url.path().is_empty()),
            };
            if !fits {
                let problem = format!(
                    "http: {address:?} is neither the beginning of an address, such as \"https://api.example.com/v1/\", nor \
                     \"setting:KEY\""
                );
                return Err(("http", problem));
            }
        }
        let kv = asked.kv.as_deref().map_or(Some(0), size).filter(|size| *size <= KV_MAX);
        let Some(kv) = kv else {
            return Err((
                "kv",
                "kv takes a size such as \"64KiB\" or \"1MiB\", at most \"16MiB\"".to_owned(),
            ));
        };
        Ok(Self {
            bot: asked.bot,
            survey: asked.survey,
            events: asked.events.clone(),
            texts: asked.messages.contains("read"),
            contacts: asked.contacts.clone(),
            http: asked.http.clone(),
            private_network: asked.private_network,
            kv,
            schedule: asked.schedule,
            webhook: asked.webhook,
            translator: asked.translator,
            card: asked.card.is_some(),
            secrets: manifest.secrets().map(str::to_owned).collect(),
        })
    }

    /// Whether an address may be called, its settings being as they are.
    pub(crate) fn may_call(&self, url: &Url, settings: &Map<String, Value>) -> bool {
        self.http.iter().any(|allowed| {
            let base = match allowed.strip_prefix("setting:") {
                Some(key) => settings.get(key).and_then(Value::as_str).unwrap_or_default(),
                None => allowed,
            };
            Url::parse(base).is_ok_and(|base| begins(url, &base))
        })
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http") && url.has_host() && url.username().is_empty()
}

/// Whether an address lies under another: same scheme, host and port, and its path begins so, whole segments only.
fn begins(url: &Url, base: &Url) -> bool {
    let folder = base.path();
    let under = url.path() == folder
        || url.path().strip_prefix(folder).is_some_and(|rest| folder.ends_with('/') || rest.starts_with('/'));
    // An encoded slash or dot may mean another path to the server than to us.
    let plain = !url.path().to_ascii_lowercase().contains("%2");
    is_web(url)
        && is_web(base)
        && url.scheme() == base.scheme()
        && url.host_str() == base.host_str()
        && url.port_or_known_default() == base.port_or_known_default()
        && under
        && plain
}

fn among(key: &'static str, given: &BTreeSet<String>, known: &[&str]) -> Result<(), (&'static str, String)> {
    let Some(word) = given.iter().find(|word| !known.contains(&word.as_str())) else { return Ok(()) };
    let near = crate::lua::nearest(word, known.iter().copied());
    let meant = near
        .map_or_else(|| format!("expected {}", known.join(", ")), |near| format!("did you mean {near:?}?"));
    Err((key, format!("{key}: there is no {word:?}; {meant}")))
}

/// `64KiB`, `1MiB` → bytes.
fn size(text: &str) -> Option<usize> {
    let units = [("KiB", 1024), ("MiB", 1024 * 1024)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    number.parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_under_what_was_granted() {
        let rights = Rights {
            http: ["https://api.example.com/v1/", "http://one.example/only", "setting:url"]
                .map(str::to_owned)
                .into(),
            ..Rights::default()
        };
        let settings = serde_json::json!({ "url": "http://10.0.0.5:5000" });
        for (url, may) in [
            ("https://api.example.com/v1/translate?x=1", true),
            ("https://api.example.com/v1/", true),
            ("https://api.example.com/v1", false),
            ("https://api.example.com/v2/translate", false),
            ("https://api.example.com/v1/../v2/x", false),
            ("https://api.example.com/v1/%2e%2e/v2", false),
            ("https://api.example.com/v1/a%2f..%2f..%2fv2", false),
            ("http://api.example.com/v1/x", false),
            ("https://api.example.com:444/v1/x", false),
            ("https://api.example.com.evil.example/v1/x", false),
            ("https://api.example.com@evil.example/v1/x", false),
            ("https://user@api.example.com/v1/x", false),
            ("http://one.example/only", true),
            ("http://one.example/only/x", true),
            ("http://one.example/onlyx", false),
            ("http://10.0.0.5:5000/translate", true),
            ("http://10.0.0.5:5001/translate", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(rights.may_call(&url, settings.as_object().unwrap()), may, "{url}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(
            (size("1"), size("1MB"), size("-1KiB"), size("99999999999999999999MiB")),
            (None, None, None, None)
        );
    }
}
