//! Reads `quick_replies { … }`: the list, each with its form, checked while it loads so that no form fails later.

use jiff::civil::Date;

use super::fill::{Part, parts, whole};
use super::{
    ATTRIBUTES, BUILT_IN, FieldKind, Localized, QuickReplies, QuickReply, QuickReplyBody, QuickReplyField,
    TEXT_MAX,
};
use crate::lua::data::{Fields, Node, is_id};
use crate::lua::fault::nearest;
use crate::lua::timer_rules::version;

/// Most quick replies.
const REPLIES_MAX: usize = 500;
/// Most options of a choice.
const OPTIONS_MAX: usize = 100;
/// Longest pattern, in characters.
const PATTERN_MAX: usize = 200;

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
    let id = fields.must("id").and_then(|node| node.id());
    let title = fields.must("title").and_then(|node| localized(&node, 100));
    let (form, names) = fields.may("fields").map(|node| form(&node)).unwrap_or_default();
    let body = body(&mut fields, &names);
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

fn body(fields: &mut Fields<'_>, form: &[String]) -> Option<QuickReplyBody> {
    if let Some(kind) = fields.may("kind") {
        kind.one_of(&[("whatsapp_template", ())])?;
        let template = fields.must("template")?.text(512)?;
        return Some(QuickReplyBody::WhatsappTemplate { template });
    }
    let node = fields.must("text")?;
    let text = localized(&node, TEXT_MAX)?;
    for name in text.values().flat_map(|text| parts(text)) {
        let Part::Name(name) = name else { continue };
        let known = || form.iter().map(String::as_str).chain(BUILT_IN);
        if !is_attribute(name) && known().all(|known| known != name) {
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

/// The fields, and the names of all, so that one that is wrong is not also said to be missing.
fn form(node: &Node<'_>) -> (Vec<QuickReplyField>, Vec<String>) {
    let Some(mut fields) = node.fields() else { return Default::default() };
    let written = fields.named();
    let names = written.iter().map(|(name, _)| name.clone()).collect();
    let form = written.into_iter().filter_map(|(name, node)| field(name, &node)).collect();
    fields.finish();
    (form, names)
}

/// `contact.attributes.customer_number`: which there are is the installation's business, and each contact's.
fn is_attribute(name: &str) -> bool {
    name.strip_prefix(ATTRIBUTES).is_some_and(is_id)
}

/// What `field.text { … }` and its like made: the kind and the options as written.
fn field(name: String, node: &Node<'_>) -> Option<QuickReplyField> {
    let Some((kind, node)) = node.made("field") else {
        node.wrong(
            "expected field.text {}, field.date {}, field.time {}, field.number {}, field.choice {} or field.from(\"…\")",
        );
        return None;
    };
    let mut fields = node.fields()?;
    let label = fields.may("label").and_then(|node| localized(&node, 100)).unwrap_or_default();
    let hint = fields.may("hint").and_then(|node| localized(&node, 100)).unwrap_or_default();
    let required = fields.may("required").and_then(|node| node.boolean());
    let kind = match kind.as_str() {
        "text" => text(&mut fields),
        "date" => Some(date(&mut fields)),
        "time" => Some(FieldKind::Time),
        "number" => Some(number(&mut fields)),
        "choice" => choice(&mut fields),
        _ => fields.must("from").and_then(|node| from(&node)),
    };
    fields.finish();
    Some(QuickReplyField { name, label, hint, required: required.unwrap_or(false), kind: kind? })
}

fn text(fields: &mut Fields<'_>) -> Option<FieldKind> {
    let max = fields.may("max").map_or(Some(1_000), |node| node.whole(1, 4_096));
    let min = fields.may("min").map_or(Some(0), |node| {
        let min = node.whole(0, 4_096)?;
        if max.is_some_and(|max| min > max) {
            node.wrong("more than `max`: nothing would do");
        }
        Some(min)
    });
    let pattern = fields.may("pattern").and_then(|node| {
        let pattern = node.text(PATTERN_MAX)?;
        if let Err(why) = whole(&pattern) {
            node.wrong(format!("expected a regular expression: {why}"));
        }
        Some(pattern)
    });
    Some(FieldKind::Text { min: min?, max: max?, pattern })
}

fn date(fields: &mut Fields<'_>) -> FieldKind {
    let day = |node: Node<'_>| {
        let text = node.text(20)?;
        let date = Date::strptime("%Y-%m-%d", &text).ok();
        if date.is_none() {
            node.wrong(format!("expected a date such as \"2026-12-24\", got \"{text}\""));
        }
        date
    };
    let (min, max) = (fields.may("min").and_then(day), fields.may("max").and_then(day));
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        fields.wrong("`min` is after `max`: nothing would do");
    }
    FieldKind::Date { min, max }
}

fn number(fields: &mut Fields<'_>) -> FieldKind {
    let min = fields.may("min").and_then(|node| node.number());
    let max = fields.may("max").and_then(|node| node.number());
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        fields.wrong("`min` is more than `max`: nothing would do");
    }
    let whole = fields.may("whole").and_then(|node| node.boolean()).unwrap_or(false);
    FieldKind::Number { min, max, whole }
}

fn choice(fields: &mut Fields<'_>) -> Option<FieldKind> {
    let node = fields.must("options")?;
    let options: Vec<Localized> = node.list().iter().filter_map(|node| localized(node, 200)).collect();
    if options.is_empty() || options.len() > OPTIONS_MAX {
        node.wrong(format!("expected 1 to {OPTIONS_MAX} options, these are {}", options.len()));
    }
    Some(FieldKind::Choice { options })
}

fn from(node: &Node<'_>) -> Option<FieldKind> {
    let name = node.text(100)?;
    if is_attribute(&name) {
        return Some(FieldKind::From { from: name });
    }
    let words: Vec<(&str, &str)> = BUILT_IN.iter().map(|name| (*name, *name)).collect();
    Some(FieldKind::From { from: node.one_of(&words)?.to_owned() })
}
