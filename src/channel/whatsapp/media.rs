//! Files: up to Meta before a message names them, down from Meta when a person sent one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::call::{self, Graph, Trouble};
use super::{carrier, outcome};
use crate::domain::DeliveryError;
use crate::engine::SendResult;
use crate::port::{ConnectorError, Content, Download};

/// Hands a file to Meta and gives its id there. Nothing of the message has left yet, so whatever is not known is tried
/// again.
pub(super) async fn upload(graph: &Graph, content: Content, attempt: u32) -> Result<String, SendResult> {
    #[derive(Deserialize)]
    struct Uploaded {
        id: String,
    }
    let mime = carrier::bare(&content.mime).to_owned();
    let name = if content.filename.is_empty() { "file".to_owned() } else { content.filename };
    let size = content.bytes.len() as u64;
    let part = Part::stream_with_length(content.bytes, size).file_name(name).mime_str(&mime);
    let part = part.map_err(|_| failed("the file's type is none"))?;
    let form = Form::new().text("messaging_product", "whatsapp").text("type", mime).part("file", part);
    let again = |error| SendResult::Retry { after: None, error };
    let answer = graph.upload(form).await.map_err(|trouble| match trouble {
        Trouble::NotSent(reason) | Trouble::Unanswered(reason) => {
            again(outcome::ours("provider_unreachable", &reason))
        }
    })?;
    if answer.status != 200 {
        return Err(match outcome::of_refusal(&answer, attempt) {
            SendResult::Unknown { error } => again(error),
            SendResult::Failed { error } => {
                SendResult::Failed { error: DeliveryError { reason: "media_upload_failed".into(), ..error } }
            }
            other @ (SendResult::Accepted { .. }
            | SendResult::Retry { .. }
            | SendResult::ChannelDown { .. }) => other,
        });
    }
    serde_json::from_slice::<Uploaded>(&answer.body).map(|uploaded| uploaded.id).map_err(|_| {
        again(outcome::ours("provider_trouble", "WhatsApp's answer to the upload can't be read"))
    })
}

fn failed(details: &str) -> SendResult {
    SendResult::Failed { error: outcome::ours("media_upload_failed", details) }
}

#[derive(Deserialize)]
struct Place<'a> {
    url: String,
    mime_type: Option<String>,
    sha256: Option<String>,
    /// A text in Meta's specification, a number in its examples.
    #[serde(borrow)]
    file_size: Option<&'a RawValue>,
}

/// Fetches a file of at most `max` bytes. Addresses live five minutes: one that is gone is asked for once more.
pub(super) async fn fetch(
    graph: &Graph,
    provider_media_id: &str,
    max: u64,
) -> Result<Download, ConnectorError> {
    match from_its_place(graph, provider_media_id, max).await? {
        Some(download) => Ok(download),
        None => from_its_place(graph, provider_media_id, max).await?.ok_or_else(|| ConnectorError {
            again: true,
            reason: "WhatsApp does not have the file where it says".into(),
        }),
    }
}

/// `None`: it is not at the address that was given.
async fn from_its_place(graph: &Graph, id: &str, max: u64) -> Result<Option<Download>, ConnectorError> {
    let answer = outcome::of_request(graph.file(id).await)?;
    let again = |reason: &str| ConnectorError { again: true, reason: reason.into() };
    let place: Place<'_> = serde_json::from_slice(&answer.body)
        .map_err(|_| again("WhatsApp's answer about the file can't be read"))?;
    let size = place.file_size.and_then(|size| size.get().trim_matches('"').parse::<u64>().ok());
    if size.is_some_and(|size| size > max) {
        return Err(too_large(max));
    }
    let response = graph.download(&place.url).await.map_err(|trouble| match trouble {
        Trouble::NotSent(reason) | Trouble::Unanswered(reason) => again(&reason),
    })?;
    match response.status().as_u16() {
        200 => {}
        404 | 410 => return Ok(None),
        status => return Err(again(&format!("WhatsApp answered HTTP {status} instead of the file"))),
    }
    let length = response.content_length();
    if length.is_some_and(|length| length > max) {
        return Err(too_large(max));
    }
    let most = usize::try_from(max).unwrap_or(usize::MAX);
    let bytes = call::read(response, most).await.ok_or_else(|| match length {
        Some(_) => again("the file broke off"),
        None => again("the file broke off, or is larger than is taken"),
    })?;
    if place.sha256.is_some_and(|sum| !is_sum_of(&sum, &bytes)) {
        return Err(again("the file that came is not the one that WhatsApp told of"));
    }
    Ok(Some(Download { bytes, mime: place.mime_type.unwrap_or_else(|| "application/octet-stream".into()) }))
}

fn too_large(max: u64) -> ConnectorError {
    ConnectorError { again: false, reason: format!("the file is larger than {} MiB", max / (1024 * 1024)) }
}

/// Meta writes SHA-256 in hex in one place and in base64 in another.
fn is_sum_of(sum: &str, bytes: &Bytes) -> bool {
    let digest = Sha256::digest(bytes);
    sum.eq_ignore_ascii_case(&hex::encode(digest)) || sum == STANDARD.encode(digest)
}
