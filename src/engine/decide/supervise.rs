//! Supervisors watch, move and take over work, and change agents' states (SPEC §6).
//!
//! A supervisor's word needs nobody's acceptance: what is reassigned is assigned at once, within the receiver's capacity. Who
//! takes work over decides for itself, so its own capacity does not matter then.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::{is_assigned, not_ended};
use crate::domain::{Agent, AgentId, AgentState, Interaction, InteractionId, Permission, To, Watching};
use crate::engine::limits::WATCHED;
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::index::is_done;
use crate::engine::{Answer, Refusal, RefusalKind, Reply, SuperviseCommand, Watched};

impl Turn<'_> {
    pub(super) fn supervise(&mut self, agent: &Agent, command: SuperviseCommand) -> Reply {
        match command {
            SuperviseCommand::Board => self.board(agent),
            SuperviseCommand::List(filter) => self.list(agent, &filter),
            SuperviseCommand::Watch { what, on } => self.watch(agent, what, on),
            SuperviseCommand::Reassign { interaction_id, to } => self.reassign(agent, interaction_id, to),
            SuperviseCommand::TakeOver { interaction_id } => self.take_over_by(agent, interaction_id),
            SuperviseCommand::SetAgentState { agent_id, state, reason } => {
                self.set_agent_state_by(agent, agent_id, state, reason)
            }
        }
    }

    fn watch(&mut self, agent: &Agent, what: Watched, on: bool) -> Reply {
        if let Watched::Interaction(interaction_id) = what {
            self.work(interaction_id)?;
        }
        self.permit(agent, Permission::Supervise)?;
        match &what {
            Watched::Interaction(interaction_id) if on => {
                not_ended(&*self.work(*interaction_id)?)?;
                room(
                    agent.watching.interactions.len(),
                    agent.watching.interactions.contains(interaction_id),
                )?;
            }
            Watched::Skill(skill) if on => {
                if !self.world.skills.contains_key(skill) {
                    let message = format!("there is no skill {skill}");
                    return Err(Refusal::new(RefusalKind::Invalid, message).field("skill"));
                }
                room(agent.watching.skills.len(), agent.watching.skills.contains(skill))?;
            }
            Watched::Interaction(_) | Watched::Skill(_) | Watched::All => {}
        }
        let mut watching = agent.watching.clone();
        match (what, on) {
            (Watched::All, on) => watching.all = on,
            (Watched::Skill(skill), on) => {
                set(&mut watching.skills, skill, on);
            }
            (Watched::Interaction(interaction_id), on) => {
                set(&mut watching.interactions, interaction_id, on);
            }
        }
        if watching != agent.watching {
            self.edit_watching(agent.agent_id, |kept| *kept = watching.clone());
        }
        Ok(Answer::Watching(watching))
    }

    /// Who is gone watches nothing.
    pub(super) fn stop_watching(&mut self, agent_id: AgentId) {
        if self.world.agent(agent_id).is_some_and(|agent| agent.watching != Watching::default()) {
            self.edit_watching(agent_id, |watching| *watching = Watching::default());
        }
    }

    fn reassign(&mut self, agent: &Agent, interaction_id: InteractionId, to: To) -> Reply {
        let row = self.moved(agent, interaction_id)?;
        if let To::Agent(receiver) = to
            && is_assigned(&row, receiver)
        {
            return refuse(RefusalKind::AlreadyDone, format!("{interaction_id} is assigned to that agent"));
        }
        let target = self.target_of(agent, &row, &to)?;
        match to {
            To::Agent(receiver) => self.hand_to_agent(interaction_id, agent.agent_id, receiver),
            To::Skill(_) | To::Team(_) => self.hand_to_queue(interaction_id, agent.agent_id, to, target),
        }
        self.interaction_answer(interaction_id)
    }

    fn take_over_by(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        self.work(interaction_id)?;
        self.permit(agent, Permission::Handle)?;
        let row = self.moved(agent, interaction_id)?;
        if is_assigned(&row, agent.agent_id) {
            return refuse(RefusalKind::AlreadyDone, format!("{interaction_id} is assigned to you already"));
        }
        self.hand_to_agent(interaction_id, agent.agent_id, agent.agent_id);
        self.interaction_answer(interaction_id)
    }

    /// Work that somebody who supervises may move.
    fn moved(&self, agent: &Agent, interaction_id: InteractionId) -> Result<Arc<Interaction>, Refusal> {
        let row = self.work(interaction_id)?;
        self.permit(agent, Permission::Supervise)?;
        not_ended(&row)?;
        if is_done(row.status) {
            let message = format!("{interaction_id} is {}: there is nothing left to do on it", row.status);
            return refuse(RefusalKind::WrongStatus, message);
        }
        Ok(row)
    }

    /// Another's state.
    fn set_agent_state_by(
        &mut self,
        agent: &Agent,
        agent_id: AgentId,
        state: AgentState,
        reason: Option<String>,
    ) -> Reply {
        let other = self.agent(agent_id)?;
        self.permit(agent, Permission::Supervise)?;
        if other.bot {
            let message = format!("{} is a bot; it is there while its plugin runs", other.name);
            return Err(Refusal::new(RefusalKind::Invalid, message).field("agent_id"));
        }
        if self.permit(&other, Permission::Handle).is_err() {
            let message = format!("the role of {} takes no work", other.name);
            return Err(Refusal::new(RefusalKind::Invalid, message).field("agent_id"));
        }
        self.set_state(&other, state, reason)
    }
}

fn set<T: Ord>(all: &mut BTreeSet<T>, one: T, on: bool) {
    if on {
        all.insert(one);
    } else {
        all.remove(&one);
    }
}

fn room(watched: usize, already: bool) -> Result<(), Refusal> {
    if already || watched < WATCHED {
        return Ok(());
    }
    let message = format!("at most {WATCHED} one by one; watch everything, or stop watching something");
    refuse(RefusalKind::TooLarge, message)
}
