//! From which kind of channel to which others an interaction may be converted (SPEC §5.6). Data: an installation may change it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ChannelKind;

/// Allowed targets of each kind of channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conversions(BTreeMap<ChannelKind, BTreeSet<ChannelKind>>);

impl Default for Conversions {
    fn default() -> Self {
        use ChannelKind::{Chat, Email, PrivateSocial, PublicSocial, Sms, Voice, Whatsapp};
        let all: &[(ChannelKind, &[ChannelKind])] = &[
            (Chat, &[Voice, Email, Sms, Whatsapp]),
            (Email, &[Voice, Sms, Whatsapp]),
            (Sms, &[Voice, Email, Sms, Whatsapp]),
            (PrivateSocial, &[Voice, Email, Sms, Whatsapp]),
            (PublicSocial, &[Voice, Email, Sms, Whatsapp]),
            (Whatsapp, &[Voice, Email, Sms]),
        ];
        Self(all.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect())
    }
}

impl Conversions {
    /// The same, with other targets for the kinds named.
    #[must_use]
    pub fn with(mut self, changes: BTreeMap<ChannelKind, BTreeSet<ChannelKind>>) -> Self {
        self.0.extend(changes);
        self
    }

    /// Where an interaction of this kind may go.
    pub fn targets(&self, from: ChannelKind) -> impl Iterator<Item = ChannelKind> {
        self.0.get(&from).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_products_and_may_be_changed() {
        let matrix = Conversions::default();
        let of = |matrix: &Conversions, from| -> Vec<&str> {
            matrix.targets(from).map(ChannelKind::as_str).collect()
        };
        for (from, to) in [
            (ChannelKind::Chat, ["whatsapp", "email", "sms", "voice"].as_slice()),
            (ChannelKind::Email, &["whatsapp", "sms", "voice"]),
            (ChannelKind::Sms, &["whatsapp", "email", "sms", "voice"]),
            (ChannelKind::PrivateSocial, &["whatsapp", "email", "sms", "voice"]),
            (ChannelKind::PublicSocial, &["whatsapp", "email", "sms", "voice"]),
            (ChannelKind::Whatsapp, &["email", "sms", "voice"]),
            (ChannelKind::Voice, &[]),
        ] {
            assert_eq!(of(&matrix, from), to, "{from}");
        }
        let changed = matrix.with([(ChannelKind::Email, [ChannelKind::Chat].into())].into());
        assert_eq!(of(&changed, ChannelKind::Email), ["chat"]);
        assert_eq!(of(&changed, ChannelKind::Whatsapp).len(), 3);
    }
}
