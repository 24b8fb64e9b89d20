//! An agent accepts, refuses or pulls work (SPEC §3).

use super::access::is_assigned;
use crate::domain::{Agent, InteractionId, Ownership, Permission, SkillId};
use crate::engine::limits::{REASON_CHARS, fits};
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::World;
use crate::engine::world::index::Line;
use crate::engine::{RefusalKind, Reply};

/// Who offers work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Queue,
    Colleague,
}

impl Turn<'_> {
    /// Whether it is offered to the caller, by a queue or by a colleague.
    fn offered(&self, agent: &Agent, interaction_id: InteractionId) -> Result<By, crate::engine::Refusal> {
        let row = self.work(interaction_id)?;
        self.permit(agent, Permission::Handle)?;
        self.permit_kind(agent, row.kind)?;
        if is_assigned(&row, agent.agent_id) {
            return refuse(RefusalKind::AlreadyDone, format!("{interaction_id} is assigned to you already"));
        }
        if row.transfer.is_some_and(|transfer| transfer.to == agent.agent_id) {
            return Ok(By::Colleague);
        }
        if row.ended_at.is_some()
            || row.ownership != Ownership::Offered
            || row.agent_id != Some(agent.agent_id)
        {
            return refuse(RefusalKind::OfferGone, "this offer was answered, has expired or was withdrawn");
        }
        Ok(By::Queue)
    }

    pub(super) fn accept(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        match self.offered(agent, interaction_id)? {
            By::Queue => self.assign(interaction_id, agent.agent_id),
            By::Colleague => {
                let sender = self.work(interaction_id)?.agent_id.unwrap_or(agent.agent_id);
                self.hand_to_agent(interaction_id, sender, agent.agent_id);
            }
        }
        self.interaction_answer(interaction_id)
    }

    pub(super) fn refuse_offer(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        reason: Option<&str>,
    ) -> Reply {
        let by = self.offered(agent, interaction_id)?;
        if let Some(reason) = reason {
            fits("reason", reason, REASON_CHARS)?;
        }
        match by {
            By::Queue => self.end_offer(interaction_id, "refused"),
            By::Colleague => self.end_proposal(interaction_id, "refused"),
        }
        // An answer, even no, is not a missed offer.
        self.edit_agent(agent.agent_id, |agent| agent.missed_offers = 0);
        self.interaction_answer(interaction_id)
    }

    /// Takes the first waiting work that the caller may take.
    pub(super) fn pull(&mut self, agent: &Agent, skill: Option<&SkillId>) -> Reply {
        if let Some(skill) = skill
            && !self.world.skills.contains_key(skill)
        {
            return refuse(RefusalKind::NotFound, format!("there is no skill {skill}"));
        }
        self.permit(agent, Permission::Pull)?;
        let Some(desk) = self.world.desks.get(&agent.agent_id) else {
            return refuse(RefusalKind::NotFound, "there is no such agent");
        };
        if let Some(skill) = skill
            && agent.level(skill) == 0
        {
            return refuse(RefusalKind::SkillNeeded, format!("you do not hold the skill {skill}"));
        }
        if desk.load >= agent.capacity.total {
            return refuse(
                RefusalKind::NoCapacity,
                "you hold as much work as you may; finish something first",
            );
        }
        let lines: Vec<Line> = match skill {
            Some(skill) => vec![Line::Skill(skill.clone())],
            None => World::lines_of(desk).collect(),
        };
        let first = lines.iter().filter_map(|line| self.world.first_fitting(line, desk)).min();
        let Some((_, _, interaction_id)) = first else {
            return refuse(RefusalKind::NotFound, "nothing waits that you could take");
        };
        self.assign(interaction_id, agent.agent_id);
        self.interaction_answer(interaction_id)
    }
}
