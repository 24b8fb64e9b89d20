//! Contacts as people know them: read, changed, blocked, opted out (SPEC §5.11, §6).

use std::collections::BTreeSet;

use super::access::involved;
use crate::domain::{
    Agent, AgentId, Alias, AliasKind, CardSection, ChannelKind, Contact, ContactId, IdentityId,
    InteractionId, Ownership, Permission, readable_address,
};
use crate::engine::limits::{
    ADDRESSES, ALIAS_CHARS, ATTRIBUTE_CHARS, ATTRIBUTE_NAME_CHARS, ATTRIBUTES, NAME_CHARS, fits,
};
use crate::engine::turn::{About, Turn, refuse};
use crate::engine::world::Leaving;
use crate::engine::{
    Address, Answer, ContactChanges, ContactCommand, ContactView, Event, EventKind, EventRow, Refusal,
    RefusalKind, Reply,
};

/// Changes that may be made.
struct Checked {
    add: Vec<(ChannelKind, (AliasKind, String))>,
    remove: BTreeSet<IdentityId>,
}

impl Turn<'_> {
    pub(super) fn contact_command(&mut self, agent: &Agent, command: ContactCommand) -> Reply {
        match command {
            ContactCommand::Get { contact_id } => self.get_contact(agent, contact_id),
            ContactCommand::Save { contact_id, changes } => self.save_contact_by(agent, contact_id, changes),
            ContactCommand::Merge { contact_id, into } => self.merge_contact(agent, contact_id, into),
            ContactCommand::Part { contact_id, into } => self.part_contact(agent, contact_id, into),
            ContactCommand::Block { contact_id, blocked } => self.block_contact(agent, contact_id, blocked),
            ContactCommand::OptOut { contact_id, opted_out } => self.opt_out(agent, contact_id, opted_out),
        }
    }

    fn get_contact(&self, agent: &Agent, contact_id: ContactId) -> Reply {
        let answer = self.contact_answer(agent, contact_id)?;
        self.permit(agent, Permission::Card)?;
        Ok(answer)
    }

    pub(super) fn contact_answer(&self, agent: &Agent, contact_id: ContactId) -> Reply {
        let Some(contact) = self.contact(contact_id) else {
            return refuse(RefusalKind::NotFound, format!("there is no contact {contact_id}"));
        };
        let addresses = self.addresses_of(contact_id).into_iter().map(|(identity_id, known)| Address {
            identity_id,
            kind: known.kind,
            address: readable_address(&known.aliases),
            aliases: known.aliases,
        });
        let addresses = addresses.collect();
        let history = self.may_see_history(agent, contact_id);
        Ok(Answer::Contact(Box::new(ContactView { contact, addresses, history })))
    }

    /// Past work is for who has work with the contact now, and who supervises.
    fn may_see_history(&self, agent: &Agent, contact_id: ContactId) -> bool {
        let works = || self.live_of(contact_id).into_iter().filter_map(|id| self.world.work(id));
        self.may(agent, Permission::Supervise) || works().any(|row| involved(row, agent.agent_id))
    }

    /// A contact's work that has not ended.
    pub(super) fn live_of(&self, contact_id: ContactId) -> Vec<InteractionId> {
        let person = self.world.people.get(&contact_id);
        let identities = person.iter().flat_map(|person| &person.identities);
        let live =
            identities.filter_map(|id| self.world.identities.get(id)).flat_map(|identity| &identity.live);
        let open = |id: &InteractionId| self.world.work(*id).is_some_and(|row| row.ended_at.is_none());
        live.copied().filter(open).collect()
    }

    /// Tells everybody who has work with a contact that it changed.
    pub(super) fn contact_changed(&mut self, contact_id: ContactId, by: Option<AgentId>) {
        for interaction_id in self.live_of(contact_id) {
            let kind = EventKind::ContactChanged { contact_id, by };
            self.event(interaction_id, kind, About::default());
        }
    }

    /// Changes a contact, or makes one.
    pub(super) fn save_contact_by(
        &mut self,
        agent: &Agent,
        contact_id: Option<ContactId>,
        changes: ContactChanges,
    ) -> Reply {
        let known = match contact_id {
            Some(contact_id) => Some(self.contact_or_refuse(contact_id)?),
            None => None,
        };
        self.permit(agent, Permission::EditContact)?;
        check_texts(known.as_deref(), &changes)?;
        let Checked { add, remove } = self.check_addresses(known.as_deref(), &changes)?;
        let contact_id = if let Some(known) = known {
            self.adopt_contact(known.contact_id);
            known.contact_id
        } else {
            self.new_contact("")
        };
        let ContactChanges { name, language, vip, attributes, .. } = changes;
        self.edit_contact(contact_id, |contact| {
            contact.name = name.unwrap_or_else(|| std::mem::take(&mut contact.name));
            if let Some(language) = language {
                contact.language = Some(language).filter(|text| !text.is_empty());
            }
            contact.vip = vip.unwrap_or(contact.vip);
            for (key, value) in attributes {
                match value.filter(|text| !text.is_empty()) {
                    Some(value) => contact.attributes.insert(key, value),
                    None => contact.attributes.remove(&key),
                };
            }
        });
        for (kind, alias) in add {
            let identity_id = self.new_identity_of(contact_id, kind);
            self.bind(identity_id, &[alias]);
        }
        for identity_id in remove {
            // The address stays what it is, with all that was said there: it is only not this person's.
            let nobody = self.new_contact("");
            self.move_identity(identity_id, nobody);
        }
        self.contact_changed(contact_id, Some(agent.agent_id));
        self.contact_answer(agent, contact_id)
    }

    fn check_addresses(&self, known: Option<&Contact>, changes: &ContactChanges) -> Result<Checked, Refusal> {
        let mut checked = Checked { add: Vec::new(), remove: BTreeSet::new() };
        let owner = known.map(|contact| contact.contact_id);
        for (kind, address) in &changes.remove {
            let spellings = self.spellings(*kind, address, "remove_addresses")?;
            let identity_id = spellings.iter().find_map(|alias| self.identity_called(*kind, alias));
            let Some(identity_id) = identity_id.filter(|id| self.owner_of(*id) == owner && owner.is_some())
            else {
                let message = format!("this contact has no such {kind} address");
                return Err(Refusal::new(RefusalKind::Invalid, message).field("remove_addresses"));
            };
            let live = self.world.identities.get(&identity_id).map(|identity| &identity.live);
            let open = |id: &InteractionId| self.world.work(*id).is_some_and(|row| row.ended_at.is_none());
            if live.into_iter().flatten().any(open) {
                let message = "there is open work with this address; end it first";
                return Err(Refusal::new(RefusalKind::WrongStatus, message).field("remove_addresses"));
            }
            checked.remove.insert(identity_id);
        }
        for (kind, address) in &changes.add {
            let spellings = self.spellings(*kind, address, "add_addresses")?;
            let holder = spellings.iter().find_map(|alias| self.identity_called(*kind, alias));
            match holder.and_then(|identity_id| self.owner_of(identity_id)) {
                Some(other) if Some(other) != owner => {
                    let message =
                        format!("this address is {other}'s; if that is the same person, merge the two");
                    let refusal = Refusal::new(RefusalKind::Invalid, message).field("add_addresses");
                    return Err(refusal.choices([other.to_string()]));
                }
                Some(_) => {}
                None => checked.add.extend(spellings.into_iter().take(1).map(|alias| (*kind, alias))),
            }
        }
        let kept = owner.map_or(0, |contact_id| self.addresses_of(contact_id).len());
        if kept + checked.add.len() > ADDRESSES {
            let message = format!("a contact has at most {ADDRESSES} addresses");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("add_addresses"));
        }
        Ok(checked)
    }

    /// What an address of a kind of channel may be called here, as that kind's accounts declare it.
    fn spellings(
        &self,
        kind: ChannelKind,
        address: &str,
        field: &str,
    ) -> Result<Vec<(AliasKind, String)>, Refusal> {
        let wrong = |message: String| Refusal::new(RefusalKind::Invalid, message).field(field);
        fits(field, address, ALIAS_CHARS)?;
        let Some(channel) = self.world.channels_of(kind).next() else {
            return Err(wrong(format!("there is no channel of the kind {kind}")));
        };
        let spellings = super::keys::spellings_of_address(&channel.abilities, address);
        if spellings.is_empty() {
            return Err(wrong(format!("this is no {kind} address; write it in full, with the country code")));
        }
        Ok(spellings)
    }

    /// Messages of a blocked contact reach nobody; its work that nobody has ends.
    pub(super) fn block_contact(&mut self, agent: &Agent, contact_id: ContactId, blocked: bool) -> Reply {
        let contact = self.contact_or_refuse(contact_id)?;
        self.permit(agent, Permission::BlockContact)?;
        if contact.blocked == blocked {
            return self.contact_answer(agent, contact_id);
        }
        self.adopt_contact(contact_id);
        self.edit_contact(contact_id, |contact| contact.blocked = blocked);
        self.contact_changed(contact_id, Some(agent.agent_id));
        if blocked {
            let unowned = |id: &InteractionId| {
                self.world.work(*id).is_some_and(|row| row.ownership != Ownership::Assigned)
            };
            let ends: Vec<InteractionId> = self.live_of(contact_id).into_iter().filter(unowned).collect();
            for interaction_id in ends {
                self.end(interaction_id, Some(agent.agent_id));
            }
        }
        self.contact_answer(agent, contact_id)
    }

    /// The contact wants no more messages that it did not ask for, or wants them again. Who writes is still answered.
    pub(super) fn opt_out(&mut self, agent: &Agent, contact_id: ContactId, opted_out: bool) -> Reply {
        let contact = self.contact_or_refuse(contact_id)?;
        self.permit(agent, Permission::EditContact)?;
        if contact.opted_out != opted_out {
            self.adopt_contact(contact_id);
            self.edit_contact(contact_id, |contact| contact.opted_out = opted_out);
            self.contact_changed(contact_id, Some(agent.agent_id));
        }
        self.contact_answer(agent, contact_id)
    }

    /// Takes a loaded contact into the world with all its addresses.
    pub(super) fn adopt_contact(&mut self, contact_id: ContactId) {
        if let Some(contact) = self.cold.contacts.get(&contact_id) {
            self.world.add_contact(contact.as_ref().clone());
        }
        let of_contact =
            |aliases: &Vec<Alias>| aliases.first().is_some_and(|alias| alias.contact_id == contact_id);
        let identities: Vec<_> = self
            .cold
            .of_identity
            .iter()
            .filter(|(_, aliases)| of_contact(aliases))
            .map(|(identity_id, _)| *identity_id)
            .collect();
        for identity_id in identities {
            self.adopt_identity(identity_id);
        }
        self.leaves(Leaving::Person(contact_id));
    }

    /// A section of a card has come, or will not: who has work with the contact and may read cards is told.
    pub(super) fn card_section(&mut self, contact_id: ContactId, section: &CardSection) {
        for interaction_id in self.live_of(contact_id) {
            let Ok(row) = self.work(interaction_id) else { continue };
            let mut audience = self.audience(&row, None);
            audience
                .agents
                .retain(|id| self.world.desks.get(id).is_some_and(|desk| desk.role.may(Permission::Card)));
            let event = Event {
                seq: 0,
                time: self.now,
                interaction_id: Some(interaction_id),
                revision: row.revision,
                kind: EventKind::CardChanged { contact_id, section: section.clone() },
                audience,
            };
            self.passing.push(EventRow {
                event,
                interaction: None,
                contact: None,
                message: None,
                note: None,
                agent: None,
                draft: None,
            });
        }
    }
}

fn check_texts(known: Option<&Contact>, changes: &ContactChanges) -> Result<(), Refusal> {
    if let Some(name) = &changes.name {
        fits("name", name, NAME_CHARS)?;
    }
    if let Some(language) = &changes.language
        && !(language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !language.is_empty()
    {
        let message = "a language is two small letters, such as fr";
        return Err(Refusal::new(RefusalKind::Invalid, message).field("language"));
    }
    let named = changes.name.as_ref().is_some_and(|name| !name.trim().is_empty());
    if known.is_none() && !named && changes.add.is_empty() {
        let message = "a contact has a name, or an address";
        return Err(Refusal::new(RefusalKind::Invalid, message).field("name"));
    }
    for (key, value) in &changes.attributes {
        if key.trim().is_empty() {
            return Err(Refusal::new(RefusalKind::Invalid, "an attribute has a name").field("attributes"));
        }
        fits("attributes", key, ATTRIBUTE_NAME_CHARS)?;
        fits("attributes", value.as_deref().unwrap_or_default(), ATTRIBUTE_CHARS)?;
    }
    let before = known.map(|contact| &contact.attributes);
    let is_set = |value: &Option<String>| value.as_ref().is_some_and(|text| !text.is_empty());
    let untouched =
        before.iter().flat_map(|all| all.keys()).filter(|key| !changes.attributes.contains_key(*key));
    let count = untouched.count() + changes.attributes.values().filter(|value| is_set(value)).count();
    if count > ATTRIBUTES {
        let message = format!("a contact has at most {ATTRIBUTES} attributes");
        return Err(Refusal::new(RefusalKind::TooLarge, message).field("attributes"));
    }
    Ok(())
}
