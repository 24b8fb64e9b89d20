//! What happens when a customer writes: the phone shows it, the window opens, a webhook leaves. Knows nothing of how
//! the request came in.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::draft::id_text;
use super::inbound::Written;
use super::phones::{LONGEST_NAME, Refused, too_many};
use super::template_list::text;
use super::webhook::{Attempt, Job, Outlet, value_of};
use super::world::{Bubble, Side, World, digits_of, new_wamid};
use super::{Simulator, lock};

/// One message on its way to the business.
struct Post<'a> {
    wa_id: &'a str,
    account: usize,
    id: &'a str,
    asked: &'a Value,
    /// By which address the page reached us.
    host: &'a str,
}

impl Simulator {
    fn account_named(&self, to: &str) -> Result<usize, Refused> {
        if self.accounts.is_empty() {
            return Err((
                StatusCode::SERVICE_UNAVAILABLE,
                "no WhatsApp channel points at the simulator".to_owned(),
            ));
        }
        let digits = digits_of(to);
        let found = self.accounts.iter().position(|account| {
            to.is_empty()
                || account.channel_id == to
                || account.phone_number_id == to
                || (digits.is_some() && digits_of(&account.display_phone_number) == digits)
        });
        found.ok_or_else(|| {
            let names: Vec<&str> = self.accounts.iter().map(|account| account.channel_id.as_str()).collect();
            (StatusCode::BAD_REQUEST, format!("no account {to:?}: write to one of {}", names.join(", ")))
        })
    }

    /// Keeps what the customer wrote and queues its webhook.
    pub(super) fn written(
        self: &Arc<Self>,
        wa_id: &str,
        asked: &Value,
        written: Written,
        host: &str,
    ) -> Result<(String, oneshot::Receiver<Attempt>), Refused> {
        let account = self.account_named(text(asked, "to"))?;
        if self.outlets.get(account).is_some_and(Outlet::is_full) {
            return Err((
                StatusCode::SERVICE_UNAVAILABLE,
                "too many webhooks wait: is the server running?".to_owned(),
            ));
        }
        let (name, username) = (text(asked, "name"), text(asked, "username"));
        if name.chars().count() > LONGEST_NAME || username.chars().count() > LONGEST_NAME {
            return Err((StatusCode::BAD_REQUEST, format!("names have {LONGEST_NAME} characters at most")));
        }
        let now = self.now();
        let mut world = self.world();
        let phone = world.phone(wa_id, now).ok_or_else(too_many)?;
        if !name.is_empty() {
            name.clone_into(&mut phone.name);
        }
        if !username.is_empty() {
            phone.username = Some(username.to_owned());
        }
        phone.last_written.insert(account, now);
        let id = match text(asked, "id") {
            "" => new_wamid(wa_id, Side::Customer),
            given => given.chars().take(512).collect(),
        };
        let post = Post { wa_id, account, id: &id, asked, host };
        let value = self.compose(&mut world, &post, written);
        let (told, first_try) = oneshot::channel();
        let copies = lock(&self.faults).copies();
        if let Some(owner) = self.accounts.get(account) {
            self.post_webhook(account, Job::new(&value, owner, copies).about(&id, Some(told)));
        }
        drop(world);
        self.changed();
        Ok((id, first_try))
    }

    /// Puts the message on the phone and makes the `value` of its webhook.
    fn compose(&self, world: &mut World, post: &Post<'_>, written: Written) -> Value {
        let now = self.now();
        let mut bubble = Bubble::new(post.id.to_owned(), post.account, Side::Customer, &written.kind, now);
        bubble.text = written.text;
        let mut part = written.part;
        if let (Some(file), Some(Value::Object(part))) = (written.file, &mut part) {
            let (media_id, media) = world.media.receive(file, post.account, now);
            let base = Some(lock(&self.base).clone()).filter(|base| !base.is_empty());
            let url = self.media_address(base.as_deref().unwrap_or(post.host), &media_id, now);
            part.insert("mime_type".to_owned(), json!(media.mime_type));
            part.insert("sha256".to_owned(), json!(media.sha256_base64()));
            part.insert("id".to_owned(), json!(media_id));
            part.insert("url".to_owned(), json!(url));
            let shown = json!({"id": media_id, "mime_type": media.mime_type, "filename": media.filename,
                "size": media.bytes.len(), "voice": part.get("voice")});
            bubble.parts.insert("media".to_owned(), shown);
        } else if let Some(part) = &part {
            bubble.parts.insert(written.kind.clone(), part.clone());
        }
        let mut message = self.envelope(world, post, written.beside);
        message.insert("type".to_owned(), json!(written.kind));
        if let Some(part) = part {
            message.insert(written.kind.clone(), part);
        }
        bubble.reply_to =
            message.get("context").and_then(|context| context.get("id")?.as_str()).map(str::to_owned);
        land(world, post.wa_id, bubble);
        let mut value = self.accounts.get(post.account).map(value_of).unwrap_or_default();
        if let (Some(phone), true) = (world.phones.get(post.wa_id), written.kind != "system") {
            value.insert("contacts".to_owned(), json!([phone.contact()]));
        }
        value.insert("messages".to_owned(), json!([message]));
        Value::Object(value)
    }

    /// Everything of a message but its type.
    fn envelope(&self, world: &mut World, post: &Post<'_>, beside: Map<String, Value>) -> Map<String, Value> {
        let mut message = beside;
        if let Some(phone) = world.phones.get(post.wa_id) {
            if !phone.hides_number {
                message.insert("from".to_owned(), json!(post.wa_id));
            }
            message.insert("from_user_id".to_owned(), json!(phone.user_id));
        }
        message.insert("id".to_owned(), json!(post.id));
        let seconds = match post.asked.get("timestamp") {
            Some(given) => id_text(given),
            None => self.now().div_euclid(1_000).to_string(),
        };
        message.insert("timestamp".to_owned(), json!(seconds));
        let Some(context) = message.get_mut("context").and_then(Value::as_object_mut) else { return message };
        let about = context.get("id").and_then(Value::as_str).and_then(|about| world.bubble(about));
        if let (Some(about), false) = (about, context.contains_key("from")) {
            let own =
                self.accounts.get(post.account).and_then(|account| digits_of(&account.display_phone_number));
            let from = match about.side {
                Side::Customer => Some(post.wa_id.to_owned()),
                Side::Business => own,
            };
            context.insert("from".to_owned(), json!(from));
        }
        message
    }
}

/// Reactions, edits and deletions change the message that they are about; all else is a message of its own.
fn land(world: &mut World, wa_id: &str, bubble: Bubble) {
    let part = |key: &str| bubble.parts.get(key).cloned().unwrap_or_default();
    match bubble.kind.as_str() {
        "reaction" => {
            let reaction = part("reaction");
            let emoji = Some(text(&reaction, "emoji").to_owned()).filter(|emoji| !emoji.is_empty());
            if let Some(about) = world.bubble(text(&reaction, "message_id")) {
                about.customer_reaction = emoji;
            }
        }
        "edit" => {
            let edit = part("edit");
            let body = edit.pointer("/message/text/body").and_then(Value::as_str).map(str::to_owned);
            if let Some(about) = world.bubble(text(&edit, "original_message_id")) {
                about.text = body.or(about.text.take());
                about.edited = true;
            }
        }
        "revoke" => {
            let revoke = part("revoke");
            if let Some(about) = world.bubble(text(&revoke, "original_message_id")) {
                about.text = None;
                about.revoked = true;
            }
        }
        _ => world.show(wa_id, bubble),
    }
}
