//! Channels: the kinds there are, the accounts an installation has, and what each can do.

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{AliasKind, ChannelId, Span};

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

/// The largest file anywhere: what an upload may have.
const MEDIA_MAX: i64 = 100 * 1024 * 1024;

/// What a channel can do. The engine's rules read this and never ask which channel it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// What sort of alias an address is that an agent types.
    pub address: AliasKind,
    /// Whether an agent may begin here: the contact need not have written first.
    pub outbound: bool,
    /// Whether what an agent begins must begin with a template.
    pub template_first: bool,
    /// Whether a conversation has a subject.
    pub subject: bool,
    /// For how long after the contact's last message free text may be sent; `None`: always.
    pub window: Option<Span>,
    /// Whether pre-approved templates exist.
    pub templates: bool,
    /// Whether messages may carry media.
    pub media: bool,
    /// Types of media it carries: whole ones (`application/pdf`) or their first half with its slash (`image/`). Empty: any.
    pub media_types: Vec<String>,
    /// The largest file, in bytes.
    pub media_max: i64,
    /// Whether the contact's reading is reported.
    pub receipts: bool,
    /// Whether a typing sign can be sent.
    pub typing: bool,
    /// Whether reactions can be sent.
    pub reactions: bool,
    /// Longest text, in Unicode characters; 0: no text at all (the telephone).
    pub text_max: usize,
    /// Longest caption, in Unicode characters.
    pub caption_max: usize,
    /// Whether the contact can be shown buttons or a list to choose from, and how many; `None`: numbered lines do instead.
    pub choices: Option<ChoiceAbilities>,
}

/// What buttons and lists a channel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceAbilities {
    /// How many entries at most.
    pub most: usize,
    /// Longest title, in Unicode characters.
    pub title_max: usize,
    /// Longest text above them.
    pub text_max: usize,
}

impl Default for Abilities {
    /// A channel that declares nothing: plain text to and from accounts, at any time.
    fn default() -> Self {
        Self {
            address: AliasKind::Account,
            outbound: true,
            template_first: false,
            subject: false,
            window: None,
            templates: false,
            media: false,
            media_types: Vec::new(),
            media_max: MEDIA_MAX,
            receipts: false,
            typing: false,
            reactions: false,
            text_max: 10_000,
            caption_max: 0,
            choices: None,
        }
    }
}

impl Abilities {
    /// Whether it carries files of this type.
    pub fn carries(&self, mime: &str) -> bool {
        let fits = |allowed: &String| {
            allowed == mime || allowed.ends_with('/') && mime.starts_with(allowed.as_str())
        };
        self.media && (self.media_types.is_empty() || self.media_types.iter().any(fits))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_carried_by_type() {
        let of = |media, types: &[&str]| Abilities {
            media,
            media_types: types.iter().map(|text| (*text).to_owned()).collect(),
            ..Abilities::default()
        };
        for (media, types, mime, carried) in [
            (true, [].as_slice(), "x/y", true),
            (true, &["image/", "application/pdf"], "image/png", true),
            (true, &["image/", "application/pdf"], "application/pdf", true),
            (true, &["image/", "application/pdf"], "application/pdfx", false),
            (true, &["image"], "image/png", false),
            (false, &[], "image/png", false),
        ] {
            assert_eq!(of(media, types).carries(mime), carried, "{types:?} {mime}");
        }
    }
}
