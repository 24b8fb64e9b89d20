//! How a provider names the person behind a message. A phone number is one name of several and may be absent: people
//! who took a user name are known by Meta's business-scoped id only.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::delivery::Text;
use super::mend;
use crate::domain::AliasKind;
use crate::engine::Sender;

/// Longest name that is kept.
const NAME_MAX: usize = 256;
/// Longest alias that is kept; Meta's have up to about 140 bytes. Databases index them.
const ALIAS_MAX: usize = 256;

#[derive(Deserialize)]
struct Card<'a> {
    #[serde(borrow)]
    profile: Option<Profile<'a>>,
    #[serde(borrow)]
    wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    parent_user_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Profile<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    username: Option<Text<'a>>,
}

/// The `contacts` of a delivery.
pub(super) struct People<'a>(Vec<Card<'a>>);

/// The ids beside a message or status.
#[derive(Clone, Copy, Default)]
pub(super) struct Ids<'a> {
    /// `from`, `to` or `recipient_id`: usually digits, sometimes a business-scoped id.
    pub(super) id: Option<&'a str>,
    pub(super) user_id: Option<&'a str>,
    pub(super) parent_user_id: Option<&'a str>,
}

impl<'a> People<'a> {
    /// Those who can be read; a broken one costs its name only.
    pub(super) fn read(part: Option<&'a RawValue>) -> Self {
        let Some(part) = part.map(RawValue::get) else { return Self(Vec::new()) };
        Self(serde_json::from_str(part).unwrap_or_else(|_| {
            let parts: Vec<&'a RawValue> = serde_json::from_str(part).unwrap_or_default();
            parts.into_iter().filter_map(|part| serde_json::from_str(part.get()).ok()).collect()
        }))
    }

    /// The person with these ids, with every name the delivery gives.
    pub(super) fn sender(&self, ids: Ids<'_>) -> Sender {
        let card = self.card(ids);
        let text = |text: &'_ Option<Text<'a>>| text.as_ref().map(|text| text.0.as_ref().to_owned());
        let mut aliases = Vec::with_capacity(3);
        for (kind, value) in [
            ids.id.map(|id| (sort(id), id.strip_prefix('+').unwrap_or(id).to_owned())),
            card.and_then(|card| text(&card.wa_id)).map(|id| (AliasKind::WaId, id)),
            ids.user_id.map(|id| (AliasKind::UserId, id.to_owned())),
            card.and_then(|card| text(&card.user_id)).map(|id| (AliasKind::UserId, id)),
            ids.parent_user_id.map(|id| (AliasKind::ParentUserId, id.to_owned())),
            card.and_then(|card| text(&card.parent_user_id)).map(|id| (AliasKind::ParentUserId, id)),
            card.and_then(|card| text(&card.profile.as_ref()?.username)).map(|id| (AliasKind::Username, id)),
        ]
        .into_iter()
        .flatten()
        {
            let alias = (kind, value);
            if (1..=ALIAS_MAX).contains(&alias.1.len()) && !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        let name = card.and_then(|card| card.profile.as_ref()?.name.as_ref());
        let name =
            name.map(|name| mend::cut(name.0.trim(), NAME_MAX).to_owned()).filter(|name| !name.is_empty());
        Sender { aliases, name }
    }

    /// The card with one of these ids. A single one may lack them, but not contradict them.
    fn card(&self, ids: Ids<'_>) -> Option<&Card<'a>> {
        let same = |ours: Option<&str>, theirs: &Option<Text<'_>>| {
            ours.zip(theirs.as_ref()).map(|(ours, theirs)| ours == theirs.0)
        };
        let either = |card: &&Card<'a>| {
            [same(ids.id, &card.wa_id), same(ids.user_id, &card.user_id), same(ids.id, &card.user_id)]
                .contains(&Some(true))
        };
        match self.0.as_slice() {
            [only] => {
                let contradicts = same(ids.id, &only.wa_id) == Some(false)
                    || same(ids.user_id, &only.user_id) == Some(false);
                (either(&only) || !contradicts).then_some(only)
            }
            several => several.iter().find(either),
        }
    }
}

/// Meta's own ids of people (`US.1349…`) may stand where numbers stood; no rule for numbers may touch them.
pub(super) fn sort(id: &str) -> AliasKind {
    let digits = id.strip_prefix('+').unwrap_or(id);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { AliasKind::WaId } else { AliasKind::UserId }
}
