//! The end of a history: faults stop, agents are free, and everything must come to rest.

use guichet::domain::{AgentState, Capacity, DeliveryState, MediaState, Ownership, RoleId, Status};
use guichet::engine::{AdminCommand, Command, Input};

use crate::act::{Act, Fetch, Said};
use crate::cast;
use crate::check;
use crate::play::{self, Deed, agent, desk, provider};
use crate::world::{Ask, World};

/// A flood of messages leaves one by one, and a strict account takes one a second.
const ROUNDS: usize = 3_000;

/// Lets everything come to rest, or fails.
pub(crate) fn drain(world: &mut World) {
    world.flush();
    world.fault = None;
    world.script.calm = true;
    world.script.generation += 1;
    let generation = world.script.generation;
    let mut asks =
        vec![Ask::plain(Input::PolicyChanged { generation, live: true, script: None, errors: Vec::new() })];
    let all = [("support", 9), ("sales", 9), ("billing", 9), ("nobody", 9)];
    for login in &cast::LOGINS[..5] {
        asks.push(Ask::plain(Input::Admin(AdminCommand::SaveAgent {
            login: (*login).to_owned(),
            name: None,
            role: Some(if *login == "sam" { RoleId::supervisor() } else { RoleId::agent() }),
            password_hash: None,
            skills: Some(cast::levels(&all)),
            teams: Some([cast::team("front")].into()),
            capacity: Some(Capacity { total: 100, per_kind: [].into() }),
            removed: false,
        })));
    }
    world.turn(asks, false);
    world.settle();
    // Changed rights close sockets: they are gone before their agents come back.
    let gone = std::mem::take(&mut world.soon);
    world.turn(gone, false);
    world.settle();
    for who in 0..5 {
        for act in [
            Act::Connects { who, resume: true },
            Act::SetsState { who, state: AgentState::Available, long_reason: false },
        ] {
            if let Deed::Asks(asks) = play::play(world, act) {
                world.step(&act, asks, false);
            }
        }
    }
    for _ in 0..ROUNDS {
        if at_rest(world) {
            return;
        }
        round(world);
    }
    let left: Vec<_> = world
        .store
        .live()
        .map(|row| {
            (row.interaction_id, row.ownership, row.status, &row.waiting, &row.timers, row.kept.detached_at)
        })
        .collect();
    let people: Vec<_> =
        world.store.agents.values().map(|row| (row.agent_id, row.state, &row.skills)).collect();
    let open: Vec<_> = world.store.open.iter().map(|id| (*id, world.store.messages[id].1.state)).collect();
    let media = world.store.media.values().filter(|row| row.state == MediaState::Pending).count();
    panic!("does not come to rest at {}: {left:?} {open:?} {media} files, with {people:?}", world.now);
}

fn on_its_way(world: &World) -> bool {
    world.store.open.iter().any(|id| world.store.messages[id].1.state != DeliveryState::Unknown)
}

fn fetching(world: &World) -> bool {
    world.store.media.values().any(|row| row.state == MediaState::Pending)
}

fn writing(world: &World) -> bool {
    world.store.transcripts.values().any(|row| row.settled_at.is_none())
}

fn at_rest(world: &World) -> bool {
    !writing(world) && world.store.live.is_empty() && !on_its_way(world) && !fetching(world)
}

/// Providers answer, agents finish what they hold; when nobody has anything to do, time goes on.
fn round(world: &mut World) {
    let mut asks = std::mem::take(&mut world.soon);
    while let Some(ask) = provider::answer(world, 0, Said::Accepted) {
        asks.push(ask);
    }
    let fetched = Act::Fetches { which: 0, fetch: Fetch::Stored };
    while let Deed::Asks(more) = play::play(world, fetched) {
        asks.extend(more);
    }
    while let Some(ask) = desk::answer_letter(world, 0, 9) {
        asks.push(ask);
    }
    while let Some(ask) = desk::answer_text(world, 0, 9) {
        asks.push(ask);
    }
    let live: Vec<_> = world.store.live().cloned().collect();
    for row in live {
        let interaction_id = row.interaction_id;
        let Some(holder) = row.agent_id else { continue };
        let command = match (row.ownership, row.status) {
            (Ownership::Offered, _) => Command::Accept { interaction_id },
            (_, Status::Resolved | Status::Closed) => Command::Close { interaction_id },
            _ => Command::SetOutcome {
                interaction_id,
                status: Status::Resolved,
                disposition: Some("won".to_owned()),
                note: None,
                tags: None,
            },
        };
        asks.push(agent::ask(world, holder, command));
    }
    if asks.is_empty() {
        let engine = world.engine.next_deadline().map(|(time, _)| time);
        // Waiting for rows alone spares the hourly clearing up of thirty days.
        let rows =
            check::next_deadline(world).filter(|_| !on_its_way(world) && !fetching(world) && !writing(world));
        let Some(time) = rows.or(engine) else { panic!("nothing is due, and work is left") };
        world.wait_until(time);
        asks.push(Ask::plain(Input::Tick));
    }
    world.turn(asks, false);
    world.settle();
}
