//! What stays in memory and for how long.
//!
//! A thing may leave when it has ended (or was only looked up) and its last change is committed: from then on the store answers
//! for it. Things leave only at the end of a batch, never between the question which cold keys are needed and their use.

use super::index::Due;
use super::{Leaving, World};
use crate::domain::{ContactId, DeliveryState, IdentityId, InteractionId, MediaState, MessageId, Time};
use crate::engine::limits::CACHED_MESSAGES;

impl World {
    /// Lets go of what may leave.
    pub(crate) fn trim(&mut self) {
        self.trim_recent();
        self.trim_messages();
        let due = self.recent.leaving.iter().take_while(|(batch, _)| *batch <= self.committed).count();
        let leaving: Vec<(i64, Leaving)> = self.recent.leaving.drain(..due).collect();
        for (_, thing) in leaving {
            match thing {
                Leaving::Interaction(id) => self.drop_interaction(id),
                Leaving::Identity(id) => self.drop_identity(id),
                Leaving::Person(id) => self.drop_person(id),
                Leaving::Media => self.trim_media(),
            }
        }
    }

    fn trim_recent(&mut self) {
        let (committed, recent) = (self.committed, &mut self.recent);
        while recent.dedupe_order.front().is_some_and(|(batch, _)| *batch <= committed) {
            if let Some((_, key)) = recent.dedupe_order.pop_front() {
                recent.dedupe.remove(&key);
            }
        }
        while recent.requests_order.front().is_some_and(|(batch, ..)| *batch <= committed) {
            if let Some((_, agent_id, id)) = recent.requests_order.pop_front() {
                recent.requests.remove(&(agent_id, id));
            }
        }
        while recent.notes.front().is_some_and(|(batch, _)| *batch <= committed) {
            recent.notes.pop_front();
        }
        while recent.erased.front().is_some_and(|(batch, _)| *batch <= committed) {
            recent.erased.pop_front();
        }
        while recent.decisions.front().is_some_and(|(batch, _)| *batch <= committed) {
            recent.decisions.pop_front();
        }
    }

    /// Keeps the newest messages, and those that are on their way or not committed.
    fn trim_messages(&mut self) {
        let mut looked_at = 0;
        while self.messages.order.len() > CACHED_MESSAGES && looked_at < CACHED_MESSAGES {
            looked_at += 1;
            let Some(message_id) = self.messages.order.pop_front() else { return };
            if self.may_forget(message_id) {
                self.forget_message(message_id);
            } else {
                self.messages.order.push_back(message_id);
            }
        }
    }

    /// Lets go of messages whose texts are too old to be kept, so that none is written back.
    pub(crate) fn forget_messages_before(&mut self, before: Time) {
        let old = self.messages.rows.values().filter(|kept| kept.row.created_at < before);
        let old = old.filter(|kept| !self.works.contains_key(&kept.row.interaction_id));
        let old: Vec<MessageId> = old.map(|kept| kept.row.message_id).collect();
        for message_id in old {
            if self.may_forget(message_id) {
                self.forget_message(message_id);
            }
        }
    }

    fn may_forget(&self, message_id: MessageId) -> bool {
        let Some(message) = self.messages.rows.get(&message_id) else { return true };
        let flies = match message.row.state {
            DeliveryState::Queued | DeliveryState::Sending => true,
            DeliveryState::Unknown
            | DeliveryState::Accepted
            | DeliveryState::Sent
            | DeliveryState::Failed
            | DeliveryState::Delivered
            | DeliveryState::Read
            | DeliveryState::Played
            | DeliveryState::Received => false,
        };
        !flies && !message.row.waits_for_translation() && message.changed <= self.committed
    }

    fn forget_message(&mut self, message_id: MessageId) {
        let Some(message) = self.messages.rows.remove(&message_id) else { return };
        let by_provider = self.messages.by_provider.get_mut(&message.channel_id);
        if let (Some(by_provider), Some(provider_id)) = (by_provider, &message.row.provider_id) {
            by_provider.remove(provider_id);
        }
    }

    fn drop_interaction(&mut self, interaction_id: InteractionId) {
        let Some(work) = self.works.get(&interaction_id) else { return };
        if work.row.ended_at.is_none() {
            return;
        }
        let flies = self.lanes.contains_key(&(work.row.channel_id.clone(), work.row.identity_id));
        if flies || work.changed > self.committed {
            self.recent.leaving.push_back((self.batch, Leaving::Interaction(interaction_id)));
            return;
        }
        let identity_id = work.row.identity_id;
        self.works.remove(&interaction_id);
        if let Some(identity) = self.identities.get_mut(&identity_id) {
            identity.live.remove(&interaction_id);
        }
        self.drop_identity(identity_id);
    }

    fn drop_identity(&mut self, identity_id: IdentityId) {
        let Some(identity) = self.identities.get(&identity_id) else { return };
        if !identity.live.is_empty() {
            return;
        }
        let contact_id = identity.contact_id;
        let person_changed = self.people.get(&contact_id).map_or(0, |person| person.changed);
        let changed = identity.changed.max(person_changed);
        if changed > self.committed {
            self.recent.leaving.push_back((self.batch, Leaving::Identity(identity_id)));
            return;
        }
        if let Some(identity) = self.identities.remove(&identity_id) {
            for (alias_kind, value) in identity.aliases {
                self.aliases.remove(&(identity.kind, alias_kind, value));
            }
        }
        if let Some(person) = self.people.get_mut(&contact_id) {
            person.identities.remove(&identity_id);
            if person.identities.is_empty() {
                self.people.remove(&contact_id);
            }
        }
    }

    /// Lets go of a contact none of whose addresses is here.
    fn drop_person(&mut self, contact_id: ContactId) {
        let Some(person) = self.people.get(&contact_id) else { return };
        if !person.identities.is_empty() {
            return;
        }
        if person.changed > self.committed {
            self.recent.leaving.push_back((self.batch, Leaving::Person(contact_id)));
            return;
        }
        self.people.remove(&contact_id);
    }

    fn trim_media(&mut self) {
        let committed = self.committed;
        self.media.retain(|_, media| media.row.state == MediaState::Pending || media.changed > committed);
    }

    /// The next deadline of anything.
    pub(crate) fn next_deadline(&self) -> Option<(Time, &'static str)> {
        if self.recovering {
            return Some((self.now, "recovery"));
        }
        let first = self.index.deadlines.first().map(|(time, due)| (*time, due.why()));
        let forget = self.forget_at.map(|time| (time, "forget"));
        match (first, forget) {
            (Some(first), Some(forget)) => Some(if forget.0 < first.0 { forget } else { first }),
            (first, forget) => first.or(forget),
        }
    }

    /// The earliest deadline, if it has come: at exactly its time it is due.
    pub(crate) fn first_due(&self, now: Time) -> Option<Due> {
        self.index.deadlines.first().filter(|(time, _)| now >= *time).map(|(_, due)| due.clone())
    }
}
