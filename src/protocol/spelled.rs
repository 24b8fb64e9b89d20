//! How values are spelt on the wire: ids and words as their one text, times as RFC 3339.
//!
//! The words themselves are `domain`'s; this file only teaches them to describe themselves in a schema.

use std::borrow::Cow;
use std::fmt::Display;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{
    AddressKind, AgentId, AgentState, Book, ChannelId, ChannelKind, ContactId, DecisionId, DeliveryState,
    Direction, DraftMode, HeaderFormat, InteractionId, MediaId, MediaState, MessageId, MessageKind, NoteId,
    Ownership, ParameterFormat, Permission, RoleId, SectionState, SkillId, Status, TeamId, Time,
    TranscriptId, TranscriptState, TranslationState,
};
use crate::engine::{RefusalKind, TimerChange, TimerKind};

/// An id as clients see it: an opaque text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id<T>(pub T);

/// A kind of id, and what becomes of a text that is none.
pub trait Opaque: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What was expected, for ids that people choose; an id that we number is opaque, so that any text is one.
    fn read(text: &str) -> Result<Self, String>;
}

macro_rules! numbered {
    ($($name:ident)*) => {$(
        impl Opaque for $name {
            // Clients may not look into an id, so a text that never was one gets the answer of one that is gone: the
            // engine gives out positive numbers only and finds nothing under this one.
            fn read(text: &str) -> Result<Self, String> {
                Ok(text.parse().unwrap_or(Self(-1)))
            }
        }
    )*};
}
numbered!(AgentId ContactId DecisionId InteractionId MessageId NoteId TranscriptId);

macro_rules! named {
    ($($name:ident)*) => {$(
        impl Opaque for $name {
            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error: crate::domain::UnknownId| error.to_string())
            }
        }
    )*};
}
named!(ChannelId MediaId RoleId SkillId TeamId);

impl<T: Display> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: Opaque> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        T::read(&text).map(Self).map_err(D::Error::custom)
    }
}

impl<T> JsonSchema for Id<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// An instant: RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Time);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let wrong = || D::Error::custom("expected a time such as \"2027-01-31T09:00:00Z\"");
        text.parse().map(Self).map_err(|_| wrong())
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A word of a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Word<T>(pub T);

/// A closed list of words with its name.
pub trait Words {
    /// The name in the schema.
    const NAME: &'static str;
    /// Every spelling.
    const LIST: &'static [&'static str];
}

macro_rules! lists {
    ($($name:ident $title:literal)*) => {$(
        impl Words for $name {
            const NAME: &'static str = $title;
            const LIST: &'static [&'static str] = $name::WORDS;
        }
    )*};
}
lists! {
    Book "Book"
    SectionState "SectionState"
    AddressKind "AddressKind"
    AgentState "AgentState"
    ChannelKind "ChannelKind"
    DeliveryState "MessageState"
    Direction "Direction"
    DraftMode "DraftMode"
    HeaderFormat "HeaderFormat"
    MediaState "MediaState"
    MessageKind "MessageKind"
    Ownership "Ownership"
    ParameterFormat "ParameterFormat"
    Permission "Permission"
    RefusalKind "RefusalKind"
    Status "Status"
    TimerChange "TimerChange"
    TimerKind "TimerKind"
    TranscriptState "TranscriptState"
    TranslationState "TranslationState"
}

impl<T: Words> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": T::LIST })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_never_was_is_read_as_one_that_is_gone() {
        let read = |text: &str| serde_json::from_str::<Id<InteractionId>>(text).map(|id| id.0);
        assert_eq!(read("\"i42\"").unwrap(), InteractionId(42));
        for strange in ["\"\"", "\"42\"", "\"m42\"", "\"i-1\"", "\"\\u0000\"", "\"i99999999999999999999\""] {
            assert_eq!(read(strange).unwrap(), InteractionId(-1), "{strange}");
        }
        assert!(read("42").unwrap_err().to_string().contains("expected a string"));
        assert!(serde_json::from_str::<Id<SkillId>>("\"a b\"").is_err());
    }

    #[test]
    fn a_wrong_word_is_told_the_right_ones() {
        let error = serde_json::from_str::<Word<Status>>("\"Open\"").unwrap_err().to_string();
        assert!(error.contains("`new`, `open`, `pending`"), "{error}");
    }

    #[test]
    fn times_and_ids_are_texts() {
        let shown = serde_json::to_string(&(Id(MessageId(7)), Moment(Time(1_700_000_000_000)))).unwrap();
        assert_eq!(shown, "[\"m7\",\"2023-11-14T22:13:20.000Z\"]");
    }
}
