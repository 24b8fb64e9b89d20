//! An agent begins: work with a contact who did not write first (SPEC §5.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::{is_assigned, permit};
use super::keys;
use super::reply::{Content, Piece};
use crate::domain::{
    Agent, Author, ChannelId, ChannelKind, Contact, ContactId, IdentityId, Interaction, InteractionId,
    Ownership, Permission, SkillId, Status, TemplateValues,
};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, Refusal, RefusalKind, Reply};

/// To whom, by which way.
#[derive(Debug)]
pub(super) struct To {
    pub(super) contact_id: Option<ContactId>,
    pub(super) address: Option<String>,
    pub(super) channel_id: ChannelId,
    pub(super) skill: Option<SkillId>,
}

/// Where outbound work goes: an identity, or an address nobody knows yet.
enum Recipient {
    Known(IdentityId),
    New((crate::domain::AliasKind, String), Option<ContactId>),
}

impl Turn<'_> {
    pub(super) fn start_outbound(
        &mut self,
        agent: &Agent,
        to: &To,
        template: Option<TemplateValues>,
        text: Option<String>,
    ) -> Reply {
        let Some(channel) = self.world.channel(&to.channel_id).cloned() else {
            return refuse(RefusalKind::NotFound, format!("there is no channel {}", to.channel_id));
        };
        let contact = match to.contact_id {
            Some(contact_id) => Some(self.contact_or_refuse(contact_id)?),
            None => None,
        };
        permit(agent, Permission::Outbound)?;
        let recipient = self.recipient(channel.kind, contact.as_deref(), to.address.as_deref())?;
        if self.opted_out(&recipient, contact.as_deref()) {
            return refuse(RefusalKind::NotPermitted, "this contact asked for no more messages");
        }
        let current = self.current_of(&recipient, &to.channel_id);
        self.check_holder(agent, current.as_deref())?;
        let skill = self.outbound_skill(agent, channel.kind, to.skill.as_ref())?;
        let mine = current.as_deref().is_some_and(|row| is_assigned(row, agent.agent_id));
        let desk = self.world.desks.get(&agent.agent_id);
        if !mine && !desk.is_some_and(|desk| desk.has_room(channel.kind)) {
            return refuse(
                RefusalKind::NoCapacity,
                "you hold as much work as you may; finish something first",
            );
        }
        let blank = self.blank_interaction(InteractionId(0), IdentityId(0), &to.channel_id);
        let row = current.as_deref().unwrap_or(&blank);
        let free = current.is_some() && self.free_text_allowed(row);
        if template.is_none() && channel.abilities.templates && !free {
            return refuse(
                RefusalKind::TemplateRequired,
                "the first message to a contact must be a template",
            );
        }
        if current.is_some() {
            self.window_for(row, template.is_some())?;
        }
        let content = Content { text, template, ..Content::default() };
        let pieces = self.pieces(agent, row, content)?;
        let interaction_id = match (current, recipient) {
            (Some(row), _) => row.interaction_id,
            (None, recipient) => self.begin(recipient, &to.channel_id),
        };
        self.take_over(agent, interaction_id, skill, mine);
        self.first_message(agent, interaction_id, pieces)
    }

    fn contact_or_refuse(&self, contact_id: ContactId) -> Result<Arc<Contact>, Refusal> {
        match self.contact(contact_id) {
            Some(contact) => Ok(contact),
            None => refuse(RefusalKind::NotFound, format!("there is no contact {contact_id}")),
        }
    }

    fn recipient(
        &self,
        kind: ChannelKind,
        contact: Option<&Contact>,
        address: Option<&str>,
    ) -> Result<Recipient, Refusal> {
        if let Some(address) = address {
            let Some(alias) = keys::alias_of_address(kind, address) else {
                let message = "this is no address for this channel; write it in full, with the country code";
                return Err(Refusal::new(RefusalKind::Invalid, message).field("address"));
            };
            let loaded = self.cold.aliases.get(&(kind, alias.0, alias.1.clone())).map(|(id, _)| *id);
            return Ok(match self.world.identity_of(kind, &alias).or(loaded) {
                Some(identity_id) => Recipient::Known(identity_id),
                None => Recipient::New(alias, contact.map(|contact| contact.contact_id)),
            });
        }
        let Some(contact) = contact else {
            return Err(Refusal::new(RefusalKind::AddressNeeded, "whom? Give a contact or an address")
                .field("address"));
        };
        let loaded = self.cold.of_identity.iter().filter_map(|(identity_id, aliases)| {
            let alias = aliases.first()?;
            (alias.contact_id == contact.contact_id && alias.kind == kind).then_some(*identity_id)
        });
        let known: BTreeSet<IdentityId> =
            self.world.identities_of(contact.contact_id, kind).into_iter().chain(loaded).collect();
        if let Some(identity_id) = known.first() {
            Ok(Recipient::Known(*identity_id))
        } else {
            let message = format!("no {kind} address of this contact is known; give one");
            Err(Refusal::new(RefusalKind::AddressNeeded, message).field("address"))
        }
    }

    fn opted_out(&self, recipient: &Recipient, contact: Option<&Contact>) -> bool {
        let contact_id = match recipient {
            Recipient::Known(identity_id) => {
                let loaded = self.cold.of_identity.get(identity_id).and_then(|aliases| aliases.first());
                let known = self.world.identities.get(identity_id).map(|identity| identity.contact_id);
                known.or_else(|| loaded.map(|alias| alias.contact_id))
            }
            Recipient::New(_, contact_id) => *contact_id,
        };
        let known = contact_id.and_then(|contact_id| self.contact(contact_id));
        known.as_deref().or(contact).is_some_and(|contact| contact.opted_out)
    }

    /// The recipient's interaction that is not closed, if there is one. Live work is always in the world.
    fn current_of(&self, recipient: &Recipient, channel_id: &ChannelId) -> Option<Arc<Interaction>> {
        let Recipient::Known(identity_id) = recipient else { return None };
        self.world.current(*identity_id, channel_id).filter(|row| row.status != Status::Closed).cloned()
    }

    fn check_holder(&self, agent: &Agent, current: Option<&Interaction>) -> Result<(), Refusal> {
        let Some(row) = current.filter(|row| row.ownership == Ownership::Assigned) else { return Ok(()) };
        let Some(holder) = row.agent_id.filter(|holder| *holder != agent.agent_id) else { return Ok(()) };
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
        let fitting: Vec<&SkillId> = agent
            .skills
            .iter()
            .map(|held| &held.skill)
            .filter(|skill| self.world.skills.get(*skill).is_some_and(|skill| skill.outbound.contains(&kind)))
            .collect();
        let chosen = match (wanted, fitting.as_slice()) {
            (Some(wanted), fitting) => fitting.iter().find(|skill| **skill == wanted),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        if let Some(skill) = chosen {
            Ok(SkillId::clone(skill))
        } else {
            let message = match fitting.len() {
                0 => format!("you hold no skill for outbound {kind}"),
                _ => format!("choose one of the {} skills you hold for outbound {kind}", fitting.len()),
            };
            Err(Refusal::new(RefusalKind::SkillNeeded, message).field("skill_id"))
        }
    }

    fn begin(&mut self, recipient: Recipient, channel_id: &ChannelId) -> InteractionId {
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
        self.add_interaction(row);
        interaction_id
    }

    fn new_address(&mut self, contact_id: ContactId, kind: ChannelKind) -> IdentityId {
        if let Some(contact) = self.cold.contacts.get(&contact_id) {
            self.world.add_contact(Contact::clone(contact));
        }
        self.new_identity_of(contact_id, kind)
    }

    /// Outbound work is its author's, and open.
    fn take_over(&mut self, agent: &Agent, interaction_id: InteractionId, skill: SkillId, mine: bool) {
        if mine {
            return;
        }
        self.edit(interaction_id, |row| row.skill = Some(skill));
        self.assign(interaction_id, agent.agent_id);
        self.set_status(interaction_id, Status::Open, Some(agent.agent_id));
    }

    fn first_message(&mut self, agent: &Agent, interaction_id: InteractionId, pieces: Vec<Piece>) -> Reply {
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
        match message {
            Some(message) => Ok(Answer::Outbound(self.view(interaction_id)?, message)),
            None => self.interaction_answer(interaction_id),
        }
    }
}
