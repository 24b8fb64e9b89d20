//! Timers as data: who waits for whom, since when, and what is due (SPEC §5.10).
//!
//! A deadline is compared with `now` by `>=`, once, in the order in which things come due; nothing here knows what time it is.

use super::decide::keys::facts_hash;
use super::turn::{About, Turn};
use super::world::index::{Due, is_done};
use super::{EventKind, TimerChange, TimerKind};
use crate::domain::{
    AgentState, InteractionId, KeptPlan, MessageId, Ownership, PutBack, Span, Target, Time, Timer, TimerPlan,
    TimerRule, Waiting, ZeroAction,
};
use crate::engine::limits::{CLOSE_AGAIN, DUE_PER_BATCH, MISSED_OFFERS, NOT_AGAIN, PUT_BACK, SILENCE};

/// How much the priority of waiting work rises at zero.
const RAISE: u16 = 100;
/// The highest priority.
const PRIORITY_MAX: u16 = 1_000;

impl Turn<'_> {
    /// The interaction's timers: as kept, or asked of the scripts if they or the facts changed.
    fn plan(&mut self, interaction_id: InteractionId) -> TimerPlan {
        let Some(row) = self.world.work(interaction_id).cloned() else { return TimerPlan::default() };
        let facts = self.facts(&row);
        let hash = facts_hash(&facts);
        let generation = self.policy.generation();
        if let Some(kept) = &row.kept.plan
            && kept.generation == generation
            && kept.facts == hash
        {
            return kept.plan.clone();
        }
        let asked = self.policy.timers(&facts, self.now);
        self.decided(&row, "timers", &facts, &asked, "Timers were planned");
        // A script that can't answer leaves the last plan as it is.
        let plan = match asked.answer {
            Ok(plan) => plan,
            Err(_) => row.kept.plan.as_ref().map(|kept| kept.plan.clone()).unwrap_or_default(),
        };
        let kept = KeptPlan { generation, facts: hash, plan: plan.clone() };
        self.edit(interaction_id, |row| row.kept.plan = Some(kept));
        plan
    }

    /// The contact wrote: the agent no longer waits, the contact does.
    pub(crate) fn contact_wrote(&mut self, interaction_id: InteractionId) {
        self.stop_timer(interaction_id, TimerKind::Customer);
        let Some(row) = self.world.work(interaction_id) else { return };
        if row.unanswered_since.is_some() || is_done(row.status) {
            return;
        }
        let now = self.now;
        let rule = self.plan(interaction_id).agent;
        self.edit(interaction_id, |row| {
            row.unanswered_since = Some(now);
            row.timers.agent = rule.as_ref().map(|rule| start(rule, now));
        });
        if rule.is_some() {
            self.timer_event(interaction_id, TimerKind::Agent, TimerChange::Started);
        }
    }

    /// An agent answered: the contact no longer waits, the agent does.
    pub(crate) fn agent_answered(&mut self, interaction_id: InteractionId, message_id: MessageId) {
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let now = self.now;
        self.edit(interaction_id, |row| {
            row.answered = true;
            row.answered_at = row.answered_at.or(Some(now));
            if let Some(unanswered_since) = row.unanswered_since.take() {
                let timer = row.timers.agent;
                row.kept.put_back = Some(PutBack { messages: vec![message_id], unanswered_since, timer });
            } else if let Some(put_back) = &mut row.kept.put_back
                && put_back.messages.len() < PUT_BACK
            {
                put_back.messages.push(message_id);
            }
        });
        self.stop_timer(interaction_id, TimerKind::Agent);
        if is_done(row.status) {
            return;
        }
        let rule = self.plan(interaction_id).customer;
        let runs = rule.is_some();
        self.edit(interaction_id, |row| {
            row.timers.customer = rule.as_ref().map(|rule| start(rule, now));
        });
        if runs {
            self.timer_event(interaction_id, TimerKind::Customer, TimerChange::Started);
        }
    }

    /// An answer has left for the contact: its timer will not be put back.
    pub(crate) fn answer_left(&mut self, interaction_id: InteractionId, message_id: MessageId) {
        let Some(row) = self.world.work(interaction_id) else { return };
        if row.kept.put_back.as_ref().is_some_and(|put_back| put_back.messages.contains(&message_id)) {
            self.edit(interaction_id, |row| row.kept.put_back = None);
        }
    }

    /// An answer failed: if no other of it may still arrive, the contact waits as before.
    pub(crate) fn answer_failed(&mut self, interaction_id: InteractionId, message_id: MessageId) {
        let Some(row) = self.world.work(interaction_id) else { return };
        let Some(put_back) = &row.kept.put_back else { return };
        if row.ended_at.is_some() || !put_back.messages.contains(&message_id) {
            return;
        }
        let mut put_back = put_back.clone();
        put_back.messages.retain(|other| *other != message_id);
        if !put_back.messages.is_empty() {
            self.edit(interaction_id, |row| row.kept.put_back = Some(put_back));
            return;
        }
        self.stop_timer(interaction_id, TimerKind::Customer);
        let (now, runs) = (self.now, put_back.timer.is_some());
        self.edit(interaction_id, |row| {
            row.kept.put_back = None;
            row.unanswered_since = Some(put_back.unanswered_since);
            // A message since may have started another, later one. What that announced is not announced again; and it runs on
            // when none ran before.
            let since = row.timers.agent.take();
            let before = put_back.timer.map(|timer| Timer {
                yellow: timer.yellow || now >= timer.yellow_at() && since.is_some_and(|since| since.yellow),
                red: timer.red || now >= timer.red_at() && since.is_some_and(|since| since.red),
                ..timer
            });
            row.timers.agent = before.or(since);
        });
        if runs {
            self.timer_event(interaction_id, TimerKind::Agent, TimerChange::Started);
        }
    }

    /// The work is done: nobody waits for anybody.
    pub(crate) fn forget_unanswered(&mut self, interaction_id: InteractionId) {
        self.stop_timer(interaction_id, TimerKind::Agent);
        self.stop_timer(interaction_id, TimerKind::Customer);
        let Some(row) = self.world.work(interaction_id) else { return };
        if row.unanswered_since.is_some() || row.kept.put_back.is_some() {
            self.edit(interaction_id, |row| {
                row.unanswered_since = None;
                row.kept.put_back = None;
            });
        }
    }

    /// Stops a timer, if it runs.
    pub(crate) fn stop_timer(&mut self, interaction_id: InteractionId, timer: TimerKind) {
        let running = self.world.work(interaction_id).is_some_and(|row| match timer {
            TimerKind::Agent => row.timers.agent.is_some(),
            TimerKind::Customer => row.timers.customer.is_some(),
        });
        if !running {
            return;
        }
        self.edit(interaction_id, |row| match timer {
            TimerKind::Agent => row.timers.agent = None,
            TimerKind::Customer => row.timers.customer = None,
        });
        // A red one too: who shows it must know that it is gone.
        self.timer_event(interaction_id, timer, TimerChange::Stopped);
    }

    /// Tells that a timer got more time.
    pub(crate) fn timer_extended(&mut self, interaction_id: InteractionId, timer: TimerKind) {
        self.timer_event(interaction_id, timer, TimerChange::Extended);
    }

    fn timer_event(&mut self, interaction_id: InteractionId, timer: TimerKind, change: TimerChange) {
        self.event(interaction_id, EventKind::TimerChanged { timer, change }, About::default());
    }

    /// Handles what has come due, earliest first.
    pub(crate) fn handle_due(&mut self) {
        for _ in 0..DUE_PER_BATCH {
            let Some(due) = self.world.first_due(self.now) else { break };
            match &due {
                Due::Interaction(interaction_id) => self.interaction_due(*interaction_id),
                Due::Message(message_id) => self.message_due(*message_id),
                Due::Media(media_id) => self.media_due(media_id),
                Due::Transcript(transcript_id) => self.transcript_due(*transcript_id),
                Due::Grace(agent_id) => self.grace_ended(*agent_id),
            }
            self.match_work();
        }
    }

    fn interaction_due(&mut self, interaction_id: InteractionId) {
        self.offer_due(interaction_id);
        self.timer_due(interaction_id, TimerKind::Agent);
        self.timer_due(interaction_id, TimerKind::Customer);
        self.window_due(interaction_id);
        self.waiting_due(interaction_id);
        self.snooze_due(interaction_id);
        self.end_due(interaction_id);
    }

    fn offer_due(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id) else { return };
        if let Some(transfer) = row.transfer.filter(|transfer| self.now >= transfer.expires_at) {
            self.end_proposal(interaction_id, "expired");
            return self.offer_missed(transfer.to);
        }
        let expired = row.timers.offer_expires_at.is_some_and(|time| self.now >= time);
        let Some(agent_id) = row.agent_id.filter(|_| expired) else { return };
        self.end_offer(interaction_id, "expired");
        self.offer_missed(agent_id);
    }

    /// An agent let an offer expire.
    fn offer_missed(&mut self, agent_id: crate::domain::AgentId) {
        self.edit_agent(agent_id, |agent| agent.missed_offers = agent.missed_offers.saturating_add(1));
        let missed = self.world.agent(agent_id).is_some_and(|agent| {
            agent.missed_offers >= MISSED_OFFERS && agent.state == AgentState::Available
        });
        if missed {
            self.set_agent_state(agent_id, AgentState::Unavailable, Some("missed_offers".to_owned()));
        }
    }

    fn timer_due(&mut self, interaction_id: InteractionId, kind: TimerKind) {
        let Some(row) = self.world.work(interaction_id).filter(|row| row.ended_at.is_none()) else { return };
        let timer = match kind {
            TimerKind::Agent => row.timers.agent,
            TimerKind::Customer => row.timers.customer,
        };
        let Some(timer) = timer else { return };
        let (yellow, red) = (self.now >= timer.yellow_at(), self.now >= timer.red_at());
        if yellow && !timer.yellow {
            self.edit(interaction_id, |row| mark(row_timer(row, kind), |timer| timer.yellow = true));
            self.timer_event(interaction_id, kind, TimerChange::Yellow);
        }
        if red && !timer.red {
            self.edit(interaction_id, |row| mark(row_timer(row, kind), |timer| timer.red = true));
            self.timer_event(interaction_id, kind, TimerChange::Red);
            self.at_zero(interaction_id, kind);
        }
    }

    fn at_zero(&mut self, interaction_id: InteractionId, kind: TimerKind) {
        let plan = self.plan(interaction_id);
        let rule = match kind {
            TimerKind::Agent => plan.agent,
            TimerKind::Customer => plan.customer,
        };
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let assigned = row.ownership == Ownership::Assigned;
        match rule.map_or(ZeroAction::Alert, |rule| rule.on_zero) {
            ZeroAction::Detach if kind == TimerKind::Customer && assigned => self.detach(interaction_id),
            // Work that an agent timer is about has a contact who waits: it must not leave every inbox.
            ZeroAction::Detach | ZeroAction::Alert => {}
            ZeroAction::Requeue => {
                let Some(agent_id) = row.agent_id.filter(|_| assigned) else { return };
                let Some(skill) = row.skill.clone().or_else(|| self.default_skill()) else { return };
                let since = row.unanswered_since.unwrap_or(self.now);
                let waiting = Waiting {
                    target: Target::Skill { skill, level: 1 },
                    priority: 0,
                    since,
                    until: None,
                    otherwise: None,
                    not_before: vec![(agent_id, self.now + NOT_AGAIN)],
                };
                self.queue(interaction_id, waiting);
            }
            ZeroAction::RaisePriority => self.edit_waiting(interaction_id, |waiting| {
                waiting.priority = waiting.priority.saturating_add(RAISE).min(PRIORITY_MAX);
            }),
        }
    }

    /// Queued work whose target gives way, or that may be offered again to who refused it.
    fn waiting_due(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let Some(waiting) = row.waiting.clone().filter(|_| row.ownership == Ownership::Queued) else {
            return;
        };
        let now = self.now;
        if waiting.not_before.iter().any(|(_, time)| now >= *time) {
            self.edit_waiting(interaction_id, |waiting| waiting.not_before.retain(|(_, time)| now < *time));
            self.touch(interaction_id);
        }
        if waiting.until.is_none_or(|until| now < until) {
            return;
        }
        let Some(skill) = waiting.otherwise else { return self.route(interaction_id) };
        let target = Target::Skill { skill, level: 1 };
        let not_before = waiting.not_before.into_iter().filter(|(_, time)| now < *time).collect();
        let next = Waiting { target, until: None, otherwise: None, not_before, ..waiting_of(&row, now) };
        self.queue(interaction_id, next);
        self.check_duty(interaction_id);
    }

    /// A closing delay or a long silence is over; the scripts may have changed their mind since.
    fn end_due(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let now = self.now;
        if row.ended_at.is_some() || row.timers.ends_at.is_none_or(|ends| now < ends) {
            return;
        }
        match self.when_it_ends(interaction_id) {
            Some(ends) if now >= ends => self.end(interaction_id, None),
            ends => self.edit(interaction_id, |row| row.timers.ends_at = ends),
        }
    }

    /// When an interaction ends by itself, as things stand.
    pub(crate) fn when_it_ends(&mut self, interaction_id: InteractionId) -> Option<Time> {
        let row = self.world.work(interaction_id).cloned()?;
        let silence = row.kept.detached_at.map(|since| since + SILENCE);
        if !is_done(row.status) {
            return silence;
        }
        let facts = self.facts(&row);
        let asked = self.policy.auto_close(&facts, self.now);
        self.decided(&row, "auto_close", &facts, &asked, "Its closing delay was set");
        let planned = match &asked.answer {
            Ok(plan) => plan.after.map(|after| row.status_since + Span(after.0.max(0))),
            // A script that can't say closes nothing; it is asked again.
            Err(_) => Some(self.now + CLOSE_AGAIN),
        };
        planned.into_iter().chain(silence).min()
    }
}

fn start(rule: &TimerRule, now: Time) -> Timer {
    Timer { started_at: now, total: Span(rule.total.0.max(0)), extended: 0, yellow: false, red: false }
}

fn row_timer(row: &mut crate::domain::Interaction, kind: TimerKind) -> &mut Option<Timer> {
    match kind {
        TimerKind::Agent => &mut row.timers.agent,
        TimerKind::Customer => &mut row.timers.customer,
    }
}

fn mark(timer: &mut Option<Timer>, change: impl FnOnce(&mut Timer)) {
    if let Some(timer) = timer {
        change(timer);
    }
}

/// Waiting like before, or from now on.
pub(crate) fn waiting_of(row: &crate::domain::Interaction, now: Time) -> Waiting {
    row.waiting.clone().unwrap_or(Waiting {
        target: Target::Hold(String::new()),
        priority: 0,
        since: now,
        until: None,
        otherwise: None,
        not_before: Vec::new(),
    })
}
