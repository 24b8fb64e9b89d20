//! Asks card providers, never makes anybody wait for them, and remembers for a while what they said (SPEC §5.11).
//!
//! A section that is not here yet is `pending`; when it has come, or its time is over, the engine is told, and through it
//! everybody who has work with that contact. It decides nothing about who may see a card.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::domain::{CardField, CardSection, ContactId, SectionState, Span, Time};
use crate::engine::Input;
use crate::port::{CardProvider, CardSubject};

/// How long a provider may take (SPEC §5.11).
const PATIENCE: Span = Span::seconds(2);
/// For how long an answer is good: the length of a conversation's beginning.
const FRESH: Span = Span::minutes(5);
/// For how long a provider that did not answer is not asked again about the same contact.
const STALE: Span = Span::seconds(30);
/// Sections remembered.
const SECTIONS_MAX: usize = 2_000;
/// Sections asked for at once. What is asked beyond that is unavailable for now.
const ASKED_MAX: usize = 64;
/// What is kept of one section.
const FIELDS_MAX: usize = 50;
const LABEL_CHARS: usize = 100;
const VALUE_CHARS: usize = 1_000;

type Tell = Arc<dyn Fn(Input) + Send + Sync>;

/// The providers and what they said.
#[derive(Clone)]
pub(crate) struct Cards(Arc<Inner>);

struct Inner {
    providers: Vec<Arc<dyn CardProvider>>,
    clock: Arc<Clock>,
    tell: Tell,
    kept: Mutex<Kept>,
}

/// A contact's section: contact and the provider's place.
type Key = (ContactId, usize);

#[derive(Default)]
struct Kept {
    sections: HashMap<Key, Entry>,
    asked: usize,
}

enum Entry {
    Asked,
    Said { fields: Option<Vec<CardField>>, until: Time },
}

impl Cards {
    pub(crate) fn new(providers: Vec<Arc<dyn CardProvider>>, clock: Arc<Clock>, tell: Tell) -> Self {
        Self(Arc::new(Inner { providers, clock, tell, kept: Mutex::default() }))
    }

    /// What is known now, in the providers' order. What is missing is asked for.
    pub(crate) fn sections(&self, subject: &CardSubject) -> Vec<CardSection> {
        let places = 0..self.0.providers.len();
        places.filter_map(|place| self.section(place, subject)).collect()
    }

    fn section(&self, place: usize, subject: &CardSubject) -> Option<CardSection> {
        let provider = self.0.providers.get(place)?;
        let (key, now) = ((subject.contact_id, place), self.0.clock.now());
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.sections.get(&key) {
            Some(Entry::Asked) => return Some(section(&**provider, SectionState::Pending, Vec::new())),
            Some(Entry::Said { fields, until }) if now < *until => {
                return Some(said(&**provider, fields.clone()));
            }
            Some(Entry::Said { .. }) | None => {}
        }
        if kept.asked >= ASKED_MAX {
            return Some(said(&**provider, None));
        }
        kept.make_room(now);
        kept.asked += 1;
        kept.sections.insert(key, Entry::Asked);
        drop(kept);
        tokio::spawn(self.clone().ask(place, subject.clone()));
        Some(section(&**provider, SectionState::Pending, Vec::new()))
    }

    async fn ask(self, place: usize, subject: CardSubject) {
        let Some(provider) = self.0.providers.get(place) else { return };
        // If the provider panics, its place must not stay taken for ever.
        let mut owed = Owed { cards: &self, key: (subject.contact_id, place), fields: None };
        let deadline = self.0.clock.now() + PATIENCE;
        tokio::select! {
            answer = provider.section(&subject) => match answer {
                Ok(fields) => owed.fields = Some(trimmed(fields)),
                Err(error) => {
                    tracing::warn!(provider = provider.name(), %error, "a card's section could not be had");
                }
            },
            () = self.0.clock.until(Some(deadline)) => {
                tracing::warn!(provider = provider.name(), "a card's section did not come in time");
            }
        }
    }
}

/// What is owed to those who saw "pending": an end of it.
struct Owed<'a> {
    cards: &'a Cards,
    key: Key,
    fields: Option<Vec<CardField>>,
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        let inner = &self.cards.0;
        let Some(provider) = inner.providers.get(self.key.1) else { return };
        let fields = self.fields.take();
        let good = if fields.is_some() { FRESH } else { STALE };
        let entry = Entry::Said { fields: fields.clone(), until: inner.clock.now() + good };
        let mut kept = inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.asked = kept.asked.saturating_sub(1);
        kept.sections.insert(self.key, entry);
        drop(kept);
        (inner.tell)(Input::CardSection { contact_id: self.key.0, section: said(&**provider, fields) });
    }
}

impl Kept {
    /// Forgets what is not good any more; if that is too little, everything that is not being asked for.
    fn make_room(&mut self, now: Time) {
        if self.sections.len() < SECTIONS_MAX {
            return;
        }
        self.sections.retain(|_, entry| match entry {
            Entry::Asked => true,
            Entry::Said { until, .. } => now < *until,
        });
        if self.sections.len() >= SECTIONS_MAX {
            self.sections.retain(|_, entry| matches!(entry, Entry::Asked));
        }
    }
}

fn said(provider: &dyn CardProvider, fields: Option<Vec<CardField>>) -> CardSection {
    let state = if fields.is_some() { SectionState::Ready } else { SectionState::Unavailable };
    section(provider, state, fields.unwrap_or_default())
}

fn section(provider: &dyn CardProvider, state: SectionState, fields: Vec<CardField>) -> CardSection {
    CardSection { provider: provider.name().to_owned(), title: provider.title().to_owned(), state, fields }
}

/// What a screen can show of it. A link that is not one of the web's leads nowhere good.
fn trimmed(fields: Vec<CardField>) -> Vec<CardField> {
    let short = |text: &str, max: usize| text.chars().take(max).collect();
    let fields = fields.into_iter().take(FIELDS_MAX).map(|field| CardField {
        label: short(&field.label, LABEL_CHARS),
        value: short(&field.value, VALUE_CHARS),
        link: field.link.filter(|link| link.starts_with("https://") && link.len() <= VALUE_CHARS),
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_an_end() {
        let mut kept = Kept::default();
        let entry = |until| Entry::Said { fields: None, until: Time(until) };
        for n in 0..SECTIONS_MAX {
            kept.sections.insert((ContactId(n.try_into().unwrap()), 0), entry(10));
        }
        kept.sections.insert((ContactId(0), 1), Entry::Asked);
        kept.sections.insert((ContactId(0), 2), entry(30));
        kept.make_room(Time(20));
        assert_eq!(kept.sections.len(), 2);
        for n in 0..SECTIONS_MAX {
            kept.sections.insert((ContactId(n.try_into().unwrap()), 0), entry(30));
        }
        kept.make_room(Time(20));
        assert_eq!(kept.sections.len(), 1);
    }

    #[test]
    fn a_section_is_trimmed_to_what_can_be_shown() {
        let field = |label: &str, value: &str, link: Option<&str>| CardField {
            label: label.into(),
            value: value.into(),
            link: link.map(str::to_owned),
        };
        let many = vec![field("é", "x", Some("javascript:alert(1)")); FIELDS_MAX + 1];
        let shown = trimmed(many);
        assert_eq!((shown.len(), shown.first().and_then(|field| field.link.clone())), (FIELDS_MAX, None));
        let long = trimmed(vec![field(&"é".repeat(101), &"é".repeat(1_001), Some("https://crm.example/1"))]);
        let lengths: Vec<_> = long
            .iter()
            .map(|f| (f.label.chars().count(), f.value.chars().count(), f.link.is_some()))
            .collect();
        assert_eq!(lengths, [(LABEL_CHARS, VALUE_CHARS, true)]);
    }
}
