//! One search box over agents, skills, teams and contacts (SPEC §5.4). Who works here is in memory; contacts are the store's.

use std::sync::Arc;

use crate::domain::{Agent, AgentState, Book, Permission, found_by, query_words, words_of};
use crate::engine::limits::{QUERY_CHARS, fits};
use crate::engine::turn::Turn;
use crate::engine::{Answer, Reply, TeamAtWork};

impl Turn<'_> {
    /// Names of colleagues, skills and teams are no secret; contacts and address books are for who may write to
    /// them or read their cards.
    pub(super) fn directory(&self, agent: &Agent, book: Book, query: &str, limit: usize) -> Reply {
        let reads = [Permission::Card, Permission::Outbound, Permission::Convert, Permission::Supervise];
        if matches!(book, Book::Contacts | Book::AddressBooks)
            && !reads.iter().any(|permission| self.may(agent, *permission))
        {
            self.permit(agent, Permission::Card)?;
        }
        fits("query", query, QUERY_CHARS)?;
        let words = query_words(query);
        Ok(match book {
            Book::Agents => self.agents_found(&words, limit),
            Book::Skills => self.skills_found(&words, limit),
            Book::Teams => self.teams_found(&words, limit),
            // Everything up to now is committed before this answer goes out, so that the store alone is whole.
            Book::Contacts => Answer::Done,
            // The scripts' own: the server has them.
            Book::AddressBooks => return self.prefill(agent, None),
        })
    }

    fn agents_found(&self, query: &[String], limit: usize) -> Answer {
        let rank = |state: AgentState| match state {
            AgentState::Available => 0,
            AgentState::Unavailable => 1,
            AgentState::Offline => 2,
        };
        let named = |agent: &Agent| {
            let mut words = words_of(&agent.name);
            words.extend(words_of(&agent.login));
            found_by(&words, query)
        };
        let desks = self.world.desks.values().filter(|desk| {
            let agent = &desk.agent;
            !agent.removed && !agent.bot && named(agent)
        });
        let mut found: Vec<_> = desks.map(|desk| (Arc::clone(&desk.agent), desk.load)).collect();
        found.sort_by(|(a, _), (b, _)| {
            rank(a.state)
                .cmp(&rank(b.state))
                .then_with(|| a.name.cmp(&b.name))
                .then(a.agent_id.cmp(&b.agent_id))
        });
        found.truncate(limit);
        Answer::Agents(found)
    }

    fn skills_found(&self, query: &[String], limit: usize) -> Answer {
        let skills = self.world.skills.values().filter(|skill| {
            let mut words = words_of(&skill.title);
            words.extend(words_of(skill.skill.as_str()));
            found_by(&words, query)
        });
        Answer::Queues(skills.take(limit).map(|skill| self.world.queue_of(skill)).collect())
    }

    fn teams_found(&self, query: &[String], limit: usize) -> Answer {
        let teams = self.world.teams.values().filter(|team| {
            let mut words = words_of(&team.title);
            words.extend(words_of(team.team.as_str()));
            found_by(&words, query)
        });
        let at_work = teams.take(limit).map(|team| {
            let members = || {
                let desks = self.world.desks.values().filter(|desk| !desk.agent.removed);
                desks.filter(|desk| desk.agent.teams.contains(&team.team))
            };
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            TeamAtWork {
                team: team.clone(),
                members: count(members().count()),
                available_agents: count(members().filter(|desk| desk.readiness().on_duty()).count()),
            }
        });
        Answer::TeamsAtWork(at_work.collect())
    }
}
