//! `scripts/quick_replies.lua`: prepared answers, their forms, and how their text is filled in.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Fields, Node};
use super::fault::nearest;
use super::timer_rules::version;
use crate::domain::SkillId;

/// Most quick replies.
const REPLIES_MAX: usize = 500;
/// Longest text, as on the channel that allows least of those that matter.
const TEXT_MAX: usize = 4_096;

/// Values that a text may name without a field for them.
const BUILT_IN: [&str; 4] = ["contact.name", "contact.first_name", "agent.name", "agent.first_name"];

/// A text in several languages: two-letter code to text. Under the empty code: for every language.
pub type Localized = BTreeMap<String, String>;

/// One prepared answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
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
    /// Whether it is among the favourites of an agent who chose none.
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
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct QuickReplyField {
    /// Its name in the text.
    pub name: String,
    /// What the form says.
    pub label: Localized,
    /// Whether it may stay empty.
    pub required: bool,
    /// What it takes.
    pub kind: FieldKind,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text.
    Text {
        /// Longest, in characters.
        max: u32,
    },
    /// A date.
    Date,
    /// A number.
    Number,
    /// One of some texts.
    Choice {
        /// Which.
        options: Vec<String>,
    },
    /// A value that is known already, such as `contact.name`; the agent may change it.
    From {
        /// Which.
        from: String,
    },
}

/// What the script gives.
#[derive(Debug, Clone, Default)]
pub(crate) struct QuickReplies {
    pub(crate) list: Vec<QuickReply>,
    pub(crate) default_language: String,
}

impl QuickReplies {
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
        let text = match self.list.iter().find(|known| known.quick_reply_id == reply) {
            Some(quick) => {
                quick.complete(&mut known)?;
                quick.text(language, &self.default_language)?
            }
            None if is_id(reply) => {
                let ids = self.list.iter().map(|quick| quick.quick_reply_id.as_str());
                let meant = nearest(reply, ids).map(|id| format!("; did you mean \"{id}\"?"));
                return Err(format!("there is no quick reply \"{reply}\"{}", meant.unwrap_or_default()));
            }
            None => reply,
        };
        let text = fill(text, &known)
            .map_err(|name| format!("the reply \"{reply}\" needs a value for {{{name}}}"))?;
        let length = text.chars().count();
        if length > TEXT_MAX {
            return Err(format!("the reply has {length} characters; at most {TEXT_MAX}"));
        }
        Ok(text)
    }
}

impl QuickReply {
    /// The text in the language, or the default one, or any.
    fn text(&self, language: Option<&str>, default: &str) -> Result<&str, String> {
        match &self.body {
            QuickReplyBody::Text { text } => {
                let wished = [language.unwrap_or_default(), default, ""];
                let found = wished.iter().find_map(|language| text.get(*language));
                let found = found.or_else(|| text.values().next());
                found.map(String::as_str).ok_or_else(|| "it has no text".to_owned())
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
                FieldKind::Text { .. } | FieldKind::Date | FieldKind::Number | FieldKind::Choice { .. } => {
                    String::new()
                }
            };
            values.insert(field.name.clone(), value);
        }
        Ok(())
    }
}

fn is_from(field: &QuickReplyField) -> bool {
    matches!(field.kind, FieldKind::From { .. })
}

fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b))
}

/// Puts values into `{names}`; `{{` is a brace. `Err`: the name that has none.
fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) => filled.push_str(values.get(name).ok_or(name)?),
        }
    }
    Ok(filled)
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        parts.push(Part::Text(before));
        let inner = from.get(1..).unwrap_or_default();
        let close = inner.find('}');
        if inner.starts_with('{') {
            parts.push(Part::Text("{"));
            rest = inner.get(1..).unwrap_or_default();
        } else if let Some(close) = close {
            parts.push(Part::Name(inner.get(..close).unwrap_or_default().trim()));
            rest = inner.get(close + 1..).unwrap_or_default();
        } else {
            parts.push(Part::Text(from));
            rest = "";
        }
    }
    parts.push(Part::Text(rest));
    parts
}

/// Reads `quick_replies { … }`.
pub(crate) fn read(node: &Node<'_>) -> Option<QuickReplies> {
    let mut fields = node.fields()?;
    version(&mut fields);
    let default_language = fields.may("default_language").and_then(|node| language(&node));
    let items = fields.items();
    if items.len() > REPLIES_MAX {
        fields.wrong(format!("more than {REPLIES_MAX} quick replies"));
    }
    let mut list: Vec<QuickReply> = Vec::new();
    for item in items.iter().take(REPLIES_MAX) {
        let Some(reply) = one(item) else { continue };
        if list.iter().any(|other| other.quick_reply_id == reply.quick_reply_id) {
            item.wrong(format!("the id \"{}\" is taken by another quick reply", reply.quick_reply_id));
        }
        list.push(reply);
    }
    fields.finish();
    Some(QuickReplies { list, default_language: default_language.unwrap_or_else(|| "en".to_owned()) })
}

fn language(node: &Node<'_>) -> Option<String> {
    let code = node.text(2)?;
    let fits = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    if !fits {
        node.wrong(format!("expected a language's two letters such as \"fr\", got \"{code}\""));
    }
    fits.then_some(code)
}

fn one(node: &Node<'_>) -> Option<QuickReply> {
    let mut fields = node.fields()?;
    let id = fields.must("id").and_then(|node| {
        let id = node.text(64)?;
        if !is_id(&id) {
            node.wrong(format!("expected small letters, digits, - _ and . only, got \"{id}\""));
        }
        Some(id)
    });
    let title = fields.must("title").and_then(|node| localized(&node, 100));
    let form = fields.may("fields").map(|node| form(&node)).unwrap_or_default();
    let body = body(&mut fields, &form);
    let skills = fields.may("skills").map(|node| node.list().iter().filter_map(Node::parsed).collect());
    let tags = fields.may("tags").map(|node| node.list().iter().filter_map(|tag| tag.text(50)).collect());
    let favourite = fields.may("favourite").and_then(|node| node.boolean()).unwrap_or(false);
    let shortcut = fields.may("shortcut").and_then(|node| node.text(30));
    fields.finish();
    Some(QuickReply {
        quick_reply_id: id?,
        title: title?,
        body: body?,
        fields: form,
        skills: skills.unwrap_or_default(),
        tags: tags.unwrap_or_default(),
        favourite,
        shortcut,
    })
}

fn body(fields: &mut Fields<'_>, form: &[QuickReplyField]) -> Option<QuickReplyBody> {
    if let Some(kind) = fields.may("kind") {
        kind.one_of(&[("whatsapp_template", ())])?;
        let template = fields.must("template")?.text(512)?;
        return Some(QuickReplyBody::WhatsappTemplate { template });
    }
    let node = fields.must("text")?;
    let text = localized(&node, TEXT_MAX)?;
    for name in text.values().flat_map(|text| parts(text)) {
        let Part::Name(name) = name else { continue };
        let known = || form.iter().map(|field| field.name.as_str()).chain(BUILT_IN);
        if known().all(|known| known != name) {
            let meant = nearest(name, known()).map(|meant| format!("; did you mean {{{meant}}}?"));
            let meant = meant.unwrap_or_else(|| "; give it a field, or write {{ for a brace".to_owned());
            node.wrong(format!("nothing is called {{{name}}}{meant}"));
        }
    }
    Some(QuickReplyBody::Text { text })
}

/// `"Hello"`, or `{ fr = "Bonjour", en = "Hello" }`.
fn localized(node: &Node<'_>, most: usize) -> Option<Localized> {
    if node.is_text() {
        return Some(Localized::from([(String::new(), node.text(most)?)]));
    }
    let mut fields = node.fields()?;
    let mut texts = Localized::new();
    for (code, node) in fields.named() {
        if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
            node.wrong(format!("expected a language's two letters such as `fr`, got `{code}`"));
        }
        if let Some(text) = node.text(most) {
            texts.insert(code, text);
        }
    }
    fields.finish();
    if texts.is_empty() {
        node.wrong("expected a text, or one in each language: { fr = \"…\", en = \"…\" }");
        return None;
    }
    Some(texts)
}

fn form(node: &Node<'_>) -> Vec<QuickReplyField> {
    let Some(mut fields) = node.fields() else { return Vec::new() };
    let form = fields.named().into_iter().filter_map(|(name, node)| field(name, &node)).collect();
    fields.finish();
    form
}

/// What `field.text { … }` and its like made: the kind and the options as written.
fn field(name: String, node: &Node<'_>) -> Option<QuickReplyField> {
    let Some((kind, node)) = node.made("field") else {
        node.wrong(
            "expected field.text {}, field.date {}, field.number {}, field.choice {} or field.from(\"…\")",
        );
        return None;
    };
    let mut fields = node.fields()?;
    let label = fields.may("label").and_then(|node| localized(&node, 100)).unwrap_or_default();
    let required = fields.may("required").and_then(|node| node.boolean());
    let kind = match kind.as_str() {
        "text" => {
            let max = fields.may("max").map_or(Some(1_000), |node| node.whole(1, 4_096));
            max.map(|max| FieldKind::Text { max })
        }
        "date" => Some(FieldKind::Date),
        "number" => Some(FieldKind::Number),
        "choice" => {
            let options = fields.must("options").map(|node| node.list()).unwrap_or_default();
            let options = options.iter().filter_map(|node| node.text(200)).collect();
            Some(FieldKind::Choice { options })
        }
        _ => fields.must("from").and_then(|node| {
            let words: Vec<(&str, &str)> = BUILT_IN.iter().map(|name| (*name, *name)).collect();
            Some(FieldKind::From { from: node.one_of(&words)?.to_owned() })
        }),
    };
    fields.finish();
    Some(QuickReplyField { name, label, required: required.unwrap_or(false), kind: kind? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in() {
        let values = BTreeMap::from([("a".to_owned(), "{b}".to_owned()), ("c.d".to_owned(), "é".to_owned())]);
        for (text, filled) in [
            ("x {a} { c.d }", Ok("x {b} é")),
            ("{{a}", Ok("{a}")),
            ("open { end", Ok("open { end")),
            ("{a}{nobody}", Err("nobody")),
            ("{}", Err("")),
        ] {
            assert_eq!(fill(text, &values), filled.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }
}
