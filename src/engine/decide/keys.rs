//! Keys and hashes by which things are known again.

use sha2::{Digest, Sha256};

use crate::domain::{Abilities, AliasKind, ChannelId, MessageId};
use crate::engine::Facts;

fn hex16(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hex::encode(hasher.finalize().get(..16).unwrap_or_default())
}

/// The dedupe key of something a provider reported under an id of its own.
pub(crate) fn message(channel_id: &ChannelId, provider_id: &str) -> String {
    hex16(&[b"in\0", channel_id.as_str().as_bytes(), b"\0", provider_id.as_bytes()])
}

/// The key of an edit or a revocation, which have no id of their own.
pub(crate) fn change(channel_id: &ChannelId, what: &str, target: &str, text: &str) -> String {
    hex16(&[
        b"in\0",
        channel_id.as_str().as_bytes(),
        b"\0",
        what.as_bytes(),
        b"\0",
        target.as_bytes(),
        b"\0",
        text.as_bytes(),
    ])
}

/// The hash of a text.
pub(crate) fn text_hash(text: &str) -> String {
    hex16(&[text.as_bytes()])
}

/// The hash of the facts that a timer plan is kept for. The message's words are not among them: a plan must not be asked for
/// anew with each message.
pub(crate) fn facts_hash(facts: &Facts) -> String {
    let mut text = format!(
        "{}\0{}\0{}\0{}\0{}\0{:?}\0{:?}\0",
        facts.channel,
        facts.status,
        facts.vip,
        facts.outbound,
        facts.contact_name,
        facts.language,
        facts.skill.as_ref().map(crate::domain::SkillId::as_str),
    );
    for tag in &facts.tags {
        text.push_str(tag);
        text.push('\0');
    }
    text.push_str(facts.disposition.as_deref().unwrap_or_default());
    text_hash(&text)
}

/// `m12.3` → message 12, attempt 3: the mark that status reports carry back.
pub(crate) fn parse_mark(mark: &str) -> Option<(MessageId, u32)> {
    let (message, attempt) = mark.split_once('.')?;
    Some((message.parse().ok()?, attempt.parse().ok()?))
}

/// The alias that an address typed by an agent stands for on a channel, then the other spellings that may be known here.
/// Empty: it can't be an address there.
pub(crate) fn spellings_of_address(abilities: &Abilities, address: &str) -> Vec<(AliasKind, String)> {
    let alias_kind = abilities.address;
    let Some(first) = alias_kind.read(address) else { return Vec::new() };
    let others = alias_kind.variants(&first);
    std::iter::once(first).chain(others).map(|value| (alias_kind, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_channels_and_ids_apart() {
        let (a, b): (ChannelId, ChannelId) = ("a".parse().unwrap(), "b".parse().unwrap());
        assert_eq!(message(&a, "x").len(), 32);
        assert_eq!(message(&a, "x"), message(&a, "x"));
        assert_ne!(message(&a, "x"), message(&b, "x"));
        assert_ne!(message(&a, "x"), message(&a, "y"));
        assert_ne!(change(&a, "edit", "x", "1"), change(&a, "edit", "x", "2"));
    }

    #[test]
    fn marks_and_addresses() {
        assert_eq!(parse_mark("m12.3"), Some((MessageId(12), 3)));
        for bad in ["", "m12", "12.3", "m.3", "m12.-3", "i12.3", "m12.3.4"] {
            assert_eq!(parse_mark(bad), None, "{bad}");
        }
        let abilities = Abilities { address: AliasKind::WaId, ..Abilities::default() };
        let of = |address| spellings_of_address(&abilities, address);
        assert_eq!(of("+33 6 12 34 56 78"), [(AliasKind::WaId, "33612345678".to_owned())]);
        assert_eq!(of("+55 11 8765-4321").len(), 2);
        assert!(of("marie").is_empty());
    }
}
