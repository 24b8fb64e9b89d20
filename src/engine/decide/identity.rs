//! Who wrote: aliases lead to one identity of one contact, and new aliases are bound to it (SPEC §4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::keys;
use crate::domain::{
    Alias, AliasKind, ChannelId, ChannelKind, Contact, ContactId, DeliveryState, Direction, IdentityId,
    MessageId, MessageKind, Time, readable_address,
};
use crate::engine::Sender;
use crate::engine::limits::{ALIAS_CHARS, ALIASES, INBOUND_CHARS, NAME_CHARS, shorten};
use crate::engine::turn::Turn;
use crate::engine::world::{Identity, Leaving, Newest};

/// The aliases of a sender that are looked at, the surest first.
fn ordered(aliases: &[(AliasKind, String)]) -> Vec<(AliasKind, String)> {
    let rank = |kind: AliasKind| match kind {
        AliasKind::UserId => 0,
        AliasKind::ParentUserId => 1,
        AliasKind::WaId => 2,
        AliasKind::Email | AliasKind::Phone | AliasKind::Visitor | AliasKind::Account => 3,
        AliasKind::Username => 4,
    };
    let mut aliases: Vec<_> = aliases
        .iter()
        .filter(|(_, value)| !value.is_empty() && value.len() <= ALIAS_CHARS)
        .take(ALIASES)
        .map(|(kind, value)| (*kind, kind.kept(value)))
        .collect();
    aliases.sort_by_key(|(kind, _)| rank(*kind));
    aliases
}

impl Turn<'_> {
    /// The identity that one of these aliases belongs to, taken into the world if it was not there.
    pub(super) fn find_identity(
        &mut self,
        kind: ChannelKind,
        aliases: &[(AliasKind, String)],
    ) -> Option<IdentityId> {
        let given: Vec<_> = ordered(aliases).into_iter().filter(|alias| alias.0.identifies()).collect();
        // As given first: another spelling is the same person only if nobody has this one.
        let variants = given.iter().flat_map(|(alias_kind, value)| {
            alias_kind.variants(value).into_iter().map(|variant| (*alias_kind, variant))
        });
        let found = given.iter().find_map(|alias| self.identity_called(kind, alias));
        let identity_id =
            found.or_else(|| variants.into_iter().find_map(|alias| self.identity_called(kind, &alias)))?;
        if self.cold.of_identity.contains_key(&identity_id) {
            self.adopt_identity(identity_id);
        }
        Some(identity_id)
    }

    /// Takes a loaded identity into the world, with its contact and what it did last.
    pub(crate) fn adopt_identity(&mut self, identity_id: IdentityId) {
        let aliases = self.cold.of_identity.get(&identity_id).cloned().unwrap_or_default();
        let known = self.world.identities.get(&identity_id).map(|identity| identity.contact_id);
        let loaded = aliases.first().map(|alias| alias.contact_id);
        let Some(contact_id) = known.or(loaded) else { return };
        if let Some(contact) = self.cold.contacts.get(&contact_id) {
            self.world.add_contact(Contact::clone(contact));
        }
        for alias in aliases {
            self.world.add_alias(alias);
        }
        let newest: Vec<_> = self
            .cold
            .interactions
            .values()
            .filter(|row| row.identity_id == identity_id)
            .map(Arc::clone)
            .collect();
        for row in newest {
            self.world.note_newest(&row);
        }
        if let Some(identity) = self.world.identities.get_mut(&identity_id) {
            identity.whole = true;
        }
        if known.is_none() {
            self.leaves(Leaving::Identity(identity_id));
        }
    }

    /// The sender's identity: known, or new with a new contact.
    pub(super) fn identity(&mut self, kind: ChannelKind, sender: &Sender) -> Option<IdentityId> {
        if !sender.aliases.iter().any(|(alias, value)| alias.identifies() && !value.is_empty()) {
            return None;
        }
        let identity_id = match self.find_identity(kind, &sender.aliases) {
            Some(identity_id) => identity_id,
            None => self.new_identity(kind, sender.name.as_deref().unwrap_or_default()),
        };
        self.bind(identity_id, &sender.aliases);
        Some(identity_id)
    }

    /// A new contact with one address.
    pub(super) fn new_identity(&mut self, kind: ChannelKind, name: &str) -> IdentityId {
        let contact_id = self.new_contact(name);
        self.new_identity_of(contact_id, kind)
    }

    /// A new contact without an address.
    pub(super) fn new_contact(&mut self, name: &str) -> ContactId {
        let contact_id = ContactId(self.next_id());
        self.add_contact(Contact {
            contact_id,
            name: shorten(name, NAME_CHARS),
            language: None,
            vip: false,
            blocked: false,
            opted_out: false,
            created_at: self.now,
            attributes: BTreeMap::new(),
            merged: None,
        });
        self.leaves(Leaving::Person(contact_id));
        contact_id
    }

    /// A new address of a contact in the world.
    pub(super) fn new_identity_of(&mut self, contact_id: ContactId, kind: ChannelKind) -> IdentityId {
        let identity_id = IdentityId(self.next_id());
        let changed = self.world.changing();
        let identity = Identity {
            contact_id,
            kind,
            aliases: Vec::new(),
            newest: BTreeMap::new(),
            live: BTreeSet::new(),
            whole: true,
            changed,
        };
        self.world.identities.insert(identity_id, identity);
        if let Some(person) = self.world.people.get_mut(&contact_id) {
            person.identities.insert(identity_id);
        }
        self.leaves(Leaving::Identity(identity_id));
        identity_id
    }

    /// Binds aliases nobody has yet to an identity. One that is somebody else's stays theirs, except a user name: those pass
    /// from one person to another.
    pub(super) fn bind(&mut self, identity_id: IdentityId, aliases: &[(AliasKind, String)]) {
        let Some((kind, contact_id)) =
            self.world.identities.get(&identity_id).map(|identity| (identity.kind, identity.contact_id))
        else {
            return;
        };
        let mut before: Vec<(ContactId, BTreeSet<String>)> = Vec::new();
        for (alias_kind, value) in ordered(aliases) {
            let key = (kind, alias_kind, value.clone());
            let holder = self
                .world
                .aliases
                .get(&key)
                .copied()
                .or_else(|| self.cold.aliases.get(&key).map(|(identity_id, _)| *identity_id));
            if holder == Some(identity_id) || (holder.is_some() && alias_kind.identifies()) {
                continue;
            }
            let loser =
                holder.and_then(|other| self.world.identities.get(&other)).map(|other| other.contact_id);
            let concerned = loser.into_iter().chain([contact_id]);
            for contact_id in
                concerned.filter(|id| before.iter().all(|(known, _)| known != id)).collect::<Vec<_>>()
            {
                before.push((contact_id, self.words_of_contact(contact_id)));
            }
            if let Some(other) = holder.and_then(|other| self.world.identities.get_mut(&other)) {
                other.aliases.retain(|known| *known != (alias_kind, value.clone()));
                self.world.aliases.remove(&key);
            }
            let alias = Alias { kind, alias_kind, value, identity_id, contact_id };
            self.world.add_alias(alias.clone());
            self.dirty.aliases.insert(key, alias);
            let changed = self.world.changing();
            if let Some(identity) = self.world.identities.get_mut(&identity_id) {
                identity.changed = changed;
            }
        }
        for (contact_id, words) in before {
            self.words_changed(contact_id, &words);
        }
    }

    /// The address as people read it.
    pub(super) fn address_of(&self, identity_id: IdentityId) -> String {
        self.world
            .identities
            .get(&identity_id)
            .map(|identity| readable_address(&identity.aliases))
            .unwrap_or_default()
    }

    pub(super) fn newest(&self, identity_id: IdentityId, channel_id: &ChannelId) -> Option<Newest> {
        self.world.identities.get(&identity_id)?.newest.get(channel_id).copied()
    }

    /// The same person has new names: they lead to the same contact, and the conversation says so.
    pub(super) fn alias_changed(
        &mut self,
        channel_id: &ChannelId,
        old: &(AliasKind, String),
        new: &[(AliasKind, String)],
        (text, provider_id, at): (String, String, Time),
    ) {
        let key = keys::message(channel_id, &provider_id);
        if self.seen(&key) || self.message_known_as(channel_id, &provider_id).is_some() {
            return;
        }
        self.remember_key(key);
        let Some(kind) = self.world.channel(channel_id).map(|channel| channel.kind) else { return };
        let Some(identity_id) = self.find_identity(kind, std::slice::from_ref(old)) else { return };
        self.bind(identity_id, new);
        let Some(row) = self.world.current(identity_id, channel_id).cloned() else { return };
        let address = self.address_of(identity_id);
        self.edit(row.interaction_id, |row| row.address = address);
        let message_id = MessageId(self.next_id());
        let mut message = super::inbound::blank(message_id, row.interaction_id, self.now);
        message.kind = MessageKind::System;
        message.direction = Direction::In;
        message.state = DeliveryState::Received;
        message.text = shorten(&text, INBOUND_CHARS);
        message.provider_id = Some(provider_id);
        message.sent_at = at;
        self.add_message(channel_id, message);
        self.message_added(message_id);
    }

    /// Whether a key was seen before.
    pub(super) fn seen(&self, key: &str) -> bool {
        self.world.recent.dedupe.contains(key) || self.cold.dedupe.contains(key)
    }
}
