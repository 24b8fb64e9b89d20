//! Two contacts that turn out to be one person, and the way back (SPEC §5.11).
//!
//! Merging moves addresses, nothing else: each keeps its interactions, which follow their address. What moved is remembered, so
//! that parting the two again puts every address back.

use crate::domain::{Agent, Alias, ContactId, IdentityId, InteractionId, Merged, Permission};
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::Leaving;
use crate::engine::{Audience, EventKind, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    pub(super) fn merge_contact(&mut self, agent: &Agent, contact_id: ContactId, into: ContactId) -> Reply {
        let contact = self.contact_or_refuse(contact_id)?;
        self.contact_or_refuse(into)?;
        self.permit(agent, Permission::MergeContact)?;
        if contact_id == into {
            return Err(Refusal::new(RefusalKind::Invalid, "these are one contact already").field("into"));
        }
        self.adopt_contact(contact_id);
        self.adopt_contact(into);
        let identities: Vec<IdentityId> = self
            .world
            .people
            .get(&contact_id)
            .into_iter()
            .flat_map(|person| &person.identities)
            .copied()
            .collect();
        for identity_id in &identities {
            self.move_identity(*identity_id, into);
        }
        let merged = Merged { into, identities, by: agent.agent_id, at: self.now };
        self.edit_contact(contact_id, |contact| contact.merged = Some(merged));
        if contact.opted_out {
            // The person asked for it, under whichever name.
            self.edit_contact(into, |contact| contact.opted_out = true);
        }
        self.tell_merge(agent, contact_id, into, true);
        self.contact_answer(agent, into)
    }

    /// Takes a merge back: the addresses that came from there go back.
    pub(super) fn part_contact(&mut self, agent: &Agent, contact_id: ContactId, into: ContactId) -> Reply {
        let Some(contact) = self.contact(contact_id) else {
            return refuse(RefusalKind::NotFound, format!("there is no contact {contact_id}"));
        };
        self.contact_or_refuse(into)?;
        self.permit(agent, Permission::MergeContact)?;
        let Some(merged) = contact.merged.clone().filter(|merged| merged.into == into) else {
            let message = format!("{contact_id} is not merged into {into}");
            return Err(Refusal::new(RefusalKind::Invalid, message).field("into"));
        };
        self.adopt_contact(into);
        self.adopt_contact(contact_id);
        for identity_id in &merged.identities {
            if self.owner_of(*identity_id) == Some(into) {
                self.move_identity(*identity_id, contact_id);
            }
        }
        self.edit_contact(contact_id, |contact| contact.merged = None);
        self.tell_merge(agent, contact_id, into, false);
        self.contact_changed(contact_id, Some(agent.agent_id));
        self.contact_answer(agent, contact_id)
    }

    fn tell_merge(&mut self, agent: &Agent, contact_id: ContactId, into: ContactId, merged: bool) {
        self.contact_changed(into, Some(agent.agent_id));
        let kind = EventKind::ContactMerged { contact_id, into, merged, by: agent.agent_id };
        let audience = Audience { agents: vec![agent.agent_id], supervisors: true, administrators: true };
        self.global_event(kind, audience, None);
    }

    /// Gives an address, with its work that has not ended, to another contact. Both are in the world.
    pub(super) fn move_identity(&mut self, identity_id: IdentityId, to: ContactId) {
        self.adopt_identity(identity_id);
        let changed = self.world.changing();
        let Some(identity) = self.world.identities.get(&identity_id) else { return };
        let from = identity.contact_id;
        let before = [from, to].map(|contact_id| (contact_id, self.words_of_contact(contact_id)));
        let Some(identity) = self.world.identities.get_mut(&identity_id) else { return };
        identity.contact_id = to;
        identity.changed = changed;
        let (kind, aliases) = (identity.kind, identity.aliases.clone());
        let live: Vec<InteractionId> = identity.live.iter().copied().collect();
        for (contact_id, holds) in [(from, false), (to, true)] {
            let Some(person) = self.world.people.get_mut(&contact_id) else { continue };
            if holds {
                person.identities.insert(identity_id);
            } else {
                person.identities.remove(&identity_id);
            }
            self.leaves(Leaving::Person(contact_id));
        }
        for (alias_kind, value) in aliases {
            let key = (kind, alias_kind, value.clone());
            let alias = Alias { kind, alias_kind, value, identity_id, contact_id: to };
            self.dirty.aliases.insert(key, alias);
        }
        for interaction_id in live {
            self.edit(interaction_id, |row| row.contact_id = to);
        }
        for (contact_id, words) in before {
            self.words_changed(contact_id, &words);
        }
        self.leaves(Leaving::Identity(identity_id));
    }
}
