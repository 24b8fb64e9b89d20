//! Short histories told by hand, each of which once went wrong. The same checks look on as in the seeded ones.

use guichet::domain::{AgentState, Ownership, Span, Target};
use guichet::engine::{AdminCommand, Input, TimerPlan, TimerRule, ZeroAction};

use crate::act::{Act, Aim, Content, Said, Words};
use crate::cast;
use crate::play::{Deed, play};
use crate::world::{Ask, World};

/// Does acts one by one; each must be possible.
fn tell(world: &mut World, acts: &[Act]) {
    for act in acts {
        match play(world, *act) {
            Deed::Asks(asks) => world.step(act, asks, false),
            Deed::Done => world.step(act, Vec::new(), false),
            Deed::Idle => panic!("{act:?} is not possible"),
        }
    }
}

fn comes(who: u8) -> [Act; 2] {
    let state = AgentState::Available;
    [Act::Connects { who, resume: false }, Act::SetsState { who, state, long_reason: false }]
}

fn writes(customer: u8) -> Act {
    Act::Writes { customer, line: 0, content: Content::Text, late: Span(0), quotes: None }
}

fn new_rules(world: &mut World) {
    world.script.generation += 1;
    let generation = world.script.generation;
    let input = Input::PolicyChanged { generation, live: true, script: None, errors: Vec::new() };
    world.turn(vec![Ask::plain(input)], false);
    world.settle();
}

#[test]
fn whoever_is_removed_is_offered_nothing_that_waited_for_them() {
    let mut world = World::new(0, false);
    tell(&mut world, &comes(0));
    let alice = world.agent(0);
    world.script.to = Some(Target::Agent(alice));
    tell(&mut world, &[writes(0), writes(1), writes(2), writes(3)]);
    let waiting = world.store.live().filter(|row| row.ownership == Ownership::Queued).count();
    assert_eq!(waiting, 1, "three are what Alice may hold");
    let removed = AdminCommand::SaveAgent {
        login: cast::LOGINS[0].to_owned(),
        name: None,
        role: None,
        password_hash: None,
        skills: None,
        teams: None,
        capacity: None,
        removed: true,
    };
    world.turn(vec![Ask::plain(Input::Admin(removed))], false);
    world.settle();
    assert!(world.store.live().all(|row| row.ownership == Ownership::Queued));
    world.replay();
}

#[test]
fn a_failed_answer_leaves_the_timer_of_a_later_message() {
    let mut world = World::new(0, false);
    world.script.to = Some(Target::Skill { skill: cast::skill("support"), level: 1 });
    world.script.plan = Some(TimerPlan { agent: None, customer: None });
    tell(&mut world, &comes(0));
    // A customer's first two messages name them in part: others write them.
    tell(&mut world, &[writes(1), writes(2), writes(0)]);
    let accepts = Act::Accepts { who: 0, aim: Aim::Fit(2) };
    tell(&mut world, &[accepts, Act::Says { who: 0, aim: Aim::Fit(0), words: Words::Good }]);
    let agent = TimerRule {
        total: Span::minutes(5),
        on_zero: ZeroAction::Alert,
        extend_by: None,
        extend_max: 0,
        extend_roles: Vec::new(),
    };
    world.script.plan = Some(TimerPlan { agent: Some(agent), customer: None });
    new_rules(&mut world);
    tell(&mut world, &[writes(0)]);
    let runs = |world: &World| {
        let row = world.store.live().find(|row| row.ownership == Ownership::Assigned);
        row.and_then(|row| row.timers.agent)
    };
    let before = runs(&world);
    assert!(before.is_some(), "the second message waits for an answer:\n{}", world.story());
    tell(&mut world, &[Act::Answers { which: 0, said: Said::Failed }]);
    assert_eq!(runs(&world), before);
    world.replay();
}
