//! What there is now: nothing that has come due is left, nobody has two interactions at one address, everybody exists.

use std::collections::BTreeSet;

use guichet::domain::{Interaction, Ownership, Span, Status, Time, Timer};

use crate::ledger::Ledger;
use crate::store::Store;
use crate::world::{Work, World};

pub(super) fn check(ledger: &mut Ledger, store: &Store, work: &Work) {
    let touched: BTreeSet<_> = work.batch.rows.interactions.iter().map(|row| row.identity_id).collect();
    let mut addresses = BTreeSet::new();
    for row in store.live() {
        if row.status != Status::Closed && touched.contains(&row.identity_id) {
            let alone = addresses.insert((row.identity_id, &row.channel_id));
            assert!(
                alone,
                "a second interaction of {} that is not closed: {}",
                row.identity_id, row.interaction_id
            );
        }
        if row.ownership == Ownership::Offered {
            let there = row.agent_id.and_then(|id| store.agents.get(&id)).is_some_and(|agent| !agent.removed);
            assert!(there, "{} is offered to nobody who is there", row.interaction_id);
        }
        nothing_due(row, work.at);
    }
    // What left memory needs no ledger.
    if ledger.timers.len() > 200 {
        ledger.timers.retain(|(id, _), _| store.live.contains(id));
    }
}

/// Everything happens at its very time: yellow at half, red at zero, an offer's end, a window's end.
fn nothing_due(row: &Interaction, at: Time) {
    let id = row.interaction_id;
    for (name, timer) in [("agent", &row.timers.agent), ("customer", &row.timers.customer)] {
        if let Some(timer) = timer {
            colours(&format!("the {name} timer of {id} at {at}"), timer, at);
        }
    }
    let late = |time: Option<Time>| time.is_some_and(|time| at >= time);
    assert!(!late(row.timers.offer_expires_at), "the offer of {id} expired and is there");
    assert!(!late(row.transfer.map(|transfer| transfer.expires_at)), "{id} is still proposed");
    assert!(!late(row.timers.ends_at), "{id} should have ended: {:?}", row.timers.ends_at);
    if let Some(ends) = row.window_ends_at {
        assert!(at < ends || row.window_told >= 2, "the window of {id} is closed and nobody is told");
        assert!(
            at < ends - Span::hours(1) || row.window_told >= 1,
            "the window of {id} closes and nobody is told"
        );
    }
    if let Some(waiting) = row.waiting.as_ref().filter(|_| row.ownership == Ownership::Queued) {
        assert!(!late(waiting.until), "{id} waits for its first target longer than it should");
        assert!(!waiting.not_before.iter().any(|(_, time)| at >= *time), "{id} still spares an agent");
    }
}

fn colours(name: &str, timer: &Timer, at: Time) {
    assert_eq!(timer.yellow, at >= timer.yellow_at(), "{name}: yellow, {timer:?}");
    assert_eq!(timer.red, at >= timer.red_at(), "{name}: red, {timer:?}");
}

/// When something is due next, from the rows alone.
pub(crate) fn next_deadline(world: &World) -> Option<Time> {
    world.store.live().filter_map(|row| deadline(row)).min()
}

fn deadline(row: &Interaction) -> Option<Time> {
    let timer = |timer: &Option<Timer>| {
        let timer = timer.as_ref()?;
        if !timer.yellow {
            Some(timer.yellow_at())
        } else if !timer.red {
            Some(timer.red_at())
        } else {
            None
        }
    };
    let window = match (row.window_ends_at, row.window_told) {
        (Some(ends), 0) => Some(ends - Span::hours(1)),
        (Some(ends), 1) => Some(ends),
        _ => None,
    };
    let waiting = row.waiting.as_ref().filter(|_| row.ownership == Ownership::Queued);
    let again = waiting
        .and_then(|waiting| waiting.not_before.iter().map(|(_, time)| *time).chain(waiting.until).min());
    let all = [
        timer(&row.timers.agent),
        timer(&row.timers.customer),
        row.timers.offer_expires_at,
        row.transfer.map(|transfer| transfer.expires_at),
        row.timers.ends_at,
        window,
        again,
    ];
    all.into_iter().flatten().min()
}
