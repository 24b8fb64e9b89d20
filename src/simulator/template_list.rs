//! The templates of every account, and the paged list of them. Knows nothing of how a template is sent.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::graph_error::GraphError;

const SOURCE: &str = include_str!("templates.json");
const USUAL_PAGE: usize = 25;
const LARGEST_PAGE: usize = 1_000;

/// Every template, in the order of the list.
pub(super) fn all() -> &'static [Value] {
    static PARSED: OnceLock<Vec<Value>> = OnceLock::new();
    PARSED.get_or_init(|| serde_json::from_str(SOURCE).unwrap_or_default())
}

/// A text field of an object; empty when absent.
pub(super) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The answer of `GET /{waba}/message_templates`; `address` is the request's own, without its query.
pub(super) fn list(query: &BTreeMap<String, String>, address: &str) -> Result<Value, GraphError> {
    let limit = match query.get("limit") {
        None => USUAL_PAGE,
        Some(limit) => limit
            .parse::<usize>()
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| GraphError::parameter("param limit must be a positive integer."))?
            .min(LARGEST_PAGE),
    };
    let matching: Vec<&Value> = all().iter().filter(|template| wanted(template, query)).collect();
    let start = match (query.get("after"), query.get("before")) {
        (Some(after), _) if !after.is_empty() => cursor_number(after)? + 1,
        (_, Some(before)) if !before.is_empty() => cursor_number(before)?.saturating_sub(limit),
        _ => 0,
    };
    let page: Vec<Value> = matching
        .iter()
        .skip(start)
        .take(limit)
        .map(|template| picked(template, query.get("fields").map(String::as_str), &[]))
        .collect();
    let mut answer = Map::new();
    if !page.is_empty() {
        let last = start + page.len() - 1;
        let mut paging = json!({"cursors": {"before": cursor(start), "after": cursor(last)}});
        if last + 1 < matching.len() {
            put(&mut paging, "next", json!(neighbour(address, query, "after", &cursor(last))));
        }
        if start > 0 {
            put(&mut paging, "previous", json!(neighbour(address, query, "before", &cursor(start))));
        }
        answer.insert("paging".to_owned(), paging);
    }
    answer.insert("data".to_owned(), Value::Array(page));
    if query.contains_key("summary") {
        let summary = json!({
            "total_count": matching.len(),
            "message_template_count": all().len(),
            "message_template_limit": 6_000,
            "are_translations_complete": true,
        });
        answer.insert("summary".to_owned(), summary);
    }
    Ok(Value::Object(answer))
}

fn wanted(template: &Value, query: &BTreeMap<String, String>) -> bool {
    let same = |key: &str| {
        query.get(key).is_none_or(|asked| {
            // Clients send one value, a comma list or a JSON list.
            asked
                .split(',')
                .map(|part| part.trim_matches(|c: char| matches!(c, '[' | ']' | '"' | ' ')))
                .any(|part| part.eq_ignore_ascii_case(text(template, key)))
        })
    };
    let named = query.get("name").is_none_or(|asked| text(template, "name").contains(asked.as_str()));
    let spoken =
        query.get("name_or_content").is_none_or(|asked| template.to_string().contains(asked.as_str()));
    named && spoken && same("status") && same("language") && same("category")
}

/// The fields that a client asked for (`id` always); all of them, less `hidden`, when it did not say.
pub(super) fn picked(object: &Value, fields: Option<&str>, hidden: &[&str]) -> Value {
    let Some(all) = object.as_object() else { return object.clone() };
    let asked = fields.map(field_names);
    let keeps = |key: &str| match &asked {
        Some(asked) => key == "id" || asked.iter().any(|field| field == key),
        None => !hidden.contains(&key),
    };
    Value::Object(
        all.iter().filter(|(key, _)| keeps(key)).map(|(key, kept)| (key.clone(), kept.clone())).collect(),
    )
}

/// Top-level names of `a,b{c,d},e.limit(1)`.
fn field_names(fields: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    for c in fields.chars() {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => {
                if let Some(name) = names.last_mut() {
                    name.push(c);
                }
            }
            _ => {}
        }
    }
    names.iter().map(|name| name.split('.').next().unwrap_or_default().trim().to_owned()).collect()
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

fn cursor(number: usize) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("at:{number}"))
}

fn cursor_number(cursor: &str) -> Result<usize, GraphError> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(cursor.trim_end_matches('='))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("at:")?.parse::<usize>().ok())
        .filter(|number| *number < 1_000_000)
        .ok_or_else(|| GraphError::parameter("Invalid cursors values: the cursor is not one of this list."))
}

/// The address of the page after or before; without the token, which belongs in a header.
fn neighbour(address: &str, query: &BTreeMap<String, String>, direction: &str, cursor: &str) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "after" | "before" | "access_token"))
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    pairs.push((direction, cursor));
    reqwest::Url::parse_with_params(address, pairs).map(String::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(pairs: &[(&str, &str)]) -> Value {
        let query = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        list(&query, "http://127.0.0.1/sim/graph/v23.0/1/message_templates").unwrap_or_default()
    }

    #[test]
    fn there_are_templates_of_every_kind() {
        assert!(all().len() >= 12);
        let json = SOURCE;
        for sort in [
            "\"fr\"",
            "\"en\"",
            "NAMED",
            "POSITIONAL",
            "IMAGE",
            "DOCUMENT",
            "\"URL\"",
            "QUICK_REPLY",
            "PAUSED",
        ] {
            assert!(json.contains(sort), "{sort}");
        }
    }

    #[test]
    fn following_the_cursor_gives_each_template_once() {
        let mut names = Vec::new();
        let mut after = String::new();
        loop {
            let page = ask(&[("limit", "5"), ("after", &after), ("fields", "name,language")]);
            for template in page["data"].as_array().expect("data") {
                assert!(template.get("components").is_none());
                names.push(template["id"].to_string());
            }
            let Some(next) = page["paging"].get("next") else { break };
            assert!(next.as_str().expect("address").contains("limit=5"));
            page["paging"]["cursors"]["after"].as_str().expect("cursor").clone_into(&mut after);
        }
        assert_eq!(names.len(), all().len());
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn filters_and_summary() {
        assert_eq!(ask(&[("status", "PAUSED")])["data"].as_array().expect("data").len(), 1);
        assert_eq!(
            ask(&[("name", "welcome_back"), ("language", "fr")])["data"].as_array().expect("data").len(),
            1
        );
        let told = ask(&[("summary", "total_count"), ("status", "[\"approved\"]")]);
        assert_eq!(told["summary"]["total_count"], told["data"].as_array().expect("data").len());
        assert!(ask(&[("name", "nothing")]).get("paging").is_none());
    }

    #[test]
    fn nested_fields_are_read_by_their_first_name() {
        assert_eq!(
            field_names("id,quality_score{score,date},name.limit(3)"),
            ["id", "quality_score", "name"]
        );
    }
}
