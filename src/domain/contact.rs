//! Contacts and the addresses they are known by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{AgentId, ChannelKind, ContactId, IdentityId, Time};

words! {
    /// What kind of name a provider knows an identity by. A phone number is only one of several, and may be absent.
    AliasKind {
        /// `WhatsApp`'s id of an account, digits, often the phone number.
        WaId = "wa_id",
        /// Meta's business-scoped user id (since 2026).
        UserId = "user_id",
        /// Meta's user id of the parent business.
        ParentUserId = "parent_user_id",
        /// A user name the person chose. It can pass to somebody else, so it never finds an identity by itself.
        Username = "username",
        /// An e-mail address.
        Email = "email",
        /// A phone number in E.164.
        Phone = "phone",
        /// A visitor's token of the web chat.
        Visitor = "visitor",
        /// A provider's own id of a person.
        Account = "account",
    }
}

impl AliasKind {
    /// Whether the alias alone tells who somebody is.
    pub fn identifies(self) -> bool {
        self != Self::Username
    }
}

/// One name by which an identity is known on a kind of channel. `(kind, alias_kind, value)` belongs to one identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Alias {
    /// The kind of channel.
    pub kind: ChannelKind,
    /// What sort of name it is.
    pub alias_kind: AliasKind,
    /// The name, as the provider writes it.
    pub value: String,
    /// Whose it is.
    pub identity_id: IdentityId,
    /// The person behind.
    pub contact_id: ContactId,
}

/// What a merge moved, so that it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The contact that this one turned out to be.
    pub into: ContactId,
    /// The addresses that moved there.
    pub identities: Vec<IdentityId>,
    /// Who said so.
    pub by: AgentId,
    /// When.
    pub at: Time,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub contact_id: ContactId,
    /// The name to show: the profile's, until somebody writes a better one.
    pub name: String,
    /// Preferred language, as a two-letter code, when known.
    pub language: Option<String>,
    /// A mark for routing.
    pub vip: bool,
    /// Whether messages from this contact are kept aside: nobody is told of them.
    pub blocked: bool,
    /// Whether the contact asked for no more outbound messages.
    pub opted_out: bool,
    /// What else is known, as the installation names it.
    pub attributes: BTreeMap<String, String>,
    /// Set once it turned out to be another contact, where its addresses are now.
    pub merged: Option<Merged>,
    /// When first seen.
    pub created_at: Time,
}
