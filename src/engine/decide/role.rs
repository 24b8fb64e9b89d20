//! Roles: what their holders may do, and what becomes of their work when that changes (SPEC §5, §6).

use std::sync::Arc;

use crate::domain::{AgentId, AgentState, Ownership, Permission, Role, RoleId};
use crate::engine::limits::{NAME_CHARS, ROLES, fits};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    /// Every role: the three that are always there, and those that were saved.
    pub(super) fn list_roles(&self) -> Answer {
        let mut names: Vec<RoleId> =
            RoleId::built_in().into_iter().chain(self.world.roles.keys().cloned()).collect();
        names.sort();
        names.dedup();
        Answer::Roles(names.iter().map(|role| self.world.role(role)).collect())
    }

    pub(super) fn save_role(&mut self, role: Role) -> Reply {
        let invalid = |field: &str, message| Err(Refusal::new(RefusalKind::Invalid, message).field(field));
        if role.title.trim().is_empty() {
            return invalid("title", "a role needs a title".to_owned());
        }
        fits("title", &role.title, NAME_CHARS)?;
        if role.role == RoleId::administrator() && !role.may(Permission::Administer) {
            let message = "the role administrator can't lose administer, or nobody could give it back";
            return invalid("permissions", message.to_owned());
        }
        if !self.world.roles.contains_key(&role.role) && self.world.roles.len() >= ROLES {
            let message = format!("at most {ROLES} roles");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("role"));
        }
        let before = self.world.role(&role.role);
        let rights = before.permissions != role.permissions || before.kinds != role.kinds;
        let role = Arc::new(role);
        self.dirty.roles.insert(role.role.clone(), Some(Arc::clone(&role)));
        self.world.roles.insert(role.role.clone(), Arc::clone(&role));
        let holders = self.holders(&role.role);
        for agent_id in &holders {
            self.world.with_desk(*agent_id, |desk| desk.role = Arc::clone(&role));
        }
        self.world.find_watchers();
        for agent_id in holders.into_iter().filter(|_| rights) {
            self.rights_changed(agent_id);
        }
        Ok(Answer::Done)
    }

    pub(super) fn remove_role(&mut self, role: &RoleId) -> Reply {
        let invalid = |message| Err(Refusal::new(RefusalKind::Invalid, message).field("role"));
        if role.is_built_in() {
            return invalid(format!("the role {role} is always there; it can be changed, not removed"));
        }
        if !self.world.roles.contains_key(role) {
            return refuse(RefusalKind::NotFound, format!("there is no role {role}"));
        }
        let holders = self.holders(role).len();
        if holders > 0 {
            return invalid(format!("{holders} agents have the role {role}; give them another first"));
        }
        self.world.roles.remove(role);
        self.dirty.roles.insert(role.clone(), None);
        Ok(Answer::Done)
    }

    /// Whether a role can be given to somebody.
    pub(super) fn role_exists(&self, role: &RoleId) -> bool {
        role.is_built_in() || self.world.roles.contains_key(role)
    }

    fn holders(&self, role: &RoleId) -> Vec<AgentId> {
        let desks = self.world.desks.values();
        let holds = desks.filter(|desk| desk.agent.role == *role && !desk.agent.removed);
        holds.map(|desk| desk.agent.agent_id).collect()
    }

    /// What an agent may do changed: its sockets begin afresh. Work that it may not have any more goes back; assigned work of
    /// a kind that its role lost stays, so that a contact is not handed over in the middle of a sentence.
    pub(super) fn rights_changed(&mut self, agent_id: AgentId) {
        self.revoke(agent_id);
        let Some(desk) = self.world.desks.get(&agent_id) else { return };
        let (role, held) = (Arc::clone(&desk.role), desk.holds.clone());
        let available = desk.agent.state == AgentState::Available;
        if !role.may(Permission::Handle) {
            if available {
                self.set_agent_state(agent_id, AgentState::Unavailable, None);
            }
            self.release_work(agent_id);
        }
        for interaction_id in held {
            let Some(row) = self.world.work(interaction_id).filter(|row| !role.handles(row.kind)) else {
                continue;
            };
            if row.transfer.is_some_and(|transfer| transfer.to == agent_id) {
                self.end_proposal(interaction_id, "withdrawn");
            } else if row.ownership == Ownership::Offered {
                self.end_offer(interaction_id, "withdrawn");
            }
        }
        self.world.index.touched_agents.insert(agent_id);
        self.duty_changed(agent_id);
    }
}
