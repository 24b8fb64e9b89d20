//! The phones that customers hold: who they are, what each shows, which windows are open. Bounded in memory, and
//! knows nothing of HTTP.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::media::MediaBox;

/// Phones at most; a further one is refused.
pub(super) const MOST_PHONES: usize = 10_000;
/// Messages that a phone keeps; older ones go.
pub(super) const MOST_BUBBLES: usize = 1_000;
/// A customer's message opens free text for so long.
const WINDOW_MS: i64 = 24 * 3_600_000;
/// A typing mark clears by itself after so long.
pub(super) const TYPING_MS: i64 = 25_000;

/// Everything that phones know.
pub(super) struct World {
    pub(super) phones: BTreeMap<String, Phone>,
    pub(super) media: MediaBox,
    /// Which phone holds a message.
    pub(super) holders: BTreeMap<String, String>,
}

/// One customer's phone.
pub(super) struct Phone {
    pub(super) wa_id: String,
    pub(super) name: String,
    pub(super) username: Option<String>,
    pub(super) user_id: String,
    /// The user adopted a username: webhooks carry no phone number.
    pub(super) hides_number: bool,
    /// Off: messages stay `sent` until it comes back.
    pub(super) online: bool,
    /// False: sends fail with 131026.
    pub(super) on_whatsapp: bool,
    pub(super) bubbles: VecDeque<Bubble>,
    /// When the customer last wrote, by account.
    pub(super) last_written: BTreeMap<usize, i64>,
    pub(super) typing_until: i64,
    pub(super) active_at: i64,
}

/// Delivery of one message, in the order in which it may rise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum State {
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
        }
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Customer,
    Business,
}

impl Side {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Business => "business",
        }
    }
}

/// One message as a phone shows it.
pub(super) struct Bubble {
    pub(super) id: String,
    pub(super) account: usize,
    pub(super) side: Side,
    pub(super) kind: String,
    pub(super) text: Option<String>,
    /// Header, footer, buttons, list, media, location, contacts …: what the page draws.
    pub(super) parts: serde_json::Map<String, Value>,
    pub(super) reply_to: Option<String>,
    pub(super) at: i64,
    pub(super) state: State,
    pub(super) error: Option<Value>,
    pub(super) customer_reaction: Option<String>,
    pub(super) business_reaction: Option<String>,
    pub(super) callback_data: Option<String>,
    pub(super) category: String,
    pub(super) edited: bool,
    pub(super) revoked: bool,
}

impl Bubble {
    pub(super) fn by_customer(&self) -> bool {
        self.side == Side::Customer
    }

    pub(super) fn new(id: String, account: usize, side: Side, kind: &str, at: i64) -> Self {
        Self {
            id,
            account,
            side,
            kind: kind.to_owned(),
            text: None,
            parts: serde_json::Map::new(),
            reply_to: None,
            at,
            state: State::Sent,
            error: None,
            customer_reaction: None,
            business_reaction: None,
            callback_data: None,
            category: "service".to_owned(),
            edited: false,
            revoked: false,
        }
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self { phones: BTreeMap::new(), media: MediaBox::default(), holders: BTreeMap::new() }
    }

    /// The phone of a number, made when it is new; `None` when there are too many.
    pub(super) fn phone(&mut self, wa_id: &str, now: i64) -> Option<&mut Phone> {
        if !self.phones.contains_key(wa_id) {
            if self.phones.len() >= MOST_PHONES {
                return None;
            }
            self.phones.insert(wa_id.to_owned(), Phone::new(wa_id, now));
        }
        self.phones.get_mut(wa_id)
    }

    /// Puts a message on a phone that exists; the oldest goes when it holds too many.
    pub(super) fn show(&mut self, wa_id: &str, bubble: Bubble) {
        let Some(phone) = self.phones.get_mut(wa_id) else { return };
        phone.active_at = bubble.at;
        self.holders.insert(bubble.id.clone(), wa_id.to_owned());
        phone.bubbles.push_back(bubble);
        while phone.bubbles.len() > MOST_BUBBLES {
            if let Some(old) = phone.bubbles.pop_front() {
                self.holders.remove(&old.id);
            }
        }
    }

    /// A message by its id, with the phone that holds it.
    pub(super) fn bubble(&mut self, id: &str) -> Option<&mut Bubble> {
        let holder = self.holders.get(id)?;
        self.phones.get_mut(holder)?.bubbles.iter_mut().rev().find(|bubble| bubble.id == id)
    }

    /// The number behind a business-scoped user id.
    pub(super) fn by_user_id(&self, user_id: &str) -> Option<String> {
        self.phones.values().find(|phone| phone.user_id == user_id).map(|phone| phone.wa_id.clone())
    }
}

impl Phone {
    fn new(wa_id: &str, now: i64) -> Self {
        Self {
            wa_id: wa_id.to_owned(),
            name: format!("+{wa_id}"),
            username: None,
            user_id: user_id_of(wa_id),
            hides_number: false,
            online: true,
            on_whatsapp: true,
            bubbles: VecDeque::new(),
            last_written: BTreeMap::new(),
            typing_until: 0,
            active_at: now,
        }
    }

    /// An entry of `contacts[]` in webhooks.
    pub(super) fn contact(&self) -> Value {
        let mut profile = json!({"name": self.name});
        if let (Some(username), Some(profile)) = (&self.username, profile.as_object_mut()) {
            profile.insert("username".to_owned(), json!(username));
        }
        let mut contact = json!({"profile": profile, "user_id": self.user_id});
        if let (false, Some(contact)) = (self.hides_number, contact.as_object_mut()) {
            contact.insert("wa_id".to_owned(), json!(self.wa_id));
        }
        contact
    }

    /// When free text to this phone ends, while it is allowed.
    pub(super) fn window_end(&self, account: usize, now: i64) -> Option<i64> {
        self.last_written.get(&account).map(|at| at.saturating_add(WINDOW_MS)).filter(|end| now < *end)
    }
}

/// A number as ids spell it: digits only, 5 to 15 of them.
pub(super) fn digits_of(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (text.chars().all(allowed) && (5..=15).contains(&digits.len())).then_some(digits)
}

/// The same number has the same business-scoped id in every run, so that a restarted demo knows its contacts.
fn user_id_of(wa_id: &str) -> String {
    const COUNTRIES: &[(&str, &str)] = &[
        ("33", "FR"),
        ("32", "BE"),
        ("41", "CH"),
        ("44", "GB"),
        ("49", "DE"),
        ("34", "ES"),
        ("39", "IT"),
        ("55", "BR"),
    ];
    let country =
        COUNTRIES.iter().find(|(prefix, _)| wa_id.starts_with(prefix)).map_or("US", |(_, code)| code);
    let hash = Sha256::digest(wa_id.as_bytes());
    let number = hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{country}.{number:020}")
}

/// Random bytes; where the system has none to give they stay as they were, and `new_id` still counts.
pub(super) fn fill_random(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        tracing::warn!("the simulator got no random bytes: ids are counted only");
    }
}

static COUNTED: AtomicU64 = AtomicU64::new(1);

/// A message id with the look of Meta's: base64 over the number, the direction and a random tail.
pub(super) fn new_wamid(wa_id: &str, side: Side) -> String {
    let mut tail = [0_u8; 7];
    fill_random(&mut tail);
    let count = COUNTED.fetch_add(1, Ordering::Relaxed);
    let id = format!("{}{:06X}", hex::encode_upper(tail), count & 0x00FF_FFFF);
    let mut bytes = vec![0x1C, 0x18, u8::try_from(wa_id.len()).unwrap_or(15)];
    bytes.extend_from_slice(wa_id.as_bytes());
    let direction = match side {
        Side::Customer => 0x12,
        Side::Business => 0x11,
    };
    bytes.extend_from_slice(&[0x15, 0x02, 0x00, direction, 0x18, 0x14]);
    bytes.extend_from_slice(id.as_bytes());
    bytes.push(0);
    format!("wamid.{}", base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// A media id: 16 digits, as Meta's are.
pub(super) fn new_media_id() -> String {
    let mut bytes = [0_u8; 8];
    fill_random(&mut bytes);
    let count = COUNTED.fetch_add(1, Ordering::Relaxed);
    let number = u64::from_be_bytes(bytes).wrapping_add(count) % 9_000_000_000_000_000;
    (1_000_000_000_000_000 + number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_or_without_their_plus() {
        assert_eq!(digits_of("+33 6 12 34 56 78").as_deref(), Some("33612345678"));
        assert_eq!(digits_of("33612345678").as_deref(), Some("33612345678"));
        for bad in ["", "1234", "1234567890123456", "FR.123456", "abc"] {
            assert_eq!(digits_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_phone_keeps_its_last_thousand_messages() {
        let mut world = World::new();
        world.phone("33600000001", 0);
        for n in 0..=MOST_BUBBLES {
            world.show("33600000001", Bubble::new(format!("m{n}"), 0, Side::Customer, "text", 0));
        }
        assert_eq!(world.phones["33600000001"].bubbles.len(), MOST_BUBBLES);
        assert!(world.bubble("m0").is_none() && world.bubble("m1").is_some());
        assert_eq!(world.holders.len(), MOST_BUBBLES);
    }

    #[test]
    fn there_are_ten_thousand_phones_at_most() {
        let mut world = World::new();
        for n in 0..MOST_PHONES {
            assert!(world.phone(&format!("336{n:08}"), 0).is_some());
        }
        assert!(world.phone("4477000000", 0).is_none());
        assert!(world.phone("33600000000", 0).is_some());
    }

    #[test]
    fn the_window_is_open_until_its_last_millisecond() {
        let mut phone = Phone::new("33600000001", 0);
        assert_eq!(phone.window_end(0, 0), None);
        phone.last_written.insert(0, 1_000);
        assert_eq!(phone.window_end(0, WINDOW_MS + 999), Some(WINDOW_MS + 1_000));
        assert_eq!(phone.window_end(0, WINDOW_MS + 1_000), None);
        assert_eq!(phone.window_end(1, 1_000), None);
    }

    #[test]
    fn ids_do_not_repeat() {
        let ids: std::collections::BTreeSet<String> =
            (0..1_000).map(|_| new_wamid("33600000001", Side::Customer)).collect();
        assert_eq!(ids.len(), 1_000);
        assert_eq!(user_id_of("33600000001"), user_id_of("33600000001"));
        assert!(user_id_of("33600000001").starts_with("FR."));
    }
}
