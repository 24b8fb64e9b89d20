//! Pre-approved message templates: their shape, what a sender must fill in, and the text that results.
//!
//! Checked before anything is sent (SPEC §4), by the engine and by whoever shows a form.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{ChannelId, MediaId};

words! {
    /// How a template names its parameters.
    ParameterFormat {
        /// `{{1}}`, `{{2}}`, …
        Positional = "positional",
        /// `{{first_name}}`, …
        Named = "named",
    }
}

words! {
    /// What a template's header is.
    HeaderFormat {
        /// Text, with at most one parameter.
        Text = "text",
        /// A picture.
        Image = "image",
        /// A film.
        Video = "video",
        /// A file.
        Document = "document",
        /// A place.
        Location = "location",
    }
}

/// A button under a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateButton {
    /// The provider's word for its sort: `quick_reply`, `url`, `phone_number`, `copy_code`, `flow`, …
    pub kind: String,
    /// Its label.
    pub text: String,
    /// Its address, with `{{1}}` where a value goes.
    pub url: Option<String>,
}

/// A template as the provider has it. Its key is channel, name and language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// On which channel.
    pub channel_id: ChannelId,
    /// Its name.
    pub name: String,
    /// Its language, as the provider writes it (`fr`, `en_US`).
    pub language: String,
    /// `marketing`, `utility` or `authentication`.
    pub category: String,
    /// The provider's word: `approved`, `paused`, `rejected`, … Only `approved` ones can be sent.
    pub status: String,
    /// How parameters are named.
    pub parameter_format: ParameterFormat,
    /// What the header is, if there is one.
    pub header_format: Option<HeaderFormat>,
    /// The header's text.
    pub header: Option<String>,
    /// The body, with its parameters.
    pub body: String,
    /// The line under the body.
    pub footer: Option<String>,
    /// Buttons.
    pub buttons: Vec<TemplateButton>,
}

/// A template chosen and filled in. Keys of `parameters` are `1`, `2`, … or names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateValues {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// The body's values.
    pub parameters: BTreeMap<String, String>,
    /// The header's value, if its text has a parameter.
    pub header_text: Option<String>,
    /// The header's file, if it is one.
    pub header_media: Option<MediaId>,
    /// Values of buttons, by position from 0: what fills a URL's `{{1}}`, or a quick reply's payload.
    pub buttons: BTreeMap<String, String>,
}

/// Why a filled template can't be sent. `field` is the key the form shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Which field: a parameter's key, `header`, `header_media`, `buttons.0`, `name`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template field {:?}: {}", self.field, self.problem)
    }
}

/// Meta's limit for a filled body, in characters.
const BODY_MAX: usize = 1_024;
/// Meta's limit for a filled header.
const HEADER_MAX: usize = 60;
/// Our own limit for one value, so that a form can tell early.
const VALUE_MAX: usize = 1_024;

fn wrong(field: &str, problem: impl Into<String>) -> TemplateError {
    TemplateError { field: field.to_owned(), problem: problem.into() }
}

impl Template {
    /// The body's parameters, each once, in order of appearance.
    pub fn parameters(&self) -> Vec<&str> {
        placeholders(&self.body)
    }
}

/// The names between `{{` and `}}`, each once, in order of appearance.
fn placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((name, next)) = after.split_once("}}") else { break };
        let name = name.trim();
        if !name.is_empty() && !found.contains(&name) {
            found.push(name);
        }
        rest = next;
    }
    found
}

fn fill(text: &str, value_of: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, next)) = after.split_once("}}") else { break };
        filled.push_str(before);
        if let Some(value) = value_of(name.trim()) {
            filled.push_str(&value);
        } else {
            for part in ["{{", name, "}}"] {
                filled.push_str(part);
            }
        }
        rest = next;
    }
    filled.push_str(rest);
    filled
}

/// Meta refuses values with line breaks, tabs or more than four spaces in a row (its documentation of message templates).
fn check_value(field: &str, value: &str) -> Result<(), TemplateError> {
    if value.trim().is_empty() {
        return Err(wrong(field, "is empty; every parameter needs a value"));
    }
    if value.chars().count() > VALUE_MAX {
        return Err(wrong(field, format!("is longer than {VALUE_MAX} characters")));
    }
    if value.contains(['\n', '\r', '\t']) || value.contains("     ") {
        return Err(wrong(
            field,
            "has a line break, a tab or more than four spaces in a row, which templates don't allow",
        ));
    }
    Ok(())
}

/// Checks count, names, emptiness and length of everything a template asks for.
///
/// # Errors
/// The first field that does not fit, in the order of the form.
pub fn check_template(template: &Template, values: &TemplateValues) -> Result<(), TemplateError> {
    if template.status != "approved" {
        return Err(wrong(
            "name",
            format!("this template is {}; only approved ones can be sent", template.status),
        ));
    }
    match template.header_format {
        Some(HeaderFormat::Text) => check_header_text(template, values)?,
        Some(HeaderFormat::Image | HeaderFormat::Video | HeaderFormat::Document)
            if values.header_media.is_none() =>
        {
            return Err(wrong("header_media", "this template's header needs a file"));
        }
        Some(HeaderFormat::Location) => {
            return Err(wrong("header", "templates with a place as header can't be sent from here"));
        }
        Some(HeaderFormat::Image | HeaderFormat::Video | HeaderFormat::Document) | None => {}
    }
    let wanted = template.parameters();
    for name in &wanted {
        let value = values.parameters.get(*name).ok_or_else(|| wrong(name, "is missing"))?;
        check_value(name, value)?;
    }
    if let Some(extra) = values.parameters.keys().find(|key| !wanted.contains(&key.as_str())) {
        return Err(wrong(extra, "is not a parameter of this template"));
    }
    if fill_body(template, values).chars().count() > BODY_MAX {
        return Err(wrong("body", format!("the filled text is longer than {BODY_MAX} characters")));
    }
    for (position, button) in template.buttons.iter().enumerate() {
        let key = position.to_string();
        let needs_value = button.url.as_deref().is_some_and(|url| !placeholders(url).is_empty())
            || button.kind == "copy_code";
        match values.buttons.get(&key) {
            Some(value) => check_value(&format!("buttons.{key}"), value)?,
            None if needs_value => return Err(wrong(&format!("buttons.{key}"), "is missing")),
            None => {}
        }
    }
    match values
        .buttons
        .keys()
        .find(|key| key.parse::<usize>().map_or(true, |at| at >= template.buttons.len()))
    {
        Some(extra) => Err(wrong(&format!("buttons.{extra}"), "this template has no such button")),
        None => Ok(()),
    }
}

fn check_header_text(template: &Template, values: &TemplateValues) -> Result<(), TemplateError> {
    let header = template.header.as_deref().unwrap_or_default();
    if placeholders(header).is_empty() {
        return Ok(());
    }
    let value = values.header_text.as_deref().ok_or_else(|| wrong("header", "is missing"))?;
    check_value("header", value)?;
    if fill(header, &|_| Some(value.to_owned())).chars().count() > HEADER_MAX {
        return Err(wrong("header", format!("the filled header is longer than {HEADER_MAX} characters")));
    }
    Ok(())
}

fn fill_body(template: &Template, values: &TemplateValues) -> String {
    fill(&template.body, &|name| values.parameters.get(name).cloned())
}

/// What the contact will read: header, body and footer, a blank line between.
pub fn render_template(template: &Template, values: &TemplateValues) -> String {
    let header = template.header.as_deref().map(|header| fill(header, &|_| values.header_text.clone()));
    let parts = [header, Some(fill_body(template, values)), template.footer.clone()];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        Template {
            channel_id: "wa".parse().unwrap(),
            name: "order".into(),
            language: "fr".into(),
            category: "utility".into(),
            status: "approved".into(),
            parameter_format: ParameterFormat::Positional,
            header_format: Some(HeaderFormat::Text),
            header: Some("Commande {{1}}".into()),
            body: "Bonjour {{1}}, colis {{2}}. Merci {{1}}".into(),
            footer: Some("Guichet".into()),
            buttons: vec![TemplateButton {
                kind: "url".into(),
                text: "Suivre".into(),
                url: Some("https://example.com/{{1}}".into()),
            }],
        }
    }

    fn values() -> TemplateValues {
        TemplateValues {
            name: "order".into(),
            language: "fr".into(),
            parameters: [("1".into(), "Marie".into()), ("2".into(), "42".into())].into(),
            header_text: Some("A7".into()),
            header_media: None,
            buttons: [("0".into(), "42".into())].into(),
        }
    }

    #[test]
    fn a_filled_template_reads_as_the_contact_sees_it() {
        assert_eq!(check_template(&template(), &values()), Ok(()));
        assert_eq!(
            render_template(&template(), &values()),
            "Commande A7\n\nBonjour Marie, colis 42. Merci Marie\n\nGuichet"
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let cases: [(&str, fn(&mut Template, &mut TemplateValues)); 9] = [
            ("2", |_, v| drop(v.parameters.remove("2"))),
            ("1", |_, v| drop(v.parameters.insert("1".into(), "  ".into()))),
            ("1", |_, v| drop(v.parameters.insert("1".into(), "a\nb".into()))),
            ("3", |_, v| drop(v.parameters.insert("3".into(), "x".into()))),
            ("body", |_, v| drop(v.parameters.insert("1".into(), "x".repeat(1_000)))),
            ("header", |_, v| v.header_text = None),
            ("header_media", |t, _| t.header_format = Some(HeaderFormat::Image)),
            ("buttons.0", |_, v| v.buttons.clear()),
            ("name", |t, _| t.status = "paused".into()),
        ];
        for (field, spoil) in cases {
            let (mut template, mut values) = (template(), values());
            spoil(&mut template, &mut values);
            assert_eq!(check_template(&template, &values).unwrap_err().field, field);
        }
    }
}
