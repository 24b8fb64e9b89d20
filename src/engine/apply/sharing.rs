//! The verbs by which work is shared and changes hands: proposals, consults, watching.
//!
//! A consult is its agent's: it ends when the work leaves that agent's hands. So does a proposal to take it over.

use std::sync::Arc;

use crate::domain::{
    AgentId, InteractionId, Ownership, Place, Target, Time, To, Transfer, Waiting, Watching,
};
use crate::engine::limits::NOT_AGAIN;
use crate::engine::turn::{About, Turn};
use crate::engine::{EventKind, TimerKind};

impl Turn<'_> {
    /// Asks a colleague to take assigned work over; its agent keeps it until the colleague accepts.
    pub(crate) fn propose(&mut self, interaction_id: InteractionId, to: AgentId, expires_at: Time) {
        self.edit(interaction_id, |row| row.transfer = Some(Transfer { to, expires_at }));
        self.event(interaction_id, EventKind::InteractionOffered { agent_id: to }, About::default());
    }

    /// Ends a proposal, if there is one; who was asked does not see the work any more.
    pub(crate) fn end_proposal(&mut self, interaction_id: InteractionId, reason: &str) {
        let Some(transfer) = self.world.work(interaction_id).and_then(|row| row.transfer) else { return };
        self.edit(interaction_id, |row| row.transfer = None);
        let kind = EventKind::InteractionOfferEnded { agent_id: transfer.to, reason: reason.to_owned() };
        self.event(interaction_id, kind, About { also: Some(transfer.to), ..About::default() });
    }

    /// Gives work to another agent at somebody's word.
    pub(crate) fn hand_to_agent(&mut self, interaction_id: InteractionId, by: AgentId, to: AgentId) {
        let Some(row) = self.world.work(interaction_id).map(Arc::clone) else { return };
        let accepted = row.transfer.is_some_and(|transfer| transfer.to == to);
        self.end_proposal(interaction_id, if accepted { "accepted" } else { "withdrawn" });
        self.withdraw_offer(interaction_id);
        self.release_consults(interaction_id, Some(to));
        let from = row.agent_id.filter(|_| row.ownership == Ownership::Assigned);
        let kind = EventKind::InteractionTransferred { by, from, to: To::Agent(to) };
        self.event(interaction_id, kind, About { also: Some(to), ..About::default() });
        self.assign(interaction_id, to);
        self.idle_from_now(from);
    }

    /// Gives work to a skill or a team at somebody's word. It keeps its place, and who had it is not offered it at once.
    pub(crate) fn hand_to_queue(
        &mut self,
        interaction_id: InteractionId,
        by: AgentId,
        to: To,
        target: Target,
    ) {
        let Some(row) = self.world.work(interaction_id).map(Arc::clone) else { return };
        self.end_proposal(interaction_id, "withdrawn");
        self.withdraw_offer(interaction_id);
        // While nobody has it, nobody waits for the contact.
        self.stop_timer(interaction_id, TimerKind::Customer);
        let from = row.agent_id.filter(|_| row.ownership == Ownership::Assigned);
        self.event(interaction_id, EventKind::InteractionTransferred { by, from, to }, About::default());
        let place = match (&row.waiting, row.kept.place) {
            (Some(waiting), _) => Place { priority: waiting.priority, since: waiting.since },
            (None, Some(place)) => place,
            (None, None) => Place { priority: 0, since: row.unanswered_since.unwrap_or(self.now) },
        };
        let until = self.now + NOT_AGAIN;
        let waiting = Waiting {
            target,
            priority: place.priority,
            since: place.since,
            until: None,
            otherwise: None,
            not_before: from.map(|agent_id| (agent_id, until)).into_iter().collect(),
        };
        self.queue(interaction_id, waiting);
        self.idle_from_now(from);
        self.check_duty(interaction_id);
    }

    fn idle_from_now(&mut self, agent_id: Option<AgentId>) {
        let now = self.now;
        if let Some(agent_id) = agent_id {
            self.edit_agent(agent_id, |agent| agent.idle_since = now);
        }
    }

    /// Lets a colleague read and write notes.
    pub(crate) fn consult_begins(&mut self, interaction_id: InteractionId, agent_id: AgentId, by: AgentId) {
        self.edit(interaction_id, |row| {
            row.consulted.insert(agent_id);
        });
        self.event(interaction_id, EventKind::InteractionConsultStarted { agent_id, by }, About::default());
    }

    /// Ends one colleague's consult, if there is one.
    pub(crate) fn consult_ends(&mut self, interaction_id: InteractionId, agent_id: AgentId, reason: &str) {
        if !self.world.work(interaction_id).is_some_and(|row| row.consulted.contains(&agent_id)) {
            return;
        }
        self.edit(interaction_id, |row| {
            row.consulted.remove(&agent_id);
        });
        let kind = EventKind::InteractionConsultEnded { agent_id, reason: reason.to_owned() };
        self.event(interaction_id, kind, About { also: Some(agent_id), ..About::default() });
    }

    /// The work leaves its agent's hands, to another's if told so: consults end.
    pub(crate) fn release_consults(&mut self, interaction_id: InteractionId, to: Option<AgentId>) {
        let Some(row) = self.world.work(interaction_id) else { return };
        let (consulted, ends) = (row.consulted.clone(), row.status == crate::domain::Status::Closed);
        for agent_id in consulted {
            let reason = match to {
                Some(to) if to == agent_id => "transferred",
                _ if ends => "closed",
                Some(_) | None => "released",
            };
            self.consult_ends(interaction_id, agent_id, reason);
        }
    }

    /// Changes what an agent watches.
    pub(crate) fn edit_watching(&mut self, agent_id: AgentId, change: impl FnOnce(&mut Watching)) {
        self.edit_agent(agent_id, |agent| change(&mut agent.watching));
        self.world.find_watchers();
    }

    /// What has ended is watched by nobody.
    pub(crate) fn forget_watchers(&mut self, interaction_id: InteractionId) {
        for agent_id in self.world.index.watchers.by_name(interaction_id) {
            self.edit_watching(agent_id, |watching| {
                watching.interactions.remove(&interaction_id);
            });
        }
    }

    /// Counts work that is accepted for the first time.
    pub(crate) fn count_accepted(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).filter(|row| row.assigned_at.is_none()) else {
            return;
        };
        let (Some(skill), Some(waiting)) = (row.skill.clone(), &row.waiting) else { return };
        let time = self.world.levels.count(&skill, self.now, self.now - waiting.since);
        self.world.index.changed_queues.insert(skill.clone());
        self.dirty.service_levels.insert((skill, time));
    }
}
