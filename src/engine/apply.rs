//! The verbs that change the world: each brings rows, indexes and events into step, and none can fail.
//!
//! Rules decide whether a verb may be used; a verb used in vain (on what has ended) does nothing.

mod sharing;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::turn::{About, Turn};
use super::world::index::is_done;
use super::world::{KeptMedia, KeptMessage, Leaving, Person};
use super::{Audience, EventKind, TimerKind};
use crate::domain::{
    Agent, AgentId, AgentState, ChannelId, Contact, ContactId, Draft, Interaction, InteractionId, Media,
    MediaState, Message, MessageId, Ownership, Place, Status, Time, Timers, Waiting,
};
use crate::engine::limits::{LINE_CHARS, NOT_AGAIN, SILENCE, shorten};

impl Turn<'_> {
    /// Changes an interaction that has not ended.
    pub(crate) fn edit(&mut self, interaction_id: InteractionId, change: impl FnOnce(&mut Interaction)) {
        let batch = self.world.changing();
        let Some(work) = self.world.works.get_mut(&interaction_id) else { return };
        if work.row.ended_at.is_some() {
            return;
        }
        change(Arc::make_mut(&mut work.row));
        work.changed = batch;
        self.dirty.interactions.insert(interaction_id);
        self.world.reindex(interaction_id);
    }

    /// Changes how an interaction waits, if it does.
    pub(crate) fn edit_waiting(&mut self, interaction_id: InteractionId, change: impl FnOnce(&mut Waiting)) {
        self.edit(interaction_id, |row| {
            row.waiting.as_mut().map(change);
        });
    }

    /// Changes an agent.
    pub(crate) fn edit_agent(&mut self, agent_id: AgentId, change: impl FnOnce(&mut Agent)) {
        self.world.with_desk(agent_id, |desk| change(Arc::make_mut(&mut desk.agent)));
        self.dirty.agents.insert(agent_id);
    }

    /// Tells that an agent changed.
    pub(crate) fn agent_changed(&mut self, agent_id: AgentId) {
        let Some(state) = self.world.agent(agent_id).map(|agent| agent.state) else { return };
        let audience = Audience { agents: vec![agent_id], supervisors: true, administrators: true };
        self.global_event(EventKind::AgentChanged { agent_id, state }, audience, Some(agent_id));
    }

    /// Changes a contact.
    pub(crate) fn edit_contact(&mut self, contact_id: ContactId, change: impl FnOnce(&mut Contact)) {
        let batch = self.world.changing();
        let before = self.words_of_contact(contact_id);
        let Some(person) = self.world.people.get_mut(&contact_id) else { return };
        change(Arc::make_mut(&mut person.contact));
        person.changed = batch;
        self.dirty.contacts.insert(contact_id);
        self.words_changed(contact_id, &before);
    }

    /// Adds a contact that nobody knew.
    pub(crate) fn add_contact(&mut self, contact: Contact) {
        let (contact_id, changed) = (contact.contact_id, self.world.changing());
        let person = Person { contact: Arc::new(contact), identities: BTreeSet::new(), changed };
        self.world.people.insert(contact_id, person);
        self.dirty.contacts.insert(contact_id);
        self.words_changed(contact_id, &BTreeSet::new());
    }

    /// Adds an interaction.
    pub(crate) fn add_interaction(&mut self, row: Interaction) {
        let interaction_id = row.interaction_id;
        self.world.add_interaction(row);
        self.event(interaction_id, EventKind::InteractionCreated, About::default());
    }

    /// Adds a message to an interaction, as its newest. Its event is the caller's, once its first state is known.
    pub(crate) fn add_message(&mut self, channel_id: &ChannelId, message: Message) {
        let (message_id, interaction_id) = (message.message_id, message.interaction_id);
        let (line, now) = (last_line(&message), self.now);
        let changed = self.world.changing();
        self.world.keep_message(KeptMessage {
            channel_id: channel_id.clone(),
            row: Arc::new(message),
            changed,
        });
        self.dirty.messages.insert(message_id);
        self.edit(interaction_id, |row| {
            row.last_message_id = Some(message_id);
            row.last_line = line;
            row.last_message_at = Some(now);
        });
    }

    /// Tells that a message was added.
    pub(crate) fn message_added(&mut self, message_id: MessageId) {
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        let interaction_id = message.interaction_id;
        let about = About { message: Some(message), ..About::default() };
        self.event(interaction_id, EventKind::MessageAdded { message_id }, about);
    }

    /// Changes a message in memory.
    pub(crate) fn edit_message(&mut self, message_id: MessageId, change: impl FnOnce(&mut Message)) {
        let changed = self.world.changing();
        let Some(kept) = self.world.messages.rows.get_mut(&message_id) else { return };
        let bound = kept.row.provider_id.clone();
        change(Arc::make_mut(&mut kept.row));
        kept.changed = changed;
        self.dirty.messages.insert(message_id);
        if kept.row.provider_id == bound {
            return;
        }
        let by_provider = self.world.messages.by_provider.entry(kept.channel_id.clone()).or_default();
        if let Some(old) = bound {
            by_provider.remove(&old);
        }
        if let Some(new) = &kept.row.provider_id {
            by_provider.insert(new.clone(), message_id);
        }
    }

    /// Tells that a message changed, or got a reaction.
    pub(crate) fn message_changed(&mut self, message_id: MessageId) {
        self.tell_message(message_id, EventKind::MessageChanged { message_id });
    }

    pub(crate) fn tell_message(&mut self, message_id: MessageId, kind: EventKind) {
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        let interaction_id = message.interaction_id;
        self.event(interaction_id, kind, About { message: Some(message), ..About::default() });
    }

    /// Keeps a file's row, in memory for as long as it is fetched or not committed.
    pub(crate) fn put_media(&mut self, media: Media) {
        let old = self.world.media.get(&media.media_id).and_then(|kept| kept.row.retry_at);
        let due = super::world::index::Due::Media(media.media_id.clone());
        self.world.set_due(due, old, media.retry_at);
        if media.state != MediaState::Pending {
            self.leaves(Leaving::Media);
        }
        let changed = self.world.changing();
        self.dirty.media.insert(media.media_id.clone(), media.clone());
        self.world.media.insert(media.media_id.clone(), KeptMedia { row: media, changed });
    }

    /// Changes an interaction's status.
    pub(crate) fn set_status(&mut self, interaction_id: InteractionId, to: Status, by: Option<AgentId>) {
        let Some(from) = self.world.work(interaction_id).map(|row| row.status) else { return };
        if from == to {
            return;
        }
        if !may_transfer(to) {
            self.end_proposal(interaction_id, "withdrawn");
        }
        let now = self.now;
        self.edit(interaction_id, |row| {
            row.status = to;
            row.status_since = now;
            if is_done(to) {
                // What was put aside comes back to nobody now: from here on it counts as left by its agent, or it might never end.
                let aside = row.timers.snoozed_until.take();
                row.kept.detached_at = aside.map(|_| now).or(row.kept.detached_at);
            } else {
                row.timers.ends_at = row.kept.detached_at.map(|since| since + SILENCE);
            }
        });
        self.event(interaction_id, EventKind::InteractionStatusChanged { from, to, by }, About::default());
        if is_done(to) {
            self.forget_unanswered(interaction_id);
        }
    }

    /// Puts an interaction into a queue.
    pub(crate) fn queue(&mut self, interaction_id: InteractionId, waiting: Waiting) {
        self.end_proposal(interaction_id, "withdrawn");
        self.release_consults(interaction_id, None);
        let Some(row) = self.world.work(interaction_id) else { return };
        let loses = row.agent_id.filter(|_| row.ownership == Ownership::Assigned);
        let skill = match &waiting.target {
            crate::domain::Target::Skill { skill, .. } => Some(skill.clone()),
            crate::domain::Target::Agent(_)
            | crate::domain::Target::Team(_)
            | crate::domain::Target::Hold(_) => waiting.otherwise.clone(),
        };
        self.edit(interaction_id, |row| {
            row.last_agent_id = row.agent_id.filter(|_| loses.is_some()).or(row.last_agent_id);
            row.agent_id = None;
            row.ownership = Ownership::Queued;
            row.skill = skill.or(row.skill.take());
            row.waiting = Some(waiting);
            row.timers.offer_expires_at = None;
            leave_detached(row);
        });
        let about = About { also: loses, ..About::default() };
        self.event(interaction_id, EventKind::InteractionQueued, about);
        self.world_newest(interaction_id);
    }

    /// Proposes queued work to an agent.
    pub(crate) fn offer(&mut self, interaction_id: InteractionId, agent_id: AgentId, expires_at: Time) {
        self.edit(interaction_id, |row| {
            row.ownership = Ownership::Offered;
            row.agent_id = Some(agent_id);
            row.timers.offer_expires_at = Some(expires_at);
        });
        self.event(interaction_id, EventKind::InteractionOffered { agent_id }, About::default());
    }

    /// Ends an offer without acceptance: the work goes back to its place, and not to the same agent for a while.
    pub(crate) fn end_offer(&mut self, interaction_id: InteractionId, reason: &str) {
        let Some(agent_id) = self.world.work(interaction_id).and_then(|row| row.agent_id) else { return };
        let until = self.now + NOT_AGAIN;
        self.edit(interaction_id, |row| {
            row.ownership = Ownership::Queued;
            row.agent_id = None;
            row.timers.offer_expires_at = None;
            if let Some(waiting) = &mut row.waiting {
                waiting.not_before.retain(|(agent, _)| *agent != agent_id);
                waiting.not_before.push((agent_id, until));
            }
        });
        let kind = EventKind::InteractionOfferEnded { agent_id, reason: reason.to_owned() };
        self.event(interaction_id, kind, About { also: Some(agent_id), ..About::default() });
    }

    /// Gives an interaction to an agent.
    pub(crate) fn assign(&mut self, interaction_id: InteractionId, agent_id: AgentId) {
        let Some(row) = self.world.work(interaction_id).map(Arc::clone) else { return };
        let now = self.now;
        let loses = row.agent_id.filter(|holder| *holder != agent_id);
        if loses.is_some() {
            self.end_proposal(interaction_id, "withdrawn");
            self.release_consults(interaction_id, Some(agent_id));
        }
        // Nobody has looked yet: who takes it from a bot takes it first.
        let bot = self.is_bot(agent_id);
        if !bot {
            self.count_accepted(interaction_id);
        }
        if row.ownership == Ownership::Offered {
            let reason = if loses.is_some() { "withdrawn" } else { "accepted" };
            let ended = row.agent_id.unwrap_or(agent_id);
            let kind = EventKind::InteractionOfferEnded { agent_id: ended, reason: reason.to_owned() };
            self.event(interaction_id, kind, About { also: Some(ended), ..About::default() });
        }
        self.edit(interaction_id, |row| {
            row.last_agent_id = loses.or(row.last_agent_id);
            row.ownership = Ownership::Assigned;
            row.agent_id = Some(agent_id);
            let waited = row.waiting.take();
            let place = waited.map(|waiting| Place { priority: waiting.priority, since: waiting.since });
            row.kept.place = place.or(row.kept.place.take());
            row.timers.offer_expires_at = None;
            row.assigned_at = if bot { row.assigned_at } else { Some(now) };
            row.accepted_at = if bot { row.accepted_at } else { row.accepted_at.or(Some(now)) };
            leave_detached(row);
        });
        self.edit_agent(agent_id, |agent| {
            agent.idle_since = now;
            agent.missed_offers = 0;
        });
        let about = About { also: loses, ..About::default() };
        self.event(interaction_id, EventKind::InteractionAssigned { agent_id }, about);
        if row.status == Status::New {
            self.set_status(interaction_id, Status::Open, Some(agent_id));
        }
        self.world_newest(interaction_id);
    }

    /// Takes an interaction out of every inbox and queue.
    pub(crate) fn detach(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).map(Arc::clone) else { return };
        let now = self.now;
        let assigned = row.agent_id.filter(|_| row.ownership == Ownership::Assigned);
        self.withdraw_offer(interaction_id);
        self.end_proposal(interaction_id, "withdrawn");
        self.release_consults(interaction_id, None);
        // Before it leaves the inbox, or who loses it would miss that its timer stopped.
        self.stop_timer(interaction_id, TimerKind::Customer);
        self.edit(interaction_id, |row| {
            row.ownership = Ownership::Detached;
            row.last_agent_id = assigned.or(row.last_agent_id);
            row.agent_id = None;
            row.waiting = None;
            row.timers.offer_expires_at = None;
            row.kept.detached_at = Some(now);
            let silence = now + SILENCE;
            row.timers.ends_at = Some(row.timers.ends_at.map_or(silence, |ends| ends.min(silence)));
        });
        if let Some(agent_id) = assigned {
            self.edit_agent(agent_id, |agent| agent.idle_since = now);
        }
        let kind = EventKind::InteractionDetached { agent_id: assigned };
        self.event(interaction_id, kind, About { also: assigned, ..About::default() });
        self.world_newest(interaction_id);
    }

    /// Takes an offer back before its agent answered.
    pub(crate) fn withdraw_offer(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id) else { return };
        if row.ownership == Ownership::Offered {
            self.end_offer(interaction_id, "withdrawn");
        }
    }

    /// Ends an interaction: it never changes again.
    pub(crate) fn end(&mut self, interaction_id: InteractionId, by: Option<AgentId>) {
        let Some(row) = self.world.work(interaction_id).map(Arc::clone) else { return };
        if row.ended_at.is_some() {
            return;
        }
        let now = self.now;
        // Who is only offered it is told that the offer ended, and no more.
        let holder = row.agent_id.filter(|_| row.ownership == Ownership::Assigned);
        self.withdraw_offer(interaction_id);
        self.set_status(interaction_id, Status::Closed, by);
        self.release_consults(interaction_id, None);
        self.forget_unanswered(interaction_id);
        self.drop_drafts(interaction_id);
        self.drop_translations(&row);
        self.edit(interaction_id, |row| {
            row.last_agent_id = row.agent_id.or(row.last_agent_id);
            row.ownership = Ownership::Detached;
            row.agent_id = None;
            row.waiting = None;
            row.timers = Timers::default();
            row.kept.plan = None;
            row.ended_at = Some(now);
        });
        if let Some(agent_id) = holder {
            self.edit_agent(agent_id, |agent| agent.idle_since = now);
        }
        let about = About { also: holder, ..About::default() };
        self.event(interaction_id, EventKind::InteractionClosed, about);
        self.forget_watchers(interaction_id);
        self.world_newest(interaction_id);
        self.leaves(Leaving::Interaction(interaction_id));
    }

    fn drop_drafts(&mut self, interaction_id: InteractionId) {
        let range = (interaction_id, AgentId(i64::MIN))..=(interaction_id, AgentId(i64::MAX));
        let keys: Vec<_> = self.world.drafts.range(range).map(|(key, _)| *key).collect();
        for key in keys {
            self.put_draft(Draft::gone(interaction_id, key.1, self.now));
        }
    }

    /// Keeps a draft, or drops an empty one.
    pub(crate) fn put_draft(&mut self, draft: Draft) {
        let key = (draft.interaction_id, draft.agent_id);
        if draft.is_empty() {
            self.world.drafts.remove(&key);
        } else {
            self.world.drafts.insert(key, draft.clone());
        }
        self.dirty.drafts.insert(key, draft);
    }

    /// Changes an agent's state.
    pub(crate) fn set_agent_state(&mut self, agent_id: AgentId, state: AgentState, reason: Option<String>) {
        let now = self.now;
        self.edit_agent(agent_id, |agent| {
            if agent.state != state {
                agent.state_since = now;
            }
            agent.state = state;
            agent.reason = reason;
            agent.missed_offers = 0;
        });
        self.agent_changed(agent_id);
    }

    /// Keeps what the next interaction of this address will ask about this one.
    pub(crate) fn world_newest(&mut self, interaction_id: InteractionId) {
        if let Some(row) = self.world.work(interaction_id).map(Arc::clone) {
            self.world.note_newest(&row);
        }
    }
}

/// Whether work in this status may be transferred (SPEC §5.5).
pub(crate) fn may_transfer(status: Status) -> bool {
    match status {
        Status::New | Status::Open => true,
        Status::Pending | Status::Escalated | Status::Resolved | Status::Closed => false,
    }
}

/// Work that is in an inbox or a queue again does not end of silence.
fn leave_detached(row: &mut Interaction) {
    row.timers.snoozed_until = None;
    if row.kept.detached_at.take().is_some() && !is_done(row.status) {
        row.timers.ends_at = None;
    }
}

/// What the inbox shows of a message: its text, or a word for what it is.
fn last_line(message: &Message) -> String {
    let text = message.text.trim();
    if text.is_empty() {
        let name =
            message.media.iter().find_map(|media| media.caption.clone().or_else(|| media.filename.clone()));
        return name.map_or_else(|| format!("[{}]", message.kind), |name| shorten(&name, LINE_CHARS));
    }
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    shorten(line, LINE_CHARS)
}
