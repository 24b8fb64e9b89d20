//! What contacts and the provider do.

use guichet::domain::{AliasKind, ChannelId, DeliveryError, DeliveryState, MessageKind, Span};
use guichet::engine::{
    ChannelInput, FetchFailure, InboundMedia, InboundMessage, Input, MailResult, RawDelivery, SendResult,
    Sender, StoredMedia,
};

use crate::act::Act;
use crate::history::{Asked, History};

/// How many people write.
const CUSTOMERS: u64 = 6;

fn error(reason: &str, code: Option<i64>) -> DeliveryError {
    DeliveryError { code, reason: reason.to_owned(), details: "details".to_owned() }
}

impl History {
    fn some_channel(&mut self) -> ChannelId {
        let name = if self.source.chance(70) { "wa" } else { self.source.pick(&["strict", "mail"]).unwrap() };
        name.parse().unwrap()
    }

    fn sender(&mut self, customer: u64, channel_id: &ChannelId) -> Sender {
        let mut aliases = Vec::new();
        if channel_id.as_str() == "mail" {
            aliases.push((AliasKind::Email, format!("person{customer}@example.com")));
        } else {
            // The number, the business-scoped id, or both; and sometimes a user name that two people use in turn.
            let which = self.source.below(4);
            if which != 1 {
                aliases.push((AliasKind::WaId, format!("3360000000{customer}")));
            }
            if which != 2 {
                aliases.push((AliasKind::UserId, format!("US.{customer}")));
            }
            if which == 3 {
                aliases.push((AliasKind::Username, format!("name{}", self.source.below(3))));
            }
        }
        Sender { aliases, name: self.source.chance(50).then(|| format!("Person {customer}")) }
    }

    fn inbound(&mut self, customer: u64, channel_id: &ChannelId, provider_id: String) -> InboundMessage {
        let age =
            if self.source.chance(85) { self.source.below(5_000) } else { self.source.below(100_000_000) };
        let text = self.source.pick(&["hello", "what price?", "", "é\u{FFFD}🙂", "thanks"]).unwrap();
        let quoted: Vec<String> = self.taken.iter().map(|(_, id, ..)| id.clone()).collect();
        InboundMessage {
            provider_id,
            sender: self.sender(customer, channel_id),
            sent_at: self.now - Span(i64::try_from(age).unwrap()),
            kind: MessageKind::Text,
            text: text.to_owned(),
            media: Vec::new(),
            data: String::new(),
            reply_to: self.source.chance(10).then(|| self.source.pick(&quoted)).flatten(),
            forwarded: false,
        }
    }

    fn write(&mut self, copies: u64, file: bool) {
        let (customer, channel_id) = (self.source.below(CUSTOMERS), self.some_channel());
        let provider_id = format!("in{}", self.fresh());
        let mut message = self.inbound(customer, &channel_id, provider_id.clone());
        if file {
            message.kind = MessageKind::Image;
            message.media.push(InboundMedia {
                media_id: format!("f{}", self.fresh()).parse().unwrap(),
                provider_media_id: format!("p{}", self.serial),
                mime: "image/jpeg".to_owned(),
                filename: None,
                caption: None,
                voice: false,
                stored: None,
            });
        }
        self.written.push((customer, channel_id.clone(), provider_id.clone(), message.sent_at));
        let inputs = (0..copies).map(|_| {
            let input = Input::Channel {
                channel_id: channel_id.clone(),
                input: ChannelInput::Message(message.clone()),
            };
            (Asked::Inbound(channel_id.clone(), provider_id.clone()), input)
        });
        let inputs = inputs.collect();
        self.batch(inputs);
    }

    fn repeat(&mut self) {
        let Some((customer, channel_id, provider_id, sent_at)) = self.source.pick(&self.written.clone())
        else {
            return;
        };
        let mut message = self.inbound(customer, &channel_id, provider_id.clone());
        message.sent_at = sent_at;
        let input = Input::Channel { channel_id: channel_id.clone(), input: ChannelInput::Message(message) };
        self.batch(vec![(Asked::Inbound(channel_id, provider_id), input)]);
    }

    fn report(&mut self, channel_id: ChannelId, input: ChannelInput) {
        self.batch(vec![(Asked::Other, Input::Channel { channel_id, input })]);
    }

    /// A message that a contact can see: one of ours, one of theirs, or one that nobody knows yet.
    fn target(&mut self) -> (ChannelId, String) {
        let ours: Vec<_> = self.taken.iter().map(|(channel, id, ..)| (channel.clone(), id.clone())).collect();
        let theirs: Vec<_> =
            self.written.iter().map(|(_, channel, id, _)| (channel.clone(), id.clone())).collect();
        let from = if self.source.chance(50) { ours } else { theirs };
        let unknown = ("wa".parse().unwrap(), format!("in{}", self.serial + 1));
        self.source.pick(&from).unwrap_or(unknown)
    }

    fn status(&mut self) {
        // Sometimes before the answer to the send has come: the provider has its id by then.
        if self.source.chance(20)
            && let Some(outgoing) = self.source.pick(&self.sends.clone())
        {
            let known = self
                .taken
                .iter()
                .find(|(_, _, id, attempt)| *id == outgoing.message_id && *attempt == outgoing.attempt);
            if known.is_none() {
                let id = wamid(&outgoing);
                self.taken.push((outgoing.channel_id.clone(), id, outgoing.message_id, outgoing.attempt));
            }
        }
        let recent: Vec<_> = self.taken.iter().rev().take(8).cloned().collect();
        let Some((channel_id, provider_id, message_id, attempt)) = self.source.pick(&recent) else { return };
        let states = [
            DeliveryState::Sent,
            DeliveryState::Delivered,
            DeliveryState::Read,
            DeliveryState::Played,
            DeliveryState::Failed,
        ];
        let state = self.source.pick(&states).unwrap();
        let closed = self.source.chance(30);
        let failure = if closed {
            error("window_closed", Some(131_047))
        } else {
            error("undeliverable", Some(131_026))
        };
        let input = ChannelInput::Status {
            provider_id,
            mark: self.source.chance(60).then(|| format!("{message_id}.{attempt}")),
            state,
            at: self.now,
            error: (state == DeliveryState::Failed).then_some(failure),
            aliases: Vec::new(),
        };
        self.report(channel_id, input);
    }

    /// The provider answers one send: mostly well.
    pub(crate) fn answer_send(&mut self, kind: u64) {
        if self.sends.is_empty() {
            return;
        }
        let at = usize::try_from(self.source.below(u64::try_from(self.sends.len()).unwrap())).unwrap();
        let outgoing = self.sends.remove(at);
        let provider_id = wamid(&outgoing);
        let result = match kind {
            0 => SendResult::Retry { after: None, error: error("rate_limited", Some(130_429)) },
            1 => SendResult::Retry {
                after: Some(Span::seconds(90)),
                error: error("pair_limit", Some(131_056)),
            },
            2 => SendResult::Failed { error: error("undeliverable", Some(131_026)) },
            3 => SendResult::Unknown { error: error("timeout", None) },
            4 => SendResult::ChannelDown { error: error("token", Some(190)) },
            5 => SendResult::Failed { error: error("window_closed", Some(131_047)) },
            _ => SendResult::Accepted { provider_id: provider_id.clone(), aliases: Vec::new() },
        };
        if matches!(result, SendResult::Accepted { .. } | SendResult::Unknown { .. }) {
            let taken = (outgoing.channel_id.clone(), provider_id, outgoing.message_id, outgoing.attempt);
            if !self.taken.contains(&taken) {
                self.taken.push(taken);
            }
        }
        if matches!(result, SendResult::Retry { .. }) {
            self.checks.may_send_again(outgoing.message_id);
        }
        let (message_id, attempt) = (outgoing.message_id, outgoing.attempt);
        self.batch(vec![(Asked::Other, Input::Sent { message_id, attempt, result })]);
    }

    pub(crate) fn answer_fetch(&mut self, well: bool) {
        let Some(media_id) = self.fetches.pop() else { return };
        let result = match (well, self.source.below(4)) {
            (true, _) | (_, 0 | 1) => Ok(StoredMedia { size: 1_000, mime: "image/png".to_owned() }),
            (_, 2) => Err(FetchFailure { again: true, reason: "timeout".to_owned() }),
            _ => Err(FetchFailure { again: false, reason: "gone".to_owned() }),
        };
        self.batch(vec![(Asked::Other, Input::MediaFetched { media_id, result })]);
    }

    /// The mail server answers one letter: well, in the end.
    pub(crate) fn answer_letter(&mut self, kind: u64) {
        let Some(transcript) = self.letters.pop() else { return };
        let reason = "mail_busy".to_owned();
        let result = match kind {
            0..=2 => MailResult::Retry { reason },
            3 => MailResult::Failed { reason },
            4 => MailResult::Unknown { reason },
            _ => MailResult::Sent,
        };
        let (transcript_id, attempt) = (transcript.transcript_id, transcript.attempts);
        self.batch(vec![(Asked::Other, Input::TranscriptSent { transcript_id, attempt, result })]);
    }

    /// The translator answers one text: mostly well.
    pub(crate) fn answer_text(&mut self, kind: u64) {
        let Some((message_id, attempt, text)) = self.texts.pop() else { return };
        let result = match kind {
            0 => Err("translator_busy".to_owned()),
            1 => Ok(text.replace("[[", "[")),
            _ => Ok(text.to_uppercase()),
        };
        self.batch(vec![(Asked::Other, Input::Translated { message_id, attempt, result })]);
    }

    pub(crate) fn act_outside(&mut self, act: Act) {
        match act {
            Act::WriteFile => self.write(1, true),
            Act::WriteTwice => self.write(3, false),
            Act::Repeat => self.repeat(),
            Act::ContactReacts => {
                let (channel_id, target) = self.target();
                let sender = self.sender(0, &channel_id);
                let emoji = self.source.chance(70).then(|| "👍".to_owned());
                let provider_id = format!("re{}", self.fresh());
                let sent_at = self.now;
                self.report(
                    channel_id,
                    ChannelInput::Reaction { provider_id, target, emoji, sender, sent_at },
                );
            }
            Act::Edit => {
                let (channel_id, target) = self.target();
                let sender = self.sender(0, &channel_id);
                let text = format!("changed {}", self.fresh());
                self.report(channel_id, ChannelInput::Edit { target, text, sender, sent_at: self.now });
            }
            Act::Revoke => {
                let (channel_id, target) = self.target();
                let sender = self.sender(0, &channel_id);
                self.report(channel_id, ChannelInput::Revoke { target, sender, sent_at: self.now });
            }
            Act::NewAlias => {
                let (a, b) = (self.source.below(CUSTOMERS), self.source.below(CUSTOMERS + 3));
                let input = ChannelInput::AliasChanged {
                    old: (AliasKind::WaId, format!("3360000000{a}")),
                    new: vec![(AliasKind::WaId, format!("3360000000{b}"))],
                    text: "changed number".to_owned(),
                    provider_id: format!("al{}", self.fresh()),
                    at: self.now,
                };
                self.report("wa".parse().unwrap(), input);
            }
            Act::Echo => {
                let (customer, channel_id) = (self.source.below(CUSTOMERS), self.some_channel());
                let provider_id = format!("ec{}", self.fresh());
                let message = self.inbound(customer, &channel_id, provider_id);
                self.report(channel_id, ChannelInput::Echo(message));
            }
            _ => self.act_of_provider(act),
        }
    }

    fn act_of_provider(&mut self, act: Act) {
        match act {
            Act::Status => self.status(),
            Act::SendAnswered => {
                let kind = self.source.below(40);
                self.answer_send(kind);
            }
            Act::Fetched => self.answer_fetch(false),
            Act::Translated => {
                let kind = self.source.below(12);
                self.answer_text(kind);
            }
            Act::MailAnswered => {
                let kind = self.source.below(8);
                self.answer_letter(kind);
            }
            Act::Raw => {
                let raw = RawDelivery {
                    channel_id: "wa".parse().unwrap(),
                    hash: format!("h{}", self.source.below(5)),
                    body: "{".to_owned(),
                    reason: "not JSON".to_owned(),
                    received_at: self.now,
                };
                self.report("wa".parse().unwrap(), ChannelInput::Raw(raw));
            }
            Act::TemplatesRead => {
                let mut templates = crate::people::templates();
                if self.source.chance(20) {
                    templates.retain(|template| template.name != "order");
                }
                let input = Input::Templates { channel_id: "wa".parse().unwrap(), templates };
                self.batch(vec![(Asked::Other, input)]);
            }
            Act::TemplatesChanged => self.report("wa".parse().unwrap(), ChannelInput::TemplatesChanged),
            Act::ChannelNotice => {
                let input = ChannelInput::Notice {
                    level: "warning".to_owned(),
                    code: "quality".to_owned(),
                    message: "Quality is low".to_owned(),
                };
                self.report("wa".parse().unwrap(), input);
            }
            _ => self.write(1, false),
        }
    }
}

fn wamid(outgoing: &guichet::engine::Outgoing) -> String {
    format!("wamid.{}.{}", outgoing.message_id, outgoing.attempt)
}
