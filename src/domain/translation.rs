//! Translation between an agent and a contact who do not share a language: what an interaction is set to, and how far a
//! message's translation has come.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::MessageId;
use super::status::words;

words! {
    /// How far a translation has come.
    TranslationState {
        /// It is being made.
        Pending = "pending",
        /// It is there.
        Ok = "ok",
        /// It could not be made.
        Failed = "failed",
        /// An agent chose to send the original.
        Skipped = "skipped",
    }
}

/// What an interaction is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translating {
    /// The agent's language.
    pub my_language: String,
    /// The contact's.
    pub their_language: String,
    /// Whether what the contact writes is translated.
    pub translate_theirs: bool,
    /// Whether what the agent writes is.
    pub translate_mine: bool,
    /// The message that told the contact that it is translated.
    pub told_by: Option<MessageId>,
    /// Messages whose translation is being made: taken up again after a restart.
    pub pending: BTreeSet<MessageId>,
}

/// A message's translation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// How far it has come.
    pub state: TranslationState,
    /// What it says, once it is there; of an agent's message, all that the contact gets.
    pub text: String,
    /// From which language.
    pub from: String,
    /// Into which.
    pub to: String,
    /// Why it could not be made, as a key that clients translate.
    pub reason: Option<String>,
    /// Which try: an answer to an earlier one does not count.
    pub attempt: u32,
}
