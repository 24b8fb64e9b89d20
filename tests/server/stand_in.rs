//! Stands for a channel that has no connector yet: it declares what it can do, keeps what was sent, and lets contacts write.
//!
//! Nothing here is like any real provider; what it proves is that the desk goes by what a channel declares.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use guichet::domain::{
    Abilities, AliasKind, Channel, ChannelId, ChannelKind, MessageKind, Span, Template, Time,
};
use guichet::engine::{ChannelInput, InboundMessage, Outgoing, OutgoingBody, SendResult, Sender};
use guichet::port::{
    Connector, ConnectorError, Content, Download, Handshake, Received, Rejected, WebhookRequest,
};

use crate::desk::TestDesk;

/// A channel that exists in tests only.
pub(crate) struct StandIn {
    channel: Channel,
    sent: Mutex<Vec<Outgoing>>,
    /// What it says to the next sends; when there is nothing left it takes everything.
    says: Mutex<VecDeque<SendResult>>,
}

impl StandIn {
    /// An account of a kind, with what such a channel would declare.
    pub(crate) fn new(channel_id: &str, kind: ChannelKind) -> Arc<Self> {
        Self::declaring(channel_id, kind, abilities(kind))
    }

    pub(crate) fn declaring(channel_id: &str, kind: ChannelKind, abilities: Abilities) -> Arc<Self> {
        let channel = Channel {
            channel_id: channel_id.parse().expect("an id"),
            kind,
            abilities,
            require_template_for_first_reply: false,
            messages_per_second: 1_000,
        };
        Arc::new(Self { channel, sent: Mutex::default(), says: Mutex::default() })
    }

    /// One account of every kind that has no connector: `email`, `sms`, `voice`, `private_social`, `public_social`, `chat`.
    pub(crate) fn of_every_kind() -> Vec<Arc<Self>> {
        let kinds = ChannelKind::ALL.iter().filter(|kind| **kind != ChannelKind::Whatsapp);
        kinds.map(|kind| Self::new(kind.as_str(), *kind)).collect()
    }

    pub(crate) fn id(&self) -> ChannelId {
        self.channel.channel_id.clone()
    }

    pub(crate) fn sent(&self) -> Vec<Outgoing> {
        self.sent.lock().expect("not poisoned").clone()
    }

    /// Texts sent, in order, each with its recipient's first alias.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let texts = self.sent().into_iter().filter_map(|outgoing| {
            let to = outgoing.to.first().map(|(_, value)| value.clone()).unwrap_or_default();
            match outgoing.body {
                OutgoingBody::Text(text) => Some((to, text)),
                OutgoingBody::Choices { .. } | OutgoingBody::Media { .. } | OutgoingBody::Template { .. } => {
                    None
                }
            }
        });
        texts.collect()
    }

    /// The next send gets this answer.
    #[expect(dead_code, reason = "for tests of channels that refuse")]
    pub(crate) fn will_say(&self, result: SendResult) {
        self.says.lock().expect("not poisoned").push_back(result);
    }

    /// A contact writes from an address; comes back when it is stored.
    pub(crate) async fn write(&self, desk: &TestDesk, from: &str, id: &str, text: &str) {
        let alias = (self.channel.abilities.address, from.to_owned());
        let message = inbound(id, vec![alias], Some(&format!("Customer {from}")), text, desk.clock.now());
        desk.desk.report(&self.id(), vec![ChannelInput::Message(message)]).await.expect("stored");
    }
}

/// A text of a contact, as a connector would have understood it.
pub(crate) fn inbound(
    id: &str,
    aliases: Vec<(AliasKind, String)>,
    name: Option<&str>,
    text: &str,
    sent_at: Time,
) -> InboundMessage {
    InboundMessage {
        provider_id: id.to_owned(),
        sender: Sender { aliases, name: name.map(str::to_owned) },
        sent_at,
        kind: MessageKind::Text,
        text: text.to_owned(),
        media: Vec::new(),
        data: String::new(),
        reply_to: None,
        forwarded: false,
    }
}

fn abilities(kind: ChannelKind) -> Abilities {
    let plain = Abilities { media: true, ..Abilities::default() };
    match kind {
        ChannelKind::Whatsapp => Abilities {
            address: AliasKind::WaId,
            template_first: true,
            window: Some(Span::hours(24)),
            templates: true,
            ..plain
        },
        ChannelKind::Email => {
            Abilities { address: AliasKind::Email, subject: true, text_max: 100_000, ..plain }
        }
        ChannelKind::Sms => Abilities { address: AliasKind::Phone, media: false, text_max: 1_600, ..plain },
        ChannelKind::Chat => Abilities { address: AliasKind::Visitor, outbound: false, ..plain },
        ChannelKind::Voice => Abilities { address: AliasKind::Phone, media: false, text_max: 0, ..plain },
        ChannelKind::PrivateSocial => Abilities { outbound: false, window: Some(Span::hours(24)), ..plain },
        ChannelKind::PublicSocial => Abilities { outbound: false, text_max: 500, ..plain },
    }
}

fn no_webhooks<T>() -> Result<T, ConnectorError> {
    Err(ConnectorError { again: false, reason: "a stand-in has no provider".into() })
}

impl Connector for StandIn {
    fn channel(&self) -> &Channel {
        &self.channel
    }
    fn handshake(&self, _: &WebhookRequest) -> Handshake {
        Handshake::Refused
    }
    fn receive(&self, _: &WebhookRequest) -> Result<Received, Rejected> {
        Err(Rejected::Unsigned)
    }
    fn send<'a>(&'a self, outgoing: &'a Outgoing, _: Option<Content>) -> BoxFuture<'a, SendResult> {
        let mut sent = self.sent.lock().expect("not poisoned");
        sent.push(outgoing.clone());
        let provider_id = format!("{}-out-{}", self.channel.channel_id, sent.len());
        let says = self.says.lock().expect("not poisoned").pop_front();
        let result = says.unwrap_or(SendResult::Accepted { provider_id, aliases: Vec::new() });
        async move { result }.boxed()
    }
    fn mark_read<'a>(&'a self, _: &'a str, _: bool) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async { Ok(()) }.boxed()
    }
    fn react<'a>(
        &'a self,
        _: &'a [(AliasKind, String)],
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async { Ok(()) }.boxed()
    }
    fn fetch<'a>(&'a self, _: &'a str, _: u64) -> BoxFuture<'a, Result<Download, ConnectorError>> {
        async { no_webhooks() }.boxed()
    }
    fn templates(&self) -> BoxFuture<'_, Result<Vec<Template>, ConnectorError>> {
        async { Ok(Vec::new()) }.boxed()
    }
}
