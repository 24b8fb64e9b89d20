//! Interactive messages that a business sends: buttons, lists and the rest, checked against Meta's lengths. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::draft::{limit, read_header, required};
use super::graph_error::GraphError;
use super::template_list::text;

const MOST_BUTTONS: usize = 3;
const MOST_ROWS: usize = 10;

/// What the phone draws.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) body: Option<String>,
    pub(super) parts: Map<String, Value>,
    pub(super) files: Vec<(String, String)>,
}

/// Reads the `interactive` object of a send.
pub(super) fn read(content: &Value) -> Result<Shown, GraphError> {
    let kind = text(content, "type").to_ascii_lowercase();
    let mut shown = Shown { body: None, parts: Map::new(), files: Vec::new() };
    let action = content.get("action").unwrap_or(&Value::Null);
    let longest_body = if kind == "list" { 4_096 } else { 1_024 };
    if kind != "product" {
        let body = content.get("body").unwrap_or(&Value::Null);
        shown.body = Some(required(body, "text", "interactive['body']", longest_body)?.to_owned());
    }
    match kind.as_str() {
        "button" => shown.parts.insert("buttons".to_owned(), read_buttons(action)?),
        "list" => shown.parts.insert("list".to_owned(), read_list(action)?),
        "cta_url" => shown.parts.insert("buttons".to_owned(), read_link(action)?),
        "location_request_message" => shown
            .parts
            .insert("buttons".to_owned(), json!([{"type": "location_request", "title": "Location"}])),
        "request_contact_info" => {
            shown.parts.insert("buttons".to_owned(), json!([{"type": "contact_request", "title": "Contact"}]))
        }
        "flow"
        | "product"
        | "product_list"
        | "catalog_message"
        | "address_message"
        | "call_permission_request" => shown.parts.insert("action".to_owned(), action.clone()),
        other => {
            return Err(GraphError::parameter(format!(
                "Param interactive['type'] must be one of {{BUTTON, CTA_URL, FLOW, LIST, LOCATION_REQUEST_MESSAGE, \
                 PRODUCT, PRODUCT_LIST, REQUEST_CONTACT_INFO}} - got \"{other}\"."
            )));
        }
    };
    if let Some(header) = content.get("header").filter(|header| header.is_object()) {
        let header = read_header(header, &mut shown.files)?;
        shown.parts.insert("header".to_owned(), header);
    }
    let footer = content.pointer("/footer/text").and_then(Value::as_str).unwrap_or_default();
    if !footer.is_empty() {
        limit("interactive['footer']['text']", footer, 60)?;
        shown.parts.insert("footer".to_owned(), json!(footer));
    }
    Ok(shown)
}

fn read_buttons(action: &Value) -> Result<Value, GraphError> {
    let buttons = action.get("buttons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if buttons.is_empty() || buttons.len() > MOST_BUTTONS {
        let story =
            format!("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {MOST_BUTTONS}.");
        return Err(GraphError::code(131_009, story));
    }
    let mut seen = BTreeSet::new();
    let mut shown = Vec::new();
    for button in buttons {
        let reply = button.get("reply").unwrap_or(&Value::Null);
        let id = required(reply, "id", "interactive['action']['buttons'][]['reply']", 256)?;
        let title = required(reply, "title", "interactive['action']['buttons'][]['reply']", 20)?;
        if !(seen.insert(("id", id)) && seen.insert(("title", title))) {
            return Err(GraphError::code(131_009, "Duplicate ids or titles of buttons are not allowed"));
        }
        shown.push(json!({"type": "reply", "id": id, "title": title}));
    }
    Ok(Value::Array(shown))
}

fn read_list(action: &Value) -> Result<Value, GraphError> {
    let label = required(action, "button", "interactive['action']", 20)?;
    let sections = action.get("sections").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut ids = BTreeSet::new();
    let mut shown = Vec::new();
    for section in sections {
        let title = text(section, "title");
        limit("interactive['action']['sections'][]['title']", title, 24)?;
        if title.is_empty() && sections.len() > 1 {
            return Err(GraphError::code(
                131_009,
                "Section title is required when there are several sections",
            ));
        }
        let rows = section.get("rows").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut drawn = Vec::new();
        for row in rows {
            let id = required(row, "id", "interactive['action']['sections'][]['rows'][]", 200)?;
            let title = required(row, "title", "interactive['action']['sections'][]['rows'][]", 24)?;
            let description = text(row, "description");
            limit("interactive['action']['sections'][]['rows'][]['description']", description, 72)?;
            if !ids.insert(id) {
                return Err(GraphError::code(131_009, "Duplicate row ids are not allowed"));
            }
            drawn.push(json!({"id": id, "title": title, "description": description}));
        }
        shown.push(json!({"title": title, "rows": drawn}));
    }
    if ids.is_empty() || ids.len() > MOST_ROWS {
        let story = format!("Total row count exceed max allowed count: {MOST_ROWS}, or there is none");
        return Err(GraphError::code(131_009, story));
    }
    Ok(json!({"button": label, "sections": shown}))
}

fn read_link(action: &Value) -> Result<Value, GraphError> {
    let parameters = action.get("parameters").unwrap_or(&Value::Null);
    let label = required(parameters, "display_text", "interactive['action']['parameters']", 20)?;
    let url = required(parameters, "url", "interactive['action']['parameters']", 2_048)?;
    Ok(json!([{"type": "url", "title": label, "url": url}]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buttons(titles: &[&str]) -> Value {
        let buttons: Vec<Value> = titles
            .iter()
            .map(|title| json!({"type": "reply", "reply": {"id": format!("id-{title}"), "title": title}}))
            .collect();
        json!({"type": "button", "body": {"text": "Choose"}, "action": {"buttons": buttons}})
    }

    fn list(rows: usize) -> Value {
        let rows: Vec<Value> =
            (0..rows).map(|n| json!({"id": n.to_string(), "title": format!("Row {n}")})).collect();
        json!({"type": "list", "body": {"text": "Choose"},
            "action": {"button": "Open", "sections": [{"title": "All", "rows": rows}]}})
    }

    #[test]
    fn buttons_and_lists_are_drawn() {
        let shown = read(&buttons(&["Yes", "No"])).expect("buttons");
        assert_eq!(shown.parts["buttons"][1]["title"], "No");
        let shown = read(&list(10)).expect("list");
        assert_eq!(shown.parts["list"]["sections"][0]["rows"].as_array().expect("rows").len(), 10);
    }

    #[test]
    fn each_limit_is_kept() {
        let refused = [
            buttons(&[]),
            buttons(&["1", "2", "3", "4"]),
            buttons(&["same", "same"]),
            buttons(&["a title of twenty-one"]),
            list(0),
            list(11),
            json!({"type": "list", "body": {"text": "a".repeat(4_097)}, "action": {}}),
            json!({"type": "button", "body": {"text": "a".repeat(1_025)}, "action": {}}),
            json!({"type": "wheel", "body": {"text": "a"}}),
            json!({"type": "cta_url", "body": {"text": "a"}, "action": {}}),
        ];
        for content in refused {
            assert!(read(&content).is_err(), "{content}");
        }
    }
}
