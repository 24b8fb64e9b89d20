//! Delivery states: they may repeat, race and come before the answer to the send; they never go back (SPEC §9).

use std::sync::Arc;

use super::keys;
use crate::domain::{ChannelId, DeliveryError, DeliveryState, MessageId};
use crate::engine::ChannelInput;
use crate::engine::limits::HELD_REPORTS;
use crate::engine::turn::Turn;
use crate::engine::world::KeptMessage;

impl Turn<'_> {
    /// A delivery state of one of our messages.
    pub(super) fn status(&mut self, channel_id: &ChannelId, input: ChannelInput) {
        let ChannelInput::Status { provider_id, mark, state, error, aliases, .. } = &input else { return };
        let mark = mark.as_deref().and_then(keys::parse_mark);
        let by_mark = mark.map(|(message_id, _)| message_id).filter(|id| self.adopt_message(channel_id, *id));
        let found = by_mark.or_else(|| {
            let known = self.message_known_as(channel_id, provider_id)?;
            self.adopt_message(channel_id, known).then_some(known)
        });
        let Some(message_id) = found else {
            let target = provider_id.clone();
            return self.hold(channel_id, target, input);
        };
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        let old_attempt = mark.is_some_and(|(_, attempt)| attempt != message.attempts)
            || message.provider_id.as_ref().is_some_and(|bound| bound != provider_id);
        if *state == DeliveryState::Failed && old_attempt {
            // An earlier try failed; the one that counts is another.
            return;
        }
        if let Some(identity_id) = self.world.work(message.interaction_id).map(|row| row.identity_id) {
            self.bind(identity_id, aliases);
        }
        let provider_id = provider_id.clone();
        self.moves_to(message_id, *state, error.clone(), Some(provider_id.clone()));
        // It may be the first to name the provider's id: what waited for that counts now, not after its own repetition.
        self.apply_held(channel_id, &provider_id);
    }

    /// Moves a message on, if that is forward.
    pub(super) fn moves_to(
        &mut self,
        message_id: MessageId,
        state: DeliveryState,
        error: Option<DeliveryError>,
        provider_id: Option<String>,
    ) {
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        if !message.state.may_become(state) {
            return;
        }
        if state == DeliveryState::Failed {
            let error = error.unwrap_or_else(|| crate::engine::outbox::delivery_error("unknown", ""));
            self.fail(message_id, error);
        } else {
            self.edit_message(message_id, |message| {
                message.state = state;
                message.error = None;
                message.retry_at = None;
                message.provider_id = message.provider_id.take().or(provider_id);
            });
            self.message_changed(message_id);
        }
        if matches!(
            state,
            DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read | DeliveryState::Played
        ) {
            self.answer_left(message.interaction_id, message_id);
        }
        // A state from the provider is an answer too: the next message need not wait for the other one.
        self.landed(message_id);
    }

    /// Takes a loaded message into the world, if it is one of this channel. True: it is there.
    pub(super) fn adopt_message(&mut self, channel_id: &ChannelId, message_id: MessageId) -> bool {
        if let Some(kept) = self.world.message(message_id) {
            return kept.channel_id == *channel_id;
        }
        let Some(message) = self.cold.messages.get(&message_id) else { return false };
        let row = self.cold.interactions.get(&message.interaction_id);
        let elsewhere = row
            .map(AsRef::as_ref)
            .or_else(|| self.world.work(message.interaction_id).map(AsRef::as_ref))
            .is_some_and(|row| row.channel_id != *channel_id);
        if elsewhere {
            return false;
        }
        let message =
            KeptMessage { channel_id: channel_id.clone(), row: Arc::new(message.clone()), changed: 0 };
        self.world.keep_message(message);
        true
    }

    /// Keeps a report about a message that is not known yet.
    pub(super) fn hold(&mut self, channel_id: &ChannelId, target: String, input: ChannelInput) {
        let held = &mut self.world.held;
        let key = (channel_id.clone(), target);
        held.order.push_back(key.clone());
        held.by_target.entry(key).or_default().push(input);
        if held.order.len() > HELD_REPORTS
            && let Some(oldest) = held.order.pop_front()
            && let Some(reports) = held.by_target.get_mut(&oldest)
        {
            if reports.len() > 1 {
                reports.remove(0);
            } else {
                held.by_target.remove(&oldest);
            }
        }
    }

    /// A message became known under this provider's id: what was reported about it before counts now.
    pub(super) fn apply_held(&mut self, channel_id: &ChannelId, provider_id: &str) {
        if self.world.held.order.is_empty() {
            return;
        }
        let key = (channel_id.clone(), provider_id.to_owned());
        let Some(reports) = self.world.held.by_target.remove(&key) else { return };
        self.world.held.order.retain(|other| *other != key);
        for report in reports {
            match &report {
                ChannelInput::Status { .. } => self.status(channel_id, report),
                ChannelInput::Reaction { .. } | ChannelInput::Edit { .. } | ChannelInput::Revoke { .. } => {
                    self.about_message(channel_id, report);
                }
                ChannelInput::Message(_)
                | ChannelInput::AliasChanged { .. }
                | ChannelInput::Echo(_)
                | ChannelInput::Typing { .. }
                | ChannelInput::TemplatesChanged
                | ChannelInput::Notice { .. }
                | ChannelInput::Raw(_) => {}
            }
        }
    }
}
