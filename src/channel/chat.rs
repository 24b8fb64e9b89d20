//! Web chat: visitors of a site write from a page of ours, over a socket of ours. The provider is this server itself, so a
//! message is delivered by ringing the visitor's open sockets, and what a visitor missed is read from the store.
//!
//! The files below are the story: `identity` says who comes, `visit` is one socket from hello to close (`frame` its words,
//! `shown` what a visitor may see of a conversation), `open` who is here and must be rung, `uploads` the files that wait to
//! be named, `page` the widget. This room knows neither HTTP nor how frames travel.

mod frame;
mod identity;
mod open;
mod page;
mod shown;
mod uploads;
mod visit;

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::config::Secret;
use crate::domain::{
    Abilities, AliasKind, Channel, ChannelId, ChannelKind, DeliveryError, Interaction, MediaId, Template,
    Time,
};
use crate::engine::{EventKind, Outgoing, OutgoingBody, SendResult};
use crate::port::{
    Connector, ConnectorError, Content, Download, Handshake, Page, Received, Rejected, TurnedAway, Upload,
    Visit, Visitor, Visitors, WebhookRequest,
};

use open::Open;
pub use page::{Look, Words};
use uploads::Uploads;

/// What an account's connector needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account's name here.
    pub channel_id: ChannelId,
    /// Sites that may embed the page and open sockets: exact origins.
    pub origins: Vec<String>,
    /// How the page looks and what it says.
    pub look: Look,
    /// What the host site signs its visitors' identities with.
    pub identity_secret: Option<Secret>,
    /// Longest text, in characters.
    pub text_max: usize,
    /// Longest file, in bytes.
    pub file_max: usize,
    /// Types of files that are taken: `image/png`, or `image/*`.
    pub file_types: Vec<String>,
    /// Messages a visitor may write a minute.
    pub messages_per_minute: u32,
    /// Sockets one address may hold open at once.
    pub sockets_per_address: usize,
}

/// Why a connector can't be made from its settings.
#[derive(Debug, thiserror::Error)]
#[error("channel {channel_id}: {key} {problem}")]
pub struct SetupError {
    channel_id: ChannelId,
    key: &'static str,
    problem: &'static str,
}

/// Shortest secret for identities: 256 bits in hex or base64 have more characters.
const SECRET_MIN: usize = 32;
/// Longest text that may be configured: with every character written as an escape it fits into a frame.
const TEXT_MAX: usize = 10_000;
/// Messages a second of an account; nobody else's rate limits us, so this is as good as none.
const PER_SECOND: u32 = 1_000;

/// What a visit shares with its account.
#[derive(Debug)]
struct Account {
    settings: Settings,
    open: Open,
    uploads: Uploads,
}

/// One web chat.
#[derive(Debug)]
pub struct Chat {
    channel: Channel,
    account: Arc<Account>,
    pages: page::Pages,
}

impl Chat {
    /// A connector for one site's chat.
    ///
    /// # Errors
    /// A setting that makes no sense, by its key.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let wrong = |key, problem| SetupError { channel_id: settings.channel_id.clone(), key, problem };
        if !settings.origins.iter().all(|origin| is_origin(origin)) {
            return Err(wrong(
                "origins",
                "must be origins such as https://www.example.com: scheme, host, and a port where it is not the usual one",
            ));
        }
        if settings.identity_secret.as_ref().is_some_and(|secret| secret.expose().len() < SECRET_MIN) {
            return Err(wrong("identity_secret", "is too short; give at least 32 random characters"));
        }
        if !(1..=TEXT_MAX).contains(&settings.text_max) {
            return Err(wrong("text_max", "must be between 1 and 10000 characters"));
        }
        if settings.messages_per_minute == 0 || settings.sockets_per_address == 0 || settings.file_max == 0 {
            return Err(wrong(
                "messages_per_minute, sockets_per_address and file_max_bytes",
                "must be 1 or more",
            ));
        }
        let pages = page::Pages::new(&settings).map_err(|problem| wrong("accent", problem))?;
        let channel = Channel {
            channel_id: settings.channel_id.clone(),
            kind: ChannelKind::Chat,
            abilities: Abilities {
                address: AliasKind::Visitor,
                // Visitors come; nobody can call them.
                outbound: false,
                media: true,
                receipts: true,
                typing: true,
                text_max: settings.text_max,
                caption_max: settings.text_max,
                ..Abilities::default()
            },
            require_template_for_first_reply: false,
            messages_per_second: PER_SECOND,
        };
        let account = Account { settings, open: Open::default(), uploads: Uploads::default() };
        Ok(Self { channel, account: Arc::new(account), pages })
    }
}

/// Whether a text is an origin as browsers write it.
fn is_origin(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.[]:".contains(c);
    !rest.is_empty() && rest.chars().all(plain) && !rest.starts_with(':') && !rest.ends_with(['.', ':'])
}

fn failed(reason: &str, details: &str) -> SendResult {
    let error = DeliveryError { code: None, reason: reason.to_owned(), details: details.to_owned() };
    SendResult::Failed { error }
}

impl Connector for Chat {
    fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Nobody calls from outside: visitors come by their socket.
    fn handshake(&self, _request: &WebhookRequest) -> Handshake {
        Handshake::Refused
    }

    fn receive(&self, _request: &WebhookRequest) -> Result<Received, Rejected> {
        Err(Rejected::Unsigned)
    }

    /// The message is stored already, and that is where the visitor's sockets read it: whoever is here is rung.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, _content: Option<Content>) -> BoxFuture<'a, SendResult> {
        let mut known =
            outgoing.to.iter().filter(|(kind, _)| matches!(kind, AliasKind::Visitor | AliasKind::Account));
        let result = match (&outgoing.body, known.next()) {
            (OutgoingBody::Template { .. }, _) => failed("unsupported", "a web chat has no templates"),
            (_, None) => failed("address_needed", "the contact is no visitor of this chat"),
            (
                OutgoingBody::Text(_) | OutgoingBody::Choices { .. } | OutgoingBody::Media { .. },
                Some(first),
            ) => {
                for alias in std::iter::once(first).chain(known) {
                    self.account.open.ring(&identity::key_of(alias));
                }
                SendResult::Accepted {
                    provider_id: shown::mark(outgoing.message_id, outgoing.attempt),
                    aliases: Vec::new(),
                }
            }
        };
        futures_util::future::ready(result).boxed()
    }

    /// That it was read stands in the store; that somebody types stands nowhere and is told by the ring itself.
    fn mark_read<'a>(
        &'a self,
        provider_id: &'a str,
        typing: bool,
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        if let Some((key, _)) = provider_id.split_once('.') {
            self.account.open.sign(key, typing);
        }
        futures_util::future::ready(Ok(())).boxed()
    }

    fn react<'a>(
        &'a self,
        _to: &'a [(AliasKind, String)],
        _provider_id: &'a str,
        _emoji: &'a str,
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        let error = ConnectorError { again: false, reason: "a web chat carries no reactions".into() };
        futures_util::future::ready(Err(error)).boxed()
    }

    /// Visitors' files are stored before a message names them.
    fn fetch<'a>(
        &'a self,
        _provider_media_id: &'a str,
        _max: u64,
    ) -> BoxFuture<'a, Result<Download, ConnectorError>> {
        let error = ConnectorError { again: false, reason: "a web chat has nothing to fetch".into() };
        futures_util::future::ready(Err(error)).boxed()
    }

    fn templates(&self) -> BoxFuture<'_, Result<Vec<Template>, ConnectorError>> {
        futures_util::future::ready(Ok(Vec::new())).boxed()
    }

    fn visitors(&self) -> Option<&dyn Visitors> {
        Some(self)
    }
}

impl Visitors for Chat {
    fn origins(&self) -> &[String] {
        &self.account.settings.origins
    }

    fn page(&self, name: &str, language: Option<&str>) -> Option<Page> {
        self.pages.find(name, language)
    }

    fn visitor(&self, credential: &str, now: Time) -> Result<Visitor, TurnedAway> {
        identity::visitor(&self.account.settings, credential, now)
    }

    fn file_max(&self) -> usize {
        self.account.settings.file_max
    }

    fn takes(&self, mime: &str) -> bool {
        self.account.settings.file_types.iter().any(|taken| match taken.strip_suffix('*') {
            Some(family) => mime.starts_with(family),
            None => taken == mime,
        })
    }

    fn uploaded(&self, visitor: &Visitor, upload: Upload, now: Time) -> Result<Vec<MediaId>, MediaId> {
        self.account.uploads.add(&visitor.key, upload, now)
    }

    fn sockets_per_address(&self) -> usize {
        self.account.settings.sockets_per_address
    }

    fn begin(&self) -> Box<dyn Visit> {
        Box::new(visit::Socket::new(Arc::clone(&self.account)))
    }

    fn happened(&self, kind: &EventKind, interaction: &Interaction) {
        if shown::concerns_the_visitor(kind) {
            self.account.open.ring_identity(interaction.identity_id);
        }
    }

    fn erased(&self) {
        self.account.open.ring_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        for good in
            ["https://www.example.com", "http://localhost:8080", "http://127.0.0.1:1", "https://[::1]:8443"]
        {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "https://",
            "https://*.example.com",
            "www.example.com",
            "https://www.example.com/",
            "https://Example.com",
            "https://a b",
            "https://a; script-src *",
            "null",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
