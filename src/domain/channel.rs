//! Channels: the kinds there are, the accounts an installation has, and what each can do.

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{ChannelId, Span};

words! {
    /// A kind of channel.
    ChannelKind {
        /// `WhatsApp` Cloud API.
        Whatsapp = "whatsapp",
        /// E-mail.
        Email = "email",
        /// Text messages.
        Sms = "sms",
        /// Web chat.
        Chat = "chat",
        /// Telephone.
        Voice = "voice",
        /// Direct messages of a social network.
        PrivateSocial = "private_social",
        /// Public posts of a social network.
        PublicSocial = "public_social",
    }
}

/// What a channel can do. The engine's rules read this and never ask which channel it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// For how long after the contact's last message free text may be sent; `None`: always.
    pub window: Option<Span>,
    /// Whether pre-approved templates exist.
    pub templates: bool,
    /// Whether messages may carry media.
    pub media: bool,
    /// Whether the contact's reading is reported.
    pub receipts: bool,
    /// Whether a typing sign can be sent.
    pub typing: bool,
    /// Whether reactions can be sent.
    pub reactions: bool,
    /// Longest text, in Unicode characters.
    pub text_max: usize,
    /// Longest caption, in Unicode characters.
    pub caption_max: usize,
}

/// One account of a kind of channel, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name.
    pub channel_id: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// What it can do.
    pub abilities: Abilities,
    /// Whether the first answer to a contact must be a template (SPEC §4; off unless the installation wants it).
    pub require_template_for_first_reply: bool,
    /// Sends a second that the provider allows (Meta: 80 for a number, 1,000 after its upgrade).
    pub messages_per_second: u32,
}
