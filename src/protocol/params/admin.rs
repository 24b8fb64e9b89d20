//! What administrators send.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::{ChannelKind, Role, SkillId, TeamId};
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
        role: Option<Word<Role>>,
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
    /// A bearer token to revoke.
    RevokeToken {
        /// Its name.
        name: String,
    }
}

/// A kind of channel as a key.
pub type KindKey = Word<ChannelKind>;
