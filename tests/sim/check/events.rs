//! Events: dense revisions, the right audience, each timer's colours once, capacity.

use std::collections::{BTreeMap, BTreeSet};

use guichet::domain::{Agent, AgentId, ChannelKind, Interaction, InteractionId, Ownership, RoleId, To};
use guichet::engine::{Command, Event, EventKind, EventRow, SuperviseCommand, TimerChange, TimerKind};

use crate::client::{holds, sees};
use crate::ledger::Ledger;
use crate::store::Store;
use crate::world::{Why, Work};

/// An interaction as the event before told it.
#[derive(Debug, Clone)]
struct Before {
    revision: i64,
    ownership: Ownership,
    holder: Option<AgentId>,
    /// Everybody who sees it by having to do with it.
    involved: BTreeSet<AgentId>,
    ended: bool,
}

impl Before {
    fn of(row: &Interaction) -> Self {
        let holder = row.agent_id.filter(|agent_id| holds(row, *agent_id));
        Self {
            revision: row.revision,
            ownership: row.ownership,
            holder,
            involved: involved(row),
            ended: row.ended_at.is_some(),
        }
    }
}

fn involved(row: &Interaction) -> BTreeSet<AgentId> {
    let known = row.agent_id.into_iter().chain(row.transfer.map(|transfer| transfer.to));
    known.chain(row.consulted.iter().copied()).filter(|agent_id| sees(row, *agent_id)).collect()
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
        audience(store, work, told, row, was.as_ref());
        timers(ledger, told, row, work);
        if let EventKind::InteractionAssigned { agent_id } = &told.event.kind {
            assert!(
                row.agent_id == Some(*agent_id) && row.ownership == Ownership::Assigned,
                "{id} has another owner"
            );
            let took = was.as_ref().is_some_and(|was| was.ownership == Ownership::Assigned);
            if took && was.as_ref().is_some_and(|was| was.holder != Some(*agent_id)) {
                assert!(moved(work, id, *agent_id), "{id} went to {agent_id} and nobody said so");
            }
            let back = was.as_ref().is_some_and(|was| was.ownership == Ownership::Detached);
            if back || taken_over(work, id, *agent_id) {
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

/// Told to who holds it, was asked to, is consulted or watches, and to who just lost it; to nobody else.
fn audience(store: &Store, work: &Work, told: &EventRow, row: &Interaction, was: Option<&Before>) {
    let event = &told.event;
    assert!(!event.audience.supervisors && !event.audience.administrators, "{event:?}");
    assert!(event.audience.agents.is_sorted(), "{event:?}");
    if let EventKind::DraftChanged { agent_id, .. } = &event.kind {
        assert_eq!(event.audience.agents, [*agent_id], "a draft is its author's");
        return;
    }
    let now = involved(row);
    let before = was.map(|was| was.involved.clone()).unwrap_or_default();
    for agent_id in &event.audience.agents {
        let may = now.contains(agent_id) || before.contains(agent_id) || concerns(event, *agent_id);
        assert!(may || watched(store, work, row, *agent_id), "{agent_id} is told {event:?}");
    }
    for agent_id in now.iter().chain(&before) {
        assert!(event.audience.agents.contains(agent_id), "{agent_id} is not told {event:?}");
    }
}

/// Who gets work is told how it came, and who sent a transcript what became of it.
fn concerns(event: &Event, agent_id: AgentId) -> bool {
    match &event.kind {
        EventKind::InteractionTransferred { to: To::Agent(to), .. } => *to == agent_id,
        EventKind::TranscriptChanged { agent_id: by, .. } => *by == agent_id,
        _ => false,
    }
}

fn watched(store: &Store, work: &Work, row: &Interaction, agent_id: AgentId) -> bool {
    let changed = work.batch.rows.agents.iter().find(|agent| agent.agent_id == agent_id);
    changed.into_iter().chain(store.agents.get(&agent_id)).any(|agent| {
        let watching = &agent.watching;
        let skill = row.skill.as_ref().is_some_and(|skill| watching.skills.contains(skill));
        watching.all || skill || watching.interactions.contains(&row.interaction_id)
    })
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
        TimerChange::Extended => {
            let timer =
                timer.unwrap_or_else(|| panic!("the {kind} timer of {id} got longer and is not there"));
            assert!(timer.extended > 0, "the {kind} timer of {id} got longer, and does not say so");
            ledger.timers.insert(key, (timer.yellow, timer.red));
        }
    }
}

/// Assigned work changes hands when its next agent accepts it, or at the word of somebody who supervises; by nothing else.
fn moved(work: &Work, id: InteractionId, to: AgentId) -> bool {
    work.asks.iter().any(|ask| match &ask.why {
        Why::Request(caller, _, Command::Accept { interaction_id }) => {
            caller.agent_id == to && *interaction_id == id
        }
        Why::Request(_, _, Command::Supervise(SuperviseCommand::Reassign { interaction_id, to: named })) => {
            *named == To::Agent(to) && *interaction_id == id
        }
        _ => taken_over(work, id, to),
    })
}

fn taken_over(work: &Work, id: InteractionId, by: AgentId) -> bool {
    work.asks.iter().any(|ask| {
        matches!(&ask.why, Why::Request(caller, _, Command::Supervise(SuperviseCommand::TakeOver { interaction_id }))
            if caller.agent_id == by && *interaction_id == id)
    })
}

/// Nobody gets more than it may hold, offers and proposals included. Only two things may exceed that: work that returns, as it is
/// that agent's contact, and work that somebody took over.
fn capacity(ledger: &mut Ledger, store: &Store, work: &Work, returned: &BTreeMap<AgentId, u32>) {
    if work.batch.rows.interactions.is_empty() {
        return;
    }
    let changed: BTreeMap<InteractionId, &Interaction> =
        work.batch.rows.interactions.iter().map(|row| (row.interaction_id, row.as_ref())).collect();
    let kept = store.live().map(AsRef::as_ref).filter(|row| !changed.contains_key(&row.interaction_id));
    let mut loads: BTreeMap<(AgentId, Option<ChannelKind>), u32> = BTreeMap::new();
    for row in kept.chain(changed.values().copied()) {
        for agent_id in super::counts(row) {
            *loads.entry((agent_id, None)).or_default() += 1;
            *loads.entry((agent_id, Some(row.kind))).or_default() += 1;
        }
    }
    for (key, load) in &loads {
        let (agent_id, kind) = key;
        let before = ledger.loads.get(key).copied().unwrap_or(0);
        let returned = returned.get(agent_id).copied().unwrap_or(0);
        // What was offered before an administrator lowered the capacity in the same batch stays.
        let changed = work.batch.rows.agents.iter().find(|row| row.agent_id == *agent_id);
        let rows: Vec<_> = changed.into_iter().chain(store.agents.get(agent_id)).collect();
        assert!(rows.iter().any(|row| row.role != RoleId::administrator()), "{agent_id} may not hold work");
        let may = |row: &Agent| match kind {
            None => row.capacity.total,
            Some(kind) => row.capacity.per_kind.get(kind).copied().unwrap_or(u32::MAX),
        };
        let most = rows.iter().map(|row| may(row)).max().unwrap_or(0);
        let enough = most.max(before).saturating_add(returned);
        assert!(*load <= enough, "{agent_id} may hold {most} of {kind:?} and holds {load}");
    }
    ledger.loads = loads;
}
