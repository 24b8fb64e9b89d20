//! The wire, seen from outside: the committed protocol document is the one the types make, and it holds together.

#![expect(clippy::expect_used, reason = "a test that cannot read the repository fails")]

mod typescript;

use std::collections::BTreeSet;
use std::path::Path;

use guichet::protocol::{METHODS, document};
use serde_json::Value;

/// Compares a committed copy with what the types make; with `UPDATE=1` (`cargo xtask gen`) writes it instead.
fn committed(path: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, made).expect("the copy can be written");
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == made, "{path} is not what the types say; `cargo xtask gen` writes it anew");
}

#[test]
fn the_committed_document_is_the_one_the_types_make() {
    let mut made = serde_json::to_string_pretty(&document()).expect("a document is JSON");
    made.push('\n');
    committed("docs/openrpc.json", &made);
}

#[test]
fn the_console_speaks_in_the_types_of_the_document() {
    committed("web/src/lib/protocol.ts", &typescript::typescript(&document()));
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("references stay in the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_method_is_described_with_what_it_needs() {
    let document = document();
    let methods = document["methods"].as_array().expect("a list");
    assert_eq!(methods.len(), METHODS.len());
    let send = methods.iter().find(|method| method["name"] == "message.send").expect("message.send");
    assert_eq!((&send["x-permission"], &send["x-remembered"]), (&"handle".into(), &true.into()));
    let params = send["params"].as_array().expect("a list");
    assert_eq!((&params[0]["name"], &params[0]["required"]), (&"interaction_id".into(), &true.into()));
    assert!(params[1..].iter().all(|param| param["required"] == false));
    for method in methods {
        assert!(method["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{}", method["name"]);
    }
}

#[test]
fn the_page_names_every_kind_of_refusal_and_every_close_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PROTOCOL.md");
    let page = std::fs::read_to_string(file).expect("docs/PROTOCOL.md");
    let document = document();
    let kinds = document["components"]["schemas"]["RefusalKind"]["enum"].as_array().expect("a list");
    let codes = document["x-close-codes"].as_object().expect("a map").keys().map(String::as_str);
    for word in
        kinds.iter().filter_map(Value::as_str).map(|kind| format!("`{kind}`")).chain(codes.map(str::to_owned))
    {
        assert!(page.contains(&word), "docs/PROTOCOL.md does not tell of {word}");
    }
}
