//! What administrators send.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::{AgentId, ChannelKind, Permission, RoleId, SkillId, Status, TeamId};
use crate::protocol::{Id, Word};

params! {
    /// An agent to make, or to change by login. What is left out stays.
    SaveAgent {
        /// The name to log in with.
        login: String,
        /// The name to show.
        #[serde(default)]
        name: Option<String>,
        /// Its role; by default `agent`.
        #[serde(default)]
        role: Option<Id<RoleId>>,
        /// A new password, 8 to 200 characters.
        #[serde(default)]
        password: Option<String>,
        /// All its skills.
        #[serde(default)]
        skills: Option<Vec<SaveHeldSkill>>,
        /// All its teams.
        #[serde(default)]
        teams: Option<BTreeSet<Id<TeamId>>>,
        /// How much work it may hold.
        #[serde(default)]
        capacity: Option<SaveCapacity>,
        /// Removes it: it can't log in any more, and history still names it.
        #[serde(default)]
        removed: bool,
    }
    /// A skill that an agent holds.
    SaveHeldSkill {
        /// Which.
        skill: Id<SkillId>,
        /// 1 to 10.
        level: u8,
    }
    /// How much work an agent may hold.
    SaveCapacity {
        /// In all.
        total: u32,
        /// On one kind of channel.
        #[serde(default)]
        per_kind: BTreeMap<KindKey, u32>,
    }
    /// A skill to make or to change.
    SaveSkill {
        /// Its name.
        skill: Id<SkillId>,
        /// What to show; by default its name.
        #[serde(default)]
        title: Option<String>,
        /// How long an offer waits for an answer, 5 to 3,600; by default 45.
        #[serde(default)]
        offer_seconds: Option<u32>,
        /// Whether offers are accepted by themselves.
        #[serde(default)]
        auto_accept: bool,
        /// Kinds of channel on which outbound work may be started with it.
        #[serde(default)]
        outbound: BTreeSet<Word<ChannelKind>>,
        /// Dispositions to choose from when resolving; empty: any text.
        #[serde(default)]
        dispositions: Vec<String>,
        /// Whether resolving needs one.
        #[serde(default)]
        disposition_required: bool,
    }
    /// A role to make or to change, whole.
    SaveRole {
        /// Its name.
        role: Id<RoleId>,
        /// What to show; by default its name.
        #[serde(default)]
        title: Option<String>,
        /// All that its holders may do.
        permissions: BTreeSet<Word<Permission>>,
        /// Kinds of channel whose work they may handle; by default every kind.
        #[serde(default)]
        kinds: Option<BTreeSet<Word<ChannelKind>>>,
    }
    /// One role.
    OfRole {
        /// Which.
        role: Id<RoleId>,
    }
    /// One agent.
    OfLogin {
        /// The name to log in with.
        login: String,
    }
    /// Another password.
    ResetPassword {
        /// Whose.
        login: String,
        /// The password, 8 to 200 characters; left out: one is made up and shown, once.
        #[serde(default)]
        password: Option<String>,
    }
    /// One skill.
    OfSkill {
        /// Which.
        skill: Id<SkillId>,
    }
    /// One skill, or all.
    MaybeSkill {
        /// Which; left out: all.
        #[serde(default)]
        skill: Option<Id<SkillId>>,
    }
    /// All dispositions of a skill.
    SaveDispositions {
        /// Of which skill.
        skill: Id<SkillId>,
        /// All of them; none: any text.
        dispositions: Vec<String>,
        /// Whether resolving needs one; left out: as it is.
        #[serde(default)]
        required: Option<bool>,
    }
    /// One team.
    OfTeam {
        /// Which.
        team: Id<TeamId>,
    }
    /// Acts of the audit log.
    ListAudit {
        /// Only by this agent.
        #[serde(default)]
        agent_id: Option<Id<AgentId>>,
        /// Only this action, such as `role.save`.
        #[serde(default)]
        action: Option<String>,
        /// Only on this object: an id or a name.
        #[serde(default)]
        object: Option<String>,
        /// Only from then on.
        #[serde(default)]
        from: Option<String>,
        /// Only before then.
        #[serde(default)]
        to: Option<String>,
        /// Only before this entry.
        #[serde(default)]
        before: Option<String>,
        /// How many, 1 to 100; by default 50.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// A day's report.
    DailyReport {
        /// The day, such as `2026-01-31`; left out: today.
        #[serde(default)]
        date: Option<String>,
        /// Only this skill.
        #[serde(default)]
        skill: Option<Id<SkillId>>,
    }
    /// A file with interactions.
    ExportInteractions {
        /// From when on they began.
        from: String,
        /// Before when they began.
        to: String,
        /// `csv` or `json`; by default `csv`.
        #[serde(default)]
        format: Option<String>,
        /// What they must be.
        #[serde(default)]
        filters: ExportFilters,
    }
    /// A team to make or to change.
    SaveTeam {
        /// Its name.
        team: Id<TeamId>,
        /// What to show; by default its name.
        #[serde(default)]
        title: Option<String>,
    }
    /// A bearer token to make.
    AddToken {
        /// Its name, by which it is revoked.
        name: String,
        /// Whose rights it has.
        login: String,
    }
    /// A script.
    OfScript {
        /// Its file, such as `scripts/routing.lua`.
        name: String,
    }
    /// A script's draft.
    DraftScript {
        /// Its file, such as `scripts/routing.lua`.
        name: String,
        /// Its whole source.
        text: String,
    }
    /// A script's new source.
    SaveScript {
        /// Its file, such as `scripts/routing.lua`.
        name: String,
        /// Its whole source.
        text: String,
        /// The `hash` of the source that was changed; left out: there was none.
        #[serde(default)]
        hash: Option<String>,
    }
    /// An older generation.
    OfGeneration {
        /// Which, of `generations`.
        generation: i64,
    }
    /// A bearer token to revoke.
    RevokeToken {
        /// Its name.
        name: String,
    }
}

/// What exported interactions must be.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportFilters {
    /// Only this skill.
    pub skill: Option<Id<SkillId>>,
    /// Only this agent's.
    pub agent_id: Option<Id<AgentId>>,
    /// Only this kind of channel.
    pub kind: Option<Word<ChannelKind>>,
    /// Only in this status.
    pub status: Option<Word<Status>>,
}

/// A kind of channel as a key.
pub type KindKey = Word<ChannelKind>;
