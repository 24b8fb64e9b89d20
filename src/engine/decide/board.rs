//! The live board and lists of work, answered from memory (SPEC §6).

use std::ops::Bound;
use std::sync::Arc;

use crate::domain::{Agent, Interaction, InteractionId, Ownership, Permission};
use crate::engine::limits::{AT_RISK, LIST_PAGE, LIST_SCAN};
use crate::engine::turn::Turn;
use crate::engine::{Answer, AtRisk, Board, Filter, Refusal, RefusalKind, Reply, TimerKind};

impl Turn<'_> {
    pub(super) fn board(&self, agent: &Agent) -> Reply {
        self.permit(agent, Permission::Supervise)?;
        let desks = self.world.desks.values().filter(|desk| !desk.agent.removed && !desk.agent.bot);
        let mut at_risk = self.world.index.at_risk.iter();
        let timers = at_risk.by_ref().take(AT_RISK).filter_map(|(red_at, interaction_id, timer)| {
            let view = self.view(*interaction_id).ok()?;
            let timers = &view.interaction.timers;
            let running = match timer {
                TimerKind::Agent => timers.agent,
                TimerKind::Customer => timers.customer,
            };
            Some(AtRisk { red: running?.red, view, timer: *timer, red_at: *red_at })
        });
        let timers = timers.collect();
        Ok(Answer::Board(Box::new(Board {
            queues: self.world.skills.values().map(|skill| self.world.queue_of(skill)).collect(),
            agents: desks.map(|desk| (Arc::clone(&desk.agent), desk.load)).collect(),
            timers,
            more_timers: at_risk.next().is_some(),
        })))
    }

    /// Work that has not ended, newest first. What has ended is the store's to list; here is only asked whether one may.
    pub(super) fn list(&self, agent: &Agent, filter: &Filter) -> Reply {
        self.permit(agent, Permission::Supervise)?;
        if !(1..=LIST_PAGE).contains(&filter.limit) {
            let message = format!("limit goes from 1 to {LIST_PAGE}");
            return Err(Refusal::new(RefusalKind::Invalid, message).field("limit"));
        }
        if filter.ended {
            return Ok(Answer::Page { views: Vec::new(), next: None });
        }
        let mut views = Vec::new();
        let mut last = None;
        for (looked_at, interaction_id) in self.candidates(filter).rev().enumerate() {
            if views.len() >= filter.limit as usize || looked_at >= LIST_SCAN {
                return Ok(Answer::Page { views, next: last });
            }
            last = Some(interaction_id);
            if self.world.work(interaction_id).is_some_and(|row| matches(filter, row)) {
                views.extend(self.view(interaction_id).ok());
            }
        }
        Ok(Answer::Page { views, next: None })
    }

    /// Where to look: an agent's desk is shorter than everything.
    fn candidates(&self, filter: &Filter) -> impl DoubleEndedIterator<Item = InteractionId> {
        let all = match filter.agent_id {
            Some(agent_id) => self.world.desks.get(&agent_id).map(|desk| &desk.holds),
            None => Some(&self.world.index.live),
        };
        let before = filter.before.map_or(Bound::Unbounded, Bound::Excluded);
        all.into_iter().flat_map(move |ids| ids.range((Bound::Unbounded, before)).copied())
    }
}

fn matches(filter: &Filter, row: &Interaction) -> bool {
    let holds = |ownership: Ownership| match ownership {
        Ownership::Offered | Ownership::Assigned => true,
        Ownership::Queued | Ownership::Detached => false,
    };
    filter.status.is_none_or(|status| row.status == status)
        && filter.ownership.is_none_or(|ownership| row.ownership == ownership)
        && filter.agent_id.is_none_or(|agent_id| holds(row.ownership) && row.agent_id == Some(agent_id))
        && filter.skill.as_ref().is_none_or(|skill| row.skill.as_ref() == Some(skill))
        && filter.channel_id.as_ref().is_none_or(|channel_id| row.channel_id == *channel_id)
}
