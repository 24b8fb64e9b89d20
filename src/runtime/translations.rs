//! Has messages translated, once for each effect, and remembers what was translated lately. It decides nothing: what is sent
//! for translation, and whether an answer does, is the engine's.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::outbox::Gate;
use crate::clock::Clock;
use crate::domain::{Masked, Span, Time};
use crate::port::{Language, Translator, TranslatorError};

/// Texts that are with the translator at once, and those that wait. A translator of one's own computes on one or two cores.
const AT_ONCE_MAX: usize = 8;
const WAITING_MAX: usize = 1_000;
/// Translations that are remembered, their bytes together, and for how long. It spares the translator what agents say all
/// day; it stays short, so that nothing of an erased contact is here an hour later.
const KEPT_MAX: usize = 2_000;
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;
const KEPT_FOR: Span = Span::hours(1);

type Key = [u8; 32];

/// The way to a translator.
pub(crate) struct Translations {
    translator: Arc<dyn Translator>,
    clock: Arc<Clock>,
    gate: Gate,
    kept: Mutex<Kept>,
    languages: tokio::sync::Mutex<Option<(Time, Vec<Language>)>>,
}

impl Translations {
    pub(crate) fn new(translator: Arc<dyn Translator>, clock: Arc<Clock>) -> Self {
        Self {
            translator,
            clock,
            gate: Gate::new(AT_ONCE_MAX, WAITING_MAX),
            kept: Mutex::default(),
            languages: tokio::sync::Mutex::default(),
        }
    }

    /// Translates a text, or tells why not as a key that clients translate.
    pub(crate) async fn translate(
        &self,
        from: &str,
        to: &str,
        text: &str,
    ) -> Result<String, TranslatorError> {
        let key = key(from, to, text);
        if let Some(known) = self.kept().get(&key, self.clock.now()) {
            return Ok(known.to_string());
        }
        let Some(_place) = self.gate.enter().await else { return Err(TranslatorError::Busy) };
        let translated = self.translator.translate(from, to, text).await?;
        // One that lost a mark will be asked for again, and must not come from here.
        if Masked::survives(text, &translated) {
            self.kept().put(key, &translated, self.clock.now());
        }
        Ok(translated)
    }

    /// What the translator can do; asked at most once an hour.
    pub(crate) async fn languages(&self) -> Result<Vec<Language>, TranslatorError> {
        let now = self.clock.now();
        let mut known = self.languages.lock().await;
        if let Some((since, languages)) = &*known
            && now - *since < KEPT_FOR
        {
            return Ok(languages.clone());
        }
        let languages = self.translator.languages().await?;
        *known = Some((now, languages.clone()));
        Ok(languages)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(from: &str, to: &str, text: &str) -> Key {
    let mut hasher = Sha256::new();
    for part in [from, to, text] {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// What was translated lately, oldest first.
#[derive(Debug, Default)]
struct Kept {
    texts: HashMap<Key, Arc<str>>,
    order: VecDeque<(Time, Key)>,
    bytes: usize,
}

impl Kept {
    fn get(&mut self, key: &Key, now: Time) -> Option<Arc<str>> {
        self.forget(now);
        self.texts.get(key).cloned()
    }

    fn put(&mut self, key: Key, text: &str, now: Time) {
        if text.len() > KEPT_BYTES_MAX || self.texts.contains_key(&key) {
            return;
        }
        self.bytes += text.len();
        self.texts.insert(key, text.into());
        self.order.push_back((now, key));
        self.forget(now);
    }

    fn forget(&mut self, now: Time) {
        while let Some((since, key)) = self.order.front().copied() {
            let too_many = self.order.len() > KEPT_MAX || self.bytes > KEPT_BYTES_MAX;
            if !too_many && now - since < KEPT_FOR {
                return;
            }
            self.order.pop_front();
            if let Some(text) = self.texts.remove(&key) {
                self.bytes -= text.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_so_large_and_so_long() {
        let mut kept = Kept::default();
        let number = |n: usize| key("fr", "en", &n.to_string());
        for n in 0..=KEPT_MAX {
            kept.put(number(n), "x", Time(0));
        }
        assert_eq!((kept.texts.len(), kept.bytes), (KEPT_MAX, KEPT_MAX));
        assert!(kept.get(&number(0), Time(0)).is_none() && kept.get(&number(1), Time(0)).is_some());
        kept.put(number(9_000_000), &"x".repeat(KEPT_BYTES_MAX), Time(1));
        assert_eq!((kept.texts.len(), kept.bytes), (1, KEPT_BYTES_MAX));
        kept.put(number(9_000_001), &"x".repeat(KEPT_BYTES_MAX + 1), Time(1));
        assert!(kept.get(&number(9_000_001), Time(1)).is_none());
        assert!(kept.get(&number(9_000_000), Time(KEPT_FOR.0)).is_some());
        assert!(kept.get(&number(9_000_000), Time(KEPT_FOR.0 + 1)).is_none());
        assert_ne!(key("a", "bc", "d"), key("ab", "c", "d"));
    }
}
