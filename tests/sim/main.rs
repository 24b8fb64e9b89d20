//! The engine under thousands of seeded histories: everything that may happen, in any order, looked at after each act.
//!
//! `act` says what may happen, `draw` how often, `source` chooses, `play` does it, `world` runs the engine as the runtime does, `check` looks.
//! It knows the engine's contract alone, and sees what a store, a provider and a client see.
//!
//! A failure names its seed: `GUICHET_SIM_SEED=7 cargo nextest run --test sim` shows it again with all inputs and events.
//! `GUICHET_SIM_HISTORIES` sets how many histories run.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a history that can't go on has failed, and `play` names every act once before it hands families of them on"
)]

mod act;
mod cast;
mod check;
mod client;
mod counts;
mod drain;
mod draw;
mod journal;
mod ledger;
mod outside;
mod play;
mod script;
mod source;
mod store;
mod told;
mod world;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use guichet::domain::AgentState;

use act::Act;
use counts::Counts;
use play::Deed;
use source::Source;
use world::World;

/// How many histories run unless somebody asks for another number.
const HISTORIES: u64 = 10_000;
/// How many tests share the histories, so that they run side by side.
const SHARES: u64 = 8;
/// Acts of a history, at least.
const ACTS: usize = 200;
/// After how many acts a fresh engine is made from the store and compared.
const REPLAY: usize = 50;
/// One in so many histories is let come to rest, which takes as long as the history itself.
const DRAINED: u64 = 4;
/// From how many histories of a share on it must be varied.
const ENOUGH: u64 = 300;
/// One in so many histories runs twice, to compare the journals. No multiple of anything, so that every share has some.
const TWICE: u64 = 101;

/// Seeds of histories that found a fault once. A change of the acts gives them another story; they run all the same.
const FOUND: [u64; 3] = [484, 5_058, 7_745];

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

/// Tells one history to its end.
fn tell(world: &mut World, source: &mut Source, drained: bool) {
    let (mut done, acts) = (0, ACTS + source.below(10));
    open_the_desk(world, source);
    while done < acts && !source.dry() {
        let (place, act) = draw::draw(source);
        let late = source.chance(4);
        match play::play(world, act) {
            Deed::Idle => continue,
            Deed::Done => world.step(&act, Vec::new(), late),
            Deed::Asks(asks) => world.step(&act, asks, late),
        }
        world.counts.act(place);
        done += 1;
        if done % REPLAY == 0 {
            world.replay();
        }
    }
    if drained {
        drain::drain(world);
    }
    world.replay();
}

/// Mostly somebody is there when the first contact writes.
fn open_the_desk(world: &mut World, source: &mut Source) {
    for who in 0..5 {
        if source.chance(3) {
            continue;
        }
        let state = AgentState::Available;
        for act in [Act::Connects { who, resume: false }, Act::SetsState { who, state, long_reason: false }] {
            if let Deed::Asks(asks) = play::play(world, act) {
                world.step(&act, asks, false);
            }
        }
    }
}

/// Runs a history; a failure says which and how it came.
fn run(mut world: World, mut source: Source, name: &str, drained: bool) -> World {
    let result = catch_unwind(AssertUnwindSafe(|| tell(&mut world, &mut source, drained)));
    if let Err(fault) = result {
        panic!(
            "{}\n\nthe last acts:\n{}\n\nrun it again: {name} cargo nextest run --test sim",
            said(fault.as_ref()),
            world.story()
        );
    }
    world
}

fn said(fault: &(dyn Any + Send)) -> String {
    let text = fault.downcast_ref::<String>().cloned();
    text.or_else(|| fault.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn seeded(seed: u64, verbose: bool, journal: bool) -> World {
    let mut world = World::new(seed, verbose);
    world.journal.kept = journal;
    let drained = verbose || (seed / SHARES).is_multiple_of(DRAINED);
    run(world, Source::seeded(seed), &format!("GUICHET_SIM_SEED={seed}"), drained)
}

/// One share of the histories.
fn share(place: u64) {
    if let Some(seed) = number("GUICHET_SIM_SEED") {
        if seed % SHARES == place {
            let first = seeded(seed, true, true);
            assert_eq!(first.journal.hash, seeded(seed, true, true).journal.hash, "one seed, two histories");
        }
        return;
    }
    let histories = number("GUICHET_SIM_HISTORIES").unwrap_or(HISTORIES);
    let mut counts = Counts::default();
    for seed in (0..histories).filter(|seed| seed % SHARES == place) {
        let twice = seed.is_multiple_of(TWICE);
        let world = seeded(seed, false, twice);
        if twice {
            let again = seeded(seed, false, true);
            assert_eq!(world.journal.hash, again.journal.hash, "the seed {seed} gave two histories");
            assert!(world.counts == again.counts, "the seed {seed} gave two histories");
        }
        counts.add(&world.counts);
    }
    let missing = counts.missing();
    // A few histories prove nothing about how often something occurs.
    assert!(
        missing.is_empty() || counts.histories < ENOUGH,
        "{} histories are not varied enough:\n{}",
        counts.histories,
        missing.join("\n")
    );
}

macro_rules! shares {
    ($($name:ident $place:literal)*) => {$(
        #[test]
        fn $name() {
            share($place);
        }
    )*};
}

shares! {
    histories_1_of_8 0
    histories_2_of_8 1
    histories_3_of_8 2
    histories_4_of_8 3
    histories_5_of_8 4
    histories_6_of_8 5
    histories_7_of_8 6
    histories_8_of_8 7
}

#[test]
fn histories_that_found_a_fault() {
    for seed in FOUND {
        seeded(seed, false, false);
    }
}

#[test]
fn histories_come_from_bytes_too() {
    for text in ["", "guichet", &"a history made of words ".repeat(20)] {
        run(World::new(0, false), Source::of_bytes(text.as_bytes()), "(bytes)", true);
    }
}

#[test]
fn an_answer_told_before_its_batch_is_caught() {
    let mut world = World::new(0, false);
    world.hasty = true;
    let fault = catch_unwind(AssertUnwindSafe(|| run(world, Source::seeded(0), "(hasty)", false)));
    let Err(fault) = fault else { panic!("nobody saw it") };
    assert!(said(fault.as_ref()).contains("before it is stored"), "{}", said(fault.as_ref()));
}
