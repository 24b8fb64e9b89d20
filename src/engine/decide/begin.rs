//! Work that an agent begins, as outbound or by going on elsewhere: to whom, whose it is already, under which skill, and
//! with which first message (SPEC §2, §5.3, §5.6).
//!
//! It must not know which kind of channel it is on: what the channel declares is all that counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::is_assigned;
use super::keys;
use super::reply::{Content, Piece};
use crate::domain::{
    Agent, AgentId, AliasKind, Author, Channel, ChannelId, ChannelKind, Contact, ContactId, IdentityId,
    Interaction, InteractionId, Message, Ownership, SkillId, Status,
};
use crate::engine::limits::{SUBJECT_CHARS, fits};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Refusal, RefusalKind, View};

/// What an agent wants to begin.
pub(super) struct Wanted<'a> {
    pub(super) channel: &'a Channel,
    pub(super) contact: Option<&'a Contact>,
    pub(super) address: Option<&'a str>,
    pub(super) skill: Option<&'a SkillId>,
    pub(super) content: Content,
    pub(super) subject: Option<String>,
    /// The interaction it is converted from; such work may begin without a message.
    pub(super) from: Option<InteractionId>,
}

/// The same, checked: nothing can go wrong any more.
pub(super) struct Beginning {
    channel_id: ChannelId,
    recipient: Recipient,
    current: Option<Arc<Interaction>>,
    mine: bool,
    skill: SkillId,
    pieces: Vec<Piece>,
    subject: Option<String>,
    from: Option<InteractionId>,
}

/// Where it goes: an identity, or an address nobody knows yet.
enum Recipient {
    Known(IdentityId),
    New((AliasKind, String), Option<ContactId>),
}

/// An address of a contact, wherever it is known from.
pub(super) struct KnownAddress {
    pub(super) kind: ChannelKind,
    pub(super) aliases: Vec<(AliasKind, String)>,
}

impl Turn<'_> {
    /// Checks everything; whether the caller may begin work at all is the caller's rule.
    pub(super) fn check_beginning(&self, agent: &Agent, wanted: Wanted<'_>) -> Result<Beginning, Refusal> {
        let Wanted { channel, contact, address, skill, content, subject, from } = wanted;
        self.permit_kind(agent, channel.kind)?;
        let recipient = self.recipient(channel, contact, address)?;
        self.check_wanted(&recipient, contact)?;
        let current = self.current_of(&recipient, &channel.channel_id);
        self.check_holder(agent, current.as_deref())?;
        let skill = self.outbound_skill(agent, channel.kind, skill)?;
        let mine = current.as_deref().is_some_and(|row| is_assigned(row, agent.agent_id));
        let desk = self.world.desks.get(&agent.agent_id);
        if !mine && !desk.is_some_and(|desk| desk.has_room(channel.kind)) {
            let message = "you hold as much work as you may; finish something first";
            return refuse(RefusalKind::NoCapacity, message);
        }
        let subject = check_subject(channel, subject)?;
        let pieces = self.first_pieces(agent, channel, current.as_deref(), content, from.is_some())?;
        let channel_id = channel.channel_id.clone();
        Ok(Beginning { channel_id, recipient, current, mine, skill, pieces, subject, from })
    }

    /// What goes first, as the channel wants it.
    fn first_pieces(
        &self,
        agent: &Agent,
        channel: &Channel,
        current: Option<&Interaction>,
        content: Content,
        may_be_empty: bool,
    ) -> Result<Vec<Piece>, Refusal> {
        let blank = self.blank_interaction(InteractionId(0), IdentityId(0), &channel.channel_id);
        let row = current.unwrap_or(&blank);
        let goes_on = current.is_some() && self.free_text_allowed(row);
        let abilities = &channel.abilities;
        if !abilities.outbound && !goes_on {
            let message = "nobody can be written to first on this channel; the contact has to begin";
            return refuse(RefusalKind::Unsupported, message);
        }
        let template = content.template.is_some();
        if !template && abilities.template_first && !goes_on {
            let message = "the first message to a contact must be a template";
            return Err(Refusal::new(RefusalKind::TemplateRequired, message).field("template"));
        }
        let silent = content.is_empty();
        if silent && (may_be_empty || abilities.text_max == 0) {
            return Ok(Vec::new());
        }
        if current.is_some() {
            self.window_for(row, template)?;
        }
        self.pieces(agent, row, content)
    }

    /// Begins it: the work is its author's, and open. Answers with it and its first message, if it has one.
    pub(super) fn begin(
        &mut self,
        agent: &Agent,
        beginning: Beginning,
    ) -> Result<(View, Option<Arc<Message>>), Refusal> {
        let Beginning { channel_id, recipient, current, mine, skill, pieces, subject, from } = beginning;
        let interaction_id = match current {
            Some(row) => row.interaction_id,
            None => self.new_outbound(recipient, &channel_id, from),
        };
        self.edit(interaction_id, |row| row.subject = row.subject.take().or(subject));
        if !mine {
            self.edit(interaction_id, |row| row.skill = Some(skill));
            self.assign(interaction_id, agent.agent_id);
            self.set_status(interaction_id, Status::Open, Some(agent.agent_id));
        }
        let row = self.work(interaction_id)?;
        let author = Author::Agent(agent.agent_id);
        let mut first = None;
        for piece in pieces {
            let message_id = self.write(&row, &author, piece, None);
            self.agent_answered(interaction_id, message_id);
            self.launch(&row, message_id);
            first = first.or(Some(message_id));
        }
        let message = first.and_then(|id| self.world.message(id)).map(|kept| Arc::clone(&kept.row));
        Ok((self.view(interaction_id)?, message))
    }

    pub(super) fn contact_or_refuse(&self, contact_id: ContactId) -> Result<Arc<Contact>, Refusal> {
        match self.contact(contact_id) {
            Some(contact) => match contact.merged.as_ref().map(|merged| merged.into) {
                Some(into) => refuse(
                    RefusalKind::NotFound,
                    format!("{contact_id} was merged into {into}; take that one"),
                ),
                None => Ok(contact),
            },
            None => refuse(RefusalKind::NotFound, format!("there is no contact {contact_id}")),
        }
    }

    fn recipient(
        &self,
        channel: &Channel,
        contact: Option<&Contact>,
        address: Option<&str>,
    ) -> Result<Recipient, Refusal> {
        if let Some(address) = address {
            let spellings = keys::spellings_of_address(&channel.abilities, address);
            let Some(first) = spellings.first().cloned() else {
                let message = "this is no address for this channel; write it in full, with the country code";
                return Err(Refusal::new(RefusalKind::Invalid, message).field("address"));
            };
            let known = spellings.iter().find_map(|alias| self.identity_called(channel.kind, alias));
            return Ok(match known {
                Some(identity_id) => Recipient::Known(identity_id),
                None => Recipient::New(first, contact.map(|contact| contact.contact_id)),
            });
        }
        let Some(contact) = contact else {
            let message = "whom? Give a contact or an address";
            return Err(Refusal::new(RefusalKind::AddressNeeded, message).field("address"));
        };
        let known = self.addresses_of(contact.contact_id);
        let of_kind: Vec<IdentityId> =
            known.iter().filter(|(_, known)| known.kind == channel.kind).map(|(id, _)| *id).collect();
        let used = |id: &&IdentityId| self.newest(**id, &channel.channel_id).is_some();
        if let Some(identity_id) = of_kind.iter().find(used).or_else(|| of_kind.first()) {
            return Ok(Recipient::Known(*identity_id));
        }
        let message = format!("no {} address of this contact is known; give one", channel.kind);
        let choices = suggestions(&known, channel.abilities.address);
        Err(Refusal::new(RefusalKind::AddressNeeded, message).field("address").choices(choices))
    }

    /// The identity of this name, in the world or loaded.
    pub(super) fn identity_called(
        &self,
        kind: ChannelKind,
        alias: &(AliasKind, String),
    ) -> Option<IdentityId> {
        let loaded = self.cold.aliases.get(&(kind, alias.0, alias.1.clone())).map(|(id, _)| *id);
        self.world.identity_of(kind, alias).or(loaded)
    }

    /// Every address of a contact, in the world or loaded. Where both know one, the world is right.
    pub(super) fn addresses_of(&self, contact_id: ContactId) -> BTreeMap<IdentityId, KnownAddress> {
        let mut all = BTreeMap::new();
        for (identity_id, aliases) in &self.cold.of_identity {
            let Some(first) = aliases.first().filter(|alias| alias.contact_id == contact_id) else {
                continue;
            };
            let aliases = aliases.iter().map(|alias| (alias.alias_kind, alias.value.clone())).collect();
            all.insert(*identity_id, KnownAddress { kind: first.kind, aliases });
        }
        all.retain(|identity_id, _| !self.world.identities.contains_key(identity_id));
        let person = self.world.people.get(&contact_id);
        for identity_id in person.iter().flat_map(|person| &person.identities) {
            let Some(identity) = self.world.identities.get(identity_id) else { continue };
            let known = KnownAddress { kind: identity.kind, aliases: identity.aliases.clone() };
            all.insert(*identity_id, known);
        }
        all
    }

    /// Whose identity it is, in the world or loaded.
    pub(super) fn owner_of(&self, identity_id: IdentityId) -> Option<ContactId> {
        let known = self.world.identities.get(&identity_id).map(|identity| identity.contact_id);
        let loaded = self.cold.of_identity.get(&identity_id).and_then(|aliases| aliases.first());
        known.or_else(|| loaded.map(|alias| alias.contact_id))
    }

    /// Refuses contacts who may not be written to first.
    fn check_wanted(&self, recipient: &Recipient, contact: Option<&Contact>) -> Result<(), Refusal> {
        let contact_id = match recipient {
            Recipient::Known(identity_id) => self.owner_of(*identity_id),
            Recipient::New(_, contact_id) => *contact_id,
        };
        let known = contact_id.and_then(|contact_id| self.contact(contact_id));
        let Some(contact) = known.as_deref().or(contact) else { return Ok(()) };
        if contact.blocked {
            return refuse(RefusalKind::NotPermitted, "this contact is blocked; unblock it first");
        }
        if contact.opted_out {
            return refuse(RefusalKind::NotPermitted, "this contact asked for no more messages");
        }
        Ok(())
    }

    /// The recipient's interaction that is not closed, if there is one. Live work is always in the world.
    fn current_of(&self, recipient: &Recipient, channel_id: &ChannelId) -> Option<Arc<Interaction>> {
        let Recipient::Known(identity_id) = recipient else { return None };
        self.world.current(*identity_id, channel_id).filter(|row| row.status != Status::Closed).cloned()
    }

    fn check_holder(&self, agent: &Agent, current: Option<&Interaction>) -> Result<(), Refusal> {
        let Some(row) = current else { return Ok(()) };
        // A bot steps back.
        let other = |holder: &AgentId| *holder != agent.agent_id && !self.is_bot(*holder);
        let Some(holder) = holder(row).filter(other) else { return Ok(()) };
        let name = self.world.agent(holder).map(|agent| agent.name.clone()).unwrap_or_default();
        let message = format!("{name} works with this contact on this channel; ask for a transfer");
        let mut refusal = Refusal::new(RefusalKind::HeldByOther, message);
        refusal.holder = Some(holder);
        Err(refusal)
    }

    /// The skill the work is done under: the one given, or the only one that fits.
    fn outbound_skill(
        &self,
        agent: &Agent,
        kind: ChannelKind,
        wanted: Option<&SkillId>,
    ) -> Result<SkillId, Refusal> {
        let fitting: BTreeSet<&SkillId> = agent
            .skills
            .iter()
            .map(|held| &held.skill)
            .filter(|skill| self.world.skills.get(*skill).is_some_and(|skill| skill.outbound.contains(&kind)))
            .collect();
        let chosen = match wanted {
            Some(wanted) => fitting.get(wanted),
            None if fitting.len() == 1 => fitting.first(),
            None => None,
        };
        if let Some(skill) = chosen {
            return Ok(SkillId::clone(skill));
        }
        let message = match fitting.len() {
            0 => format!("you hold no skill for outbound {kind}"),
            _ => format!("choose one of the {} skills you hold for outbound {kind}", fitting.len()),
        };
        let refusal = Refusal::new(RefusalKind::SkillNeeded, message).field("skill_id");
        Err(refusal.choices(fitting.into_iter().map(ToString::to_string)))
    }

    fn new_outbound(
        &mut self,
        recipient: Recipient,
        channel_id: &ChannelId,
        from: Option<InteractionId>,
    ) -> InteractionId {
        let kind = self.world.channel(channel_id).map_or(ChannelKind::Chat, |channel| channel.kind);
        let identity_id = match recipient {
            Recipient::Known(identity_id) => {
                self.adopt_identity(identity_id);
                identity_id
            }
            Recipient::New(alias, contact_id) => {
                let identity_id = match contact_id {
                    Some(contact_id) => self.new_address(contact_id, kind),
                    None => self.new_identity(kind, ""),
                };
                self.bind(identity_id, &[alias]);
                identity_id
            }
        };
        let interaction_id = InteractionId(self.next_id());
        let mut row = self.blank_interaction(interaction_id, identity_id, channel_id);
        row.outbound = true;
        row.status = Status::Open;
        row.previous_id = self.newest(identity_id, channel_id).map(|newest| newest.interaction_id);
        row.converted_from = from;
        self.add_interaction(row);
        interaction_id
    }

    pub(super) fn new_address(&mut self, contact_id: ContactId, kind: ChannelKind) -> IdentityId {
        if let Some(contact) = self.cold.contacts.get(&contact_id) {
            self.world.add_contact(Contact::clone(contact));
        }
        self.new_identity_of(contact_id, kind)
    }
}

/// Who has it: its agent, also while it is snoozed.
fn holder(row: &Interaction) -> Option<AgentId> {
    match row.ownership {
        Ownership::Assigned => row.agent_id,
        Ownership::Detached => row.last_agent_id.filter(|_| row.timers.snoozed_until.is_some()),
        Ownership::Queued | Ownership::Offered => None,
    }
}

/// Addresses of other kinds that would do here: the phone number of a chat account, say.
fn suggestions(known: &BTreeMap<IdentityId, KnownAddress>, wanted: AliasKind) -> BTreeSet<String> {
    let aliases = known.values().flat_map(|known| &known.aliases);
    let alike = aliases.filter_map(|(alias_kind, value)| alias_kind.as_read_by(value, wanted));
    alike.map(|value| if wanted == AliasKind::WaId { format!("+{value}") } else { value }).collect()
}

fn check_subject(channel: &Channel, subject: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(subject) = subject.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    if !channel.abilities.subject {
        let message = "conversations on this channel have no subject; leave it out";
        return Err(Refusal::new(RefusalKind::Unsupported, message).field("subject"));
    }
    fits("subject", &subject, SUBJECT_CHARS)?;
    if subject.contains(char::is_control) {
        return Err(Refusal::new(RefusalKind::Invalid, "a subject is one line").field("subject"));
    }
    Ok(Some(subject))
}
