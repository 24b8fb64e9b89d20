//! `/docs/`: the protocol document as a page for people. Made once, from the same document that programs read.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use super::app::App;
use super::reply::json;

const STYLE: &str = include_str!("reference.css");

pub(crate) async fn show(State(app): State<Arc<App>>) -> Html<String> {
    Html(app.reference.clone())
}

pub(crate) async fn document(State(app): State<Arc<App>>) -> Response {
    json(app.document.get().to_owned())
}

pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// Text as HTML, with `code` between backticks.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (place, part) in text.split('`').enumerate() {
        let code = place % 2 == 1;
        html.push_str(if code { "<code>" } else { "" });
        html.push_str(&escape(part));
        html.push_str(if code { "</code>" } else { "" });
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A part of a document, or nothing.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn items<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A schema in a few words, with links to the types it names.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = escape(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    for either in ["anyOf", "oneOf"] {
        let parts: Vec<String> = items(schema, either).iter().map(type_of).collect();
        if !parts.is_empty() {
            return parts.join(" or ");
        }
    }
    if let Some(word) = schema.get("const") {
        return format!("<code>{}</code>", escape(&word.to_string()));
    }
    match schema.get("type") {
        Some(Value::String(name)) if name == "array" => {
            format!("list of {}", schema.get("items").map_or_else(|| "anything".into(), type_of))
        }
        Some(Value::String(name)) => escape(name),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).map(escape).collect::<Vec<_>>().join(" or ")
        }
        Some(_) | None => "anything".into(),
    }
}

fn row(html: &mut String, name: &str, schema: &Value, required: bool) {
    let must = if required { " <b>*</b>" } else { "" };
    let _infallible = write!(
        html,
        "<tr><td><code>{}</code>{must}<td>{}<td>{}",
        escape(name),
        type_of(schema),
        prose(text(schema, "description")),
    );
}

fn method(html: &mut String, method: &Value) {
    let name = escape(text(method, "name"));
    let _infallible = write!(html, "<h3 id=\"{name}\">{name}</h3><p>{}", prose(text(method, "summary")));
    if let Some(permission) = method.get("x-permission").and_then(Value::as_str) {
        let _infallible = write!(html, " Needs the permission <code>{permission}</code>.");
    }
    if method.get("x-remembered") == Some(&Value::Bool(true)) {
        html.push_str(" Safe to send again under the same lasting id.");
    }
    html.push_str("</p>");
    let params = items(method, "params");
    if !params.is_empty() {
        html.push_str("<table><tr><th>Parameter<th>Type<th>");
        for param in params {
            let required = param.get("required") == Some(&Value::Bool(true));
            row(html, text(param, "name"), at(param, "/schema"), required);
        }
        html.push_str("</table>");
    }
    fields(html, "Result", at(method, "/result/schema"));
}

/// The fields of an object, if it has some.
fn fields(html: &mut String, title: &str, schema: &Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = items(schema, "required");
    let _infallible = write!(html, "<table><tr><th>{title}<th>Type<th>");
    for (name, property) in properties {
        row(html, name, property, required.iter().any(|field| field == name.as_str()));
    }
    html.push_str("</table>");
}

fn schema(html: &mut String, name: &str, schema: &Value) {
    let id = escape(name);
    let _infallible = write!(html, "<h3 id=\"{id}\">{id}</h3><p>{}</p>", prose(text(schema, "description")));
    let words: Vec<String> = items(schema, "enum").iter().filter_map(Value::as_str).map(escape).collect();
    if !words.is_empty() {
        let _infallible = write!(html, "<p>One of <code>{}</code>.</p>", words.join("</code>, <code>"));
    }
    fields(html, "Field", schema);
    for variant in items(schema, "oneOf").iter().chain(items(schema, "anyOf")) {
        let kind = at(variant, "/properties/type/const");
        if let Some(kind) = kind.as_str() {
            let _infallible = write!(
                html,
                "<h4><code>{}</code></h4><p>{}</p>",
                escape(kind),
                prose(text(variant, "description"))
            );
        } else if let Some(word) = variant.get("const").and_then(Value::as_str) {
            let _infallible =
                write!(html, "<p><code>{}</code>: {}</p>", escape(word), prose(text(variant, "description")));
        }
        fields(html, "Field", variant);
        if variant.get("$ref").is_some() {
            let _infallible = write!(html, "<p>with the fields of {}</p>", type_of(variant));
        }
    }
}

/// The whole page.
pub(crate) fn page(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Guichet protocol</title>\
         <link rel=\"stylesheet\" href=\"/docs/reference.css\"><main><h1>Guichet protocol</h1>",
    );
    let _infallible = write!(html, "<p>{}</p>", prose(text(at(document, "/info"), "description")));
    html.push_str("<p>For programs: <a href=\"/docs/openrpc.json\">openrpc.json</a>. Fields marked <b>*</b> are always there.</p>");
    html.push_str("<h2>Methods</h2>");
    for it in items(document, "methods") {
        method(&mut html, it);
    }
    html.push_str("<h2>Notifications</h2>");
    for it in items(document, "x-notifications") {
        let _infallible = write!(
            html,
            "<p><code>{}</code>: {} Its parameters are {}.</p>",
            escape(text(it, "name")),
            prose(text(it, "summary")),
            type_of(at(it, "/params")),
        );
    }
    html.push_str("<h2>Close codes</h2><table><tr><th>Code<th>");
    for (code, meaning) in at(document, "/x-close-codes").as_object().into_iter().flatten() {
        let _infallible =
            write!(html, "<tr><td><code>{code}</code><td>{}", prose(meaning.as_str().unwrap_or_default()));
    }
    html.push_str("</table><h2>Types</h2>");
    for (name, it) in at(document, "/components/schemas").as_object().into_iter().flatten() {
        schema(&mut html, name, it);
    }
    html.push_str("</main></html>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_method_and_every_link_leads_somewhere() {
        let html = page(&crate::protocol::document());
        for info in crate::protocol::METHODS {
            assert!(html.contains(&format!("<h3 id=\"{}\">", info.name)), "{}", info.name);
        }
        for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(html.contains(&format!("id=\"{link}\"")), "{link}");
        }
    }

    #[test]
    fn text_is_shown_and_not_run() {
        assert_eq!(prose("a `b<c>` & d"), "a <code>b&lt;c&gt;</code> &amp; d");
    }
}
