//! The people who answer and what they can do. What they may do is their role's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{AgentId, ChannelKind, InteractionId, RoleId, SkillId, Span, TeamId, Time};

words! {
    /// Whether an agent can be offered work.
    AgentState {
        /// May be offered work.
        Available = "available",
        /// Connected, takes no new work.
        Unavailable = "unavailable",
        /// Not connected (after the grace time).
        Offline = "offline",
    }
}

/// A skill that an agent holds, with how well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillLevel {
    /// Which skill.
    pub skill: SkillId,
    /// 1 (learning) to 10 (expert).
    pub level: u8,
}

/// How many units of work an agent may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// In all.
    pub total: u32,
    /// On one kind of channel; kinds not named here are limited by the total alone.
    pub per_kind: BTreeMap<ChannelKind, u32>,
}

/// What a supervisor watches: its events come as if the work were the supervisor's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watching {
    /// Everything.
    pub all: bool,
    /// Work of these skills.
    pub skills: BTreeSet<SkillId>,
    /// This work.
    pub interactions: BTreeSet<InteractionId>,
}

/// A person who answers, supervises or administers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its id.
    pub agent_id: AgentId,
    /// The name to log in with.
    pub login: String,
    /// The name to show.
    pub name: String,
    /// Whether it is a bot: a plugin that holds work and answers, and is never offered any.
    pub bot: bool,
    /// Its role.
    pub role: RoleId,
    /// Argon2id hash of the password, in PHC text form; empty: can't log in.
    pub password_hash: String,
    /// Skills, each once.
    pub skills: Vec<SkillLevel>,
    /// Teams.
    pub teams: BTreeSet<TeamId>,
    /// How much work it may hold.
    pub capacity: Capacity,
    /// Whether it may be offered work. After a restart every agent is offline until its client is back.
    pub state: AgentState,
    /// Why it is unavailable, from the configured list or the server's own words (`missed_offers`).
    pub reason: Option<String>,
    /// Since when it is in this state.
    pub state_since: Time,
    /// When it last had work given or ended: who is idle longest comes first.
    pub idle_since: Time,
    /// Offers in a row that it let expire.
    pub missed_offers: u32,
    /// What it watches as a supervisor, until it goes offline.
    pub watching: Watching,
    /// Removed agents keep their row, so that history can name them.
    pub removed: bool,
}

impl Agent {
    /// The level at which it holds `skill`; 0 if it does not.
    pub fn level(&self, skill: &SkillId) -> u8 {
        self.skills.iter().find(|held| held.skill == *skill).map_or(0, |held| held.level)
    }
}

/// A label that work requires and agents hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// Its name.
    pub skill: SkillId,
    /// What to show.
    pub title: String,
    /// How long an offer waits for an answer (SPEC §3: 45 s unless set).
    pub offer: Span,
    /// Whether offers are accepted by themselves.
    pub auto_accept: bool,
    /// Kinds of channel on which outbound work may be started with this skill.
    pub outbound: BTreeSet<ChannelKind>,
    /// Dispositions to choose from when resolving; empty: any text.
    pub dispositions: Vec<String>,
    /// Whether resolving needs a disposition.
    pub disposition_required: bool,
}

/// A group of agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its name.
    pub team: TeamId,
    /// What to show.
    pub title: String,
}
