//! What must hold after every act, told from outside: from the rows, events, answers and effects of each batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guichet::domain::{
    Agent, AgentId, AliasKind, ChannelId, ContactId, DeliveryState, Direction, IdentityId, Interaction,
    InteractionId, Message, MessageId, Ownership, SkillId, Status, Time, Timer,
};
use guichet::engine::{
    Answer, Batch, Engine, Event, EventKind, Outgoing, OutgoingBody, Reply, Stored, TimerChange, TimerKind,
    board_begins,
};

use crate::model::Store;

/// The indexes are compared with the rows after every so many batches: it takes longer than all the rest.
const AUDIT: u64 = 8;

type TimerKey = (InteractionId, TimerKind, Time);

/// A view of everything decided, committed or not.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    rows: BTreeMap<InteractionId, Arc<Interaction>>,
    live: BTreeSet<InteractionId>,
    agents: BTreeMap<AgentId, Arc<Agent>>,
    auto_accept: BTreeSet<SkillId>,
    /// Announced timers: each turns yellow and red once.
    announced: BTreeSet<(TimerKey, bool)>,
    committed_announced: BTreeSet<(TimerKey, bool)>,
    /// Sends released to the provider.
    out: BTreeSet<(MessageId, u32)>,
    /// Messages that may be handed over once more: the provider took nothing, or an agent asked for it.
    again: BTreeMap<MessageId, u32>,
    seq: i64,
    batches: u64,
    pub(crate) ever_blocked: BTreeSet<ContactId>,
}

impl Checks {
    pub(crate) fn new(store: &Store) -> Self {
        let mut checks = Self::default();
        checks.reloaded(store);
        checks
    }

    /// What was decided and not committed never happened.
    pub(crate) fn reloaded(&mut self, store: &Store) {
        self.rows = store.interactions.clone();
        self.live.clone_from(&store.live);
        self.agents = store.agents.clone();
        self.announced = self.committed_announced.clone();
        self.auto_accept = store
            .skills
            .values()
            .filter(|skill| skill.auto_accept)
            .map(|skill| skill.skill.clone())
            .collect();
        self.seq = store.seq;
    }

    /// A batch was decided.
    pub(crate) fn decided(&mut self, batch: &Batch, engine: &Engine, now: Time) {
        for skill in &batch.rows.skills {
            if skill.auto_accept {
                self.auto_accept.insert(skill.skill.clone());
            } else {
                self.auto_accept.remove(&skill.skill);
            }
        }
        // Capacity is compared with what it is after the batch: a batch that lowers it holds nothing else.
        for agent in &batch.rows.agents {
            self.agents.insert(agent.agent_id, Arc::clone(agent));
        }
        for row in &batch.events {
            assert_eq!(row.event.seq, self.seq + 1, "events are dense");
            self.seq += 1;
            assert_eq!(row.event.time, now);
            if let Some(interaction) = &row.interaction {
                self.event(&row.event, interaction);
            }
        }
        for row in &batch.rows.interactions {
            Self::row(row, now);
        }
        self.one_each(&batch.rows.interactions);
        for (_, message) in &batch.rows.messages {
            assert!(message.direction == Direction::In || message.state != DeliveryState::Received);
        }
        for effect in &batch.effects {
            if let guichet::engine::Effect::Send(outgoing) = effect {
                Self::send(outgoing, now);
            }
        }
        let progress = engine.next_deadline().is_none_or(|(next, _)| next > now);
        assert!(progress, "after {now} the next deadline is {:?}", engine.next_deadline());
        self.batches += 1;
        if self.batches.is_multiple_of(AUDIT) {
            audit(engine);
        }
    }

    fn event(&mut self, event: &Event, row: &Arc<Interaction>) {
        let id = row.interaction_id;
        let before = self.rows.get(&id);
        assert_eq!(event.revision, row.revision);
        if let Some(before) = before {
            let step = match event.kind {
                EventKind::DraftChanged { .. } => 0,
                _ if before.ended_at.is_some() => 0,
                _ => 1,
            };
            assert_eq!(row.revision, before.revision + step, "{:?} on {id}", event.kind);
        }
        let was = before.map(|before| before.ownership);
        self.rows.insert(id, Arc::clone(row));
        if row.ended_at.is_none() {
            self.live.insert(id);
        } else {
            self.live.remove(&id);
        }
        match &event.kind {
            EventKind::InteractionOffered { agent_id } => self.has_room(*agent_id, row),
            EventKind::InteractionAssigned { agent_id } => {
                let auto = row.skill.as_ref().is_some_and(|skill| self.auto_accept.contains(skill));
                if auto && was == Some(Ownership::Queued) {
                    self.has_room(*agent_id, row);
                }
            }
            EventKind::TimerChanged { timer, change: change @ (TimerChange::Yellow | TimerChange::Red) } => {
                let running = timer_of(row, *timer).expect("a timer that turns runs");
                let due = if *change == TimerChange::Red { running.red_at() } else { running.yellow_at() };
                assert!(event.time >= due, "{change} of {id} at {}, due at {due}", event.time);
                let key = ((id, *timer, running.started_at), *change == TimerChange::Red);
                assert!(self.announced.insert(key), "the {timer} timer of {id} turned {change} twice");
            }
            EventKind::TimerChanged { timer, change: TimerChange::Started } => {
                begins(&mut self.announced, (id, *timer, event.time));
            }
            _ => {}
        }
    }

    /// Offered work fits into the agent's capacity.
    fn has_room(&self, agent_id: AgentId, row: &Interaction) {
        let agent = self.agents.get(&agent_id).expect("an agent who is offered work exists");
        let (mut load, mut of_kind) = (0, 0);
        for held in self.live.iter().filter_map(|id| self.rows.get(id)) {
            let holds = matches!(held.ownership, Ownership::Offered | Ownership::Assigned);
            if holds && held.agent_id == Some(agent_id) && held.status.uses_capacity() {
                load += 1;
                of_kind += u32::from(held.kind == row.kind);
            }
        }
        assert!(load <= agent.capacity.total, "{agent_id} was given {load} of {}", agent.capacity.total);
        let most = agent.capacity.per_kind.get(&row.kind).copied().unwrap_or(u32::MAX);
        assert!(of_kind <= most, "{agent_id} was given {of_kind} {} of {most}", row.kind);
    }

    /// One row by itself.
    fn row(row: &Interaction, now: Time) {
        let id = row.interaction_id;
        match row.ownership {
            Ownership::Queued => assert!(row.waiting.is_some() && row.agent_id.is_none(), "{id}: {row:?}"),
            Ownership::Offered => assert!(
                row.waiting.is_some() && row.agent_id.is_some() && row.timers.offer_expires_at.is_some(),
                "{id}: {row:?}"
            ),
            Ownership::Assigned => assert!(row.waiting.is_none() && row.agent_id.is_some(), "{id}: {row:?}"),
            Ownership::Detached => assert!(row.waiting.is_none() && row.agent_id.is_none(), "{id}: {row:?}"),
        }
        if row.ended_at.is_some() {
            assert_eq!(row.status, Status::Closed, "{id} has ended");
            assert!(
                row.timers.agent.is_none() && row.timers.customer.is_none() && row.timers.ends_at.is_none()
            );
            return;
        }
        assert_eq!(
            row.timers.offer_expires_at.is_some(),
            row.ownership == Ownership::Offered,
            "{id}: {row:?}"
        );
        if matches!(row.status, Status::Resolved | Status::Closed) {
            assert!(
                row.timers.agent.is_none() && row.timers.customer.is_none(),
                "{id} is done: {:?}",
                row.timers
            );
        }
        for timer in [row.timers.agent, row.timers.customer].into_iter().flatten() {
            assert!(timer.yellow || now < timer.yellow_at(), "{id} should be yellow at {now}: {timer:?}");
            assert!(timer.red || now < timer.red_at(), "{id} should be red at {now}: {timer:?}");
        }
        let waited = row.waiting.as_ref().filter(|_| row.ownership == Ownership::Queued);
        assert!(waited.and_then(|waiting| waiting.until).is_none_or(|until| now < until), "{id}: {row:?}");
        assert!(row.timers.offer_expires_at.is_none_or(|at| now < at), "{id}: {row:?}");
        assert!(row.timers.ends_at.is_none_or(|at| now < at), "{id}: {row:?}");
    }

    /// One identity has at most one interaction that is not closed on an account.
    fn one_each(&self, changed: &[Arc<Interaction>]) {
        let touched: BTreeSet<IdentityId> = changed.iter().map(|row| row.identity_id).collect();
        let mut open: BTreeMap<(IdentityId, &ChannelId), InteractionId> = BTreeMap::new();
        for row in self.live.iter().filter_map(|id| self.rows.get(id)) {
            if row.status == Status::Closed || !touched.contains(&row.identity_id) {
                continue;
            }
            let other = open.insert((row.identity_id, &row.channel_id), row.interaction_id);
            assert!(other.is_none(), "{other:?} and {} are open for one address", row.interaction_id);
        }
    }

    /// No free text leaves outside the window.
    fn send(outgoing: &Outgoing, now: Time) {
        let free = !matches!(outgoing.body, OutgoingBody::Template { .. });
        if free && outgoing.channel_id.as_str() != "mail" {
            assert!(outgoing.window_ends_at.is_some_and(|ends| now < ends), "{outgoing:?} at {now}");
        }
        assert!(!outgoing.to.is_empty(), "a message goes to somebody");
        let phone = outgoing.to.iter().any(|(kind, _)| *kind != AliasKind::Username);
        assert!(phone, "a user name alone reaches nobody");
    }

    /// A batch is about to be committed.
    pub(crate) fn committing(&mut self, batch: &Batch, store: &Store) {
        for row in &batch.rows.interactions {
            let ended = store.interactions.get(&row.interaction_id).filter(|old| old.ended_at.is_some());
            assert!(ended.is_none_or(|old| old == row), "{} had ended", row.interaction_id);
        }
        for (_, message) in &batch.rows.messages {
            if let Some((_, old)) = store.messages.get(&message.message_id) {
                moves(old, message);
            }
        }
        for row in &batch.events {
            let EventKind::TimerChanged { timer, change } = &row.event.kind else { continue };
            let Some(running) = row.interaction.as_ref().and_then(|row| timer_of(row, *timer)) else {
                continue;
            };
            let id = row.event.interaction_id.expect("a timer is of an interaction");
            match change {
                TimerChange::Yellow | TimerChange::Red => {
                    let key = ((id, *timer, running.started_at), *change == TimerChange::Red);
                    self.committed_announced.insert(key);
                }
                TimerChange::Started => begins(&mut self.committed_announced, (id, *timer, row.event.time)),
                TimerChange::Extended | TimerChange::Stopped => {}
            }
        }
    }

    /// A message is handed to the provider: stored as `sending` before, and never twice by itself.
    pub(crate) fn released(&mut self, outgoing: &Outgoing, store: &Store) {
        let (_, row) =
            store.messages.get(&outgoing.message_id).expect("a message is stored before it leaves");
        assert!(row.attempts >= outgoing.attempt && row.state != DeliveryState::Queued, "{row:?}");
        let id = outgoing.message_id;
        assert!(self.out.insert((id, outgoing.attempt)), "{id} leaves twice as attempt {}", outgoing.attempt);
        if self.out.iter().any(|(other, attempt)| *other == id && *attempt < outgoing.attempt) {
            let again = self.again.entry(id).or_default();
            assert!(*again > 0, "{id} is sent again by itself");
            *again -= 1;
        }
    }

    pub(crate) fn may_send_again(&mut self, message_id: MessageId) {
        *self.again.entry(message_id).or_default() += 1;
    }

    /// An answer was released: what it says is in the store.
    pub(crate) fn answered(reply: &Reply, store: &Store) {
        let Ok(answer) = reply else { return };
        match answer {
            Answer::Messages(messages) => {
                for message in messages {
                    assert!(
                        store.messages.contains_key(&message.message_id),
                        "{message:?} is answered and not stored"
                    );
                }
            }
            Answer::Interaction { view, .. } | Answer::Outbound(view, _) => {
                let row = store.interactions.get(&view.interaction.interaction_id);
                let there = row.is_some_and(|row| row.revision >= view.interaction.revision);
                assert!(there, "{view:?} is answered and not stored");
            }
            Answer::Note(note) => {
                let notes = store.notes.get(&note.interaction_id);
                assert!(
                    notes.is_some_and(|notes| notes.contains(note)),
                    "{note:?} is answered and not stored"
                );
            }
            _ => {}
        }
    }

    /// A contact's message that was acknowledged is there, once, unless its contact is blocked.
    pub(crate) fn acknowledged(&self, channel_id: &ChannelId, provider_id: &str, store: &Store) {
        let there = store.by_provider.contains_key(&(channel_id.clone(), provider_id.to_owned()));
        assert!(there || !self.ever_blocked.is_empty(), "{provider_id} was acknowledged and is not stored");
    }

    /// replay(store) = world.
    pub(crate) fn compare(engine: &Engine, stored: &Stored, now: Time) {
        audit(engine);
        let world = engine.stored();
        assert_eq!((world.batch, world.next_id, world.seq), (stored.batch, stored.next_id, stored.seq));
        assert_eq!(world.interactions, stored.interactions, "at {now}");
        assert_eq!(world.contacts, stored.contacts);
        assert_eq!(world.agents, stored.agents);
        assert_eq!(world.skills, stored.skills);
        let counted = |stored: &Stored| -> Vec<_> {
            let rows = stored.service_levels.iter().filter(|row| row.time >= board_begins(now));
            rows.cloned().collect()
        };
        assert_eq!(counted(&world), counted(stored));
        assert_eq!(world.templates, stored.templates);
        assert_eq!(world.tokens, stored.tokens);
        assert_eq!(world.drafts, stored.drafts);
        assert_eq!(world.tags, stored.tags);
        assert_eq!(world.stars, stored.stars);
        assert_eq!(world.media, stored.media);
        assert_eq!(world.messages, stored.messages);
        assert_eq!(world.transcripts, stored.transcripts);
        let live: BTreeSet<IdentityId> = stored.interactions.iter().map(|row| row.identity_id).collect();
        let of = |stored: &Stored| -> Vec<_> {
            let aliases = stored.aliases.iter().filter(|alias| live.contains(&alias.identity_id));
            aliases
                .map(|alias| (alias.kind, alias.alias_kind, alias.value.clone(), alias.identity_id))
                .collect()
        };
        assert_eq!(of(&world), of(stored));
    }
}

/// A timer that begins now has announced nothing, even if another began and ended in the same millisecond. One that a failed
/// send puts back has its old start: what it had announced stays announced.
fn begins(announced: &mut BTreeSet<(TimerKey, bool)>, key: TimerKey) {
    announced.remove(&(key, false));
    announced.remove(&(key, true));
}

/// Every index agrees with the rows.
fn audit(engine: &Engine) {
    let wrong = engine.audit();
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn timer_of(row: &Interaction, kind: TimerKind) -> Option<Timer> {
    match kind {
        TimerKind::Agent => row.timers.agent,
        TimerKind::Customer => row.timers.customer,
    }
}

/// States never go back, except that a message which was not taken is tried again.
fn moves(old: &Message, new: &Message) {
    let tries_again = matches!(
        old.state,
        DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Failed | DeliveryState::Unknown
    );
    let forward = new.state >= old.state || (tries_again && new.attempts >= old.attempts);
    assert!(forward, "{} went from {} to {}", new.message_id, old.state, new.state);
    assert!(new.attempts >= old.attempts);
    assert_eq!(old.interaction_id, new.interaction_id);
}
