//! What can be asked about contacts and where they are met, and what is answered.

#![expect(missing_docs, reason = "the fields of a variant are told in the line above it")]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{
    AliasKind, ChannelId, ChannelKind, Contact, ContactId, IdentityId, InteractionId, SkillId, Team,
    TemplateValues,
};

/// What may be asked about a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactCommand {
    /// Reads it.
    Get { contact_id: ContactId },
    /// Changes it, or makes one.
    Save { contact_id: Option<ContactId>, changes: ContactChanges },
    /// Joins it to another: they are one person.
    Merge { contact_id: ContactId, into: ContactId },
    /// Takes that back.
    Part { contact_id: ContactId, into: ContactId },
    /// Keeps its messages from everybody, or no longer.
    Block { contact_id: ContactId, blocked: bool },
    /// Records that it wants no more outbound messages, or wants them again.
    OptOut { contact_id: ContactId, opted_out: bool },
}

/// What to change of a contact; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactChanges {
    /// The name to show.
    pub name: Option<String>,
    /// The language; empty: not known.
    pub language: Option<String>,
    /// The mark for routing.
    pub vip: Option<bool>,
    /// Attributes to set, or (`None`) to take away.
    pub attributes: BTreeMap<String, Option<String>>,
    /// Addresses to add.
    pub add: Vec<(ChannelKind, String)>,
    /// Addresses that are not this contact's.
    pub remove: Vec<(ChannelKind, String)>,
}

/// What to convert, and to what. One of `channel_id` and `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Which interaction.
    pub interaction_id: InteractionId,
    /// To which account.
    pub channel_id: Option<ChannelId>,
    /// Or to an account of which kind.
    pub kind: Option<ChannelKind>,
    /// The contact's address there, when it is not known yet.
    pub address: Option<String>,
    /// Under which skill, when several fit.
    pub skill: Option<SkillId>,
    /// What goes first, as a template.
    pub template: Option<TemplateValues>,
    /// What goes first, as text.
    pub text: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
}

/// A contact as answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// The contact.
    pub contact: Arc<Contact>,
    /// Where it can be reached.
    pub addresses: Vec<Address>,
    /// Whether the caller may see its past work.
    pub history: bool,
}

/// An address of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The identity.
    pub identity_id: IdentityId,
    /// The kind of channel.
    pub kind: ChannelKind,
    /// As people read it.
    pub address: String,
    /// Every name it is known by.
    pub aliases: Vec<(AliasKind, String)>,
}

/// A team with who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamAtWork {
    /// The team.
    pub team: Team,
    /// How many belong to it.
    pub members: u32,
    /// How many of them are available.
    pub available_agents: u32,
}
