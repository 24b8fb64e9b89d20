//! What is sent to look words up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::{AgentId, ChannelId, ContactId, Status};
use crate::protocol::{Id, Moment, Word};

params! {
    /// Words to look for.
    SearchRun {
        /// Words, all of which must be there, whatever their case, accents and endings (French and English); a word that ends in
        /// `*` is a beginning. At most 200 characters.
        query: String,
        /// What to look at.
        #[serde(default)]
        filters: SearchFilters,
        /// A former page's `next`.
        #[serde(default)]
        before: Option<String>,
        /// How many, 1 to 100; by default 50.
        #[serde(default)]
        limit: Option<u32>,
    }
}

/// What a search looks at; what is left out filters nothing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchFilters {
    /// Only these kinds of hit.
    pub kinds: Vec<HitKind>,
    /// On interactions of this status.
    pub status: Option<Word<Status>>,
    /// On interactions that this agent has or had last.
    pub agent_id: Option<Id<AgentId>>,
    /// On this channel account.
    pub channel_id: Option<Id<ChannelId>>,
    /// With this contact.
    pub contact_id: Option<Id<ContactId>>,
    /// Not before this time (RFC 3339).
    pub from: Option<Moment>,
    /// Before this time (RFC 3339).
    pub to: Option<Moment>,
}

/// What a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// A message: its text, or its files' names and captions.
    Message,
    /// A note.
    Note,
    /// An interaction: its contact's name, its address, tags or disposition.
    Interaction,
}
