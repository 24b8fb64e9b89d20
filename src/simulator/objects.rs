//! What the Graph API answers for phone numbers, business accounts, templates and media. Knows nothing of phones
//! that customers hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Multipart, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Simulator;
use super::graph::{Asked, token_of, verb};
use super::graph_error::GraphError;
use super::media::{LARGEST, Upload, address_lives, address_query};
use super::template_list::{self, picked, text};

type Answer = Result<Response, GraphError>;

/// What Meta takes as an upload, with its size limits; ours is the smaller of theirs and `LARGEST`.
const UPLOADABLE: &[(&str, usize)] = &[
    ("audio/aac", 16),
    ("audio/mp4", 16),
    ("audio/mpeg", 16),
    ("audio/amr", 16),
    ("audio/ogg", 16),
    ("audio/opus", 16),
    ("application/vnd.ms-powerpoint", 100),
    ("application/msword", 100),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100),
    ("application/pdf", 100),
    ("text/plain", 100),
    ("application/vnd.ms-excel", 100),
    ("image/jpeg", 5),
    ("image/png", 5),
    ("image/webp", 1),
    ("video/mp4", 16),
    ("video/3gpp", 16),
];

fn yes() -> Response {
    Json(json!({"success": true})).into_response()
}

/// `GET /oauth/access_token`: the token of an "app", with which some clients register their webhook.
pub(super) fn access_token(simulator: &Simulator, asked: &Asked<'_>) -> Response {
    let secret = asked.query.get("client_secret").map(String::as_str).unwrap_or_default();
    if !simulator.accounts.iter().any(|account| !secret.is_empty() && account.app_secret == secret) {
        return GraphError::parameter("Error validating client secret.").into_response();
    }
    Json(json!({"access_token": "app-token", "token_type": "bearer"})).into_response()
}

/// `POST /{app}/subscriptions`: true only for the address that webhooks go to anyway.
pub(super) fn subscriptions(simulator: &Simulator, asked: &Asked<'_>) -> Response {
    let wished = asked.query.get("callback_url").map(String::as_str).unwrap_or_default();
    if *asked.method == Method::GET {
        return Json(json!({"data": []})).into_response();
    }
    simulator.callback(wished).unwrap_or_else(IntoResponse::into_response)
}

impl Simulator {
    fn callback(&self, wished: &str) -> Answer {
        if self.outlets.iter().any(|outlet| outlet.url() == wished) {
            return Ok(yes());
        }
        Err(GraphError::parameter(
            "The simulator posts webhooks only to the address it was started with; set public_url instead.",
        ))
    }

    /// `/{id}`: a phone number, a business account, a template or a file.
    pub(super) fn answer_object(
        self: &Arc<Self>,
        asked: &Asked<'_>,
        id: &str,
        owners: &[usize],
        body: &[u8],
    ) -> Answer {
        let fields = asked.query.get("fields").map(String::as_str);
        let get = *asked.method == Method::GET;
        let mine = || owners.iter().filter_map(|n| Some((*n, self.accounts.get(*n)?)));
        let phone = mine().find(|(_, account)| account.phone_number_id == id);
        let is_business = mine().any(|(_, account)| account.business_account_id == id);
        match (phone, get) {
            (Some((n, _)), true) => {
                return Ok(Json(picked(&self.phone_number(n), fields, UNASKED)).into_response());
            }
            (Some(_), false) => return self.configured(body),
            (None, true) if is_business => {
                return Ok(Json(picked(&business(id), fields, &["owner_business_info"])).into_response());
            }
            (None, _) => {}
        }
        if let Some(template) = template_list::all().iter().find(|template| text(template, "id") == id && get)
        {
            return Ok(Json(picked(template, fields, &[])).into_response());
        }
        self.media_object(asked, id, owners)
    }

    /// `POST /{phone}`: clients set their PIN or an own callback here.
    fn configured(&self, body: &[u8]) -> Answer {
        let wish: Value = serde_json::from_slice(body).unwrap_or_default();
        match wish.pointer("/webhook_configuration/override_callback_uri").and_then(Value::as_str) {
            Some(wished) if !wished.is_empty() => self.callback(wished),
            _ => Ok(yes()),
        }
    }

    fn media_object(&self, asked: &Asked<'_>, id: &str, owners: &[usize]) -> Answer {
        let none = || GraphError::no_object(verb(asked.method), id);
        let now = self.now();
        let mut world = self.world();
        let media = world
            .media
            .get(id, now)
            .filter(|media| owners.iter().any(|n| self.same_business(*n, media.account)));
        let media = media.ok_or_else(none)?.clone();
        if let Some(phone) = asked.query.get("phone_number_id") {
            let own = self.accounts.get(media.account).map(|account| account.phone_number_id.as_str());
            if own != Some(phone.as_str()) {
                return Err(none());
            }
        }
        if *asked.method == Method::DELETE {
            world.media.remove(id);
            return Ok(yes());
        }
        if *asked.method != Method::GET {
            return Err(none());
        }
        let url = self.media_address(&asked.host, id, now);
        Ok(Json(json!({
            "messaging_product": "whatsapp",
            "url": url,
            "mime_type": media.mime_type,
            "sha256": hex::encode(media.sha256),
            "file_size": media.bytes.len().to_string(),
            "id": id,
        }))
        .into_response())
    }

    /// A download address that lives for five minutes.
    pub(super) fn media_address(&self, host: &str, id: &str, now: i64) -> String {
        format!(
            "{host}/sim/lookaside/whatsapp_business/attachments/?{}",
            address_query(&self.media_key, id, now)
        )
    }

    /// `/{phone}/{edge}` but for messages and media.
    pub(super) fn phone_edge(&self, asked: &Asked<'_>, n: usize, edge: &str) -> Answer {
        let get = *asked.method == Method::GET;
        match edge {
            "register"
            | "deregister"
            | "request_code"
            | "verify_code"
            | "settings"
            | "whatsapp_business_encryption"
            | "whatsapp_business_profile"
                if !get =>
            {
                Ok(yes())
            }
            "settings" => Ok(Json(json!({"storage_configuration": {"status": "DEFAULT"}})).into_response()),
            "whatsapp_business_profile" => {
                let account =
                    self.accounts.get(n).map(|account| account.channel_id.as_str()).unwrap_or_default();
                let about = json!({"messaging_product": "whatsapp", "about": format!("Demo ({account})"),
                    "description": "A business of the simulator", "vertical": "OTHER"});
                Ok(Json(json!({"data": [about]})).into_response())
            }
            "block_users" if get => Ok(Json(json!({"data": []})).into_response()),
            "message_qrdls" | "groups" | "call_permissions" if get => {
                Ok(Json(json!({"data": []})).into_response())
            }
            other => Err(GraphError::path(other)),
        }
    }

    /// `/{waba}/{edge}`.
    pub(super) fn business_edge(&self, asked: &Asked<'_>, n: usize, edge: &str, body: &[u8]) -> Answer {
        let get = *asked.method == Method::GET;
        let Some(account) = self.accounts.get(n) else { return Err(GraphError::path(edge)) };
        match edge {
            "message_templates" if get => {
                let version =
                    if asked.version.is_empty() { String::new() } else { format!("{}/", asked.version) };
                let id = &account.business_account_id;
                let address = format!("{}/sim/graph/{version}{id}/message_templates", asked.host);
                Ok(Json(template_list::list(asked.query, &address)?).into_response())
            }
            "message_templates" => Err(GraphError::code(10, "The templates of the simulator are fixed")),
            "subscribed_apps" if get => {
                let app = json!({"whatsapp_business_api_data": {"id": "1", "name": "Simulator",
                    "link": "https://www.facebook.com/games/?app_id=1"}});
                Ok(Json(json!({"data": [app]})).into_response())
            }
            "subscribed_apps" => {
                let wish: Value = serde_json::from_slice(body).unwrap_or_default();
                match wish.get("override_callback_uri").and_then(Value::as_str) {
                    Some(wished) => self.callback(wished),
                    None => Ok(yes()),
                }
            }
            "phone_numbers" if get => {
                let fields = asked.query.get("fields").map(String::as_str);
                let id = &account.business_account_id;
                let own =
                    self.accounts.iter().enumerate().filter(|(_, other)| other.business_account_id == *id);
                let numbers: Vec<Value> =
                    own.map(|(n, _)| picked(&self.phone_number(n), fields, UNASKED)).collect();
                let cursors = json!({"cursors": {"before": "MA", "after": "MA"}});
                Ok(Json(json!({"data": numbers, "paging": cursors})).into_response())
            }
            other => Err(GraphError::path(other)),
        }
    }

    fn phone_number(&self, n: usize) -> Value {
        let Some(account) = self.accounts.get(n) else { return Value::Null };
        json!({
            "verified_name": format!("Demo ({})", account.channel_id),
            "code_verification_status": "VERIFIED",
            "display_phone_number": account.display_phone_number,
            "quality_rating": "GREEN",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "webhook_configuration": {"application": self.outlets.get(n).map(super::webhook::Outlet::url)},
            "name_status": "APPROVED",
            "new_name_status": "NONE",
            "status": "CONNECTED",
            "account_mode": "LIVE",
            "is_official_business_account": false,
            "is_pin_enabled": false,
            "messaging_limit_tier": "TIER_250",
            "whatsapp_business_manager_messaging_limit": "TIER_250",
            "certificate": "",
            "health_status": {"can_send_message": "AVAILABLE", "entities": []},
            "id": account.phone_number_id,
        })
    }
}

/// Fields of a phone number that come only when asked for.
const UNASKED: &[&str] = &[
    "name_status",
    "new_name_status",
    "status",
    "account_mode",
    "is_official_business_account",
    "is_pin_enabled",
    "messaging_limit_tier",
    "whatsapp_business_manager_messaging_limit",
    "certificate",
    "health_status",
];

fn business(id: &str) -> Value {
    json!({
        "id": id,
        "name": "Demo business",
        "timezone_id": "1",
        "currency": "EUR",
        "message_template_namespace": "demo_namespace",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "country": "FR",
        "ownership_type": "SELF",
        "status": "ACTIVE",
        "health_status": {"can_send_message": "AVAILABLE", "entities": []},
        "owner_business_info": {"name": "Demo business", "id": "1"},
    })
}

/// `POST /{phone}/media`: fields in any order, `messaging_product` in the form or in the query.
pub(super) async fn upload(
    simulator: &Simulator,
    asked: &Asked<'_>,
    n: usize,
    mut form: Multipart,
) -> Answer {
    let unreadable =
        |_| GraphError::too_large(format!("The form can't be read, or is larger than {LARGEST} bytes"));
    let mut product = asked.query.get("messaging_product").cloned().unwrap_or_default();
    let mut declared = asked.query.get("type").cloned();
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name().unwrap_or_default() {
            "messaging_product" => product = field.text().await.map_err(unreadable)?,
            "type" => declared = Some(field.text().await.map_err(unreadable)?),
            "file" => {
                let (mime, name) =
                    (field.content_type().map(str::to_owned), field.file_name().map(str::to_owned));
                file = Some((mime, name, field.bytes().await.map_err(unreadable)?));
            }
            _ => {}
        }
    }
    if product != "whatsapp" {
        return Err(GraphError::parameter("The parameter messaging_product is required."));
    }
    let Some((mime, filename, bytes)) = file else {
        return Err(GraphError::parameter("The parameter file is required."));
    };
    // The part's own type wins; clients that stream send none there, and name it in `type`.
    let own = mime.filter(|mime| mime != "application/octet-stream").or(declared).unwrap_or_default();
    let plain = own.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((_, megabytes)) = UPLOADABLE.iter().find(|(known, _)| *known == plain) else {
        let list: Vec<&str> = UPLOADABLE.iter().map(|(known, _)| *known).collect();
        return Err(GraphError::parameter(format!(
            "Param file must be a file with one of the following types: {}. Received file of type '{plain}'.",
            list.join(", ")
        )));
    };
    let most = (megabytes * 1024 * 1024).min(LARGEST);
    if bytes.is_empty() || bytes.len() > most {
        return Err(GraphError::parameter(format!(
            "Param file must be between 1 and {most} bytes, is {}.",
            bytes.len()
        )));
    }
    let now = simulator.now();
    let kept = simulator.world().media.upload(Upload { bytes, mime_type: own, filename }, n, now).0;
    Ok(Json(json!({"id": kept})).into_response())
}

/// The download address of a file: needs the token, dies after five minutes of the demo clock.
pub(super) async fn download(
    State(simulator): State<Arc<Simulator>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let shown = token_of(&headers, &query);
    let read = |key: &str| query.get(key).map(String::as_str).unwrap_or_default();
    let (id, now) = (read("mid"), simulator.now());
    let lives =
        read("ext").parse().is_ok_and(|ext| address_lives(&simulator.media_key, id, ext, read("hash"), now));
    let media = simulator.world().media.get(id, now).cloned().filter(|_| lives);
    let owner =
        |n: usize| simulator.accounts.get(n).is_some_and(|a| !shown.is_empty() && a.access_token == shown);
    match media {
        Some(media) if !owner(media.account) => GraphError::token().into_response(),
        Some(media) => ([(header::CONTENT_TYPE, media.mime_type)], media.bytes).into_response(),
        None => (StatusCode::NOT_FOUND, "").into_response(),
    }
}
