//! Quick replies as an agent sees them: in the contact's language, for the interaction's skill, filled in with what is known.
//!
//! Which there are and what they take is the scripts'; who may read the interaction, and the stars, are the engine's. Here both
//! meet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::app::App;
use crate::domain::SkillId;
use crate::engine::{Prefill, Refusal, RefusalKind};
use crate::lua::{
    ATTRIBUTES, FieldKind, QuickReplies, QuickReply, QuickReplyField, Search, first_name, in_language,
    preview,
};
use crate::protocol::params::{FindQuickReplies, RenderQuickReply};
use crate::protocol::{self, ErrorShape, FieldKindName};

/// Values by the names that quick replies know without a field.
fn known(prefill: &Prefill) -> BTreeMap<String, String> {
    let agent = &prefill.agent.name;
    let mut known = BTreeMap::from([
        ("agent.name".to_owned(), agent.clone()),
        ("agent.first_name".to_owned(), first_name(agent).to_owned()),
    ]);
    let Some(view) = &prefill.view else { return known };
    let (row, contact) = (&view.interaction, &view.contact);
    let mut add = |name: &str, value: &str| {
        // What is empty is not known: a greeting without a name is not sent by mistake.
        if !value.is_empty() {
            known.insert(name.to_owned(), value.to_owned());
        }
    };
    add("contact.name", &contact.name);
    add("contact.first_name", first_name(&contact.name));
    add("contact.address", &row.address);
    add("contact.language", contact.language.as_deref().unwrap_or_default());
    for (name, value) in &contact.attributes {
        add(&format!("{ATTRIBUTES}{name}"), value);
    }
    add("interaction.id", &row.interaction_id.to_string());
    add("interaction.skill", prefill.skill.as_deref().unwrap_or_default());
    add("interaction.language", row.language.as_deref().unwrap_or_default());
    known
}

/// The language to write in: asked for, the interaction's, or the contact's.
fn language<'a>(asked: Option<&'a str>, prefill: &'a Prefill) -> Option<&'a str> {
    let of_work = || {
        let view = prefill.view.as_ref()?;
        view.interaction.language.as_deref().or(view.contact.language.as_deref())
    };
    asked.or_else(of_work)
}

/// Whether it is for this work; without one, for anything that the agent may be given.
fn serves(skills: &[SkillId], prefill: &Prefill) -> bool {
    let fits = |skill: &SkillId| match &prefill.view {
        Some(view) => view.interaction.skill.as_ref() == Some(skill),
        None => prefill.agent.skills.is_empty() || prefill.agent.level(skill) > 0,
    };
    skills.is_empty() || skills.iter().any(fits)
}

/// The frame with those that serve, fit the search best, and are favourites where asked for.
pub(crate) fn list(app: &App, id: &RawValue, prefill: &Prefill, asked: &FindQuickReplies) -> String {
    let book = app.desk.scripts().map(|host| host.quick_replies()).unwrap_or_default();
    let language = language(asked.language.as_deref(), prefill);
    let (known, search) = (known(prefill), Search::new(asked.search.as_deref().unwrap_or_default()));
    let mut found: Vec<(u32, protocol::QuickReply<'_>)> = book
        .list
        .iter()
        .filter(|reply| serves(&reply.skills, prefill))
        .filter_map(|reply| Some((search.score(reply)?, shown(&book, reply, language, &known, prefill)?)))
        .filter(|(_, reply)| reply.starred || !asked.favourites)
        .collect();
    // Best first, favourites before others, then as the script has them.
    found.sort_by_key(|(score, reply)| (std::cmp::Reverse(*score), !reply.starred));
    protocol::answer(
        id,
        protocol::QuickReplies { quick_replies: found.into_iter().map(|(_, reply)| reply).collect() },
    )
}

fn shown<'a>(
    book: &'a QuickReplies,
    reply: &'a QuickReply,
    wished: Option<&str>,
    known: &BTreeMap<String, String>,
    prefill: &Prefill,
) -> Option<protocol::QuickReply<'a>> {
    // Templates have a form of their own.
    let (language, text) = reply.text(wished, &book.default_language).ok()?;
    let spoken = if language.is_empty() { wished.unwrap_or(&book.default_language) } else { language };
    Some(protocol::QuickReply {
        quick_reply_id: &reply.quick_reply_id,
        title: in_language(&reply.title, spoken),
        text: preview(text, known),
        language: Some(language).filter(|language| !language.is_empty()),
        shortcut: reply.shortcut.as_deref(),
        tags: &reply.tags,
        skills: reply.skills.iter().map(SkillId::as_str).collect::<BTreeSet<_>>(),
        starred: prefill.stars.get(&reply.quick_reply_id).copied().unwrap_or(reply.favourite),
        fields: reply.fields.iter().map(|field| form(field, spoken, known)).collect(),
    })
}

fn form<'a>(
    field: &'a QuickReplyField,
    language: &str,
    known: &BTreeMap<String, String>,
) -> protocol::QuickReplyField<'a> {
    let label = in_language(&field.label, language);
    let empty = protocol::QuickReplyField {
        name: &field.name,
        label: if label.is_empty() { &field.name } else { label },
        kind: FieldKindName::Text,
        required: field.required,
        hint: Some(in_language(&field.hint, language)).filter(|hint| !hint.is_empty()),
        value: None,
        min_length: None,
        max_length: None,
        pattern: None,
        min: None,
        max: None,
        whole: false,
        options: Vec::new(),
    };
    match &field.kind {
        FieldKind::Text { min, max, pattern } => protocol::QuickReplyField {
            min_length: Some(*min).filter(|min| *min > 0),
            max_length: Some(*max),
            pattern: pattern.as_deref(),
            ..empty
        },
        FieldKind::From { from } => protocol::QuickReplyField { value: known.get(from).cloned(), ..empty },
        FieldKind::Date { min, max } => protocol::QuickReplyField {
            kind: FieldKindName::Date,
            min: min.map(|date| date.to_string().into()),
            max: max.map(|date| date.to_string().into()),
            ..empty
        },
        FieldKind::Time => protocol::QuickReplyField { kind: FieldKindName::Time, ..empty },
        FieldKind::Number { min, max, whole } => protocol::QuickReplyField {
            kind: FieldKindName::Number,
            min: min.map(serde_json::Value::from),
            max: max.map(serde_json::Value::from),
            whole: *whole,
            ..empty
        },
        FieldKind::Choice { options } => protocol::QuickReplyField {
            kind: FieldKindName::Choice,
            options: options.iter().map(|option| in_language(option, language)).collect(),
            ..empty
        },
    }
}

/// Whether there is such a quick reply.
pub(crate) fn exists(app: &App, quick_reply_id: &str) -> Result<(), Refusal> {
    let book = app.desk.scripts().map(|host| host.quick_replies()).unwrap_or_default();
    if book.get(quick_reply_id).is_some() {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::NotFound, format!("There is no quick reply {quick_reply_id:?}")))
}

/// The frame with its text, filled in.
pub(crate) fn render(
    app: &App,
    id: &RawValue,
    prefill: &Prefill,
    asked: &RenderQuickReply,
) -> Result<String, ErrorShape<'static>> {
    exists(app, &asked.quick_reply_id)?;
    let book = app.desk.scripts().map(|host| host.quick_replies()).unwrap_or_default();
    let Some(reply) = book.get(&asked.quick_reply_id) else { return Err(super::dispatch::unexpected()) };
    let wished = language(asked.language.as_deref(), prefill);
    let (language, text) = reply
        .text(wished, &book.default_language)
        .map_err(|message| Refusal::new(RefusalKind::Unsupported, message))?;
    let spoken = if language.is_empty() { wished.unwrap_or(&book.default_language) } else { language };
    let text = reply
        .render(text, spoken, &known(prefill), &asked.fields)
        .map_err(|unfilled| Refusal::new(RefusalKind::Invalid, unfilled.message).field(unfilled.field))?;
    let language = Some(language).filter(|language| !language.is_empty());
    let rendered =
        protocol::RenderedQuickReply { quick_reply_id: &reply.quick_reply_id, language, text: &text };
    Ok(protocol::answer(id, rendered))
}
