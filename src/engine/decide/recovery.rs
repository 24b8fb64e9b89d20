//! The first batch of a process takes up what the last one left: nothing is lost, and nothing is sent twice (SPEC §9).

use std::sync::Arc;

use crate::domain::{AgentId, AgentState, DeliveryState, MediaId, MediaState, MessageId};
use crate::engine::Effect;
use crate::engine::limits::{FORGET, GRACE};
use crate::engine::outbox::delivery_error;
use crate::engine::turn::Turn;
use crate::engine::world::{KeptMessage, Leaving, World};

impl Turn<'_> {
    /// Takes up what the last process left.
    pub(crate) fn recover(&mut self) {
        if !self.world.recovering {
            return;
        }
        self.world.recovering = false;
        self.world.forget_at = Some(self.now + FORGET);
        self.adopt_wanted();
        self.recover_messages();
        self.recover_media();
        self.recover_transcripts();
        self.recover_translations();
        self.effects.push(Effect::RemoveErasedFiles);
        let agents: Vec<AgentId> = self.world.desks.keys().copied().collect();
        for agent_id in agents {
            // Whoever runs the bots says within moments which of them are there.
            let state = self.world.agent(agent_id).filter(|agent| !agent.bot).map(|agent| agent.state);
            if state.is_some_and(|state| state != AgentState::Offline) {
                self.set_grace(agent_id, Some(self.now + GRACE));
            }
        }
    }

    /// Messages whose interaction has ended came with this batch.
    fn adopt_wanted(&mut self) {
        let interactions = std::mem::take(&mut self.world.wanted_interactions);
        for interaction_id in interactions {
            let Some(row) = self.cold.interactions.get(&interaction_id).cloned() else { continue };
            self.adopt_identity(row.identity_id);
            self.world.add_interaction(row.as_ref().clone());
            self.leaves(Leaving::Interaction(interaction_id));
        }
        let messages = std::mem::take(&mut self.world.wanted_messages);
        for message_id in messages {
            let Some(message) = self.cold.messages.get(&message_id).cloned() else { continue };
            let Ok(row) = self.work(message.interaction_id) else { continue };
            let channel_id = row.channel_id.clone();
            self.world.keep_message(KeptMessage { channel_id, row: Arc::new(message), changed: 0 });
        }
    }

    /// What was being sent may or may not have been taken: it is told so, and not sent again. What waited still waits.
    fn recover_messages(&mut self) {
        let mut flying: Vec<MessageId> = self.world.in_state(DeliveryState::Sending);
        flying.sort_unstable();
        for message_id in flying {
            self.edit_message(message_id, |message| {
                message.state = DeliveryState::Unknown;
                message.error = Some(delivery_error("restarted", ""));
            });
            self.message_changed(message_id);
        }
        let mut queued: Vec<MessageId> = self.world.in_state(DeliveryState::Queued);
        queued.sort_unstable();
        for message_id in queued {
            let Some(kept) = self.world.message(message_id) else { continue };
            if let Ok(row) = self.work(kept.row.interaction_id) {
                self.submit(&row, message_id, true);
            }
        }
    }

    fn recover_media(&mut self) {
        let mut pending: Vec<MediaId> = self.world.media_in(MediaState::Pending);
        pending.sort();
        for media_id in pending {
            let Some(media) = self.world.media.get(&media_id).map(|kept| kept.row.clone()) else { continue };
            if media.retry_at.is_some() {
                continue;
            }
            if let (Some(channel_id), Some(provider_media_id)) = (media.channel_id, media.provider_media_id) {
                self.effects.push(Effect::FetchMedia { media_id, channel_id, provider_media_id });
            }
        }
    }

    /// Once an hour, what expired is forgotten.
    pub(crate) fn forget(&mut self) {
        let now = self.now;
        if self.world.forget_at.is_none_or(|at| now < at) {
            return;
        }
        self.world.forget_at = Some(now + FORGET);
        let forget = self.world.retention.forget(now);
        self.rows.forget = Some(forget);
        if let Some(before) = forget.content {
            self.world.forget_messages_before(before);
            self.effects.push(Effect::RemoveErasedFiles);
            self.effects.push(Effect::FindSilent { before });
        }
        self.world.keys.retain(|_, key| key.expires_at.is_none_or(|expires| now < expires));
    }
}

impl World {
    fn in_state(&self, state: DeliveryState) -> Vec<MessageId> {
        let flying = self.messages.rows.values().filter(|kept| kept.row.state == state);
        flying.map(|kept| kept.row.message_id).collect()
    }

    fn media_in(&self, state: MediaState) -> Vec<MediaId> {
        let found = self.media.values().filter(|kept| kept.row.state == state);
        found.map(|kept| kept.row.media_id.clone()).collect()
    }
}
