//! A delivery, taken apart: entries, changes, and in them messages, statuses and errors, each one by itself.
//!
//! Every level may be broken without harm to its neighbours. An ordinary delivery is read with borrowed types; only where
//! that fails the slow, tolerant way is taken: as a tree, part by part. What can't be understood is kept raw.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::people::People;
use super::signature::Key;
use super::{account, mend, message, status};
use crate::domain::{ChannelId, Time};
use crate::engine::{ChannelInput, RawDelivery};

/// Meta's limit for a delivery.
const BODY_MAX: usize = 3 * 1024 * 1024;
/// What every delivery about a `WhatsApp` account says it is about.
const OBJECT: &str = "whatsapp_business_account";

/// Whose delivery it is.
pub(super) struct Account<'a> {
    pub(super) channel_id: &'a ChannelId,
    pub(super) phone_number_id: &'a str,
    pub(super) key: &'a Key,
    pub(super) received_at: Time,
}

/// A text of the delivery, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(borrow)]
    object: Text<'a>,
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    field: Text<'a>,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// The value of a `messages` or `smb_message_echoes` change.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    statuses: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    message_echoes: Option<&'a RawValue>,
}

/// What was found so far.
pub(super) struct Reading<'a> {
    pub(super) account: &'a Account<'a>,
    found: Vec<ChannelInput>,
}

/// Everything that a signed body says.
pub(super) fn read(account: &Account<'_>, body: &[u8]) -> Vec<ChannelInput> {
    let mut reading = Reading { account, found: Vec::with_capacity(1) };
    if body.len() > BODY_MAX {
        reading.whole(body, "it is larger than 3 MB");
        return reading.found;
    }
    let text = String::from_utf8_lossy(body);
    let text = mend::mend(text.strip_prefix('\u{feff}').unwrap_or(&text));
    match serde_json::from_str::<Delivery<'_>>(&text) {
        Ok(delivery) if delivery.object.0 == OBJECT => {
            for change in delivery.entry.iter().flat_map(|entry| &entry.changes) {
                reading.change(&change.field.0, change.value.get());
            }
        }
        Ok(_) => reading.whole(body, "it is not about a WhatsApp account"),
        // A NUL as it is makes the text no JSON; its escape, which most parsers accept, was mended above.
        Err(_) => match serde_json::from_str::<Value>(&text.replace('\0', "\\ufffd")) {
            Ok(tree) if tree.get("object").and_then(Value::as_str) == Some(OBJECT) => reading.tree(&tree),
            Ok(_) => reading.whole(body, "it is not about a WhatsApp account"),
            Err(error) => reading.whole(body, &format!("it is no readable JSON: {error}")),
        },
    }
    reading.found
}

impl Reading<'_> {
    /// Adds something understood.
    pub(super) fn add(&mut self, input: ChannelInput) {
        // Reading the list again for every change of it would help nobody.
        if input != ChannelInput::TemplatesChanged || !self.found.contains(&input) {
            self.found.push(input);
        }
    }

    /// Keeps a part that was not understood.
    pub(super) fn raw(&mut self, part: &str, reason: &str) {
        self.keep(part.to_owned(), part.as_bytes(), reason);
    }

    fn whole(&mut self, body: &[u8], reason: &str) {
        let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'));
        self.keep(text.map_or_else(|| STANDARD.encode(body), str::to_owned), body, reason);
    }

    fn keep(&mut self, body: String, bytes: &[u8], reason: &str) {
        self.found.push(ChannelInput::Raw(RawDelivery {
            channel_id: self.account.channel_id.clone(),
            hash: mend::hash(bytes),
            body,
            reason: reason.to_owned(),
            received_at: self.account.received_at,
        }));
    }

    /// A delivery that is not of the ordinary shape: what is understood of it counts, the rest is kept raw.
    fn tree(&mut self, tree: &Value) {
        for entry in elements(tree.get("entry")) {
            let changes = elements(entry.get("changes"));
            if changes.is_empty() {
                self.raw(&entry.to_string(), "an entry without changes");
            }
            for change in changes {
                match (change.get("field").and_then(Value::as_str), change.get("value")) {
                    (Some(field), Some(value)) => self.change(field, &value.to_string()),
                    _ => self.raw(&change.to_string(), "a change without field or value"),
                }
            }
        }
        if elements(tree.get("entry")).is_empty() {
            self.raw(&tree.to_string(), "a delivery without entries");
        }
    }

    fn change(&mut self, field: &str, value: &str) {
        if !matches!(field, "messages" | "smb_message_echoes") {
            return account::read(self, field, value);
        }
        // A tree keeps the last of keys that come twice, which the typed reading refuses.
        let again = || serde_json::from_str::<Value>(value).ok().map(|tree| tree.to_string());
        match serde_json::from_str::<Parts<'_>>(value) {
            Ok(parts) => self.parts(field, value, &parts),
            Err(_) => match again().as_deref().map(serde_json::from_str::<Parts<'_>>) {
                Some(Ok(parts)) => self.parts(field, value, &parts),
                Some(Err(_)) | None => self.raw(value, "a change whose value is no object"),
            },
        }
    }

    fn parts(&mut self, field: &str, value: &str, parts: &Parts<'_>) {
        if !is_ours(parts.metadata, self.account.phone_number_id) {
            return self
                .raw(value, "it is for another phone number; check which numbers the app's webhook serves");
        }
        let before = self.found.len();
        let people = People::read(parts.contacts);
        for part in self.list(parts.messages) {
            self.message(part, &people, false);
        }
        for part in self.list(parts.message_echoes) {
            self.message(part, &people, true);
        }
        for part in self.list(parts.statuses) {
            status::read(self, part, &people);
        }
        for part in self.list(parts.errors) {
            account::error(self, part);
        }
        if self.found.len() == before {
            self.raw(value, &format!("a {field} change without anything known in it"));
        }
    }

    fn message(&mut self, part: &str, people: &People<'_>, echo: bool) {
        // A tree keeps the last of keys that come twice, which the typed reading refuses.
        let again = || {
            let tree = serde_json::from_str::<Value>(part).ok()?;
            message::read(self.account, &tree.to_string(), people, echo).ok()
        };
        match message::read(self.account, part, people, echo) {
            Ok(input) => self.add(input),
            Err(reason) => match again() {
                Some(input) => self.add(input),
                None => return self.raw(part, reason),
            },
        }
        if part.len() > mend::DATA_MAX {
            self.raw(part, "a message of more than 64 KiB; the interaction shows its beginning");
        }
    }

    /// The elements of a list; one alone counts as a list of one.
    fn list<'r>(&mut self, part: Option<&'r RawValue>) -> Vec<&'r str> {
        let Some(part) = part.map(RawValue::get) else { return Vec::new() };
        match serde_json::from_str::<Vec<&RawValue>>(part) {
            Ok(elements) => elements.into_iter().map(RawValue::get).collect(),
            Err(_) if part.starts_with('{') => vec![part],
            Err(_) => {
                self.raw(part, "not a list where one is expected");
                Vec::new()
            }
        }
    }
}

fn elements(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(elements)) => elements,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => &[],
    }
}

/// A delivery that does not say for which number it is counts as ours: it came to our address with our signature.
fn is_ours(metadata: Option<&RawValue>, phone_number_id: &str) -> bool {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        phone_number_id: &'a RawValue,
    }
    let Some(metadata) = metadata else { return true };
    serde_json::from_str::<Metadata<'_>>(metadata.get())
        .map_or(true, |metadata| metadata.phone_number_id.get().trim_matches('"') == phone_number_id)
}

/// Seconds since 1970, as Meta writes them (a text); what makes no sense is replaced by the time of arrival.
pub(super) fn time(part: Option<&RawValue>, received_at: Time) -> Time {
    /// The year 2286; later ones are milliseconds by mistake.
    const SECONDS_MAX: i64 = 9_999_999_999;
    part.and_then(|part| part.get().trim_matches('"').parse::<i64>().ok())
        .filter(|seconds| (1..=SECONDS_MAX).contains(seconds))
        .map_or(received_at, |seconds| Time(seconds * 1_000))
}
