//! How agents, skills, queues and channel accounts look on the wire.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Id, Moment, Word};
use crate::domain::{AddressKind, AgentId, AgentState, ChannelKind, Permission};

/// A person who answers, supervises or administers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Agent<'a> {
    /// Its id.
    pub agent_id: Id<AgentId>,
    /// The name to log in with.
    pub login: &'a str,
    /// The name to show.
    pub name: &'a str,
    /// Whether it is a bot: a plugin that answers contacts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
    /// Its role.
    pub role: &'a str,
    /// Whether it may be offered work.
    pub state: Word<AgentState>,
    /// Why it is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// Since when it is in this state.
    pub state_since: Moment,
    /// Its skills.
    pub skills: Vec<HeldSkill<'a>>,
    /// Its teams.
    pub teams: Vec<&'a str>,
    /// How much work it may hold.
    pub capacity: Room<'a>,
    /// How much it holds now.
    pub load: u32,
    /// Whether it was removed; then it is only a name in the history.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// What its holders may do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Role<'a> {
    /// Its name.
    pub role: &'a str,
    /// What to show.
    pub title: &'a str,
    /// What its holders may do.
    pub permissions: Vec<Word<Permission>>,
    /// Kinds of channel whose work they may handle.
    pub kinds: Vec<Word<ChannelKind>>,
    /// Whether it is always there: it can be changed, not removed.
    pub built_in: bool,
}

/// A skill that an agent holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeldSkill<'a> {
    /// Which skill.
    pub skill: &'a str,
    /// 1 (learning) to 10 (expert).
    pub level: u8,
}

/// How much work an agent may hold.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Room<'a> {
    /// In all.
    pub total: u32,
    /// On one kind of channel.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, u32>")]
    pub per_kind: &'a BTreeMap<ChannelKind, u32>,
}

/// A queue's counters.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Queue<'a> {
    /// Work waiting for which skill.
    pub skill: &'a str,
    /// What to show.
    pub title: &'a str,
    /// How many wait, offers included.
    pub waiting: u32,
    /// Since when the first of them waits.
    pub longest_since: Option<Moment>,
    /// Available agents who hold the skill.
    pub available_agents: u32,
    /// Whether work waits that nobody on duty can take.
    pub unattended: bool,
    /// How fast it is served.
    pub service_level: ServiceLevel,
}

/// How fast a queue is served: how much work was accepted for the first time, and how much of it within the target.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceLevel {
    /// The target.
    pub target_seconds: i64,
    /// Since midnight UTC.
    pub today: Share,
    /// In the last hour, to five minutes.
    pub last_hour: Share,
}

/// What was accepted in a time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Share {
    /// How much.
    pub accepted: i64,
    /// How much of it within the target.
    pub in_time: i64,
    /// That in per cent, rounded; left out: nothing was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<i64>,
}

/// A channel account.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Channel<'a> {
    /// Its name.
    pub channel_id: &'a str,
    /// Its kind.
    pub kind: Word<ChannelKind>,
    /// Whether templates can be listed and sent on it.
    pub templates: bool,
    /// What an address on it looks like.
    pub address: Word<AddressKind>,
    /// Whether an agent may begin on it: the contact need not have written first.
    pub outbound: bool,
    /// Whether what an agent begins must begin with a template.
    pub template_first: bool,
    /// Whether a conversation has a subject.
    pub subject: bool,
    /// Whether it carries text; the telephone does not.
    pub text: bool,
}

/// A skill.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Skill<'a> {
    /// Its name.
    pub skill: &'a str,
    /// What to show.
    pub title: &'a str,
    /// Dispositions to choose from when resolving; empty: any text.
    pub dispositions: &'a [String],
    /// Whether resolving needs one.
    pub disposition_required: bool,
    /// How long an offer waits for an answer.
    pub offer_seconds: i64,
    /// Whether offers are accepted by themselves.
    pub auto_accept: bool,
    /// Kinds of channel on which outbound work may be started with it.
    #[schemars(with = "Vec<Word<ChannelKind>>")]
    pub outbound: &'a BTreeSet<ChannelKind>,
}

/// A group of agents.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Team<'a> {
    /// Its name.
    pub team: &'a str,
    /// What to show.
    pub title: &'a str,
}
