//! Agents hand work to one another and ask one another; supervisors watch, move and take.

use guichet::domain::{AgentId, Interaction, InteractionId, Ownership, Status, To};
use guichet::engine::{Command, ShareCommand, SuperviseCommand, Watched};

use super::NOTHING;
use super::agent::mine;
use crate::act::{Act, Aim, Sight, Towards};
use crate::cast;
use crate::world::World;

/// Who asks for what; `None` if it is another's act.
pub(super) fn command(world: &World, act: Act) -> Option<(AgentId, Command)> {
    Some(match act {
        Act::Transfers { who, aim, to, long_note } => {
            let may = |row: &Interaction| row.status == Status::Open && mine(row) && row.transfer.is_none();
            let (caller, interaction_id) = world.aim(who, aim, may);
            let to = towards(world, to);
            (
                caller,
                Command::Share(ShareCommand::Transfer { interaction_id, to, note: Some(note(long_note)) }),
            )
        }
        Act::EndsTransfer { who, aim } => {
            let (caller, interaction_id) = world.aim(who, aim, |row| row.transfer.is_some());
            (caller, Command::Share(ShareCommand::EndTransfer { interaction_id }))
        }
        Act::Consults { who, aim, whom, long_note } => {
            let (caller, interaction_id) = world.aim(who, aim, mine);
            let agent_id = colleague(world, whom);
            let note = Some(note(long_note));
            (caller, Command::Share(ShareCommand::Consult { interaction_id, agent_id, note }))
        }
        Act::EndsConsult { who, aim, whom, leaves } => {
            let (holder, interaction_id) = world.aim(who, aim, |row| !row.consulted.is_empty());
            let row = world.store.interactions.get(&interaction_id);
            let asked = row.and_then(|row| row.consulted.first()).filter(|_| leaves).copied();
            let agent_id = whom.map(|whom| colleague(world, whom)).filter(|_| asked.is_none());
            let command = ShareCommand::EndConsult { interaction_id, agent_id };
            (asked.unwrap_or(holder), Command::Share(command))
        }
        _ => return supervise(world, act),
    })
}

fn supervise(world: &World, act: Act) -> Option<(AgentId, Command)> {
    let boss = |who: u8| if who.is_multiple_of(4) { world.agent(who) } else { world.agent(4) };
    let (caller, command) = match act {
        Act::Watches { who, aim, what, on } => {
            let what = match what {
                Sight::All => Watched::All,
                Sight::Skill(skill) => Watched::Skill(cast::skill(cast::SKILLS[usize::from(skill) % 4])),
                Sight::One => Watched::Interaction(any(world, aim)),
            };
            (boss(who), SuperviseCommand::Watch { what, on })
        }
        Act::Reassigns { who, aim, to } => {
            let interaction_id = any(world, aim);
            (boss(who), SuperviseCommand::Reassign { interaction_id, to: towards(world, to) })
        }
        Act::TakesOver { who, aim } => {
            (boss(who), SuperviseCommand::TakeOver { interaction_id: any(world, aim) })
        }
        Act::SetsStateOf { who, whom, state } => {
            let agent_id = colleague(world, whom);
            let reason = Some("pause".to_owned());
            (boss(who), SuperviseCommand::SetAgentState { agent_id, state, reason })
        }
        _ => return None,
    };
    Some((caller, Command::Supervise(command)))
}

/// Work that somebody who supervises may care for.
fn any(world: &World, aim: Aim) -> InteractionId {
    world.aim(0, aim, |row| row.ownership != Ownership::Detached).1
}

/// One of the cast, or nobody.
fn colleague(world: &World, whom: u8) -> AgentId {
    if usize::from(whom) < cast::LOGINS.len() { world.agent(whom) } else { AgentId(NOTHING) }
}

fn towards(world: &World, to: Towards) -> To {
    match to {
        Towards::Colleague(whom) => To::Agent(colleague(world, whom)),
        Towards::Stranger => To::Agent(AgentId(NOTHING)),
        Towards::Skill(skill) => To::Skill(cast::skill(cast::SKILLS[usize::from(skill) % 4])),
        Towards::Team => To::Team(cast::team("front")),
        Towards::UnknownTeam => To::Team(cast::team("ghosts")),
    }
}

fn note(long: bool) -> String {
    if long { "x".repeat(10_001) } else { "Voir la commande".to_owned() }
}
