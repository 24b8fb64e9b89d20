//! Events: dense revisions, the right audience, each timer's colours once, capacity.

use std::collections::BTreeMap;

use guichet::domain::{AgentId, Interaction, InteractionId, Ownership, Role};
use guichet::engine::{EventKind, EventRow, TimerChange, TimerKind};

use crate::client::holds;
use crate::ledger::Ledger;
use crate::store::Store;
use crate::world::Work;

/// An interaction as the event before told it.
#[derive(Debug, Clone)]
struct Before {
    revision: i64,
    ownership: Ownership,
    holder: Option<AgentId>,
    ended: bool,
}

impl Before {
    fn of(row: &Interaction) -> Self {
        let holder = row.agent_id.filter(|agent_id| holds(row, *agent_id));
        Self { revision: row.revision, ownership: row.ownership, holder, ended: row.ended_at.is_some() }
    }
}

pub(super) fn check(ledger: &mut Ledger, store: &Store, work: &Work) {
    let mut before: BTreeMap<InteractionId, Before> = BTreeMap::new();
    let mut returned: BTreeMap<AgentId, u32> = BTreeMap::new();
    for told in &work.batch.events {
        assert!(told.event.time >= ledger.time, "time goes back");
        assert_eq!(told.event.time, work.at, "an event of another time");
        ledger.time = told.event.time;
        let (Some(id), Some(row)) = (told.event.interaction_id, &told.interaction) else {
            without_interaction(store, told);
            continue;
        };
        let was = before.remove(&id).or_else(|| store.interactions.get(&id).map(|row| Before::of(row)));
        revision(told, row, was.as_ref());
        audience(told, row, was.as_ref());
        timers(ledger, told, row, work);
        if let EventKind::InteractionAssigned { agent_id } = &told.event.kind {
            assert!(
                row.agent_id == Some(*agent_id) && row.ownership == Ownership::Assigned,
                "{id} has another owner"
            );
            if was.as_ref().is_some_and(|was| was.ownership == Ownership::Detached) {
                *returned.entry(*agent_id).or_default() += 1;
            }
        }
        before.insert(id, Before::of(row));
    }
    capacity(ledger, store, work, &returned);
}

/// Late news of a message whose interaction ended and left memory goes into the log, and to nobody.
fn without_interaction(store: &Store, told: &EventRow) {
    let Some(id) = told.event.interaction_id else { return };
    let ended = store.interactions.get(&id).is_some_and(|row| row.ended_at.is_some());
    let silent = told.event.audience == guichet::engine::Audience::default();
    assert!(ended && silent, "an event without its interaction: {:?}", told.event);
}

fn revision(told: &EventRow, row: &Interaction, was: Option<&Before>) {
    let (event, old) = (&told.event, was.map_or(0, |was| was.revision));
    assert_eq!(event.revision, row.revision, "{:?}", event.kind);
    let silent = matches!(event.kind, EventKind::DraftChanged { .. }) || was.is_some_and(|was| was.ended);
    assert_eq!(event.revision, if silent { old } else { old + 1 }, "the revision of {event:?}");
}

/// Told to who holds it and who loses it, and to nobody else.
fn audience(told: &EventRow, row: &Interaction, was: Option<&Before>) {
    let event = &told.event;
    assert!(!event.audience.supervisors && !event.audience.administrators, "{event:?}");
    assert!(event.audience.agents.is_sorted(), "{event:?}");
    if let EventKind::DraftChanged { agent_id, .. } = &event.kind {
        assert_eq!(event.audience.agents, [*agent_id], "a draft is its author's");
        return;
    }
    let holder = row.agent_id.filter(|agent_id| holds(row, *agent_id));
    let loser = was.and_then(|was| was.holder);
    for agent_id in &event.audience.agents {
        let may = holder == Some(*agent_id) || loser == Some(*agent_id) || row.consulted.contains(agent_id);
        assert!(may, "{agent_id} is told {event:?}");
    }
    for agent_id in holder.iter().chain(&loser) {
        assert!(event.audience.agents.contains(agent_id), "{agent_id} is not told {event:?}");
    }
}

/// Yellow from exactly half on, red at zero, each once for each start.
fn timers(ledger: &mut Ledger, told: &EventRow, row: &Interaction, work: &Work) {
    let id = row.interaction_id;
    if matches!(told.event.kind, EventKind::InteractionClosed) {
        ledger.timers.remove(&(id, TimerKind::Agent));
        ledger.timers.remove(&(id, TimerKind::Customer));
    }
    let EventKind::TimerChanged { timer: kind, change } = &told.event.kind else { return };
    let timer = match kind {
        TimerKind::Agent => row.timers.agent,
        TimerKind::Customer => row.timers.customer,
    };
    let key = (id, *kind);
    let told = ledger.timers.get(&key).copied();
    match change {
        TimerChange::Started => {
            let timer = timer.unwrap_or_else(|| panic!("the {kind} timer of {id} started and is not there"));
            ledger.timers.insert(key, (timer.yellow, timer.red));
        }
        TimerChange::Yellow => {
            let told = told.unwrap_or_else(|| panic!("the {kind} timer of {id} is yellow and never started"));
            assert!(!told.0 && !told.1, "the {kind} timer of {id} is yellow again");
            assert!(timer.is_some_and(|timer| work.at >= timer.yellow_at()), "{id} is yellow too soon");
            ledger.timers.insert(key, (true, told.1));
        }
        TimerChange::Red => {
            let told = told.unwrap_or_else(|| panic!("the {kind} timer of {id} is red and never started"));
            assert!(told.0 && !told.1, "the {kind} timer of {id} is red again, or before yellow");
            assert!(timer.is_some_and(|timer| work.at >= timer.red_at()), "{id} is red too soon");
            ledger.timers.insert(key, (true, true));
        }
        TimerChange::Stopped => {
            assert!(timer.is_none(), "the {kind} timer of {id} stopped and runs");
            ledger.timers.remove(&key);
        }
        TimerChange::Extended => {}
    }
}

/// Nobody gets more than it may hold, offers included. Only returning work may exceed that: it is that agent's contact.
fn capacity(ledger: &mut Ledger, store: &Store, work: &Work, returned: &BTreeMap<AgentId, u32>) {
    let changed: BTreeMap<InteractionId, &Interaction> =
        work.batch.rows.interactions.iter().map(|row| (row.interaction_id, row.as_ref())).collect();
    let kept = store.live().map(AsRef::as_ref).filter(|row| !changed.contains_key(&row.interaction_id));
    let mut loads: BTreeMap<AgentId, u32> = BTreeMap::new();
    let mut of_kind: BTreeMap<AgentId, BTreeMap<guichet::domain::ChannelKind, u32>> = BTreeMap::new();
    for row in kept.chain(changed.values().copied()).filter(|row| super::counts(row)) {
        let Some(agent_id) = row.agent_id else { continue };
        *loads.entry(agent_id).or_default() += 1;
        *of_kind.entry(agent_id).or_default().entry(row.kind).or_default() += 1;
    }
    for (agent_id, load) in &loads {
        let before = ledger.loads.get(agent_id).copied().unwrap_or(0);
        let returned = returned.get(agent_id).copied().unwrap_or(0);
        // What was offered before an administrator lowered the capacity in the same batch stays.
        let changed = work.batch.rows.agents.iter().find(|row| row.agent_id == *agent_id);
        let rows: Vec<_> = changed.into_iter().chain(store.agents.get(agent_id)).collect();
        assert!(rows.iter().any(|row| row.role != Role::Administrator), "{agent_id} may not hold work");
        let total = rows.iter().map(|row| row.capacity.total).max().unwrap_or(0);
        assert!(*load <= total.max(before) + returned, "{agent_id} may hold {total} and holds {load}");
        for (kind, count) in &of_kind[agent_id] {
            let of_kind = rows.iter().map(|row| row.capacity.per_kind.get(kind).copied().unwrap_or(u32::MAX));
            let max = of_kind.max().unwrap_or(0);
            let most = max.saturating_add(returned).max(before);
            assert!(*count <= most, "{agent_id} may hold {max} of {kind} and holds {count}");
        }
    }
    ledger.loads = loads;
}
