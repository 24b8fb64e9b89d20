//! The questions the engine asks an installation's scripts, as a trait.
//!
//! Lua answers them in production, plain Rust in tests. An implementation is synchronous, bounded in time (the engine
//! waits) and never fails outwards: an `Err` in [`Asked::answer`] says that the script could not answer, and the engine
//! takes its default.

use crate::domain::{AgentId, ChannelId, ChannelKind, Ownership, SkillId, Span, Status, Target, Time};
pub use crate::domain::{TimerPlan, TimerRule, ZeroAction};

/// What a script may know of an interaction. Flat, so that it becomes one small table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// The channel account.
    pub channel: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// The status.
    pub status: Status,
    /// Who has it.
    pub ownership: Ownership,
    /// The contact's name.
    pub contact_name: String,
    /// The contact's language (two letters), when known.
    pub language: Option<String>,
    /// Whether the contact is marked for routing.
    pub vip: bool,
    /// Whether the contact was never here before.
    pub first_contact: bool,
    /// The newest message's text (at most 4,096 characters), empty if none.
    pub text: String,
    /// The newest message's kind, such as `image`.
    pub message_kind: String,
    /// The skill so far.
    pub skill: Option<SkillId>,
    /// Tags.
    pub tags: Vec<String>,
    /// The disposition.
    pub disposition: Option<String>,
    /// The agent who has or had it last.
    pub last_agent: Option<AgentId>,
    /// Whether that agent is available.
    pub last_agent_available: bool,
    /// Whether an agent began it.
    pub outbound: bool,
    /// When it began.
    pub created_at: Time,
}

/// Where `route` sends an interaction.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Route {
    /// For whom.
    pub target: Target,
    /// 0–1000.
    pub priority: u16,
    /// For how long the target is kept before `otherwise`; only with `otherwise`.
    pub within: Option<Span>,
    /// Where it goes then.
    pub otherwise: Option<SkillId>,
    /// An automatic reply, as text to send (a quick reply's text, in the contact's language).
    pub reply: Option<String>,
    /// The language to go by from now on.
    pub language: Option<String>,
    /// The bot that has it first, by its name; then `otherwise` says for whom it is after that (the default skill, if it says
    /// nothing), and `target` is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
}

impl Route {
    /// Waiting for a skill at any level, with no priority.
    pub fn skill(skill: SkillId) -> Self {
        Self {
            target: Target::Skill { skill, level: 1 },
            priority: 0,
            within: None,
            otherwise: None,
            reply: None,
            language: None,
            bot: None,
        }
    }
}

/// What `on_message` says of a contact's message on an existing interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMessage {
    /// The rules of SPEC §2.
    Default,
    /// The status stays as it is.
    Keep,
    /// It becomes `open`.
    Reopen,
    /// It starts a new interaction, linked to this one (the old one closes).
    StartNew,
}

/// When a resolved or closed interaction ends.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClosePlan {
    /// After how long in this status; `None`: never by itself.
    pub after: Option<Span>,
}

/// What an outcome must have.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OutcomeRules {
    /// Whether this status needs a disposition.
    pub disposition_required: bool,
}

/// Why a script could not answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// What went wrong, with file and line when known: `scripts/routing.lua:12: attempt to …`.
    pub message: String,
}

/// An answer with where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<T> {
    /// The answer; `Err`: the engine takes its default.
    pub answer: Result<T, Failure>,
    /// The generation of scripts that was asked.
    pub generation: i64,
    /// Where in the script the answer was made (`scripts/routing.lua:12`), when known.
    pub at: Option<String>,
}

/// An installation's rules.
pub trait Policy {
    /// Which generation of scripts answers now. An answer kept from an older one is asked again when next needed.
    fn generation(&self) -> i64;
    /// Where does this new (or unowned) interaction go?
    fn route(&self, facts: &Facts, now: Time) -> Asked<Route>;
    /// A contact wrote on an existing interaction: what now?
    fn on_message(&self, facts: &Facts, now: Time) -> Asked<OnMessage>;
    /// Which timers does it have?
    fn timers(&self, facts: &Facts, now: Time) -> Asked<TimerPlan>;
    /// When does it end by itself, in the status it is in?
    fn auto_close(&self, facts: &Facts, now: Time) -> Asked<ClosePlan>;
    /// What must its outcome have to take `status`?
    fn outcome_rules(&self, facts: &Facts, status: Status) -> Asked<OutcomeRules>;
}
