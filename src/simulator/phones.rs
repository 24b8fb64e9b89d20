//! The customers' side over HTTP: what each phone shows, what it writes, and when it reads. Knows nothing of the
//! Graph API's requests.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Simulator;
use super::graph::host_of;
use super::inbound::{self, Written};
use super::media::{LARGEST, Upload};
use super::page::{guard, refusal, rfc3339};
use super::template_list::text;
use super::world::{Bubble, Phone, State, digits_of};

const MOST_LISTED: usize = 200;
/// A file of 25 MiB in base64, and its surroundings.
const LARGEST_BODY: usize = LARGEST / 3 * 4 + 1024 * 1024;
/// Characters of a profile name.
pub(super) const LONGEST_NAME: usize = 128;

/// A refusal of the customers' side.
pub(super) type Refused = (StatusCode, String);

/// `/customers…` and the files that the page shows.
pub(super) fn routes() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/customers", get(list))
        .route("/customers/{wa_id}", get(show_customer).post(change))
        .route("/customers/{wa_id}/messages", get(show).post(write))
        .route("/customers/{wa_id}/read", post(read))
        .route("/customers/{wa_id}/played", post(played))
        .route("/media/{id}", get(file))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(guard))
}

/// The customers who were active last; the page asks again with every change, so the list is short.
async fn list(Shared(simulator): Shared<Arc<Simulator>>) -> Json<Value> {
    let accounts: Vec<Value> = simulator
        .accounts
        .iter()
        .zip(&simulator.outlets)
        .map(|(account, outlet)| {
            json!({
                "channel_id": account.channel_id,
                "display_phone_number": account.display_phone_number,
                "webhook": outlet.told(),
            })
        })
        .collect();
    let world = simulator.world();
    let mut phones: Vec<&Phone> = world.phones.values().collect();
    phones.sort_by_key(|phone| std::cmp::Reverse(phone.active_at));
    let customers: Vec<Value> = phones.into_iter().take(MOST_LISTED).map(summary).collect();
    Json(
        json!({"customers": customers, "total": world.phones.len(), "accounts": accounts, "now": rfc3339(simulator.now())}),
    )
}

fn summary(phone: &Phone) -> Value {
    let seen = |bubble: &&Bubble| bubble.state != State::Failed && bubble.kind != "reaction";
    let last = phone.bubbles.iter().rev().find(seen);
    let unread = phone
        .bubbles
        .iter()
        .filter(|bubble| !bubble.by_customer() && bubble.state == State::Delivered)
        .count();
    let mut told = describe(phone);
    if let Some(told) = told.as_object_mut() {
        told.insert("unread".to_owned(), json!(unread));
        told.insert("active_at".to_owned(), json!(rfc3339(phone.active_at)));
        if let Some(last) = last {
            let line = json!({"type": last.kind, "text": last.text, "from": last.side.word(), "state": last.state.word()});
            told.insert("last_message".to_owned(), line);
        }
    }
    told
}

fn describe(phone: &Phone) -> Value {
    json!({
        "wa_id": phone.wa_id,
        "name": phone.name,
        "username": phone.username,
        "user_id": phone.user_id,
        "online": phone.online,
        "hides_number": phone.hides_number,
        "on_whatsapp": phone.on_whatsapp,
    })
}

fn known_number(wa_id: &str) -> Result<String, Refused> {
    let told = || (StatusCode::BAD_REQUEST, format!("{wa_id:?} is not a phone number: write 5 to 15 digits"));
    digits_of(wa_id).ok_or_else(told)
}

/// What may be changed about a customer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    name: Option<String>,
    username: Option<String>,
    online: Option<bool>,
    hides_number: Option<bool>,
    on_whatsapp: Option<bool>,
}

async fn show_customer(Shared(simulator): Shared<Arc<Simulator>>, Path(wa_id): Path<String>) -> Response {
    let world = simulator.world();
    match known_number(&wa_id).map(|wa_id| world.phones.get(&wa_id)) {
        Ok(Some(phone)) => Json(describe(phone)).into_response(),
        Ok(None) => {
            refusal(StatusCode::NOT_FOUND, "no such customer yet: POST here or write a message from it")
        }
        Err((status, told)) => refusal(status, &told),
    }
}

async fn change(
    Shared(simulator): Shared<Arc<Simulator>>,
    Path(wa_id): Path<String>,
    body: Bytes,
) -> Response {
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let changed = serde_json::from_slice::<Change>(body)
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
        .and_then(|change| simulator.change_customer(&known_number(&wa_id)?, change));
    changed.map_or_else(|(status, told)| refusal(status, &told), |told| Json(told).into_response())
}

async fn read(Shared(simulator): Shared<Arc<Simulator>>, Path(wa_id): Path<String>) -> Response {
    match known_number(&wa_id) {
        Ok(wa_id) => Json(json!({"read": simulator.raise(&wa_id, None, State::Read)})).into_response(),
        Err((status, told)) => refusal(status, &told),
    }
}

async fn played(
    Shared(simulator): Shared<Arc<Simulator>>,
    Path(wa_id): Path<String>,
    body: Bytes,
) -> Response {
    let wish: Value = serde_json::from_slice(&body).unwrap_or_default();
    match known_number(&wa_id) {
        Ok(_) if text(&wish, "id").is_empty() => {
            refusal(StatusCode::BAD_REQUEST, "say which: {\"id\":\"wamid…\"}")
        }
        Ok(wa_id) => {
            let played = simulator.raise(&wa_id, Some(text(&wish, "id")), State::Played);
            Json(json!({"played": played})).into_response()
        }
        Err((status, told)) => refusal(status, &told),
    }
}

async fn file(Shared(simulator): Shared<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    let media = simulator.world().media.get(&id, simulator.now()).cloned();
    let Some(media) = media else { return refusal(StatusCode::NOT_FOUND, "no such file, or it has expired") };
    let family = media.mime_type.split('/').next().unwrap_or_default();
    // Only what cannot run is shown in place: the page's own origin must not serve somebody's script.
    let drawn = matches!(family, "image" | "audio" | "video") && !media.mime_type.contains("svg");
    let place = if drawn { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, if drawn { media.mime_type.as_str() } else { "application/octet-stream" }),
        (header::CONTENT_DISPOSITION, place),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    (headers, media.bytes).into_response()
}

async fn show(Shared(simulator): Shared<Arc<Simulator>>, Path(wa_id): Path<String>) -> Response {
    let wa_id = match known_number(&wa_id) {
        Ok(wa_id) => wa_id,
        Err((status, told)) => return refusal(status, &told),
    };
    let now = simulator.now();
    let world = simulator.world();
    let Some(phone) = world.phones.get(&wa_id) else {
        // A phone that nobody has used yet shows nothing; that is no mistake of whoever looks.
        return Json(json!({"customer": {"wa_id": wa_id}, "typing": false, "windows": {}, "messages": []}))
            .into_response();
    };
    let windows: Map<String, Value> = simulator
        .accounts
        .iter()
        .enumerate()
        .map(|(n, account)| (account.channel_id.clone(), json!(phone.window_end(n, now).map(rfc3339))))
        .collect();
    let messages: Vec<Value> = phone.bubbles.iter().map(|bubble| simulator.drawn(bubble)).collect();
    Json(json!({
        "customer": describe(phone),
        "typing": now < phone.typing_until,
        "windows": windows,
        "messages": messages,
        "now": rfc3339(now),
    }))
    .into_response()
}

/// Reads what the customer writes, as JSON or as a form with a file.
async fn write(
    Shared(simulator): Shared<Arc<Simulator>>,
    Path(wa_id): Path<String>,
    request: Request,
) -> Response {
    let host = host_of(request.headers());
    let form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("multipart/"));
    let read = if form { read_form(request).await } else { read_json(request).await };
    let sent = read.and_then(|(asked, written)| {
        let wa_id = known_number(&wa_id)?;
        let wait = asked.get("wait").is_some_and(|wait| wait == &json!(true) || wait == "true");
        Ok((simulator.written(&wa_id, &asked, written, &host)?, wait))
    });
    match sent {
        Err((status, told)) => refusal(status, &told),
        Ok(((id, _), false)) => Json(json!({"id": id})).into_response(),
        Ok(((id, first_try), true)) => {
            let told = first_try
                .await
                .map_or_else(|_| json!({"error": "the webhook was lost"}), |attempt| json!(attempt));
            Json(json!({"id": id, "webhook": told})).into_response()
        }
    }
}

async fn read_json(request: Request) -> Result<(Value, Written), Refused> {
    let bad = |told: String| (StatusCode::BAD_REQUEST, told);
    let body = Bytes::from_request(request, &()).await.map_err(|_| {
        (StatusCode::PAYLOAD_TOO_LARGE, format!("a message has {LARGEST_BODY} bytes at most"))
    })?;
    let asked: Value =
        serde_json::from_slice(&body).map_err(|error| bad(format!("the body is not JSON: {error}")))?;
    let written = inbound::read(&asked).map_err(bad)?;
    Ok((asked, written))
}

async fn read_form(request: Request) -> Result<(Value, Written), Refused> {
    let bad = |told: String| (StatusCode::BAD_REQUEST, told);
    let unreadable = |_| {
        (StatusCode::BAD_REQUEST, format!("the form can't be read, or is larger than {LARGEST_BODY} bytes"))
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| bad(error.to_string()))?;
    let (mut asked, mut file) = (Map::new(), None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let mime_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
            let filename = field.file_name().map(|name| name.chars().take(240).collect());
            file = Some(Upload { mime_type, filename, bytes: field.bytes().await.map_err(unreadable)? });
        } else if ["type", "caption", "name", "username", "to", "wait", "reply_to"].contains(&name.as_str()) {
            asked.insert(name, json!(field.text().await.map_err(unreadable)?));
        } else {
            return Err(bad(format!(
                "unknown field {name:?}: give file, type, caption, name, username, to, reply_to, wait"
            )));
        }
    }
    let Some(file) = file.filter(|file| !file.bytes.is_empty() && file.bytes.len() <= LARGEST) else {
        return Err(bad(format!("the form needs a file of 1 to {LARGEST} bytes, in the field \"file\"")));
    };
    let asked = Value::Object(asked);
    let told = text(&asked, "type");
    let kind = if told.is_empty() { inbound::kind_of(&file.mime_type) } else { told };
    if !["image", "audio", "voice", "video", "document", "sticker"].contains(&kind) {
        return Err(bad(format!("{kind:?} takes no file")));
    }
    let caption = text(&asked, "caption").to_owned();
    let mut written = inbound::from_file(kind, file, &caption).map_err(bad)?;
    if let Some(id) = Some(text(&asked, "reply_to")).filter(|id| !id.is_empty()) {
        written.beside.insert("context".to_owned(), json!({"id": id}));
    }
    Ok((asked, written))
}

impl Simulator {
    fn change_customer(self: &Arc<Self>, wa_id: &str, change: Change) -> Result<Value, Refused> {
        let long =
            |text: &Option<String>| text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_NAME);
        if long(&change.name) || long(&change.username) {
            return Err((StatusCode::BAD_REQUEST, format!("names have {LONGEST_NAME} characters at most")));
        }
        let mut world = self.world();
        let phone = world.phone(wa_id, self.now()).ok_or_else(too_many)?;
        phone.name = change.name.filter(|name| !name.is_empty()).unwrap_or_else(|| phone.name.clone());
        if let Some(username) = change.username {
            phone.username = Some(username).filter(|username| !username.is_empty());
        }
        phone.hides_number = change.hides_number.unwrap_or(phone.hides_number);
        phone.on_whatsapp = change.on_whatsapp.unwrap_or(phone.on_whatsapp);
        phone.online = change.online.unwrap_or(phone.online);
        let (online, told) = (phone.online, describe(phone));
        drop(world);
        if online {
            self.raise(wa_id, None, State::Delivered);
        }
        self.changed();
        Ok(told)
    }

    /// Raises the business's messages on a phone to a state, each once, with its status webhook; counts them.
    fn raise(self: &Arc<Self>, wa_id: &str, only: Option<&str>, state: State) -> usize {
        let now = self.now();
        let mut world = self.world();
        let Some(mut bubbles) = world.phones.get_mut(wa_id).map(|phone| std::mem::take(&mut phone.bubbles))
        else {
            return 0;
        };
        let mut raised = 0;
        for bubble in &mut bubbles {
            let wanted =
                !bubble.by_customer() && bubble.state < state && only.is_none_or(|id| id == bubble.id);
            if wanted {
                bubble.state = state;
                self.post_status(&world, wa_id, bubble, now);
                raised += 1;
            }
        }
        if let Some(phone) = world.phones.get_mut(wa_id) {
            phone.bubbles = bubbles;
        }
        drop(world);
        if raised > 0 {
            self.changed();
        }
        raised
    }

    /// The business's server has the message: the second tick.
    pub(super) fn tick_customer_message(&self, wamid: &str) {
        if let Some(bubble) = self.world().bubble(wamid) {
            bubble.state = bubble.state.max(State::Delivered);
        }
    }

    fn drawn(&self, bubble: &Bubble) -> Value {
        let mut told = json!({
            "id": bubble.id,
            "direction": if bubble.by_customer() { "in" } else { "out" },
            "from": bubble.side.word(),
            "channel_id": self.accounts.get(bubble.account).map(|account| &account.channel_id),
            "type": bubble.kind,
            "text": bubble.text,
            "state": bubble.state.word(),
            "timestamp": rfc3339(bubble.at),
            "reply_to": bubble.reply_to,
            "error": bubble.error,
            "edited": bubble.edited,
            "revoked": bubble.revoked,
            "reactions": {"customer": bubble.customer_reaction, "business": bubble.business_reaction},
        });
        if let Some(told) = told.as_object_mut() {
            for (key, part) in bubble.parts.iter().filter(|_| !bubble.revoked) {
                let mut part = part.clone();
                address(&mut part);
                told.entry(key.clone()).or_insert(part);
            }
        }
        told
    }
}

/// Where the page finds a file: of a message, or of its header.
fn address(part: &mut Value) {
    let target = if part.get("media").is_some() { part.get_mut("media") } else { Some(part) };
    if let Some(target) = target.and_then(Value::as_object_mut) {
        let url = target.get("id").and_then(Value::as_str).map(|id| format!("/sim/media/{id}"));
        if let (Some(url), true) = (url, target.contains_key("size")) {
            target.insert("url".to_owned(), json!(url));
        }
    }
}

pub(super) fn too_many() -> Refused {
    (StatusCode::SERVICE_UNAVAILABLE, format!("there are {} customers already", super::world::MOST_PHONES))
}
