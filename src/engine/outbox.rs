//! Messages on their way out: order per recipient, the account's rate, retries, and the window's last check (SPEC §4).
//!
//! Only one message of a recipient is with the provider at a time: consecutive sends may overtake one another there. The next
//! goes when the answer came. A message that may leave at once is committed as `sending` in the batch that made it.

use std::sync::Arc;

use super::limits::{BACKOFF, DOWN, TRIES};
use super::turn::Turn;
use super::world::index::Due;
use super::world::{Account, Down, Flight};
use super::{Effect, Outgoing, OutgoingBody};
use crate::domain::{
    ChannelId, Choice, DeliveryError, DeliveryState, IdentityId, Interaction, Message, MessageId,
    MessageKind, Span, Time, TranslationState, check_template,
};

/// How far ahead of its rate an account may go: a quarter of a second's worth, so that single messages never wait.
const BURST_US: i64 = 250_000;

/// Whether a message may leave now.
enum Leave {
    Now,
    At(Time),
    /// Its translation is being made; what comes of that looks again.
    Translated,
    Never(DeliveryError),
}

/// What a message of ours lets its contact choose from, as its data says.
fn choices_of(message: &Message) -> Vec<Choice> {
    #[derive(serde::Deserialize)]
    struct Data {
        choices: Vec<Choice>,
    }
    let data = serde_json::from_str::<Data>(&message.data);
    data.map(|data| data.choices).unwrap_or_default()
}

pub(crate) fn delivery_error(reason: &str, details: &str) -> DeliveryError {
    DeliveryError { code: None, reason: reason.to_owned(), details: details.to_owned() }
}

impl Turn<'_> {
    /// Puts a stored message, in state `queued`, into its recipient's lane; it leaves at once if it may.
    pub(crate) fn submit(&mut self, row: &Interaction, message_id: MessageId, announced: bool) {
        let lane = (row.channel_id.clone(), row.identity_id);
        let flight = Flight { identity_id: row.identity_id, slot: None, due: None, announced };
        self.world.flights.insert(message_id, flight);
        self.world.lanes.entry(lane.clone()).or_default().queue.push_back(message_id);
        self.advance(&lane);
        if let Some(flight) = self.world.flights.get_mut(&message_id) {
            flight.announced = true;
        }
    }

    /// How many messages wait or are with the provider for this recipient.
    pub(crate) fn queued_for(&self, row: &Interaction) -> usize {
        let lane = self.world.lanes.get(&(row.channel_id.clone(), row.identity_id));
        lane.map_or(0, |lane| lane.queue.len() + usize::from(lane.sending.is_some()))
    }

    /// Lets the next message of a lane leave, if it may.
    pub(crate) fn advance(&mut self, lane: &(ChannelId, IdentityId)) {
        loop {
            let Some(state) = self.world.lanes.get(lane) else { return };
            if state.sending.is_some() {
                return;
            }
            let Some(message_id) = state.queue.front().copied() else {
                self.world.lanes.remove(lane);
                return;
            };
            match self.may_leave(&lane.0, message_id) {
                Leave::Now if self.hand_over(lane, message_id) => return,
                Leave::Now => {}
                Leave::Translated => return,
                Leave::At(time) => {
                    self.wait_until(message_id, time);
                    return;
                }
                Leave::Never(error) => {
                    self.take_out(lane, message_id);
                    self.fail(message_id, error);
                }
            }
        }
    }

    fn may_leave(&mut self, channel_id: &ChannelId, message_id: MessageId) -> Leave {
        let now = self.now;
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else {
            return Leave::Never(delivery_error("lost", ""));
        };
        let free = message.kind != MessageKind::Template;
        let row = self
            .world
            .work(message.interaction_id)
            .or_else(|| self.cold.interactions.get(&message.interaction_id));
        if free && !row.is_some_and(|row| self.free_text_allowed(row)) {
            return Leave::Never(delivery_error("window_closed", ""));
        }
        // Never untranslated by itself: only an agent says so, and then it is skipped.
        match message.translation.as_ref().map(|translation| translation.state) {
            Some(TranslationState::Pending) => return Leave::Translated,
            Some(TranslationState::Failed) => return Leave::Never(delivery_error("translation_failed", "")),
            Some(TranslationState::Ok | TranslationState::Skipped) | None => {}
        }
        let slot = self.world.flights.get(&message_id).and_then(|flight| flight.slot);
        if slot.is_none()
            && let Some(retry_at) = message.retry_at.filter(|time| now < *time)
        {
            return Leave::At(retry_at);
        }
        let Some(account) = self.world.accounts.get_mut(channel_id) else {
            return Leave::Never(delivery_error("channel_removed", ""));
        };
        if let Some(time) = account.down_until(message_id, now) {
            return Leave::At(time);
        }
        let slot = slot.unwrap_or_else(|| account.reserve(now));
        if let Some(flight) = self.world.flights.get_mut(&message_id) {
            flight.slot = Some(slot);
        }
        if now < slot { Leave::At(slot) } else { Leave::Now }
    }

    fn wait_until(&mut self, message_id: MessageId, time: Time) {
        let Some(flight) = self.world.flights.get_mut(&message_id) else { return };
        let (old, announced) = (flight.due.replace(time), flight.announced);
        self.world.set_due(Due::Message(message_id), old, Some(time));
        let known = self.world.message(message_id).and_then(|kept| kept.row.retry_at);
        if known != Some(time) {
            self.edit_message(message_id, |message| message.retry_at = Some(time));
            if announced {
                self.message_changed(message_id);
            }
        }
    }

    fn take_out(&mut self, lane: &(ChannelId, IdentityId), message_id: MessageId) {
        if let Some(lane) = self.world.lanes.get_mut(lane) {
            lane.queue.retain(|other| *other != message_id);
            lane.sending = lane.sending.filter(|other| *other != message_id);
        }
        if let Some(flight) = self.world.flights.remove(&message_id) {
            self.world.set_due(Due::Message(message_id), flight.due, None);
        }
        self.tries_no_longer(&lane.0, message_id);
    }

    /// A message leaves its lane without the provider's answer being waited for.
    pub(crate) fn drop_flight(&mut self, message_id: MessageId) {
        let Some(flight) = self.world.flights.get(&message_id) else { return };
        let identity_id = flight.identity_id;
        let Some(channel_id) = self.world.message(message_id).map(|kept| kept.channel_id.clone()) else {
            return;
        };
        let lane = (channel_id, identity_id);
        self.take_out(&lane, message_id);
        if self.world.lanes.get(&lane).is_some_and(|lane| lane.sending.is_none() && lane.queue.is_empty()) {
            self.world.lanes.remove(&lane);
        }
    }

    /// Whatever became of the message that tried whether an account works again: another may try.
    fn tries_no_longer(&mut self, channel_id: &ChannelId, message_id: MessageId) {
        let down = self.world.accounts.get_mut(channel_id).and_then(|account| account.down.as_mut());
        if let Some(down) = down.filter(|down| down.probe == Some(message_id)) {
            down.probe = None;
        }
    }

    /// Hands a message over. False: it turned out that it can't be sent.
    fn hand_over(&mut self, lane: &(ChannelId, IdentityId), message_id: MessageId) -> bool {
        let announced = self.world.flights.get(&message_id).is_some_and(|flight| flight.announced);
        self.add_notice(message_id);
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else {
            return false;
        };
        let body = match self.body(&lane.0, &message) {
            Ok(body) => body,
            Err(error) => {
                self.take_out(lane, message_id);
                self.fail(message_id, error);
                return false;
            }
        };
        let attempt = message.attempts.saturating_add(1);
        let row = self
            .world
            .work(message.interaction_id)
            .or_else(|| self.cold.interactions.get(&message.interaction_id));
        let subject = row.and_then(|row| row.subject.clone());
        let window_ends_at =
            row.filter(|_| message.kind != MessageKind::Template).and_then(|row| row.window_ends_at);
        let to =
            self.world.identities.get(&lane.1).map(|identity| identity.aliases.clone()).unwrap_or_default();
        let reply_to = message.reply_to.and_then(|quoted| self.provider_id_of(quoted));
        self.edit_message(message_id, |message| {
            message.state = DeliveryState::Sending;
            message.attempts = attempt;
            message.retry_at = None;
        });
        if let Some(flight) = self.world.flights.get_mut(&message_id) {
            let old = flight.due.take();
            self.world.set_due(Due::Message(message_id), old, None);
        }
        if let Some(state) = self.world.lanes.get_mut(lane) {
            state.queue.pop_front();
            state.sending = Some(message_id);
        }
        if announced {
            self.message_changed(message_id);
        }
        let channel_id = lane.0.clone();
        let outgoing =
            Outgoing { message_id, attempt, channel_id, to, body, reply_to, subject, window_ends_at };
        self.effects.push(Effect::Send(Box::new(outgoing)));
        true
    }

    fn provider_id_of(&self, message_id: MessageId) -> Option<String> {
        let row = self.world.message(message_id).map(|kept| kept.row.as_ref());
        row.or_else(|| self.cold.messages.get(&message_id)).and_then(|message| message.provider_id.clone())
    }

    fn body(&self, channel_id: &ChannelId, message: &Message) -> Result<OutgoingBody, DeliveryError> {
        if let Some(values) = &message.template {
            let templates = self.world.templates.get(channel_id);
            let fits = |template: &&crate::domain::Template| {
                template.name == values.name && template.language == values.language
            };
            let template = templates.and_then(|all| all.iter().find(fits));
            let Some(template) = template.filter(|template| check_template(template, values).is_ok()) else {
                return Err(delivery_error("template_changed", ""));
            };
            let header = message.media.first().cloned();
            return Ok(OutgoingBody::Template { values: values.clone(), template: template.clone(), header });
        }
        if let Some(media) = message.media.first() {
            let mut media = media.clone();
            if message.translation.is_some() && media.caption.is_some() {
                media.caption = Some(message.shown_text().to_owned());
            }
            return Ok(OutgoingBody::Media { kind: message.kind, media });
        }
        let (text, choices) = (message.shown_text().to_owned(), choices_of(message));
        Ok(if choices.is_empty() {
            OutgoingBody::Text(text)
        } else {
            OutgoingBody::Choices { text, choices }
        })
    }

    /// A queued message's turn has come.
    pub(crate) fn message_due(&mut self, message_id: MessageId) {
        let Some(flight) = self.world.flights.get_mut(&message_id) else {
            self.world.index.deadlines.retain(|(_, due)| *due != Due::Message(message_id));
            return;
        };
        let (identity_id, old) = (flight.identity_id, flight.due.take());
        self.world.set_due(Due::Message(message_id), old, None);
        let Some(channel_id) = self.world.message(message_id).map(|kept| kept.channel_id.clone()) else {
            return;
        };
        self.advance(&(channel_id, identity_id));
    }

    /// The provider's answer to a send came, whatever it was: the recipient's next message may leave.
    pub(crate) fn landed(&mut self, message_id: MessageId) {
        let Some(flight) = self.world.flights.get(&message_id) else { return };
        let Some(channel_id) = self.world.message(message_id).map(|kept| kept.channel_id.clone()) else {
            return;
        };
        let lane = (channel_id, flight.identity_id);
        self.take_out(&lane, message_id);
        self.advance(&lane);
    }

    /// Nothing was taken: the message tries again later, in its place.
    pub(crate) fn try_again(&mut self, message_id: MessageId, after: Option<Span>, error: DeliveryError) {
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        if message.attempts >= TRIES {
            self.fail(message_id, error);
            return self.landed(message_id);
        }
        // Full jitter: anywhere between the shortest wait and a cap that doubles, so that a crowd does not come back at once.
        let doubled = if message.backoff.0 <= 0 { BACKOFF.0.0 } else { message.backoff.0.saturating_mul(2) };
        let cap = doubled.clamp(BACKOFF.0.0, BACKOFF.1.0);
        let wait = BACKOFF.0.0.saturating_add(self.jitter(cap)).max(after.map_or(0, |after| after.0));
        let retry_at = self.now + Span(wait);
        self.edit_message(message_id, |message| {
            message.state = DeliveryState::Queued;
            message.backoff = Span(cap);
            message.retry_at = Some(retry_at);
            message.error = Some(error);
        });
        self.message_changed(message_id);
        let Some(flight) = self.world.flights.get_mut(&message_id) else { return };
        flight.slot = None;
        let identity_id = flight.identity_id;
        let Some(channel_id) = self.world.message(message_id).map(|kept| kept.channel_id.clone()) else {
            return;
        };
        let lane = (channel_id, identity_id);
        if let Some(state) = self.world.lanes.get_mut(&lane) {
            state.sending = None;
            state.queue.push_front(message_id);
        }
        self.advance(&lane);
    }

    /// A message will not be delivered.
    pub(crate) fn fail(&mut self, message_id: MessageId, error: DeliveryError) {
        let Some(kept) = self.world.message(message_id) else { return };
        let interaction_id = kept.row.interaction_id;
        let announced = self.world.flights.get(&message_id).is_none_or(|flight| flight.announced);
        let closed = error.reason == "window_closed" && error.code.is_some();
        self.edit_message(message_id, |message| {
            message.state = DeliveryState::Failed;
            message.retry_at = None;
            message.error = Some(error);
        });
        if announced {
            self.message_changed(message_id);
        }
        if closed {
            self.close_window(interaction_id);
        }
        self.answer_failed(interaction_id, message_id);
    }

    /// An account refuses everything: its messages wait, and one at a time tries whether it works again.
    pub(crate) fn channel_down(&mut self, channel_id: &ChannelId, error: &DeliveryError) {
        let now = self.now;
        let Some(account) = self.world.accounts.get_mut(channel_id) else { return };
        account.last_error = Some((now, error.clone()));
        let news = account.down.is_none();
        account.down = Some(Down { until: now + DOWN, probe: None });
        if news {
            let message =
                format!("The channel {channel_id} refuses every message; check its access token and account");
            self.notice("alarm", "channel_down", message);
        }
    }

    /// An account took or judged a message: it works.
    pub(crate) fn channel_up(&mut self, channel_id: &ChannelId) {
        if let Some(account) = self.world.accounts.get_mut(channel_id) {
            account.down = None;
        }
    }
}

impl Account {
    /// Until when a message must wait because the account refuses everything; `None`: it may go, perhaps as the one that tries.
    fn down_until(&mut self, message_id: MessageId, now: Time) -> Option<Time> {
        let down = self.down.as_mut()?;
        if now < down.until {
            return Some(down.until);
        }
        match down.probe {
            Some(probe) if probe != message_id => Some(now + Span::seconds(1)),
            _ => {
                down.probe = Some(message_id);
                None
            }
        }
    }

    /// The next free place in the account's rate.
    fn reserve(&mut self, now: Time) -> Time {
        let interval = 1_000_000 / i64::from(self.channel.messages_per_second.max(1));
        let now_us = now.0.saturating_mul(1_000);
        let slot = self.next_slot.max(now_us);
        self.next_slot = slot.saturating_add(interval);
        let at = slot.saturating_sub(BURST_US);
        if at <= now_us { now } else { Time(at.saturating_add(999) / 1_000) }
    }
}
