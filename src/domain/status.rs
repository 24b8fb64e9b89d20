//! Where an interaction, its ownership and a message's delivery stand.

use std::fmt;

/// A text that is not one of a closed list of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    /// The words that would do.
    pub expected: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", self.expected.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

/// Declares a closed list of words with one spelling for wire, SQL, Lua and logs.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every one, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Every spelling, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];
            /// Its one spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::UnknownWord;
            fn from_str(text: &str) -> Result<Self, $crate::domain::UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::domain::UnknownWord { expected: Self::WORDS }),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What an interaction's agent says of it (SPEC §2). `closed` is terminal.
    Status {
        /// Nobody has taken it yet.
        New = "new",
        /// An agent works on it.
        Open = "open",
        /// It waits for something; a message of the contact reopens it.
        Pending = "pending",
        /// Somebody more senior is needed; a message leaves it so.
        Escalated = "escalated",
        /// Done; a message reopens it until its closing delay ends.
        Resolved = "resolved",
        /// Done for good; a message starts a new interaction.
        Closed = "closed",
    }
}

words! {
    /// Who has an interaction, apart from its status.
    Ownership {
        /// It waits in a queue.
        Queued = "queued",
        /// It is proposed to one agent, who may accept or refuse.
        Offered = "offered",
        /// One agent has it.
        Assigned = "assigned",
        /// It is in nobody's inbox; a message of the contact brings it back.
        Detached = "detached",
    }
}

words! {
    /// How far an outbound message has come. Declared in the order in which states may follow one another.
    DeliveryState {
        /// Stored; waits for its turn.
        Queued = "queued",
        /// Handed to the provider, no answer yet.
        Sending = "sending",
        /// Whether the provider took it is not known; never sent again by itself.
        Unknown = "unknown",
        /// The provider took it.
        Accepted = "accepted",
        /// It left for the contact.
        Sent = "sent",
        /// It was refused, or given up.
        Failed = "failed",
        /// It reached the contact's device.
        Delivered = "delivered",
        /// The contact saw it.
        Read = "read",
        /// The contact played it (voice).
        Played = "played",
        /// An inbound message: there is nothing to deliver.
        Received = "received",
    }
}

impl DeliveryState {
    /// Whether a report of `next` moves a message on. States never go back; `failed` may follow queued to sent,
    /// never delivered or read.
    pub fn may_become(self, next: Self) -> bool {
        self != Self::Received && next != Self::Received && next > self
    }
}

impl Status {
    /// Whether work in this status counts against its agent's capacity. Closed work does not.
    pub fn uses_capacity(self) -> bool {
        self != Self::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_one_spelling() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        let error = "Open".parse::<Status>().unwrap_err();
        assert_eq!(error.to_string(), "expected one of new, open, pending, escalated, resolved, closed");
    }

    #[test]
    fn delivery_never_goes_back() {
        use DeliveryState::{Accepted, Delivered, Failed, Queued, Read, Received, Sending, Sent, Unknown};
        for (from, to, moves) in [
            (Queued, Sending, true),
            (Sending, Unknown, true),
            (Unknown, Accepted, true),
            (Unknown, Delivered, true),
            (Sent, Failed, true),
            (Delivered, Failed, false),
            (Read, Delivered, false),
            (Read, Sent, false),
            (Accepted, Read, true),
            (Received, Read, false),
        ] {
            assert_eq!(from.may_become(to), moves, "{from} → {to}");
        }
    }
}
