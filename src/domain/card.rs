//! A customer card's sections: what other systems know of a contact (SPEC §5.11).

use serde::{Deserialize, Serialize};

use super::status::words;

words! {
    /// Where a section stands.
    SectionState {
        /// It was asked for and has not come yet.
        Pending = "pending",
        /// It is here.
        Ready = "ready",
        /// It did not come in time, or not at all.
        Unavailable = "unavailable",
    }
}

/// One line of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardField {
    /// What it is.
    pub label: String,
    /// What is known.
    pub value: String,
    /// Where to read more, `https://…`.
    pub link: Option<String>,
}

/// What one provider knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardSection {
    /// The provider's name.
    pub provider: String,
    /// What to show above it.
    pub title: String,
    /// Where it stands.
    pub state: SectionState,
    /// What it says, once it is ready.
    pub fields: Vec<CardField>,
}
