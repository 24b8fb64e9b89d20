//! The provider's answer to a send.

use std::sync::Arc;

use crate::domain::{DeliveryState, MessageId};
use crate::engine::SendResult;
use crate::engine::turn::Turn;

impl Turn<'_> {
    /// A send was answered, or not.
    pub(super) fn sent(&mut self, message_id: MessageId, attempt: u32, result: SendResult) {
        if self.world.message(message_id).is_none()
            && let Some(message) = self.cold.messages.get(&message_id)
            && let Some(row) = self.work(message.interaction_id).ok()
        {
            self.adopt_message(&row.channel_id, message_id);
        }
        let Some(kept) = self.world.message(message_id) else { return };
        let (message, channel_id) = (Arc::clone(&kept.row), kept.channel_id.clone());
        if message.attempts != attempt {
            // The answer to an earlier try: a later one counts.
            return;
        }
        let flying = message.state == DeliveryState::Sending;
        match result {
            SendResult::Accepted { provider_id, aliases } => {
                self.channel_up(&channel_id);
                let identity_id = self.world.work(message.interaction_id).map(|row| row.identity_id);
                if let Some(identity_id) = identity_id {
                    self.bind(identity_id, &aliases);
                }
                self.accepted(message_id, provider_id.clone());
                self.landed(message_id);
                self.apply_held(&channel_id, &provider_id);
            }
            SendResult::Retry { after, error } if flying => self.try_again(message_id, after, error),
            SendResult::Failed { error } if flying => {
                self.channel_up(&channel_id);
                self.fail(message_id, error);
                self.landed(message_id);
            }
            SendResult::ChannelDown { error } if flying => {
                self.channel_down(&channel_id, &error);
                self.fail(message_id, error);
                self.landed(message_id);
            }
            SendResult::Unknown { error } if flying => {
                self.edit_message(message_id, |message| {
                    message.state = DeliveryState::Unknown;
                    message.error = Some(error);
                });
                self.message_changed(message_id);
                self.landed(message_id);
            }
            // A status report was faster and has settled it.
            SendResult::Retry { .. }
            | SendResult::Failed { .. }
            | SendResult::ChannelDown { .. }
            | SendResult::Unknown { .. } => {}
        }
    }

    fn accepted(&mut self, message_id: MessageId, provider_id: String) {
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        let moves = message.state.may_become(DeliveryState::Accepted);
        if !moves && message.provider_id.is_some() {
            return;
        }
        self.edit_message(message_id, |message| {
            message.provider_id = Some(provider_id);
            if moves {
                message.state = DeliveryState::Accepted;
                message.error = None;
                message.retry_at = None;
            }
        });
        self.message_changed(message_id);
    }
}
