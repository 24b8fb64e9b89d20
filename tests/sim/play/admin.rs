//! Administrators change people and skills, people log in and out, scripts change and break.

use guichet::domain::{AgentId, Capacity, ChannelKind, ContactId, RoleId, Span, Team};
use guichet::engine::{AdminCommand, Command, Input, PolicyError};

use super::{NOTHING, agent, nth};
use crate::act::{Act, Door, Task};
use crate::cast;
use crate::world::{Ask, World};

pub(super) fn play(world: &mut World, act: Act) -> Vec<Ask> {
    match act {
        Act::Administers { who, allowed, task } => {
            administer(world, who, allowed, task).into_iter().collect()
        }
        Act::ComesIn { who, door } => vec![Ask::plain(come_in(world, who, door))],
        Act::ChangesScripts { seed, broken } => vec![change_scripts(world, seed, broken)],
        Act::ScriptsFail { on } => {
            world.script.fails = on;
            vec![Ask::plain(Input::Tick)]
        }
        _ => Vec::new(),
    }
}

/// As the operator, as an administrator, or as somebody who may not.
fn administer(world: &mut World, who: u8, allowed: bool, task: Task) -> Option<Ask> {
    // The first four agents change; who supervises and who administers stay, or nobody could mend anything.
    let command = what(world, who % 4, task)?;
    if !allowed {
        let caller = world.agent(who % 5);
        return Some(agent::ask(world, caller, Command::Administer(command)));
    }
    if who.is_multiple_of(2) {
        return Some(Ask::plain(Input::Admin(command)));
    }
    let caller = world.agent(5);
    Some(agent::ask(world, caller, Command::Administer(command)))
}

fn save(login: &str) -> AdminCommand {
    AdminCommand::SaveAgent {
        login: login.to_owned(),
        name: None,
        role: None,
        password_hash: None,
        skills: None,
        teams: None,
        capacity: None,
        removed: false,
    }
}

fn change_agent(who: u8, task: Task, chance: u64) -> AdminCommand {
    let login = cast::LOGINS[usize::from(who)];
    let mut command = save(login);
    let AdminCommand::SaveAgent { login, role, password_hash, skills, teams, capacity, removed, .. } =
        &mut command
    else {
        return command;
    };
    match task {
        Task::Skills => {
            let sets: [&[(&str, u8)]; 4] = [
                &[("support", 8)],
                &[("support", 5), ("sales", 8), ("nobody", 2)],
                &[("sales", 5), ("billing", 3)],
                &[],
            ];
            *skills = Some(cast::levels(sets[usize::try_from(chance % 4).unwrap_or(0)]));
        }
        Task::UnknownSkill => *skills = Some(cast::levels(&[("ghosts", 1)])),
        Task::TooManySkills => {
            let many: Vec<String> = (0..101).map(|at| format!("skill{at}")).collect();
            let many: Vec<(&str, u8)> = many.iter().map(|name| (name.as_str(), 1)).collect();
            *skills = Some(cast::levels(&many));
        }
        Task::Password => *password_hash = Some(format!("$argon2id${chance}")),
        Task::BadLogin => "a b".clone_into(login),
        Task::Remove => *removed = true,
        Task::Role => {
            *role = Some(if chance.is_multiple_of(3) { RoleId::supervisor() } else { RoleId::agent() });
        }
        Task::Teams => {
            *teams = Some(if chance.is_multiple_of(2) { [cast::team("front")].into() } else { [].into() });
        }
        Task::Capacity => {
            let total = u32::try_from(chance % 5).unwrap_or(1);
            let per_kind =
                if chance.is_multiple_of(3) { [(ChannelKind::Whatsapp, 1)].into() } else { [].into() };
            *capacity = Some(Capacity { total, per_kind });
        }
        _ => {}
    }
    command
}

/// Somebody who comes for a day, takes work from nobody and goes.
fn newcomer(chance: u64) -> AdminCommand {
    let mut command = save("eve");
    if let AdminCommand::SaveAgent { removed, skills, .. } = &mut command {
        *removed = chance.is_multiple_of(2);
        *skills = Some(cast::levels(&[("support", 10)]));
    }
    command
}

fn billing(task: Task, chance: u64) -> AdminCommand {
    let mut row = cast::skill_row("billing");
    match task {
        Task::AutoAccept => row.auto_accept = chance.is_multiple_of(2),
        _ => row.offer = Span::seconds(1),
    }
    AdminCommand::SaveSkill(row)
}

fn what(world: &mut World, who: u8, task: Task) -> Option<AdminCommand> {
    let chance = world.now.0.unsigned_abs() / 7 + world.sessions;
    let contact = |world: &World| {
        let ids: Vec<ContactId> = world.store.contacts.keys().copied().collect();
        nth(&ids, u16::try_from(chance % 65_536).unwrap_or(0))
    };
    let save_contact = |contact_id, blocked, vip| AdminCommand::SaveContact {
        contact_id,
        name: None,
        language: None,
        vip,
        blocked,
    };
    Some(match task {
        Task::Skills
        | Task::Remove
        | Task::Return
        | Task::Role
        | Task::Capacity
        | Task::Teams
        | Task::Password
        | Task::BadLogin
        | Task::UnknownSkill
        | Task::TooManySkills => change_agent(who, task, chance),
        Task::SaveSkill => {
            let name = ["support", "sales", "billing", "nobody"][usize::from(who)];
            let mut row = cast::skill_row(name);
            row.offer = Span::seconds(20 + i64::try_from(chance % 30).unwrap_or(0));
            AdminCommand::SaveSkill(row)
        }
        Task::Newcomer => newcomer(chance),
        Task::AutoAccept | Task::BadSkill => billing(task, chance),
        Task::SaveTeam => {
            AdminCommand::SaveTeam(Team { team: cast::team("front"), title: format!("Front {}", chance % 9) })
        }
        Task::Token => {
            let name = world.memory.fresh("token");
            world.memory.tokens.push(name.clone());
            let hash = format!("hash of {name}");
            world.memory.doors.insert(hash.clone());
            AdminCommand::AddToken { name, login: cast::LOGINS[usize::from(who)].to_owned(), hash }
        }
        Task::Revoke => AdminCommand::RevokeToken { name: world.memory.tokens.pop()? },
        Task::RevokeUnknown => AdminCommand::RevokeToken { name: "nothing".to_owned() },
        Task::Lists => match chance % 3 {
            0 => AdminCommand::ListAgents,
            1 => AdminCommand::ListSkills,
            _ => AdminCommand::ListTeams,
        },
        Task::Block => {
            let contact_id = contact(world).filter(|_| chance.is_multiple_of(4))?;
            world.memory.ever_blocked = true;
            save_contact(contact_id, Some(true), None)
        }
        Task::Unblock => save_contact(contact(world)?, Some(false), None),
        Task::Vip => save_contact(contact(world)?, None, Some(chance.is_multiple_of(2))),
        Task::UnknownContact => save_contact(ContactId(NOTHING), None, Some(true)),
    })
}

fn come_in(world: &mut World, who: u8, door: Door) -> Input {
    let open: Vec<String> = world.memory.doors.iter().cloned().collect();
    let known = nth(&open, u16::from(who)).unwrap_or_else(|| "nothing".to_owned());
    match door {
        Door::Find => Input::FindLogin { login: cast::LOGINS[usize::from(who)].to_owned() },
        Door::FindNobody => Input::FindLogin { login: "nobody".to_owned() },
        Door::Open => {
            let hash = world.memory.fresh("cookie");
            world.memory.doors.insert(hash.clone());
            let agent_id = if who == 4 { AgentId(NOTHING) } else { world.agent(who) };
            Input::OpenLogin { agent_id, hash, expires_at: world.now + Span::hours(12) }
        }
        Door::Close => {
            world.memory.doors.remove(&known);
            Input::CloseLogin { hash: known }
        }
        Door::Knock => Input::Authenticate { hash: known },
        Door::KnockStranger => Input::Authenticate { hash: "nothing".to_owned() },
    }
}

/// New scripts go live, or are refused: then the last good ones go on.
fn change_scripts(world: &mut World, seed: u16, broken: bool) -> Ask {
    let errors = vec![PolicyError {
        file: "scripts/routing.lua".to_owned(),
        line: 3,
        column: 1,
        message: "syntax error".to_owned(),
    }];
    if !broken {
        world.script.generation += 1;
        world.script.seed = seed;
    }
    Ask::plain(Input::PolicyChanged {
        generation: world.script.generation,
        live: !broken,
        script: broken.then(|| "routing".to_owned()),
        errors: if broken { errors } else { Vec::new() },
    })
}
