//! "+Time": the agent gives the contact longer to answer (SPEC §5.10).

use super::access::not_ended;
use crate::domain::{Agent, InteractionId, Permission};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{RefusalKind, Reply, TimerKind};

impl Turn<'_> {
    /// Extends the customer timer by what the scripts allow. The plan that it was started under counts, so that a reload
    /// changes no running timer.
    pub(super) fn extend_timer(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        let row = self.work(interaction_id)?;
        self.permit(agent, Permission::ExtendTimer)?;
        let rule = row.kept.plan.as_ref().and_then(|kept| kept.plan.customer.clone());
        let excluded = rule.as_ref().is_some_and(|rule| {
            !rule.extend_roles.is_empty() && !rule.extend_roles.contains(&agent.role.to_string())
        });
        if excluded {
            let message = format!("timers.lua does not let the role {} extend this timer", agent.role);
            return refuse(RefusalKind::NotPermitted, message);
        }
        let row = self.own_or_supervised(agent, interaction_id)?;
        not_ended(&row)?;
        let Some(timer) = row.timers.customer else {
            let message = format!("no customer timer runs on {interaction_id}: nobody waits for the contact");
            return refuse(RefusalKind::WrongStatus, message);
        };
        let by = rule.as_ref().filter(|rule| rule.extend_max > 0).and_then(|rule| rule.extend_by);
        let Some((rule, by)) = rule.as_ref().zip(by) else {
            return refuse(RefusalKind::Unsupported, "timers.lua does not let this timer be extended");
        };
        if rule.extensions_left(&timer) == 0 {
            let message = format!("this timer was extended {} times, as often as it may be", timer.extended);
            return refuse(RefusalKind::AlreadyDone, message);
        }
        let longer = timer.extend(by, self.now);
        self.edit(interaction_id, |row| row.timers.customer = Some(longer));
        self.timer_extended(interaction_id, TimerKind::Customer);
        self.interaction_answer(interaction_id)
    }
}
