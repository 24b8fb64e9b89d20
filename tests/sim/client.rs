//! An agent's client: its view of the inbox, made of a snapshot and the events after it, and of nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet::domain::{AgentId, Interaction, InteractionId, Kept, Ownership, Timers};
use guichet::engine::{Batch, Event, Snapshot};

use crate::store::Store;

/// A client with what it knows.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) agent_id: AgentId,
    /// Whether it is connected and has its answer to `session.start`.
    pub(crate) live: bool,
    /// Its socket, and more of the same agent.
    main: u64,
    others: Vec<u64>,
    cursor: i64,
    pub(crate) inbox: BTreeMap<InteractionId, Arc<Interaction>>,
}

impl Client {
    pub(crate) fn new(agent_id: AgentId) -> Self {
        Self { agent_id, live: false, main: 0, others: Vec::new(), cursor: 0, inbox: BTreeMap::new() }
    }

    /// Its sockets that are open, or about to be.
    pub(crate) fn sessions(&self) -> Vec<u64> {
        self.others.iter().copied().chain((self.main != 0).then_some(self.main)).collect()
    }

    /// The socket that a request of it comes through.
    pub(crate) fn session(&self) -> u64 {
        if self.live { self.main } else { 0 }
    }

    /// Opens a socket; the second and later ones only hold the agent's presence.
    pub(crate) fn open(&mut self, session: u64) {
        if self.main == 0 { self.main = session } else { self.others.push(session) }
    }

    /// A socket was not let in.
    pub(crate) fn refused(&mut self, session: u64) {
        self.others.retain(|other| *other != session);
        if self.main == session {
            (self.main, self.live) = (0, false);
        }
    }

    /// Closes one socket, the main one last.
    pub(crate) fn drop_one(&mut self) -> Option<u64> {
        if let Some(session) = self.others.pop() {
            return Some(session);
        }
        self.live = false;
        Some(std::mem::take(&mut self.main)).filter(|session| *session != 0)
    }

    /// Closes all.
    pub(crate) fn close(&mut self) -> Vec<u64> {
        let closed = self.sessions();
        (self.live, self.main) = (false, 0);
        self.others.clear();
        closed
    }

    /// Gives a stored batch to the clients: answers to `session.start` first, each with the events after its cursor.
    pub(crate) fn deliver(
        clients: &mut BTreeMap<u8, Self>,
        store: &Store,
        batch: &Batch,
        sessions: &[(u8, u64, bool, Box<Snapshot>)],
    ) {
        for (who, session, resume, snapshot) in sessions {
            if let Some(client) = clients.get_mut(who).filter(|client| client.main == *session) {
                client.start(store, snapshot, *resume);
            }
        }
        for client in clients.values_mut().filter(|client| client.live) {
            let after = client.cursor;
            for row in batch.events.iter().filter(|row| row.event.seq > after) {
                client.hears(&row.event, row.interaction.as_ref());
            }
        }
    }

    fn start(&mut self, store: &Store, snapshot: &Snapshot, resume: bool) {
        let fresh: BTreeMap<InteractionId, Arc<Interaction>> = snapshot
            .interactions
            .iter()
            .chain(&snapshot.consulted)
            .map(|view| (view.interaction.interaction_id, Arc::clone(&view.interaction)))
            .collect();
        let kept = store.events.keys().next().is_none_or(|first| *first <= self.cursor + 1);
        if resume && (1..=snapshot.cursor).contains(&self.cursor) && kept {
            let missed = store.events.range(self.cursor + 1..).map(|(_, event)| event.clone());
            let missed: Vec<Event> = missed.take_while(|event| event.seq <= snapshot.cursor).collect();
            for event in missed {
                // The feed shows what an old event is about as it is now.
                let row = event.interaction_id.and_then(|id| store.interactions.get(&id));
                self.hears(&event, row);
            }
        } else {
            self.inbox = fresh;
        }
        self.cursor = snapshot.cursor.max(self.cursor);
        self.live = true;
    }

    fn hears(&mut self, event: &Event, row: Option<&Arc<Interaction>>) {
        self.cursor = event.seq;
        if !event.audience.agents.contains(&self.agent_id) {
            return;
        }
        let Some(row) = row else { return };
        if sees(row, self.agent_id) {
            self.inbox.insert(row.interaction_id, Arc::clone(row));
        } else {
            self.inbox.remove(&row.interaction_id);
        }
    }

    /// Compares what it shows with what is stored.
    pub(crate) fn check(&self, store: &Store) {
        for row in store.live().filter(|row| sees(row, self.agent_id)) {
            let Some(known) = self.inbox.get(&row.interaction_id) else {
                panic!("{} was not told of {}", self.agent_id, row.interaction_id);
            };
            if Arc::ptr_eq(known, row) {
                continue;
            }
            let old = differences(&shown(known), &shown(row));
            assert!(
                old.is_empty(),
                "{} sees an old {}: {}",
                self.agent_id,
                row.interaction_id,
                old.join(", ")
            );
        }
        for known in self.inbox.values() {
            let row = &store.interactions[&known.interaction_id];
            assert!(sees(row, self.agent_id), "{} still sees {}", self.agent_id, known.interaction_id);
        }
    }
}

/// Whether an interaction is in an agent's inbox: it has it, is offered it or was asked to take it over.
pub(crate) fn holds(row: &Interaction, agent_id: AgentId) -> bool {
    let held = match row.ownership {
        Ownership::Offered | Ownership::Assigned => true,
        Ownership::Queued | Ownership::Detached => false,
    };
    let asked = row.transfer.is_some_and(|transfer| transfer.to == agent_id);
    row.ended_at.is_none() && (held && row.agent_id == Some(agent_id) || asked)
}

/// Whether an agent sees it: it holds it, or is consulted.
pub(crate) fn sees(row: &Interaction, agent_id: AgentId) -> bool {
    holds(row, agent_id) || row.consulted.contains(&agent_id)
}

/// In what two rows differ, by field.
fn differences(known: &Interaction, row: &Interaction) -> Vec<String> {
    if known == row {
        return Vec::new();
    }
    let [known, row] = [known, row].map(|row| serde_json::to_value(row).expect("a row is JSON"));
    let fields = row.as_object().into_iter().flatten();
    let differ = fields.filter(|(name, value)| known.get(name) != Some(value));
    differ.map(|(name, value)| format!("{name} {:?} is {value}", known.get(name))).collect()
}

/// What a client shows of an interaction: all but what the engine keeps for itself. When it will end is planned anew whenever
/// that time comes, and told with the next event.
fn shown(row: &Interaction) -> Interaction {
    let timers = Timers { ends_at: None, ..row.timers.clone() };
    Interaction {
        kept: Kept::default(),
        waiting: None,
        window_told: 0,
        unanswered_since: None,
        timers,
        ..row.clone()
    }
}
