//! How work is shared, and what supervisors ask for: transfer and consult, the live board, lists of work, watching. Types only;
//! the rules are in `decide/` (`transfer`, `supervise`, `board`).

#![expect(missing_docs, reason = "the fields of a variant are told in the line above it")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::limits::{SERVICE_HOUR, SERVICE_SLOT};
use super::{Queue, TimerKind, View};
use crate::domain::{
    Agent, AgentId, AgentState, ChannelId, InteractionId, Ownership, SkillId, Span, Status, Time, To,
};

/// What an agent may ask to share its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareCommand {
    /// Proposes work to an agent, or gives it to a skill or a team.
    Transfer { interaction_id: InteractionId, to: To, note: Option<String> },
    /// Takes a proposal back.
    EndTransfer { interaction_id: InteractionId },
    /// Invites a colleague to read and to write notes.
    Consult { interaction_id: InteractionId, agent_id: AgentId, note: Option<String> },
    /// One colleague's consult, or all.
    EndConsult { interaction_id: InteractionId, agent_id: Option<AgentId> },
}

impl ShareCommand {
    /// What it is about.
    pub(crate) fn interaction_id(&self) -> InteractionId {
        match self {
            Self::Transfer { interaction_id, .. }
            | Self::EndTransfer { interaction_id }
            | Self::Consult { interaction_id, .. }
            | Self::EndConsult { interaction_id, .. } => *interaction_id,
        }
    }
}

/// What a supervisor may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuperviseCommand {
    /// The live board. → `Answer::Board`
    Board,
    /// Any work. → `Answer::Page`, empty for what has ended: the store has that
    List(Filter),
    /// → `Answer::Watching`
    Watch { what: Watched, on: bool },
    /// Moves anybody's work. → `Answer::Interaction`
    Reassign { interaction_id: InteractionId, to: To },
    /// Takes anybody's work. → `Answer::Interaction`
    TakeOver { interaction_id: InteractionId },
    /// Another's state. → `Answer::Agent`
    SetAgentState { agent_id: AgentId, state: AgentState, reason: Option<String> },
}

impl SuperviseCommand {
    /// The work it is about, if it is about some.
    pub(crate) fn interaction_id(&self) -> Option<InteractionId> {
        match self {
            Self::Watch { what: Watched::Interaction(interaction_id), .. }
            | Self::Reassign { interaction_id, .. }
            | Self::TakeOver { interaction_id } => Some(*interaction_id),
            Self::Board | Self::List(_) | Self::Watch { .. } | Self::SetAgentState { .. } => None,
        }
    }

    /// Whether it changes something.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Board | Self::List(_) => false,
            Self::Watch { .. }
            | Self::Reassign { .. }
            | Self::TakeOver { .. }
            | Self::SetAgentState { .. } => true,
        }
    }
}

/// What was accepted in a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How much work was accepted for the first time.
    pub accepted: i64,
    /// How much of it within the target.
    pub in_time: i64,
}

/// How fast a queue is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLevel {
    /// Within what time work should be accepted.
    pub target: Span,
    /// Since midnight UTC.
    pub today: Share,
    /// In the last hour, to five minutes.
    pub last_hour: Share,
}

/// A countdown that has turned yellow or red.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtRisk {
    /// On which work.
    pub view: View,
    /// Which countdown.
    pub timer: TimerKind,
    /// When it reaches zero, or did.
    pub red_at: Time,
    /// Whether it did.
    pub red: bool,
}

/// The live board, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// Every queue.
    pub queues: Vec<Queue>,
    /// Every agent, with what it holds.
    pub agents: Vec<(Arc<Agent>, u32)>,
    /// Countdowns at risk, soonest first.
    pub timers: Vec<AtRisk>,
    /// Whether there are more of them.
    pub more_timers: bool,
}

/// Which work a list is about; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Work that has ended, instead of work that has not.
    pub ended: bool,
    /// In this status.
    pub status: Option<Status>,
    /// In these hands.
    pub ownership: Option<Ownership>,
    /// Offered or assigned to this agent; of what has ended: this agent had it last.
    pub agent_id: Option<AgentId>,
    /// Of this skill.
    pub skill: Option<SkillId>,
    /// On this channel account.
    pub channel_id: Option<ChannelId>,
    /// Only what began before this one.
    pub before: Option<InteractionId>,
    /// At most so many.
    pub limit: u32,
}

/// What to watch, or not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// One interaction.
    Interaction(InteractionId),
    /// All work of a skill.
    Skill(SkillId),
    /// Everything.
    All,
}

/// From when on counts matter to the board.
pub fn board_begins(now: Time) -> Time {
    let midnight = Time(now.0 - now.0.rem_euclid(Span::days(1).0));
    midnight.min(hour_begins(now))
}

/// The first five minutes of the last hour.
pub(crate) fn hour_begins(now: Time) -> Time {
    slot(now) - SERVICE_HOUR + SERVICE_SLOT
}

/// The five minutes that an instant is in.
pub(crate) fn slot(now: Time) -> Time {
    Time(now.0 - now.0.rem_euclid(SERVICE_SLOT.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_looks_back_to_midnight_and_at_least_an_hour() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        for (now, day, hour) in [
            ("2026-03-01T15:07:30.000Z", "2026-03-01T00:00:00.000Z", "2026-03-01T14:10:00.000Z"),
            ("2026-03-01T00:02:00.000Z", "2026-02-28T23:05:00.000Z", "2026-02-28T23:05:00.000Z"),
            ("2026-03-01T00:55:00.000Z", "2026-03-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"),
        ] {
            assert_eq!((board_begins(at(now)), hour_begins(at(now))), (at(day), at(hour)), "{now}");
        }
    }
}
