//! Countdowns: what a script plans, what runs on an interaction, and what is kept so that both survive a restart exactly.

use serde::{Deserialize, Serialize};

use super::{MessageId, Span, Survey, Time};

/// What a timer does at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroAction {
    /// It turns red, no more.
    Alert,
    /// The interaction goes back to its queue.
    Requeue,
    /// Its priority rises by 100 (agent timer of waiting work).
    RaisePriority,
    /// It leaves the inbox; a later message brings it back to the same agent (customer timer).
    Detach,
}

/// One timer's rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerRule {
    /// Its length.
    pub total: Span,
    /// What happens at zero.
    pub on_zero: ZeroAction,
    /// How much one extension adds; `None`: it can't be extended.
    pub extend_by: Option<Span>,
    /// How often it may be extended.
    pub extend_max: u32,
    /// The roles that may extend it, beside the permission; empty: every role that has it.
    #[serde(default)]
    pub extend_roles: Vec<String>,
}

impl TimerRule {
    /// How often a timer of this rule may still be extended.
    pub fn extensions_left(&self, timer: &Timer) -> u32 {
        if self.extend_by.is_none() { 0 } else { self.extend_max.saturating_sub(timer.extended) }
    }
}

/// The timers of an interaction. `None`: that timer is off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerPlan {
    /// How long the contact may wait.
    pub agent: Option<TimerRule>,
    /// How long the agent waits for the contact.
    pub customer: Option<TimerRule>,
}

/// A countdown shown to the agent: yellow from half of its length on, red at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// When it began.
    pub started_at: Time,
    /// Its length, extensions included.
    pub total: Span,
    /// How often it was extended.
    pub extended: u32,
    /// Whether yellow was announced.
    pub yellow: bool,
    /// Whether red was announced and its action taken.
    pub red: bool,
}

impl Timer {
    /// When it turns yellow: exactly half way.
    pub fn yellow_at(&self) -> Time {
        self.started_at + Span(self.total.0 / 2)
    }
    /// When it reaches zero.
    pub fn red_at(&self) -> Time {
        self.started_at + self.total
    }

    /// The same with more time. One that stood at zero gets all of it from now on; what is not yellow or red any more will
    /// be told again.
    #[must_use]
    pub fn extend(self, by: Span, now: Time) -> Self {
        let gone = (now - self.started_at).0.max(0);
        let total = Span(self.total.0.max(gone).saturating_add(by.0));
        let longer = Self { total, extended: self.extended.saturating_add(1), ..self };
        let (yellow, red) = (now >= longer.yellow_at(), now >= longer.red_at());
        Self { yellow: self.yellow && yellow, red: self.red && red, ..longer }
    }
}

/// The deadlines an interaction carries. Each is data: the engine compares it with `now`, the shell sleeps until the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timers {
    /// How long the contact has waited for an answer.
    pub agent: Option<Timer>,
    /// How long the agent has waited for the contact.
    pub customer: Option<Timer>,
    /// When the running offer expires.
    pub offer_expires_at: Option<Time>,
    /// When a resolved, closed or detached interaction ends.
    pub ends_at: Option<Time>,
    /// When a snoozed interaction comes back to its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Time>,
}

/// What is remembered of an interaction between one input and the next, and not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The last plan for its timers.
    pub plan: Option<KeptPlan>,
    /// What an answer stopped, until that answer has left for the contact.
    pub put_back: Option<PutBack>,
    /// Hash of the last automatic reply: each is sent once.
    pub replied: Option<String>,
    /// The contact's newest message: what a read mark is about.
    pub last_in: Option<MessageId>,
    /// Since when it is in nobody's inbox.
    pub detached_at: Option<Time>,
    /// Its place in the queue that its agent took it from: what is transferred to another queue does not begin at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The one question that its contact was asked after it was resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survey: Option<Survey>,
}

/// A place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// 0–1000; higher goes first.
    pub priority: u16,
    /// Since when it waits.
    pub since: Time,
}

/// An answer to "which timers?", good until the scripts or the facts change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPlan {
    /// Which scripts answered.
    pub generation: i64,
    /// Hash of the facts they were given.
    pub facts: String,
    /// Their answer.
    pub plan: TimerPlan,
}

/// The agent timer as it stood before an answer: a failed send puts it back with its old start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutBack {
    /// The answer's messages that may still fail.
    pub messages: Vec<MessageId>,
    /// The contact's first unanswered message.
    pub unanswered_since: Time,
    /// The countdown.
    pub timer: Option<Timer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yellow_is_exactly_half_and_an_extension_counts_from_now_at_the_earliest() {
        let timer = |total, yellow, red| Timer {
            started_at: Time(1_000),
            total: Span(total),
            extended: 0,
            yellow,
            red,
        };
        assert_eq!(
            (timer(61, false, false).yellow_at(), timer(61, false, false).red_at()),
            (Time(1_030), Time(1_061))
        );
        for (before, now, total, (yellow, red)) in [
            (timer(100, false, false), 1_010, 140, (false, false)),
            (timer(100, true, false), 1_060, 140, (false, false)),
            (timer(100, true, false), 1_090, 140, (true, false)),
            (timer(100, true, true), 1_100, 140, (true, false)),
            (timer(100, true, true), 9_000, 8_040, (true, false)),
        ] {
            let after = before.extend(Span(40), Time(now));
            assert_eq!(
                (after.total.0, after.yellow, after.red, after.extended),
                (total, yellow, red, 1),
                "{now}"
            );
        }
    }
}
