//! Transfer and consult: work goes to a colleague, a skill or a team; a colleague is asked without it going (SPEC §5.5).
//!
//! To an agent it is an offer, which counts against the receiver's capacity; its agent stays assigned until it is accepted. To a
//! skill or a team it leaves at once, keeps its place, and is not offered to its agent again for a minute, even if nobody else
//! could take it: whoever gives work away wants it elsewhere.

use std::sync::Arc;

use super::access::{is_assigned, not_closed, not_ended};
use crate::domain::{
    Agent, AgentId, ChannelKind, Interaction, InteractionId, Note, NoteId, Permission, Target, To,
};
use crate::engine::apply::may_transfer;
use crate::engine::limits::{CONSULTED, NOTE_CHARS, OFFER, fits};
use crate::engine::turn::{Turn, refuse};
use crate::engine::world::index::Readiness;
use crate::engine::{Refusal, RefusalKind, Reply, ShareCommand};

impl Turn<'_> {
    pub(super) fn share(&mut self, agent: &Agent, command: ShareCommand) -> Reply {
        match command {
            ShareCommand::Transfer { interaction_id, to, note } => {
                self.transfer(agent, interaction_id, to, note)
            }
            ShareCommand::EndTransfer { interaction_id } => self.end_transfer(agent, interaction_id),
            ShareCommand::Consult { interaction_id, agent_id, note } => {
                self.consult(agent, interaction_id, agent_id, note)
            }
            ShareCommand::EndConsult { interaction_id, agent_id } => {
                self.end_consult(agent, interaction_id, agent_id)
            }
        }
    }

    fn transfer(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        to: To,
        note: Option<String>,
    ) -> Reply {
        self.work(interaction_id)?;
        self.permit(agent, Permission::Transfer)?;
        let row = self.own(agent, interaction_id)?;
        if !may_transfer(row.status) {
            let message = format!(
                "Only new or open interactions can be transferred; {interaction_id} is {}",
                row.status
            );
            return refuse(RefusalKind::WrongStatus, message);
        }
        if let Some(transfer) = row.transfer {
            let message = format!(
                "{interaction_id} was offered to {} already, who has not answered yet; take that back first",
                transfer.to
            );
            return refuse(RefusalKind::AlreadyDone, message);
        }
        let note = checked_note(note)?;
        let target = self.target_of(agent, &row, &to)?;
        match (to, target) {
            (To::Agent(receiver), _) => {
                let skill = row.skill.as_ref().and_then(|skill| self.world.skills.get(skill));
                let offer = skill.map_or(OFFER, |skill| skill.offer);
                self.propose(interaction_id, receiver, self.now + offer);
                // Written now, so that who is asked is told of it.
                self.note_along(agent.agent_id, interaction_id, note);
            }
            (to @ (To::Skill(_) | To::Team(_)), target) => {
                self.note_along(agent.agent_id, interaction_id, note);
                self.hand_to_queue(interaction_id, agent.agent_id, to, target);
            }
        }
        self.interaction_answer(interaction_id)
    }

    /// Whom it is handed to, if it can be.
    pub(super) fn target_of(&self, by: &Agent, row: &Interaction, to: &To) -> Result<Target, Refusal> {
        let unknown = |what: String| Err(Refusal::new(RefusalKind::Invalid, what).field("to"));
        match to {
            To::Agent(receiver) => {
                let Ok(known) = self.agent(*receiver) else {
                    return unknown(format!("there is no agent {receiver}"));
                };
                if known.bot {
                    return unknown(format!("{} is a bot; routing.lua sends work to bots", known.name));
                }
                if *receiver == by.agent_id && is_assigned(row, by.agent_id) {
                    return unknown("it is yours already; choose somebody else".to_owned());
                }
                self.can_take(&known, row)?;
                Ok(Target::Agent(*receiver))
            }
            To::Skill(skill) if self.world.skills.contains_key(skill) => {
                Ok(Target::Skill { skill: skill.clone(), level: 1 })
            }
            To::Skill(skill) => unknown(format!("there is no skill {skill}")),
            To::Team(team) if self.world.teams.contains_key(team) => Ok(Target::Team(team.clone())),
            To::Team(team) => unknown(format!("there is no team {team}")),
        }
    }

    /// Refuses a receiver who may not work on this kind of channel.
    fn handles(&self, receiver: &Agent, kind: ChannelKind) -> Result<(), Refusal> {
        if self.permit_kind(receiver, kind).is_ok() {
            return Ok(());
        }
        let message = format!("the role of {} does not handle {kind}", receiver.name);
        refuse(RefusalKind::Unavailable, message)
    }

    /// Whether an agent can be offered one more unit of this kind.
    fn can_take(&self, receiver: &Agent, row: &Interaction) -> Result<(), Refusal> {
        self.handles(receiver, row.kind)?;
        let Some(desk) = self.world.desks.get(&receiver.agent_id) else { return Ok(()) };
        let name = &receiver.name;
        match desk.readiness() {
            Readiness::Offline => refuse(RefusalKind::Unavailable, format!("{name} is not there")),
            Readiness::Unavailable => refuse(RefusalKind::Unavailable, format!("{name} takes no work now")),
            // What was offered to it already is counted already.
            Readiness::Full | Readiness::Ready
                if !desk.has_room(row.kind) && !desk.holds.contains(&row.interaction_id) =>
            {
                refuse(RefusalKind::NoCapacity, format!("{name} holds as much work as it may"))
            }
            Readiness::Full | Readiness::Ready => Ok(()),
        }
    }

    /// Takes a proposal back.
    fn end_transfer(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        let row = self.own_or_supervised(agent, interaction_id)?;
        if row.transfer.is_none() {
            return refuse(RefusalKind::AlreadyDone, format!("{interaction_id} is offered to nobody"));
        }
        self.end_proposal(interaction_id, "withdrawn");
        self.interaction_answer(interaction_id)
    }

    fn consult(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        colleague: AgentId,
        note: Option<String>,
    ) -> Reply {
        self.work(interaction_id)?;
        self.permit(agent, Permission::Consult)?;
        let row = self.own(agent, interaction_id)?;
        not_closed(&row)?;
        let note = checked_note(note)?;
        let Ok(known) = self.agent(colleague) else {
            let message = format!("there is no agent {colleague}");
            return Err(Refusal::new(RefusalKind::Invalid, message).field("agent_id"));
        };
        if colleague == agent.agent_id {
            let message = "you can't consult yourself; choose a colleague";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("agent_id"));
        }
        if known.bot {
            let message = format!("{} is a bot; choose a colleague", known.name);
            return Err(Refusal::new(RefusalKind::Invalid, message).field("agent_id"));
        }
        if row.consulted.contains(&colleague) {
            return refuse(RefusalKind::AlreadyDone, format!("{} is consulted already", known.name));
        }
        if row.consulted.len() >= CONSULTED {
            let message = format!("at most {CONSULTED} colleagues at a time; end a consult first");
            return refuse(RefusalKind::TooLarge, message);
        }
        self.handles(&known, row.kind)?;
        // Being asked uses no capacity, and may come during a break; but somebody has to be there.
        let there =
            self.world.desks.get(&colleague).is_some_and(|desk| desk.readiness() != Readiness::Offline);
        if !there {
            return refuse(RefusalKind::Unavailable, format!("{} is not there", known.name));
        }
        self.consult_begins(interaction_id, colleague, agent.agent_id);
        self.note_along(agent.agent_id, interaction_id, note);
        self.interaction_answer(interaction_id)
    }

    /// The colleague leaves, or the work's agent (or who supervises) ends one consult or all.
    fn end_consult(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        colleague: Option<AgentId>,
    ) -> Reply {
        let row: Arc<Interaction> = self.work(interaction_id)?;
        let me = agent.agent_id;
        if row.consulted.contains(&me) && colleague.is_none_or(|colleague| colleague == me) {
            self.consult_ends(interaction_id, me, "left");
            return self.interaction_answer(interaction_id);
        }
        self.permit(agent, Permission::Consult)?;
        self.own_or_supervised(agent, interaction_id)?;
        not_ended(&row)?;
        let ending: Vec<AgentId> = match colleague {
            Some(colleague) => row.consulted.iter().copied().filter(|other| *other == colleague).collect(),
            None => row.consulted.iter().copied().collect(),
        };
        if ending.is_empty() {
            return refuse(RefusalKind::AlreadyDone, "nobody is consulted who could be let go");
        }
        for colleague in ending {
            self.consult_ends(interaction_id, colleague, "ended");
        }
        self.interaction_answer(interaction_id)
    }

    /// The note that goes with a transfer or a consult.
    fn note_along(&mut self, by: AgentId, interaction_id: InteractionId, note: Option<String>) {
        let Some(text) = note else { return };
        let note_id = NoteId(self.next_id());
        let created_at = self.now;
        self.add_note(
            interaction_id,
            Note { note_id, interaction_id, message_id: None, agent_id: Some(by), text, created_at },
        );
    }
}

fn checked_note(note: Option<String>) -> Result<Option<String>, Refusal> {
    let note = note.filter(|text| !text.trim().is_empty());
    if let Some(text) = &note {
        fits("note", text, NOTE_CHARS)?;
    }
    Ok(note)
}
