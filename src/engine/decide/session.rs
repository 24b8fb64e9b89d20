//! Agents come and go: sockets, states and the grace time (SPEC §3).

use std::sync::Arc;

use crate::domain::{Agent, AgentId, AgentState, Ownership, Permission, Skill, SkillId, Time};
use crate::engine::limits::{GRACE, REASON_CHARS, fits};
use crate::engine::turn::Turn;
use crate::engine::world::index::{Due, Readiness};
use crate::engine::{Answer, Caller, Queue, Refusal, RefusalKind, Reply, Snapshot};

impl Turn<'_> {
    /// A socket begins. The first after an absence finds its agent unavailable; one within the grace time finds it as it was.
    pub(super) fn start_session(&mut self, caller: Caller, agent: &Agent) -> Reply {
        let agent_id = caller.agent_id;
        if caller.session != 0 {
            self.set_grace(agent_id, None);
            self.world.with_desk(agent_id, |desk| desk.sessions.insert(caller.session));
            if agent.state == AgentState::Offline {
                self.set_agent_state(agent_id, AgentState::Unavailable, None);
            }
            self.duty_changed(agent_id);
            self.match_work();
        }
        let agent = self.agent(agent_id)?;
        Ok(Answer::Session(Box::new(self.snapshot(agent))))
    }

    fn snapshot(&self, agent: Arc<Agent>) -> Snapshot {
        let role = self.world.role(&agent.role);
        let sees_all = role.may(Permission::Supervise);
        let colleagues = self.world.desks.values().filter(|desk| !desk.agent.removed);
        let queues = self
            .world
            .skills
            .values()
            .filter(|skill| sees_all || agent.level(&skill.skill) > 0)
            .map(|skill| self.world.queue_of(skill))
            .collect();
        let range = self.world.drafts.values().filter(|draft| draft.agent_id == agent.agent_id);
        Snapshot {
            permissions: role.permissions.clone(),
            kinds: role.kinds.clone(),
            cursor: self.world.seq,
            interactions: self.held(&agent),
            consulted: self.consulted(&agent),
            drafts: range.cloned().collect(),
            agents: colleagues.map(|desk| (Arc::clone(&desk.agent), desk.load)).collect(),
            queues,
            channels: self.world.accounts.values().map(|account| account.channel.clone()).collect(),
            skills: self.world.skills.values().cloned().collect(),
            services: self.world.services.clone(),
            conversions: self.world.conversions.clone(),
            agent,
        }
    }

    /// A socket closed. The last one of an agent leaves it a grace time.
    pub(super) fn disconnected(&mut self, caller: Caller) {
        let agent_id = caller.agent_id;
        let left = self
            .world
            .with_desk(agent_id, |desk| desk.sessions.remove(&caller.session) && desk.sessions.is_empty());
        if left == Some(true)
            && self.world.agent(agent_id).is_some_and(|agent| agent.state != AgentState::Offline)
        {
            self.set_grace(agent_id, Some(self.now + GRACE));
        }
    }

    pub(super) fn set_grace(&mut self, agent_id: AgentId, until: Option<Time>) {
        let Some(desk) = self.world.desks.get_mut(&agent_id) else { return };
        let old = std::mem::replace(&mut desk.grace_until, until);
        self.world.set_due(Due::Grace(agent_id), old, until);
    }

    /// The grace time is over.
    pub(crate) fn grace_ended(&mut self, agent_id: AgentId) {
        self.set_grace(agent_id, None);
        let gone = self.world.desks.get(&agent_id).is_some_and(|desk| !desk.connected());
        if gone {
            self.go_offline(agent_id);
        }
    }

    /// Unanswered offers go back to the queue at once; assigned work stays.
    fn go_offline(&mut self, agent_id: AgentId) {
        self.set_agent_state(agent_id, AgentState::Offline, None);
        let Some(desk) = self.world.desks.get(&agent_id) else { return };
        let held: Vec<_> = desk.holds.iter().copied().collect();
        for interaction_id in held {
            let Some(row) = self.world.work(interaction_id) else { continue };
            if row.transfer.is_some_and(|transfer| transfer.to == agent_id) {
                self.end_proposal(interaction_id, "disconnected");
            } else if row.ownership == Ownership::Offered {
                self.end_offer(interaction_id, "disconnected");
            }
        }
        self.stop_watching(agent_id);
        self.duty_changed(agent_id);
    }

    /// Alarms about work that nobody on duty can take are raised or may be raised again.
    pub(super) fn duty_changed(&mut self, agent_id: AgentId) {
        let Some(agent) = self.world.agent(agent_id) else { return };
        let skills: Vec<SkillId> = agent.skills.iter().map(|held| held.skill.clone()).collect();
        for skill in skills {
            let line = crate::engine::world::index::Line::Skill(skill.clone());
            if self.world.index.lines.contains_key(&line) || self.world.alarmed.contains(&skill) {
                self.check_skill(&skill, 1);
            }
        }
    }

    pub(super) fn set_state(&mut self, agent: &Agent, state: AgentState, reason: Option<String>) -> Reply {
        self.permit(agent, Permission::Handle)?;
        if let Some(reason) = &reason {
            fits("reason", reason, REASON_CHARS)?;
        }
        let reason = reason.filter(|text| state == AgentState::Unavailable && !text.trim().is_empty());
        if agent.state == state && agent.reason == reason {
            return Ok(self.agent_answer(agent.agent_id));
        }
        let connected =
            self.world.desks.get(&agent.agent_id).is_some_and(crate::engine::world::Desk::connected);
        if state == AgentState::Available && !connected {
            let message = "nobody can be available without a connection; open the console first";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("state"));
        }
        match state {
            AgentState::Offline => self.go_offline(agent.agent_id),
            AgentState::Available | AgentState::Unavailable => {
                self.set_agent_state(agent.agent_id, state, reason);
                self.duty_changed(agent.agent_id);
            }
        }
        Ok(self.agent_answer(agent.agent_id))
    }

    pub(super) fn agent_answer(&self, agent_id: AgentId) -> Answer {
        match self.world.desks.get(&agent_id) {
            Some(desk) => Answer::Agent(Arc::clone(&desk.agent), desk.load),
            None => Answer::Done,
        }
    }
}

impl crate::engine::world::World {
    /// A queue's counters: waiting work includes what is offered.
    pub(crate) fn queue_of(&self, skill: &Skill) -> Queue {
        let queue = self.index.queues.get(&skill.skill);
        let count = |readiness| self.index.holders_in(&skill.skill, readiness);
        let available_agents = count(Readiness::Ready) + count(Readiness::Full);
        Queue {
            unattended: queue.is_some() && (available_agents == 0 || self.alarmed.contains(&skill.skill)),
            level: self.levels.level(&skill.skill, self.now),
            skill: skill.skill.clone(),
            title: skill.title.clone(),
            waiting: queue.map_or(0, |queue| u32::try_from(queue.len()).unwrap_or(u32::MAX)),
            longest_since: queue.and_then(|queue| queue.first()).map(|(since, _)| *since),
            available_agents,
        }
    }
}
