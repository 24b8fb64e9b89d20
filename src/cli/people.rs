//! `guichet agent …` and `guichet token …`: how the first administrator comes to be.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};

use super::{Place, offline, say, tokio_runtime};
use crate::domain::{Capacity, RoleId, Skill, SkillId, SkillLevel, Span, Team, TeamId};
use crate::engine::{AdminCommand, Answer};
use crate::server::hash_password;

/// How much work an agent may hold unless said otherwise.
const CAPACITY: u32 = 5;
/// Shortest password accepted.
const PASSWORD_MIN: usize = 8;

#[derive(Debug, Subcommand)]
pub(super) enum AgentCommand {
    /// Adds an agent, or changes one that exists. Skills and teams that are new are made.
    Add(AddAgent),
    /// Lists agents.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Sets an agent's password, read from standard input.
    Passwd {
        /// The login.
        login: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
pub(super) struct AddAgent {
    /// The name to log in with.
    login: String,
    /// The name to show (the login, unless given).
    #[arg(long)]
    name: Option<String>,
    /// agent, supervisor, administrator, or a role made with `admin.roles.save`.
    #[arg(long, default_value = "agent")]
    role: RoleId,
    /// A skill with its level, such as `support:8`; may be repeated.
    #[arg(long = "skill", value_name = "SKILL:LEVEL", value_parser = skill_level)]
    skills: Vec<SkillLevel>,
    /// A team; may be repeated.
    #[arg(long = "team")]
    teams: Vec<TeamId>,
    /// Units of work it may hold.
    #[arg(long, default_value_t = CAPACITY)]
    capacity: u32,
    /// Read the password from standard input; without this the agent can use tokens only.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Makes a bearer token with an agent's rights and prints it, once.
    Add {
        /// The token's name, for the audit and for revoking it.
        name: String,
        /// Whose rights it has.
        #[arg(long, value_name = "LOGIN")]
        agent: String,
        #[command(flatten)]
        place: Place,
    },
    /// Revokes a token.
    Revoke {
        /// Its name.
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

fn skill_level(text: &str) -> Result<SkillLevel, String> {
    let (skill, level) = text.split_once(':').unwrap_or((text, "5"));
    let level: u8 =
        level.parse().ok().filter(|level| (1..=10).contains(level)).ok_or("the level is 1 to 10")?;
    Ok(SkillLevel { skill: skill.parse().map_err(|error| format!("{error}"))?, level })
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(1_024).read_to_string(&mut text).context("standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.chars().count() < PASSWORD_MIN {
        bail!("the password needs at least {PASSWORD_MIN} characters");
    }
    Ok(password.to_owned())
}

/// A skill as it is made when an agent is the first to hold it: answering and outbound on every channel.
pub(super) fn new_skill(skill: SkillId) -> Skill {
    Skill {
        title: skill.to_string(),
        skill,
        offer: Span::seconds(45),
        auto_accept: false,
        outbound: crate::domain::ChannelKind::ALL.iter().copied().collect(),
        dispositions: Vec::new(),
        disposition_required: false,
    }
}

fn save(login: String) -> AdminCommand {
    AdminCommand::SaveAgent {
        login,
        name: None,
        role: None,
        password_hash: None,
        skills: None,
        teams: None,
        capacity: None,
        removed: false,
    }
}

pub(super) fn agent(command: AgentCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio_runtime()?;
    match command {
        AgentCommand::Add(add) => runtime.block_on(add_agent(add)),
        AgentCommand::List { place } => {
            let answers =
                runtime.block_on(offline::administer(&place.read()?, vec![AdminCommand::ListAgents]))?;
            answers.iter().for_each(list);
            Ok(ExitCode::SUCCESS)
        }
        AgentCommand::Passwd { login, place } => {
            let config = place.read()?;
            let known = runtime.block_on(offline::administer(&config, vec![AdminCommand::ListAgents]))?;
            let exists = known.iter().any(|answer| {
                matches!(answer, Answer::Agents(agents) if agents.iter().any(|(agent, _)| agent.login == login))
            });
            if !exists {
                bail!("there is no agent {login:?}; `guichet agent list` shows them");
            }
            let hash = hash_password(&read_password()?).map_err(anyhow::Error::msg)?;
            let mut command = save(login);
            if let AdminCommand::SaveAgent { password_hash, .. } = &mut command {
                *password_hash = Some(hash);
            }
            runtime.block_on(offline::administer(&config, vec![command]))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// One line an agent: login, role, name, skills.
fn list(answer: &Answer) {
    let Answer::Agents(agents) = answer else { return };
    for (agent, _load) in agents.iter().filter(|(agent, _)| !agent.removed) {
        let skills: Vec<_> =
            agent.skills.iter().map(|held| format!("{}:{}", held.skill, held.level)).collect();
        say(&format!("{}\t{}\t{}\t{}", agent.login, agent.role, agent.name, skills.join(" ")));
    }
}

async fn add_agent(add: AddAgent) -> anyhow::Result<ExitCode> {
    let config = add.place.read()?;
    let password_hash = if add.password_stdin {
        Some(hash_password(&read_password()?).map_err(anyhow::Error::msg)?)
    } else {
        None
    };
    let known = offline::administer(&config, vec![AdminCommand::ListSkills, AdminCommand::ListTeams]).await?;
    let mut commands = Vec::new();
    for held in &add.skills {
        let exists = known.iter().any(|answer| {
            matches!(answer, Answer::Skills(skills) if skills.iter().any(|skill| skill.skill == held.skill))
        });
        if !exists {
            commands.push(AdminCommand::SaveSkill(new_skill(held.skill.clone())));
        }
    }
    for team in &add.teams {
        let exists = known.iter().any(
            |answer| matches!(answer, Answer::Teams(teams) if teams.iter().any(|known| known.team == *team)),
        );
        if !exists {
            commands.push(AdminCommand::SaveTeam(Team { team: team.clone(), title: team.to_string() }));
        }
    }
    commands.push(AdminCommand::SaveAgent {
        name: Some(add.name.unwrap_or_else(|| add.login.clone())),
        login: add.login,
        role: Some(add.role),
        password_hash,
        skills: Some(add.skills),
        teams: Some(add.teams.into_iter().collect::<BTreeSet<_>>()),
        capacity: Some(Capacity { total: add.capacity, per_kind: BTreeMap::new() }),
        removed: false,
    });
    offline::administer(&config, commands).await?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn token(command: TokenCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio_runtime()?;
    match command {
        TokenCommand::Add { name, agent, place } => {
            let mut bytes = [0_u8; 32];
            getrandom::fill(&mut bytes)
                .map_err(|error| anyhow::anyhow!("no randomness to be had: {error}"))?;
            let token = format!("gt_{}", hex::encode(bytes));
            let hash = hex::encode(Sha256::digest(token.as_bytes()));
            let command = AdminCommand::AddToken { name, login: agent, hash };
            runtime.block_on(offline::administer(&place.read()?, vec![command]))?;
            say(&token);
        }
        TokenCommand::Revoke { name, place } => {
            runtime
                .block_on(offline::administer(&place.read()?, vec![AdminCommand::RevokeToken { name }]))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_with_levels() {
        assert_eq!(skill_level("support:8").map(|held| held.level), Ok(8));
        assert_eq!(skill_level("support").map(|held| held.level), Ok(5));
        for bad in ["support:0", "support:11", "support:x", "a b:5", ":5"] {
            assert!(skill_level(bad).is_err(), "{bad}");
        }
    }
}
