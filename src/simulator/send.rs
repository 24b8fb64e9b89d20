//! `POST /{phone}/messages`: faults, window, the phone that receives, and the statuses that follow. Knows nothing of
//! how a message is read from JSON.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::draft::{self, Draft, id_text};
use super::faults::{Cut, Faults};
use super::graph_error::{GraphError, status_error};
use super::template_list::text;
use super::webhook::{Job, value_of};
use super::world::{Bubble, Phone, Side, State, TYPING_MS, World, digits_of, new_wamid};
use super::{Simulator, lock};
use crate::clock::pause;

/// Whom a send is for, as it was written.
struct Recipient {
    input: String,
    wa_id: String,
    by_user_id: bool,
}

/// The whole of a send, faults included.
pub(super) async fn send(simulator: &Arc<Simulator>, account: usize, body: &[u8]) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return GraphError::parameter("The parameter messaging_product is required.").into_response();
    };
    if text(&request, "messaging_product") != "whatsapp" {
        return GraphError::parameter("The parameter messaging_product is required.").into_response();
    }
    if request.get("status").is_some() {
        return simulator
            .read_mark(account, &request)
            .map_or_else(IntoResponse::into_response, IntoResponse::into_response);
    }
    let faults = lock(&simulator.faults).take();
    if faults.drop == Some(Cut::Before) {
        pause(faults.delay_ms).await;
        return cut();
    }
    if !faults.as_status && (faults.error_code.is_some() || (faults.status.is_some() && !faults.garbage)) {
        pause(faults.delay_ms).await;
        return match (faults.error_code, faults.status.and_then(|status| StatusCode::from_u16(status).ok())) {
            (Some(code), _) => GraphError::stock(code, faults.status).into_response(),
            (None, Some(status)) => (status, "Service unavailable").into_response(),
            (None, None) => StatusCode::BAD_GATEWAY.into_response(),
        };
    }
    let answer = simulator.accept(account, &request, &faults);
    if faults.delay_ms > 0 {
        pause(faults.delay_ms).await;
    }
    match answer {
        Ok(_) if faults.drop == Some(Cut::After) => cut(),
        Ok(_) if faults.garbage => (StatusCode::OK, "{\"messaging_product\":\"what").into_response(),
        Ok(answer) => Json(answer).into_response(),
        Err(error) => error.into_response(),
    }
}

/// Cuts the connection: a body that breaks before its first byte makes the server close without an answer.
fn cut() -> Response {
    let broken =
        futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut on purpose")) });
    Body::from_stream(broken).into_response()
}

fn recipient(request: &Value, world: &World) -> Result<Recipient, GraphError> {
    let to = request.get("to").map(id_text).unwrap_or_default();
    if !to.is_empty() {
        let Some(wa_id) = digits_of(&to) else {
            return Err(GraphError::parameter("Param to is not a valid phone number."));
        };
        return Ok(Recipient { input: to, wa_id, by_user_id: false });
    }
    let user_id = text(request, "recipient");
    if user_id.is_empty() {
        return Err(GraphError::parameter("The parameter to is required."));
    }
    match world.by_user_id(user_id) {
        Some(wa_id) => Ok(Recipient { input: user_id.to_owned(), wa_id, by_user_id: true }),
        None => Err(GraphError::code(131_009, "Param recipient is not a known business-scoped user id")),
    }
}

impl Simulator {
    fn accept(
        self: &Arc<Self>,
        account: usize,
        request: &Value,
        faults: &Faults,
    ) -> Result<Value, GraphError> {
        let draft = draft::read(request)?;
        let now = self.now();
        let mut world = self.world();
        let to = recipient(request, &world)?;
        if self
            .accounts
            .get(account)
            .and_then(|owner| digits_of(&owner.display_phone_number))
            .is_some_and(|own| own == to.wa_id)
        {
            return Err(GraphError::stock(131_021, None));
        }
        for (id, kind) in &draft.files {
            self.check_file(&world, id, kind, account, now)?;
        }
        let failure = {
            let Some(phone) = world.phone(&to.wa_id, now) else {
                return Err(GraphError::code(131_048, "the simulator has 10,000 phones already"));
            };
            failure_of(phone, account, now, &draft, faults)
        };
        if failure == Some(131_047) && faults.sync_window {
            return Err(GraphError::stock(131_047, None));
        }
        let wamid = new_wamid(&to.wa_id, Side::Business);
        let mut message = json!({"id": wamid});
        if let (true, Some(message)) = (draft.is_template, message.as_object_mut()) {
            message.insert("message_status".to_owned(), json!("accepted"));
        }
        let answer = accepted(&to, &world, &message);
        let mut bubble = bubble_of(&mut world, draft, &wamid, account, now);
        if let Some(code) = failure {
            bubble.state = State::Failed;
            bubble.error = Some(status_error(code));
        }
        let online = world.phones.get_mut(&to.wa_id).is_some_and(|phone| {
            phone.typing_until = 0;
            phone.online
        });
        self.post_status(&world, &to.wa_id, &bubble, now);
        if failure.is_none() {
            if online {
                bubble.state = State::Delivered;
                self.post_status(&world, &to.wa_id, &bubble, now);
            }
            react(&mut world, &bubble);
        }
        world.show(&to.wa_id, bubble);
        drop(world);
        self.changed();
        Ok(answer)
    }

    fn check_file(
        &self,
        world: &World,
        id: &str,
        kind: &str,
        account: usize,
        now: i64,
    ) -> Result<(), GraphError> {
        let media = world.media.get(id, now).filter(|media| self.same_business(media.account, account));
        let Some(media) = media else {
            let story =
                format!("Param {kind}['id'] is not a valid whatsapp business account media attachment ID");
            return Err(GraphError::parameter(story));
        };
        let family = media.mime_type.split('/').next().unwrap_or_default();
        let fits = match kind {
            "image" | "audio" | "video" => family == kind,
            "sticker" => media.mime_type == "image/webp",
            _ => true,
        };
        if fits {
            return Ok(());
        }
        Err(GraphError::code(131_053, format!("Unsupported {kind} mime type {}", media.mime_type)))
    }

    /// Marks a customer's message and all earlier ones as read, and shows that the business types.
    fn read_mark(self: &Arc<Self>, account: usize, request: &Value) -> Result<Json<Value>, GraphError> {
        let wamid = text(request, "message_id");
        if text(request, "status") != "read" || wamid.is_empty() {
            return Err(GraphError::parameter("Param status must be \"read\", with a message_id."));
        }
        let now = self.now();
        let mut world = self.world();
        let phone = world.holders.get(wamid).cloned().and_then(|holder| world.phones.get_mut(&holder));
        let Some(phone) = phone else {
            return Err(GraphError::code(
                131_009,
                "Message id is not one of a message received by this number",
            ));
        };
        let Some(position) =
            phone.bubbles.iter().position(|bubble| bubble.id == wamid && bubble.by_customer())
        else {
            return Err(GraphError::code(
                131_009,
                "Message id is not one of a message received by this number",
            ));
        };
        for bubble in phone.bubbles.iter_mut().take(position + 1) {
            if bubble.by_customer() && bubble.account == account {
                bubble.state = bubble.state.max(State::Read);
            }
        }
        if request.get("typing_indicator").is_some_and(Value::is_object) {
            phone.typing_until = now.saturating_add(TYPING_MS);
        }
        drop(world);
        self.changed();
        Ok(Json(json!({"success": true})))
    }

    /// Queues the webhook that tells the present state of a message of the business.
    pub(super) fn post_status(self: &Arc<Self>, world: &World, wa_id: &str, bubble: &Bubble, now: i64) {
        let (Some(owner), Some(phone)) = (self.accounts.get(bubble.account), world.phones.get(wa_id)) else {
            return;
        };
        let mut value = value_of(owner);
        if bubble.state != State::Failed {
            value.insert("contacts".to_owned(), json!([phone.contact()]));
        }
        value.insert("statuses".to_owned(), json!([status_of(phone, bubble, now)]));
        let copies = lock(&self.faults).copies();
        self.post_webhook(bubble.account, Job::new(&Value::Object(value), owner, copies));
    }
}

/// The code of the failed status that a send earns.
fn failure_of(phone: &Phone, account: usize, now: i64, draft: &Draft, faults: &Faults) -> Option<i64> {
    if faults.as_status {
        return faults.error_code;
    }
    if !phone.on_whatsapp {
        return Some(131_026);
    }
    (!draft.is_template && phone.window_end(account, now).is_none()).then_some(131_047)
}

fn accepted(to: &Recipient, world: &World, message: &Value) -> Value {
    let user_id = world.phones.get(&to.wa_id).map(|phone| phone.user_id.clone());
    let contact = if to.by_user_id {
        json!({"input": to.input, "user_id": user_id})
    } else {
        json!({"input": to.input, "wa_id": to.wa_id})
    };
    json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})
}

fn bubble_of(world: &mut World, draft: Draft, wamid: &str, account: usize, now: i64) -> Bubble {
    let mut bubble = Bubble::new(wamid.to_owned(), account, Side::Business, &draft.kind, now);
    bubble.text = draft.text;
    bubble.parts = draft.parts;
    bubble.reply_to = draft.reply_to;
    bubble.callback_data = draft.callback_data;
    bubble.category = draft.category;
    if let Some((message, emoji)) = draft.reaction {
        bubble.parts.insert("reaction".to_owned(), json!({"message_id": message, "emoji": emoji}));
    }
    // The file is described now: it may be gone when the page asks.
    for spot in ["media", "header"] {
        if let Some(part) = bubble.parts.get_mut(spot) {
            describe(world, part, now);
        }
    }
    bubble
}

fn describe(world: &World, part: &mut Value, now: i64) {
    let target = if part.get("media").is_some() { part.get_mut("media") } else { Some(part) };
    let Some(target) = target.and_then(Value::as_object_mut) else { return };
    let Some(media) = target.get("id").and_then(Value::as_str).and_then(|id| world.media.get(id, now)) else {
        return;
    };
    let (mime_type, size, name) = (media.mime_type.clone(), media.bytes.len(), media.filename.clone());
    target.insert("mime_type".to_owned(), json!(mime_type));
    target.insert("size".to_owned(), json!(size));
    if target.get("filename").is_none_or(Value::is_null) {
        target.insert("filename".to_owned(), json!(name));
    }
}

/// A reaction shows on the message that it is about.
fn react(world: &mut World, bubble: &Bubble) {
    let Some(reaction) = bubble.parts.get("reaction") else { return };
    let emoji = text(reaction, "emoji");
    if let Some(target) = world.bubble(text(reaction, "message_id")) {
        target.business_reaction = (!emoji.is_empty()).then(|| emoji.to_owned());
    }
}

fn status_of(phone: &Phone, bubble: &Bubble, now: i64) -> Value {
    let mut status = serde_json::Map::new();
    status.insert("id".to_owned(), json!(bubble.id));
    status.insert("status".to_owned(), json!(bubble.state.word()));
    status.insert("timestamp".to_owned(), json!(now.div_euclid(1_000).to_string()));
    if !phone.hides_number {
        status.insert("recipient_id".to_owned(), json!(phone.wa_id));
    }
    status.insert("recipient_user_id".to_owned(), json!(phone.user_id));
    if let Some(data) = &bubble.callback_data {
        status.insert("biz_opaque_callback_data".to_owned(), json!(data));
    }
    if matches!(bubble.state, State::Sent | State::Delivered) {
        let pricing =
            json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": bubble.category});
        status.insert("pricing".to_owned(), pricing);
    }
    if let Some(error) = &bubble.error {
        status.insert("errors".to_owned(), json!([error]));
    }
    Value::Object(status)
}
