//! `WhatsApp` through Meta's Cloud API (Graph v23.0 and its 2026 webhooks).
//!
//! The file names below are the story: a delivery comes in through `signature`, `mend` and `delivery`, which hands its
//! parts to `message` (with `people`, `parts`), `status` and `account`. A message goes out through `send` (with
//! `carrier`, `components`), by `call`, and what the provider says to it is judged by `outcome`. `media` and `templates`
//! read what is asked for.

mod account;
mod call;
mod carrier;
mod components;
mod delivery;
mod media;
mod mend;
mod message;
mod outcome;
mod parts;
mod people;
mod send;
mod signature;
mod status;
mod templates;

use futures_util::future::BoxFuture;

use crate::config::Secret;
use crate::domain::{Abilities, AliasKind, Channel, ChannelId, ChannelKind, ChoiceAbilities, Span, Template};
use crate::engine::{Outgoing, SendResult};
use crate::port::{
    Connector, ConnectorError, Content, Download, Handshake, Received, Rejected, WebhookRequest,
};

use call::Graph;
use signature::Key;

/// What an account's connector needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account's name here.
    pub channel_id: ChannelId,
    /// Whether the first answer to a contact must be a template.
    pub require_template_for_first_reply: bool,
    /// Sends a second that Meta allows this number.
    pub messages_per_second: u32,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the business account, which owns the templates.
    pub business_account_id: String,
    /// The Graph API with its version, such as `https://graph.facebook.com/v23.0`.
    pub graph_url: String,
    /// The token to send with.
    pub access_token: Secret,
    /// The secret that signs deliveries.
    pub app_secret: Secret,
    /// The word of the handshake.
    pub verify_token: Secret,
}

/// Why a connector can't be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A setting makes no sense.
    #[error("channel {channel_id}: {key} {problem}")]
    Setting {
        /// Which account.
        channel_id: ChannelId,
        /// Which key.
        key: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
    /// No client for encrypted connections could be made.
    #[error(
        "channel {channel_id}: no secure connections can be made from here ({problem}); install the system's CA certificates"
    )]
    Tls {
        /// Which account.
        channel_id: ChannelId,
        /// Why.
        problem: String,
    },
}

/// Meta's service window.
const WINDOW: Span = Span::hours(24);
/// Meta's longest text, in characters.
const TEXT_MAX: usize = 4_096;
/// Meta's longest caption, in characters.
const CAPTION_MAX: usize = 1_024;

/// One `WhatsApp` number.
#[derive(Debug)]
pub struct WhatsApp {
    channel: Channel,
    phone_number_id: String,
    key: Key,
    verify_token: Secret,
    graph: Graph,
}

/// Up to three are buttons, more a list; titles of both have room for 20 characters.
const CHOICES: ChoiceAbilities = ChoiceAbilities { most: 10, title_max: 20, text_max: 1_024 };

impl WhatsApp {
    /// A connector for one number.
    ///
    /// # Errors
    /// A setting that makes no sense, by its key.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let graph = Graph::new(&settings)?;
        let wrong = |key, problem: &str| SetupError::Setting {
            channel_id: settings.channel_id.clone(),
            key,
            problem: problem.into(),
        };
        // With an empty secret anybody could sign.
        let key = Key::new(settings.app_secret.expose())
            .ok_or_else(|| wrong("app_secret", "is empty; copy it from the app's dashboard"))?;
        if settings.verify_token.expose().is_empty() {
            return Err(wrong("verify_token", "is empty; choose a word and give it to Meta too"));
        }
        let channel = Channel {
            channel_id: settings.channel_id,
            kind: ChannelKind::Whatsapp,
            abilities: Abilities {
                address: AliasKind::WaId,
                template_first: true,
                window: Some(WINDOW),
                templates: true,
                media: true,
                receipts: true,
                typing: true,
                reactions: true,
                text_max: TEXT_MAX,
                caption_max: CAPTION_MAX,
                choices: Some(CHOICES),
                ..Abilities::default()
            },
            require_template_for_first_reply: settings.require_template_for_first_reply,
            messages_per_second: settings.messages_per_second,
        };
        Ok(Self {
            channel,
            phone_number_id: settings.phone_number_id,
            key,
            verify_token: settings.verify_token,
            graph,
        })
    }
}

impl Connector for WhatsApp {
    fn channel(&self) -> &Channel {
        &self.channel
    }

    fn handshake(&self, request: &WebhookRequest) -> Handshake {
        signature::handshake(&request.query, self.verify_token.expose())
    }

    fn receive(&self, request: &WebhookRequest) -> Result<Received, Rejected> {
        let signature = request.headers.iter().find(|(name, _)| name == signature::HEADER);
        if !signature.is_some_and(|(_, value)| self.key.signed(value, &request.body)) {
            return Err(Rejected::Unsigned);
        }
        let account = delivery::Account {
            channel_id: &self.channel.channel_id,
            phone_number_id: &self.phone_number_id,
            key: &self.key,
            received_at: request.received_at,
        };
        Ok(delivery::read(&account, &request.body))
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing, content: Option<Content>) -> BoxFuture<'a, SendResult> {
        Box::pin(send::send(&self.graph, outgoing, content))
    }

    fn mark_read<'a>(
        &'a self,
        provider_id: &'a str,
        typing: bool,
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(send::mark_read(&self.graph, provider_id, typing))
    }

    fn react<'a>(
        &'a self,
        to: &'a [(AliasKind, String)],
        provider_id: &'a str,
        emoji: &'a str,
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(send::react(&self.graph, to, provider_id, emoji))
    }

    fn fetch<'a>(
        &'a self,
        provider_media_id: &'a str,
        max: u64,
    ) -> BoxFuture<'a, Result<Download, ConnectorError>> {
        Box::pin(media::fetch(&self.graph, provider_media_id, max))
    }

    fn templates(&self) -> BoxFuture<'_, Result<Vec<Template>, ConnectorError>> {
        Box::pin(templates::read(&self.graph, &self.channel.channel_id))
    }
}
