//! Who may see and do what: the checks that every rule on an interaction begins with.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::{
    Agent, AgentId, ChannelKind, ContactId, Interaction, InteractionId, Ownership, Permission, Status,
};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, Refusal, RefusalKind, Reply, Sight, View};

/// Whether an interaction is in an agent's hands.
pub(super) fn is_assigned(row: &Interaction, agent_id: AgentId) -> bool {
    row.ended_at.is_none() && row.ownership == Ownership::Assigned && row.agent_id == Some(agent_id)
}

/// Whether an agent has to do with an interaction: holds it, had it last, is asked to take it over, or is consulted.
pub(super) fn involved(row: &Interaction, agent_id: AgentId) -> bool {
    let holds = match row.ownership {
        Ownership::Offered | Ownership::Assigned => row.agent_id == Some(agent_id),
        Ownership::Detached => row.last_agent_id == Some(agent_id),
        Ownership::Queued => false,
    };
    let asked = row.transfer.is_some_and(|transfer| transfer.to == agent_id);
    holds || asked || row.consulted.contains(&agent_id)
}

/// Whether it was the agent's when it ended.
fn was_assigned(row: &Interaction, agent_id: AgentId) -> bool {
    row.ended_at.is_some() && row.last_agent_id == Some(agent_id)
}

impl Turn<'_> {
    /// Whether an agent's role grants a permission.
    pub(super) fn may(&self, agent: &Agent, permission: Permission) -> bool {
        self.world.desks.get(&agent.agent_id).is_some_and(|desk| desk.role.may(permission))
    }

    /// Refuses who lacks a permission.
    pub(super) fn permit(&self, agent: &Agent, permission: Permission) -> Result<(), Refusal> {
        if self.may(agent, permission) {
            return Ok(());
        }
        let message = format!("the role {} does not have the permission {permission}", agent.role);
        refuse(RefusalKind::NotPermitted, message)
    }

    /// Refuses who may not be given work of a kind of channel.
    pub(super) fn permit_kind(&self, agent: &Agent, kind: ChannelKind) -> Result<(), Refusal> {
        if self.world.desks.get(&agent.agent_id).is_some_and(|desk| desk.role.handles(kind)) {
            return Ok(());
        }
        let message = format!("the role {} does not handle {kind}", agent.role);
        refuse(RefusalKind::NotPermitted, message)
    }

    /// An interaction that is assigned to the caller and has not ended.
    pub(super) fn own(
        &self,
        agent: &Agent,
        interaction_id: InteractionId,
    ) -> Result<Arc<Interaction>, Refusal> {
        let row = self.work(interaction_id)?;
        self.permit(agent, Permission::Handle)?;
        if !is_assigned(&row, agent.agent_id) && !was_assigned(&row, agent.agent_id) {
            return refuse(RefusalKind::NotAssigned, format!("{interaction_id} is not assigned to you"));
        }
        not_ended(&row)?;
        Ok(row)
    }

    /// An interaction that is assigned to the caller, or anyone's for who supervises, and has not ended.
    pub(super) fn own_or_supervised(
        &self,
        agent: &Agent,
        interaction_id: InteractionId,
    ) -> Result<Arc<Interaction>, Refusal> {
        if !self.may(agent, Permission::Supervise) {
            return self.own(agent, interaction_id);
        }
        let row = self.work(interaction_id)?;
        self.permit(agent, Permission::Handle)?;
        not_ended(&row)?;
        Ok(row)
    }

    /// Whether an agent may read an interaction: its own and consulted work, and all work of contacts it works with now.
    pub(super) fn may_read(&self, agent: &Agent, row: &Interaction) -> bool {
        if self.may(agent, Permission::Supervise) {
            return true;
        }
        if involved(row, agent.agent_id) {
            return true;
        }
        let Some(desk) = self.world.desks.get(&agent.agent_id) else { return false };
        let mut held = desk.holds.iter().filter_map(|held| self.world.work(*held));
        // An ended interaction keeps the contact that it was with; whose address that is now may be another.
        let person = self.owner_of(row.identity_id).unwrap_or(row.contact_id);
        held.any(|held| held.contact_id == person)
    }

    /// What [`Turn::may_read`] comes to, for a search in the store.
    pub(super) fn sight(&self, agent: &Agent) -> Reply {
        self.permit(agent, Permission::Search)?;
        let desk = self.world.desks.get(&agent.agent_id);
        let held = desk.into_iter().flat_map(|desk| &desk.holds).filter_map(|id| self.world.work(*id));
        let contacts: BTreeSet<ContactId> = held.map(|row| row.contact_id).collect();
        Ok(Answer::Sight(Sight {
            agent_id: agent.agent_id,
            everything: self.may(agent, Permission::Supervise),
            contacts: contacts.into_iter().collect(),
        }))
    }

    /// An interaction that the caller may read. Others' work is as good as not there.
    pub(super) fn readable(
        &self,
        agent: &Agent,
        interaction_id: InteractionId,
    ) -> Result<Arc<Interaction>, Refusal> {
        let row = self.work(interaction_id)?;
        if self.may_read(agent, &row) {
            return Ok(row);
        }
        refuse(RefusalKind::NotFound, format!("there is no interaction {interaction_id} for you"))
    }

    /// An interaction as answered.
    pub(super) fn view(&self, interaction_id: InteractionId) -> Result<View, Refusal> {
        let interaction = self.work(interaction_id)?;
        match self.contact(interaction.contact_id) {
            Some(contact) => Ok(View { interaction, contact }),
            None => refuse(RefusalKind::NotFound, format!("the contact of {interaction_id} is gone")),
        }
    }

    pub(super) fn interaction_answer(&self, interaction_id: InteractionId) -> Result<Answer, Refusal> {
        Ok(Answer::Interaction { view: self.view(interaction_id)?, notes: Vec::new(), draft: None })
    }
}

/// Refuses what has ended.
pub(super) fn not_ended(row: &Interaction) -> Result<(), Refusal> {
    if row.ended_at.is_none() {
        return Ok(());
    }
    refuse(
        RefusalKind::WrongStatus,
        format!("{} has ended and can't be changed any more", row.interaction_id),
    )
}

/// Refuses what is closed.
pub(super) fn not_closed(row: &Interaction) -> Result<(), Refusal> {
    if row.status != Status::Closed {
        return Ok(());
    }
    refuse(RefusalKind::WrongStatus, format!("{} is closed", row.interaction_id))
}
