//! How contacts, their cards and directories look on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Agent, Id, Interaction, Moment, Queue, Word};
use crate::domain::{AgentId, ChannelKind, ContactId, SectionState};

/// A contact, whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WholeContact<'a> {
    /// Its id.
    pub contact_id: Id<ContactId>,
    /// The name to show.
    pub name: &'a str,
    /// Preferred language, a two-letter code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
    /// A mark for routing.
    pub vip: bool,
    /// Whether messages from this contact are kept aside: nobody is told of them.
    pub blocked: bool,
    /// Whether the contact asked for no more outbound messages.
    pub opted_out: bool,
    /// What else is known, as the installation names it.
    pub attributes: &'a BTreeMap<String, String>,
    /// Where it can be reached.
    pub addresses: Vec<Address<'a>>,
    /// The contact that this one turned out to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Id<ContactId>>,
    /// When first seen.
    pub created_at: Moment,
}

/// An address of a contact.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Address<'a> {
    /// The kind of channel.
    pub kind: Word<ChannelKind>,
    /// As people read it.
    pub address: &'a str,
}

/// A contact in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedContact {
    /// Its id.
    pub contact_id: Id<ContactId>,
    /// The name to show.
    pub name: String,
    /// A mark for routing.
    pub vip: bool,
    /// Whether messages from this contact are kept aside.
    pub blocked: bool,
    /// Whether the contact asked for no more outbound messages.
    pub opted_out: bool,
    /// Where it can be reached.
    pub addresses: Vec<ListedAddress>,
}

/// An address in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedAddress {
    /// The kind of channel.
    pub kind: Word<ChannelKind>,
    /// As people read it.
    pub address: String,
}

/// A contact that was merged into another.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MergedContact {
    /// What it was.
    pub contact_id: Id<ContactId>,
    /// Its name.
    pub name: String,
    /// Who merged it.
    pub by: Id<AgentId>,
    /// When.
    pub at: Moment,
}

/// A contact after it was changed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OneContact<'a> {
    /// As it is now.
    pub contact: WholeContact<'a>,
}

/// `contact.get` and `card.get`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Card<'a> {
    /// The contact.
    pub contact: WholeContact<'a>,
    /// Its newest interactions, on all its addresses, newest first; empty for who has no work with it and does not supervise.
    pub interactions: Vec<Interaction<'a>>,
    /// Whether there are older ones.
    pub more: bool,
    /// Contacts with an equal address: perhaps the same person.
    pub duplicates: Vec<ListedContact>,
    /// Contacts that were merged into this one.
    pub merged: Vec<MergedContact>,
    /// What other systems know; only in `card.get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections: Option<Vec<Section>>,
}

/// What another system knows of a contact.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Section {
    /// The provider's name.
    pub provider: String,
    /// What to show above it.
    pub title: String,
    /// Where it stands; when a `pending` one has come, or will not, `card.changed` tells.
    pub state: Word<SectionState>,
    /// What it says, once it is ready.
    pub fields: Vec<SectionField>,
}

/// A line of a section.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SectionField {
    /// What it is.
    pub label: String,
    /// What is known.
    pub value: String,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// A page of a contact's interactions.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PastInteractions<'a> {
    /// Newest first.
    pub interactions: Vec<Interaction<'a>>,
    /// Whether there are older ones.
    pub more: bool,
}

/// `directory.search`: what was found in the book that was asked.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Found<'a> {
    /// Agents with presence, state and load: available ones first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<Agent<'a>>>,
    /// Skills with what waits for them and who is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<Vec<Queue<'a>>>,
    /// Teams with who is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<FoundTeam<'a>>>,
    /// Contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<ListedContact>>,
    /// Entries of the address books that the caller may see, in the order of the scripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_books: Option<Vec<FoundAddress<'a>>>,
}

/// An entry of an address book: what to begin with (`outbound.start` takes its number or address).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FoundAddress<'a> {
    /// The book's name.
    pub address_book: &'a str,
    /// What to show for the book.
    pub title: &'a str,
    /// The name to show.
    pub name: &'a str,
    /// A number, as `+33123456789`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<&'a str>,
    /// An e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    /// What to know before writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'a str>,
}

/// A team with who is there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FoundTeam<'a> {
    /// Its name.
    pub team: &'a str,
    /// What to show.
    pub title: &'a str,
    /// How many belong to it.
    pub members: u32,
    /// How many of them are available.
    pub available_agents: u32,
}
