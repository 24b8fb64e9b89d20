//! The last messages of interactions that began a moment ago, so that an offer can carry them without asking the store.
//!
//! Only interactions whose beginning was seen are here, therefore what is here is complete. Bounded; what is not here is
//! read from the store.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::domain::{InteractionId, Message};
use crate::engine::{EventKind, EventRow};

/// Messages that come along with an interaction (DESIGN §2).
pub(crate) const MESSAGES: usize = 50;
/// Interactions that are remembered.
const INTERACTIONS_MAX: usize = 512;

/// See the file's head.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    messages: HashMap<InteractionId, Vec<Arc<Message>>>,
    order: VecDeque<InteractionId>,
}

impl Recent {
    /// Follows what happens.
    pub(crate) fn observe(&mut self, row: &EventRow) {
        let Some(interaction_id) = row.event.interaction_id else { return };
        if row.event.kind == EventKind::InteractionCreated {
            if self.messages.insert(interaction_id, Vec::new()).is_none() {
                self.order.push_back(interaction_id);
            }
            if self.order.len() > INTERACTIONS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.messages.remove(&oldest);
            }
            return;
        }
        let (Some(messages), Some(message)) = (self.messages.get_mut(&interaction_id), &row.message) else {
            return;
        };
        if let Some(known) = messages.iter_mut().find(|known| known.message_id == message.message_id) {
            *known = Arc::clone(message);
        } else if matches!(row.event.kind, EventKind::MessageAdded { .. }) {
            if messages.len() == MESSAGES {
                messages.remove(0);
            }
            messages.push(Arc::clone(message));
        }
    }

    /// Its last messages, oldest first, if they are known.
    pub(crate) fn of(&self, interaction_id: InteractionId) -> Option<&[Arc<Message>]> {
        self.messages.get(&interaction_id).map(Vec::as_slice)
    }
}
