//! Who gets what: highest priority, then longest waiting; among those who may take it, highest level, then longest idle.
//!
//! After every input all that could be matched is matched. So only work that was queued or changed, and agents who became
//! free, need a look; nothing here walks through everything.

use serde::Serialize;

use super::DecisionRow;
use super::limits::{NEAREST, OFFER, SCAN};
use super::routing::{describe, since};
use super::turn::Turn;
use super::world::index::{Line, Place, Rank, Readiness, line};
use super::world::{Desk, World};
use crate::domain::{AgentId, DecisionId, Interaction, InteractionId, Ownership, SkillId, Target, Waiting};

/// Why an agent was not chosen.
#[derive(Debug, Serialize)]
struct Reason {
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    #[serde(rename = "reason")]
    word: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
}

/// The choice of an agent, with those who came near.
struct Choice {
    agent_id: AgentId,
    reasons: Vec<Reason>,
    available: usize,
}

impl Turn<'_> {
    /// Lets the matching look at an interaction again.
    pub(crate) fn touch(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id) else { return };
        let Some(waiting) = row.waiting.as_ref().filter(|_| row.ownership == Ownership::Queued) else {
            return;
        };
        let place = (std::cmp::Reverse(waiting.priority), waiting.since, interaction_id);
        self.world.index.touched_works.insert(place);
    }

    /// Offers what can be offered.
    pub(crate) fn match_work(&mut self) {
        loop {
            let mut works = std::mem::take(&mut self.world.index.touched_works);
            let agents = std::mem::take(&mut self.world.index.touched_agents);
            if works.is_empty() && agents.is_empty() {
                return;
            }
            works.extend(agents.iter().filter_map(|agent_id| self.world.best_work(*agent_id)));
            let mut offered = false;
            for (_, _, interaction_id) in works {
                offered |= self.offer_to_best(interaction_id);
            }
            if offered {
                // Who still has room may take another.
                let desks = &self.world.desks;
                let free =
                    |id: &AgentId| desks.get(id).is_some_and(|desk| desk.readiness() == Readiness::Ready);
                self.world.index.touched_agents.extend(agents.into_iter().filter(free));
            }
        }
    }

    fn offer_to_best(&mut self, interaction_id: InteractionId) -> bool {
        let Some(row) = self.world.work(interaction_id).cloned() else { return false };
        let Some(waiting) = row.waiting.as_ref().filter(|_| row.ownership == Ownership::Queued) else {
            return false;
        };
        let Some(choice) = self.world.choose(&row, waiting, self.now) else { return false };
        let agent_id = choice.agent_id;
        self.decided_offer(&row, waiting, &choice);
        let skill = row.skill.as_ref().and_then(|skill| self.world.skills.get(skill));
        if skill.is_some_and(|skill| skill.auto_accept) {
            self.assign(interaction_id, agent_id);
        } else {
            let offer = skill.map_or(OFFER, |skill| skill.offer);
            self.offer(interaction_id, agent_id, self.now + offer);
        }
        true
    }

    fn decided_offer(&mut self, row: &Interaction, waiting: &Waiting, choice: &Choice) {
        #[derive(Serialize)]
        struct OfferFacts<'a> {
            target: &'a Target,
            priority: u16,
            since: String,
        }
        #[derive(Serialize)]
        struct OfferAnswer {
            agent_id: String,
        }
        let facts = OfferFacts {
            target: &waiting.target,
            priority: waiting.priority,
            since: waiting.since.to_string(),
        };
        let answer = OfferAnswer { agent_id: choice.agent_id.to_string() };
        let others = choice.available.saturating_sub(1);
        let sentence = format!(
            "Waited {} for {}; you came first of {} who could take it ({} other{})",
            since(self.now, waiting.since),
            describe(&waiting.target),
            choice.available,
            others,
            if others == 1 { "" } else { "s" },
        );
        let decision_id = DecisionId(self.next_id());
        self.add_decision(DecisionRow {
            decision_id,
            interaction_id: row.interaction_id,
            time: self.now,
            question: "offer".to_owned(),
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            answer: serde_json::to_string(&answer).unwrap_or_default(),
            generation: self.policy.generation(),
            at: None,
            error: None,
            reasons: serde_json::to_string(&choice.reasons).unwrap_or_default(),
            sentence,
        });
    }
}

impl World {
    /// The first waiting work that an agent may take.
    fn best_work(&self, agent_id: AgentId) -> Option<Place> {
        let desk = self.desks.get(&agent_id).filter(|desk| desk.readiness() == Readiness::Ready)?;
        Self::lines_of(desk).filter_map(|line| self.first_fitting(&line, desk)).min()
    }

    /// The first work in one line that an agent may take, offers and pauses left aside.
    pub(crate) fn first_fitting(&self, line: &Line, desk: &Desk) -> Option<Place> {
        let places = self.index.lines.get(line)?;
        let fits = |place: &&Place| {
            let Some(row) = self.work(place.2) else { return false };
            row.waiting.as_ref().is_some_and(|waiting| fits(desk, row, waiting, self.now).is_none())
        };
        places.iter().take(SCAN).find(fits).copied()
    }

    pub(crate) fn lines_of(desk: &Desk) -> impl Iterator<Item = Line> {
        let skills = desk.agent.skills.iter().map(|held| Line::Skill(held.skill.clone()));
        let teams = desk.agent.teams.iter().map(|team| Line::Team(team.clone()));
        std::iter::once(Line::Agent(desk.agent.agent_id)).chain(skills).chain(teams)
    }

    fn choose(&self, row: &Interaction, waiting: &Waiting, now: crate::domain::Time) -> Option<Choice> {
        if let Target::Agent(agent_id) = waiting.target {
            let desk = self.desks.get(&agent_id)?;
            let free = desk.readiness() == Readiness::Ready && fits(desk, row, waiting, now).is_none();
            return free.then(|| Choice { agent_id, reasons: Vec::new(), available: 1 });
        }
        let ranks = self.index.ready.get(&line(&waiting.target))?;
        let mut reasons = Vec::new();
        let mut chosen: Option<Rank> = None;
        for rank in ranks {
            let Some(desk) = self.desks.get(&rank.2) else { continue };
            let against = fits(desk, row, waiting, now);
            match (chosen, against) {
                (None, None) => chosen = Some(*rank),
                (_, Some(reason)) => reasons.push(named(rank.2, reason)),
                (Some(first), None) if rank.0 > first.0 => reasons.push(named(rank.2, "lower_level")),
                (Some(_), None) => reasons.push(named(rank.2, "idle_less_long")),
            }
            if chosen.is_some() && reasons.len() >= NEAREST {
                break;
            }
        }
        let agent_id = chosen?.2;
        reasons.truncate(NEAREST);
        if let Target::Skill { skill, .. } = &waiting.target {
            reasons.extend(self.counts(skill));
        }
        Some(Choice { agent_id, reasons, available: ranks.len() })
    }

    /// How many holders of a skill were out of the question, by reason.
    fn counts(&self, skill: &SkillId) -> Vec<Reason> {
        let of = |readiness, reason: &str| Reason {
            agent_id: None,
            word: reason.to_owned(),
            count: Some(self.index.holders_in(skill, readiness)),
        };
        let all = [
            of(Readiness::Ready, "available"),
            of(Readiness::Full, "no_capacity"),
            of(Readiness::Unavailable, "unavailable"),
            of(Readiness::Offline, "offline"),
        ];
        all.into_iter().filter(|reason| reason.count != Some(0)).collect()
    }
}

fn named(agent_id: AgentId, reason: &str) -> Reason {
    Reason { agent_id: Some(agent_id.to_string()), word: reason.to_owned(), count: None }
}

/// Why an agent who is ready may not take this work; `None`: it may.
fn fits(desk: &Desk, row: &Interaction, waiting: &Waiting, now: crate::domain::Time) -> Option<&'static str> {
    if !desk.role.handles(row.kind) {
        return Some("kind_not_handled");
    }
    if !desk.has_room(row.kind) {
        return Some("no_capacity");
    }
    if let Target::Skill { skill, level } = &waiting.target
        && desk.agent.level(skill) < *level
    {
        return Some("level_too_low");
    }
    let paused =
        |(agent_id, until): &(AgentId, crate::domain::Time)| *agent_id == desk.agent.agent_id && now < *until;
    waiting.not_before.iter().any(paused).then_some("not_again_yet")
}
