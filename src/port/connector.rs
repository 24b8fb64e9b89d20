//! What a connector promises: verify and parse (pure) inbound, send outbound, and say what its channel can do.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::domain::{AliasKind, Channel, Template, Time};
use crate::engine::{ChannelInput, Outgoing, SendResult};

use super::Visitors;

/// A webhook request as it came: raw bytes, because signatures are made over them.
#[derive(Debug, Clone)]
pub struct WebhookRequest {
    /// The query string, without `?`.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body, untouched.
    pub body: Bytes,
    /// When it came.
    pub received_at: Time,
}

/// What to answer a provider's handshake with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// 200 with this body.
    Answer(String),
    /// 403.
    Refused,
}

/// Why a delivery is not accepted at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// The signature is missing or wrong: 401, nothing changes.
    Unsigned,
}

/// A file's bytes.
#[derive(Debug, Clone)]
pub struct Content {
    /// The bytes.
    pub bytes: Bytes,
    /// Their type.
    pub mime: String,
    /// A file name.
    pub filename: String,
}

/// A file as the provider gave it.
#[derive(Debug, Clone)]
pub struct Download {
    /// The bytes.
    pub bytes: Bytes,
    /// Their type as the provider says.
    pub mime: String,
}

/// What a delivery says.
pub type Received = Vec<ChannelInput>;

/// What broke between a connector and its provider, without secrets or personal data.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ConnectorError {
    /// Whether trying again makes sense.
    pub again: bool,
    /// What went wrong.
    pub reason: String,
}

/// A channel account's way to its provider.
pub trait Connector: Send + Sync + 'static {
    /// The account, with what its channel can do.
    fn channel(&self) -> &Channel;
    /// The provider's question whether this address is ours.
    fn handshake(&self, request: &WebhookRequest) -> Handshake;
    /// Checks the signature over the raw bytes, then tells what the delivery says. What can't be understood becomes
    /// `ChannelInput::Raw`; neighbours in the same delivery are kept. Never panics.
    ///
    /// # Errors
    /// [`Rejected::Unsigned`].
    fn receive(&self, request: &WebhookRequest) -> Result<Received, Rejected>;
    /// Hands one message to the provider. `content` is the file of a media message or of a template's header.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, content: Option<Content>) -> BoxFuture<'a, SendResult>;
    /// Tells that a message was read, and perhaps that somebody types. Best effort.
    fn mark_read<'a>(
        &'a self,
        provider_id: &'a str,
        typing: bool,
    ) -> BoxFuture<'a, Result<(), ConnectorError>>;
    /// Sets or removes (empty) an emoji. Best effort.
    fn react<'a>(
        &'a self,
        to: &'a [(AliasKind, String)],
        provider_id: &'a str,
        emoji: &'a str,
    ) -> BoxFuture<'a, Result<(), ConnectorError>>;
    /// Fetches a contact's file, at most `max` bytes.
    fn fetch<'a>(
        &'a self,
        provider_media_id: &'a str,
        max: u64,
    ) -> BoxFuture<'a, Result<Download, ConnectorError>>;
    /// Reads every template of the account.
    fn templates(&self) -> BoxFuture<'_, Result<Vec<Template>, ConnectorError>>;
    /// The account's own entrance, if its contacts come to this server themselves.
    fn visitors(&self) -> Option<&dyn Visitors> {
        None
    }
}
