//! `/webhooks/{channel id}`: handshakes and deliveries, as providers define them. 200 means: stored.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::reply::Failure;
use crate::domain::ChannelId;
use crate::port::{Connector, Handshake, Rejected, WebhookRequest};
use crate::telemetry::Kind;

/// Longest delivery. Meta's are at most 3 MB.
pub(crate) const BODY_MAX: usize = 4 * 1024 * 1024;

fn find<'a>(app: &'a App, id: &str) -> Result<(ChannelId, &'a Arc<dyn Connector>), Failure> {
    let unknown = || Failure::new(StatusCode::NOT_FOUND, "No channel has this id");
    let channel_id: ChannelId = id.parse().map_err(|_| unknown())?;
    let connector = app.desk.connector(&channel_id).ok_or_else(unknown)?;
    Ok((channel_id, connector))
}

fn request(app: &App, query: Option<String>, headers: &HeaderMap, body: Bytes) -> WebhookRequest {
    // HTTP gives names in lower case. Values that are no text can't be a signature.
    let texts = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    WebhookRequest {
        query: query.unwrap_or_default(),
        headers: texts.collect(),
        body,
        received_at: app.desk.clock().now(),
    }
}

pub(crate) async fn handshake(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (_, connector) = find(&app, &id)?;
    match connector.handshake(&request(&app, query, &headers, Bytes::new())) {
        Handshake::Answer(text) => Ok(text.into_response()),
        Handshake::Refused => Err(Failure::new(StatusCode::FORBIDDEN, "The verify token is wrong")),
    }
}

pub(crate) async fn delivery(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let (channel_id, connector) = find(&app, &id)?;
    let counted = |kind: &'static str| {
        app.desk.metrics().webhooks.get_or_create(&Kind { kind }).inc();
    };
    let received =
        connector.receive(&request(&app, query, &headers, body)).map_err(|Rejected::Unsigned| {
            counted("unsigned");
            Failure::new(StatusCode::UNAUTHORIZED, "The signature is missing or wrong")
        })?;
    if !received.is_empty() && app.desk.report(&channel_id, received).await.is_err() {
        counted("busy");
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Not stored; send it again later"));
    }
    counted("accepted");
    Ok(StatusCode::OK)
}
