//! Names of things. Numbered ids are given out by the engine in order; named ids are chosen by an administrator.
//!
//! An id's text carries a letter for its kind (`i42`, `m7`), so that one can't be taken for another in a log, a query
//! or a frame. Clients treat all of them as opaque.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownId {
    /// What was expected, such as `interaction id`.
    pub expected: &'static str,
}

impl fmt::Display for UnknownId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}", self.expected)
    }
}

impl std::error::Error for UnknownId {}

macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident $letter:literal $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = UnknownId;
            fn from_str(text: &str) -> Result<Self, UnknownId> {
                text.strip_prefix($letter)
                    .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok())
                    .map(Self)
                    .ok_or(UnknownId { expected: $expected })
            }
        }
    )*};
}

numbered! {
    /// A person who writes to the contact centre.
    ContactId "c" "a contact id (c…)";
    /// One address of a contact on one kind of channel, with all its aliases.
    IdentityId "d" "an identity id (d…)";
    /// One piece of work with a contact on one channel.
    InteractionId "i" "an interaction id (i…)";
    /// One message, in or out.
    MessageId "m" "a message id (m…)";
    /// One agent.
    AgentId "a" "an agent id (a…)";
    /// One note on an interaction or a message.
    NoteId "n" "a note id (n…)";
    /// One stored question to the policy, with its answer.
    DecisionId "q" "a decision id (q…)";
    /// One sending of a transcript.
    TranscriptId "t" "a transcript id (t…)";
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident $max:literal $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = UnknownId;
            fn from_str(text: &str) -> Result<Self, UnknownId> {
                let fits = !text.is_empty()
                    && text.len() <= $max
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
                if fits { Ok(Self(text.into())) } else { Err(UnknownId { expected: $expected }) }
            }
        }
    )*};
}

named! {
    /// A skill's name, such as `support`.
    SkillId 64 "a skill name (letters, digits, - _ . up to 64)";
    /// A role's name, such as `supervisor`.
    RoleId 64 "a role name (letters, digits, - _ . up to 64)";
    /// A team's name, such as `front`.
    TeamId 64 "a team name (letters, digits, - _ . up to 64)";
    /// A channel account's name in the configuration, such as `whatsapp-fr`.
    ChannelId 64 "a channel id (letters, digits, - _ . up to 64)";
    /// A stored file. Random, so that it can't be guessed.
    MediaId 64 "a media id";
}

impl RoleId {
    /// The name of a role that is always there.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_both_ways() {
        assert_eq!(InteractionId(42).to_string(), "i42");
        assert_eq!("i42".parse(), Ok(InteractionId(42)));
        for bad in ["", "i", "42", "m42", "i-1", "i+1", "i 1", "i99999999999999999999"] {
            assert!(bad.parse::<InteractionId>().is_err(), "{bad}");
        }
        for bad in ["", "a b", "é", "a/b", &"x".repeat(65)] {
            assert!(bad.parse::<SkillId>().is_err(), "{bad}");
        }
        assert!("whatsapp_fr.vip-2".parse::<SkillId>().is_ok());
    }
}
