//! Keeps the words by which a contact is found in step with its name and addresses.

use std::collections::BTreeSet;

use super::turn::Turn;
use crate::domain::{ContactId, words_of, words_of_alias};

impl Turn<'_> {
    /// What a contact is found by, as far as it is in the world. Who was merged is found under the other.
    pub(crate) fn words_of_contact(&self, contact_id: ContactId) -> BTreeSet<String> {
        let Some(person) = self.world.people.get(&contact_id) else { return BTreeSet::new() };
        if person.contact.merged.is_some() {
            return BTreeSet::new();
        }
        let mut words = words_of(&person.contact.name);
        let identities = person.identities.iter().filter_map(|id| self.world.identities.get(id));
        for (alias_kind, value) in identities.flat_map(|identity| &identity.aliases) {
            words.extend(words_of_alias(*alias_kind, value));
        }
        words
    }

    /// A contact's name or addresses changed: what it is found by now, compared with before.
    pub(crate) fn words_changed(&mut self, contact_id: ContactId, before: &BTreeSet<String>) {
        let after = self.words_of_contact(contact_id);
        for word in before.difference(&after) {
            self.dirty.words.insert((word.clone(), contact_id), false);
        }
        for word in after.difference(before) {
            self.dirty.words.insert((word.clone(), contact_id), true);
        }
    }
}
