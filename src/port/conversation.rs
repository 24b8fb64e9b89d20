//! What a contact may read of its own conversation on a channel account: the messages that it wrote or was sent, never
//! notes, tags or what waits to be sent. The store's tables serve; there is no second copy.

use std::collections::BTreeMap;

use crate::domain::{
    AgentId, AliasKind, ChannelId, ChannelKind, IdentityId, Interaction, Message, MessageId,
};

/// A contact at one of its addresses, on one channel account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The account.
    pub channel_id: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// The name by which the contact is known there.
    pub alias: (AliasKind, String),
}

/// What was seen already: the contact's own messages and those sent to it are numbered together but do not become visible
/// in the order of their numbers (what is sent may wait for its turn), so each way has its own place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The newest message of the contact.
    pub inbound: MessageId,
    /// The newest message to the contact.
    pub outbound: MessageId,
}

/// Which part of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// The newest messages before this one; `None`: the newest of all.
    Before(Option<MessageId>),
    /// After a break: newer messages, and those to the contact whose arrival was never acknowledged.
    Missed(Seen),
    /// While somebody looks on: newer messages, and those to the contact that were tried again.
    New(Seen),
}

/// Stretch of a conversation.
#[derive(Debug, Clone, Default)]
pub struct Conversation {
    /// The contact's identity; `None`: it never wrote.
    pub identity_id: Option<IdentityId>,
    /// The newest interaction.
    pub interaction: Option<Interaction>,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are more: older ones before, or newer ones after.
    pub more: bool,
    /// The names of the agents who wrote them and of the one who has the interaction.
    pub names: BTreeMap<AgentId, String>,
}
