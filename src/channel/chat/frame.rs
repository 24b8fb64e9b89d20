//! The words of `guichet.chat.v1`: one JSON object a frame, told apart by `type`. What is done about them is `visit`'s business.

use serde::{Deserialize, Serialize};

use super::shown::{Shown, State};

/// What a visitor's page says.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    /// Begins, or goes on after `cursor`.
    Start {
        /// The token given before.
        #[serde(default)]
        token: Option<String>,
        /// The host site's signed word, instead of a token.
        #[serde(default)]
        identity: Option<String>,
        /// The cursor of the last frame that had one.
        #[serde(default)]
        cursor: Option<String>,
    },
    /// Writes. The same id again is the same message.
    Message {
        client_id: String,
        #[serde(default)]
        text: String,
        /// An uploaded file.
        #[serde(default)]
        media_id: Option<String>,
    },
    /// Somebody types here.
    Typing {},
    /// This message, and those before it, arrived.
    Delivered { message_id: String },
    /// This message, and those before it, were seen.
    Read { message_id: String },
    /// Older messages, please.
    History { before: String },
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Told<'a> {
    /// First of all.
    Hello { protocol: u32, heartbeat_seconds: u64, max_frame_bytes: usize, time: String },
    /// The answer to `start`.
    Started {
        /// The token to come back with; absent for who is vouched for.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<&'a str>,
        /// The name that the host site gave.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        /// Whether `messages` follow on from the cursor; else they are the newest, and what the page has is out of date.
        resumed: bool,
        messages: Vec<Shown<'a>>,
        /// Whether there are older ones.
        more: bool,
        state: &'a State,
        cursor: String,
    },
    /// A message came, or was written on another device.
    Message { message: Shown<'a>, cursor: String },
    /// The visitor's message is stored.
    Stored { client_id: &'a str },
    /// Something was not done, and why.
    Refused {
        kind: &'static str,
        message: &'a str,
        /// Of which message.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
    },
    /// Where the conversation stands.
    State { state: &'a State },
    /// An agent types.
    Typing {},
    /// The answer to `history`.
    History { messages: Vec<Shown<'a>>, more: bool },
}

impl Told<'_> {
    pub(super) fn text(&self) -> String {
        // Texts, numbers and flags under names: nothing that JSON can't hold.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_word_is_refused() {
        for (text, expected) in [
            (r#"{"type":"typing"}"#, Some(Asked::Typing {})),
            (r#"{"type":"read","message_id":"m1"}"#, Some(Asked::Read { message_id: "m1".into() })),
            (r#"{"type":"start"}"#, Some(Asked::Start { token: None, identity: None, cursor: None })),
            (r#"{"type":"start","tokn":"x"}"#, None),
            (r#"{"type":"typing","x":1}"#, None),
            (r#"{"type":"message","text":"x"}"#, None),
            (r#"{"type":"burn"}"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(serde_json::from_str::<Asked>(text).ok(), expected, "{text}");
        }
    }
}
