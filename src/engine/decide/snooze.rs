//! An agent puts work aside until a time. It leaves the inbox and uses no capacity; at the time, or when the contact writes, it
//! comes back by the sticky rule (SPEC §5.10, §6).

use super::access::not_closed;
use crate::domain::{Agent, InteractionId, Ownership, Permission, Time};
use crate::engine::limits::SNOOZE;
use crate::engine::turn::{About, Turn, refuse};
use crate::engine::world::index::is_done;
use crate::engine::{EventKind, Refusal, RefusalKind, Reply, TimerKind, View};

impl Turn<'_> {
    /// Puts work aside until a time; `None` takes it back at once.
    pub(super) fn snooze(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        until: Option<Time>,
    ) -> Reply {
        let row = self.work(interaction_id)?;
        self.permit(agent, Permission::Snooze)?;
        let Some(until) = until else { return self.wake_by(agent, interaction_id) };
        let row = self.own(agent, row.interaction_id)?;
        not_closed(&row)?;
        if is_done(row.status) {
            let message = format!("{interaction_id} is {}; there is nothing to come back to", row.status);
            return refuse(RefusalKind::WrongStatus, message);
        }
        if until <= self.now || until > self.now + SNOOZE {
            let message = "a snooze ends after now and within 90 days";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("until"));
        }
        self.put_aside(agent, interaction_id, until);
        self.interaction_answer(interaction_id)
    }

    fn put_aside(&mut self, agent: &Agent, interaction_id: InteractionId, until: Time) {
        let (now, agent_id) = (self.now, agent.agent_id);
        self.end_proposal(interaction_id, "withdrawn");
        self.release_consults(interaction_id, None);
        // Before it leaves the inbox, or who loses it would miss that its timer stopped.
        self.stop_timer(interaction_id, TimerKind::Customer);
        self.edit(interaction_id, |row| {
            row.ownership = Ownership::Detached;
            row.last_agent_id = Some(agent_id);
            row.agent_id = None;
            row.timers.snoozed_until = Some(until);
        });
        self.edit_agent(agent_id, |agent| agent.idle_since = now);
        let about = About { also: Some(agent_id), ..About::default() };
        self.event(interaction_id, EventKind::InteractionSnoozed { agent_id, until }, about);
        self.world_newest(interaction_id);
    }

    fn wake_by(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        let row = self.work(interaction_id)?;
        self.permit(agent, Permission::Handle)?;
        let theirs = [row.agent_id, row.last_agent_id].contains(&Some(agent.agent_id));
        if !theirs && !self.may(agent, Permission::Supervise) {
            return refuse(RefusalKind::NotAssigned, format!("{interaction_id} was not put aside by you"));
        }
        if row.timers.snoozed_until.is_none() {
            return refuse(RefusalKind::WrongStatus, format!("{interaction_id} is not snoozed"));
        }
        if row.last_agent_id == Some(agent.agent_id) {
            self.assign(interaction_id, agent.agent_id);
        } else {
            self.bring_back(interaction_id);
        }
        self.interaction_answer(interaction_id)
    }

    /// A snooze is over.
    pub(crate) fn snooze_due(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).filter(|row| row.ended_at.is_none()) else { return };
        if row.timers.snoozed_until.is_some_and(|until| self.now >= until) {
            self.bring_back(interaction_id);
        }
    }

    /// What an agent put aside.
    pub(super) fn snoozed(&self, agent: &Agent) -> Vec<View> {
        let held = self.world.index.snoozed.get(&agent.agent_id).into_iter().flatten();
        held.filter_map(|interaction_id| self.view(*interaction_id).ok()).collect()
    }
}
