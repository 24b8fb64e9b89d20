//! What administrators and supervisors are told of the installation: roles, channels, tokens, acts, reports.
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::{AgentId, ChannelKind};
use crate::protocol::{Capabilities, Id, Moment, Role, Word};

/// Roles.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Roles<'a> {
    /// Every one.
    pub roles: Vec<Role<'a>>,
}

/// A password, shown once.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NewPassword<'a> {
    /// The one that was made up; left out when it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<&'a str>,
}

/// Dispositions.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Dispositions<'a> {
    /// By skill.
    pub dispositions: Vec<SkillDispositions<'a>>,
}

/// A skill's dispositions.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SkillDispositions<'a> {
    /// Which skill.
    pub skill: &'a str,
    /// What to choose from when resolving; empty: any text.
    pub dispositions: &'a [String],
    /// Whether resolving needs one.
    pub required: bool,
}

/// Channel accounts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Channels<'a> {
    /// Every one.
    pub channels: Vec<ChannelStatus<'a>>,
}

/// A channel account and how it does.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChannelStatus<'a> {
    /// Its name.
    pub channel_id: &'a str,
    /// Its kind.
    pub kind: Word<ChannelKind>,
    /// `up`, as far as is known, or `down`: it refuses everything.
    pub state: &'a str,
    /// Until when nothing is tried, if it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_until: Option<Moment>,
    /// What it refused everything with last, since the server started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<ChannelError<'a>>,
    /// For how many hours after a contact's message free text may be sent; left out: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_hours: Option<i64>,
    /// What it can do.
    pub abilities: Capabilities,
    /// Whether the contact's reading is reported.
    pub receipts: bool,
    /// Longest caption, in characters.
    pub caption_max: usize,
    /// Sends a second that its provider allows.
    pub messages_per_second: u32,
}

/// What an account refused everything with.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChannelError<'a> {
    /// When.
    pub time: Moment,
    /// The provider's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// For programs.
    pub reason: &'a str,
    /// What the provider says.
    pub details: &'a str,
}

/// What came of a channel's test.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChannelTested<'a> {
    /// Whether the account works.
    pub ok: bool,
    /// How many templates it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<usize>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

/// Bearer tokens.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Tokens<'a> {
    /// Every one.
    pub tokens: Vec<Token<'a>>,
}

/// A bearer token, without what it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Token<'a> {
    /// Its name, by which it is revoked.
    pub name: &'a str,
    /// Whose rights it has.
    pub agent_id: Id<AgentId>,
    /// That agent's login.
    pub login: &'a str,
    /// When it was made.
    pub created_at: Moment,
}

/// Acts of the audit log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Audit<'a> {
    /// Newest first.
    pub entries: Vec<AuditEntry<'a>>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Who did what.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuditEntry<'a> {
    /// Its id, for `before`.
    pub audit_id: String,
    /// When.
    pub time: Moment,
    /// Who; left out: the operator on the command line, or the server by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Id<AgentId>>,
    /// What, such as `role.save`.
    pub action: &'a str,
    /// On what: an id or a name.
    pub object: &'a str,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub detail: Option<&'a RawValue>,
}

/// How long things are kept, in days.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Retention {
    /// Events.
    pub events_days: i64,
    /// Decisions with their reasons.
    pub decisions_days: i64,
    /// Who did what.
    pub audit_days: i64,
    /// Deliveries that could not be understood.
    pub raw_days: i64,
    /// Texts, notes and files after the end of their interaction, contacts after their last one; left out: for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_days: Option<i64>,
}

/// A contact taken out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExportedContact {
    /// Who it is and what it is known by.
    pub contact: serde_json::Value,
    /// Each interaction with its messages and notes, oldest first.
    pub interactions: Vec<serde_json::Value>,
}

/// Where a file is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExportAddress {
    /// To be fetched with the same authentication.
    pub url: String,
}

/// What a day's work came to. Counted are interactions that contacts began on that day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DailyReport {
    /// The day.
    pub date: String,
    /// The time zone in which it begins.
    pub time_zone: String,
    /// When it begins.
    pub from: Moment,
    /// When it ends.
    pub to: Moment,
    /// Within how many seconds work should be accepted.
    pub accept_seconds: i64,
    /// In all.
    pub total: Figures,
    /// By skill.
    pub skills: Vec<SkillFigures>,
    /// By the agent who has it, or had it last.
    pub agents: Vec<AgentFigures>,
}

/// The figures of a skill.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SkillFigures {
    /// Which; `null`: work that no skill was found for.
    pub skill: Option<String>,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The figures of an agent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AgentFigures {
    /// Which.
    pub agent_id: Id<AgentId>,
    /// Its name.
    pub name: String,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures of some work.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Figures {
    /// Interactions that contacts began.
    pub offered: u64,
    /// Those that an agent took.
    pub accepted: u64,
    /// Those that an agent took in time.
    pub accepted_in_time: u64,
    /// Those that ended and no agent ever had.
    pub abandoned: u64,
    /// Those that an agent had and that ended without an answer.
    pub ended_unanswered: u64,
    /// Of those taken or abandoned, the part that was taken in time; `null`: none.
    pub service_level: Option<f64>,
    /// From the beginning until an agent took it; `null`: none did.
    pub wait: Option<Lengths>,
    /// From the beginning until an agent's first answer; `null`: none.
    pub first_response: Option<Lengths>,
    /// From taking it until it was resolved or closed; `null`: none.
    pub handling: Option<Lengths>,
}

/// Lengths of time, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lengths {
    /// The mean.
    pub mean_seconds: i64,
    /// Half took no longer.
    pub p50_seconds: i64,
    /// Nine in ten took no longer.
    pub p90_seconds: i64,
    /// The longest.
    pub max_seconds: i64,
}
