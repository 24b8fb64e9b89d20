//! `scripts/quick_replies.lua`: prepared answers, their forms, and how their text is filled in (`fill`) and found (`find`).
//!
//! It must not know who asks, for which interaction, or how it is told on the wire.

mod fill;
mod find;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub use self::fill::{Unfilled, preview};
pub use self::find::Search;
pub(crate) use self::read::read;
use super::data::is_id;
use super::fault::nearest;
use crate::domain::SkillId;

/// Longest text, as on the channel that allows least of those that matter.
const TEXT_MAX: usize = 4_096;

/// Values that a text may name without a field for them; beside them `contact.attributes.…`, by the installation's names.
const BUILT_IN: [&str; 9] = [
    "contact.name",
    "contact.first_name",
    "contact.address",
    "contact.language",
    "agent.name",
    "agent.first_name",
    "interaction.id",
    "interaction.skill",
    "interaction.language",
];

/// What the names of the installation's own attributes of contacts begin with.
pub const ATTRIBUTES: &str = "contact.attributes.";

/// A text in several languages: two-letter code to text. Under the empty code: for every language.
pub type Localized = BTreeMap<String, String>;

/// One prepared answer.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct QuickReply {
    /// Its name in scripts and on the wire.
    pub quick_reply_id: String,
    /// What a list shows.
    pub title: Localized,
    /// What is sent.
    pub body: QuickReplyBody,
    /// What the agent is asked for, in the order of their names.
    pub fields: Vec<QuickReplyField>,
    /// For which skills; empty: all.
    pub skills: Vec<SkillId>,
    /// Words to find it by.
    pub tags: BTreeSet<String>,
    /// Whether it is among the favourites of an agent who said nothing else of it.
    pub favourite: bool,
    /// What to type for it, such as `/hello`.
    pub shortcut: Option<String>,
}

/// What a quick reply sends.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuickReplyBody {
    /// A text with `{names}` to fill in.
    Text {
        /// In each language.
        text: Localized,
    },
    /// A pre-approved template of the channel.
    WhatsappTemplate {
        /// Its name at the provider.
        template: String,
    },
}

/// One thing to fill in.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct QuickReplyField {
    /// Its name in the text.
    pub name: String,
    /// What the form says.
    pub label: Localized,
    /// An example of what is expected.
    pub hint: Localized,
    /// Whether it must be filled in.
    pub required: bool,
    /// What it takes.
    pub kind: FieldKind,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text.
    Text {
        /// Shortest, in characters.
        min: u32,
        /// Longest.
        max: u32,
        /// A regular expression that the whole of it must match.
        pattern: Option<String>,
    },
    /// A date, as `2026-11-24`; the contact reads it as people write it.
    Date {
        /// The first that will do.
        min: Option<Date>,
        /// The last.
        max: Option<Date>,
    },
    /// A time of day, as `14:30`.
    Time,
    /// A number.
    Number {
        /// The least that will do.
        min: Option<f64>,
        /// The most.
        max: Option<f64>,
        /// Whether it must be whole.
        whole: bool,
    },
    /// One of some texts, each perhaps in several languages.
    Choice {
        /// Which.
        options: Vec<Localized>,
    },
    /// A value that is known already, such as `contact.name`; the agent may change it.
    From {
        /// Which.
        from: String,
    },
}

/// What the script gives.
#[derive(Debug, Clone, Default)]
pub struct QuickReplies {
    /// Every one, in the script's order.
    pub list: Vec<QuickReply>,
    /// The language for contacts of whom none is known.
    pub default_language: String,
}

impl QuickReplies {
    /// One by its id.
    pub fn get(&self, quick_reply_id: &str) -> Option<&QuickReply> {
        self.list.iter().find(|known| known.quick_reply_id == quick_reply_id)
    }

    /// The text of an automatic reply: a quick reply's by its id, else the text itself.
    pub(crate) fn automatic(
        &self,
        reply: &str,
        language: Option<&str>,
        contact_name: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<String, String> {
        let mut known = values.clone();
        known.insert("contact.name".to_owned(), contact_name.to_owned());
        known.insert("contact.first_name".to_owned(), first_name(contact_name).to_owned());
        let text = match self.get(reply) {
            Some(quick) => {
                quick.complete(&mut known)?;
                quick.text(language, &self.default_language)?.1
            }
            None if is_id(reply) => {
                let ids = self.list.iter().map(|quick| quick.quick_reply_id.as_str());
                let meant = nearest(reply, ids).map(|id| format!("; did you mean \"{id}\"?"));
                return Err(format!("there is no quick reply \"{reply}\"{}", meant.unwrap_or_default()));
            }
            None => reply,
        };
        let text = fill::fill(text, &known)
            .map_err(|name| format!("the reply \"{reply}\" needs a value for {{{name}}}"))?;
        let length = text.chars().count();
        if length > TEXT_MAX {
            return Err(format!("the reply has {length} characters; at most {TEXT_MAX}"));
        }
        Ok(text)
    }
}

impl QuickReply {
    /// The text in the language, or the default one, or any; with the language it is in (empty: it serves all).
    pub fn text(&self, language: Option<&str>, default: &str) -> Result<(&str, &str), String> {
        match &self.body {
            QuickReplyBody::Text { text } => {
                let wished = [language.unwrap_or_default(), default, ""];
                let found = wished.iter().find_map(|language| text.get_key_value(*language));
                let found = found.or_else(|| text.first_key_value());
                let found = found.map(|(language, text)| (language.as_str(), text.as_str()));
                found.ok_or_else(|| "it has no text".to_owned())
            }
            QuickReplyBody::WhatsappTemplate { .. } => {
                Err(format!("\"{}\" is a template: an automatic reply is a text", self.quick_reply_id))
            }
        }
    }

    /// Gives fields that nobody filled in what is known for them.
    fn complete(&self, values: &mut BTreeMap<String, String>) -> Result<(), String> {
        for field in self.fields.iter().filter(|field| !field.required || is_from(field)) {
            if values.contains_key(&field.name) {
                continue;
            }
            let value = match &field.kind {
                FieldKind::From { from } => {
                    let known = values.get(from).cloned();
                    known.ok_or_else(|| format!("{from} is not known for an automatic reply"))?
                }
                FieldKind::Text { .. }
                | FieldKind::Date { .. }
                | FieldKind::Time
                | FieldKind::Number { .. }
                | FieldKind::Choice { .. } => String::new(),
            };
            values.insert(field.name.clone(), value);
        }
        Ok(())
    }
}

fn is_from(field: &QuickReplyField) -> bool {
    matches!(field.kind, FieldKind::From { .. })
}

/// The first of somebody's names.
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
}

/// A text in a language, or the one for all, or any; empty if there is none.
pub fn in_language<'a>(texts: &'a Localized, language: &str) -> &'a str {
    let found = texts.get(language).or_else(|| texts.get("")).or_else(|| texts.values().next());
    found.map_or("", String::as_str)
}
