//! Reads the account's templates, page by page, in Meta's shape.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::Graph;
use super::{mend, outcome};
use crate::domain::{ChannelId, HeaderFormat, ParameterFormat, Template, TemplateButton};
use crate::port::ConnectorError;

/// 10,000 templates; Meta allows an account 6,000.
const PAGES_MAX: usize = 100;
/// Components that need more than a form of texts and one file. Their templates are listed and can't be sent.
const TOO_MUCH: [&str; 3] = ["CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST"];

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    name: String,
    language: String,
    status: String,
    #[serde(default)]
    category: String,
    parameter_format: Option<String>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    format: Option<String>,
    text: Option<String>,
    #[serde(default)]
    buttons: Vec<Button>,
}

#[derive(Deserialize)]
struct Button {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    url: Option<String>,
}

/// Every template; one that can't be read is left out.
pub(super) async fn read(graph: &Graph, channel_id: &ChannelId) -> Result<Vec<Template>, ConnectorError> {
    let mut templates = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let answer = outcome::of_request(graph.template_page(after.as_deref()).await)?;
        let text = String::from_utf8_lossy(&answer.body);
        let text = mend::mend(&text);
        let page: Page<'_> = serde_json::from_str(&text).map_err(|_| ConnectorError {
            again: true,
            reason: "WhatsApp's list of templates can't be read".into(),
        })?;
        let before = templates.len();
        templates.extend(page.data.iter().filter_map(|part| template(part.get(), channel_id)));
        if templates.len() - before < page.data.len() {
            tracing::warn!(channel = %channel_id, "some of WhatsApp's templates could not be read and are left out");
        }
        let paging = page.paging.unwrap_or(Paging { cursors: None, next: None });
        let cursor = paging.cursors.and_then(|cursors| cursors.after);
        // `next` tells that there is more, but it is an address with a token in it, so the cursor is used instead.
        match cursor {
            Some(cursor) if paging.next.is_some() && after.as_ref() != Some(&cursor) => after = Some(cursor),
            Some(_) | None => return Ok(templates),
        }
    }
    tracing::warn!(channel = %channel_id, "WhatsApp has more templates than are read; the rest is left out");
    Ok(templates)
}

fn template(part: &str, channel_id: &ChannelId) -> Option<Template> {
    let wire: Wire = serde_json::from_str(part).ok()?;
    let component =
        |kind: &str| wire.components.iter().find(|component| component.kind.eq_ignore_ascii_case(kind));
    let text = |kind: &str| component(kind).and_then(|component| component.text.clone());
    let header_format = component("HEADER").map(|header| header.format.as_deref().unwrap_or("TEXT"));
    let known = header_format.map(header);
    let beyond = matches!(known, Some(None)) || TOO_MUCH.iter().any(|kind| component(kind).is_some());
    let named = wire.parameter_format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("NAMED"));
    Some(Template {
        channel_id: channel_id.clone(),
        status: if beyond { "unsupported".to_owned() } else { wire.status.to_ascii_lowercase() },
        category: wire.category.to_ascii_lowercase(),
        parameter_format: if named { ParameterFormat::Named } else { ParameterFormat::Positional },
        header_format: known.flatten(),
        header: text("HEADER"),
        body: text("BODY").unwrap_or_default(),
        footer: text("FOOTER"),
        buttons: component("BUTTONS")
            .map_or_else(Vec::new, |component| component.buttons.iter().map(button).collect()),
        name: wire.name,
        language: wire.language,
    })
}

fn header(format: &str) -> Option<HeaderFormat> {
    format.to_ascii_lowercase().parse().ok()
}

fn button(button: &Button) -> TemplateButton {
    TemplateButton {
        kind: button.kind.to_ascii_lowercase(),
        text: button.text.clone().unwrap_or_default(),
        url: button.url.clone(),
    }
}
