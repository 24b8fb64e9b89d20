//! The protocol as an OpenRPC document, made from the types. `docs/openrpc.json` is its committed copy.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::domain::Permission;

use super::method::{METHODS, MethodInfo, Repeat};
use super::{ErrorShape, Event, Hello, Uploaded};

const REFS: &str = "/components/schemas";

/// The whole document.
pub fn document() -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = REFS.into());
    // What a client sends and what it gets differ in which fields may be missing.
    let mut sent = settings().for_deserialize().into_generator();
    let mut got = settings().for_serialize().into_generator();
    let methods: Vec<Value> = METHODS.iter().map(|info| method(info, &mut sent, &mut got)).collect();
    got.subschema_for::<Event<'static>>();
    got.subschema_for::<Hello>();
    got.subschema_for::<Uploaded<'static>>();
    got.subschema_for::<ErrorShape<'static>>();
    let mut schemas = sent.take_definitions(true);
    schemas.extend(got.take_definitions(true));
    schemas.sort_keys();
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "Guichet",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "JSON-RPC 2.0 on the agent socket `GET /ws` (subprotocol `guichet.v1`, one object a text \
                frame) and, one request a call, on `POST /rpc`. Fields may be added to answers and events: ignore those \
                you don't know. Unknown fields in requests are refused.",
            "license": { "name": "Apache-2.0" },
        },
        "methods": methods,
        "components": { "schemas": schemas },
        "x-notifications": [
            { "name": "hello", "summary": "The first frame of a socket.", "params": reference("Hello") },
            { "name": "event", "summary": "Something happened that the caller may see.", "params": reference("Event") },
        ],
        "x-permissions": Permission::WORDS,
        "x-error": reference("ErrorShape"),
        "x-close-codes": close_codes(),
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{REFS}/{name}") })
}

fn close_codes() -> Value {
    json!({
        "1003": "A binary frame.",
        "1009": "A frame was longer than hello.max_frame_bytes.",
        "1012": "The server restarts: resume.",
        "4001": "Not authenticated any more: log in again.",
        "4003": "Forbidden.",
        "4008": "Too slow: resume.",
        "4009": "Rights or history changed: start afresh, without a cursor.",
        "4029": "Too many requests: wait a little, then resume.",
    })
}

fn method(info: &MethodInfo, sent: &mut SchemaGenerator, got: &mut SchemaGenerator) -> Value {
    let params = (info.params)(sent);
    let result = (info.result)(got);
    let mut described = json!({
        "name": info.name,
        "summary": info.summary,
        "paramStructure": "by-name",
        "params": parameters(&params),
        "result": { "name": "result", "schema": result },
        "x-remembered": info.repeat == Repeat::Remembered,
    });
    if let (Some(permission), Some(fields)) = (info.permission, described.as_object_mut()) {
        fields.insert("x-permission".into(), permission.as_str().into());
    }
    described
}

/// A struct's fields as OpenRPC's list of parameters, those that must be there first.
fn parameters(schema: &Schema) -> Value {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let needed: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |list| list.iter().filter_map(Value::as_str).collect());
    let mut list: Vec<(bool, Value)> = properties
        .iter()
        .map(|(name, schema)| {
            let required = needed.contains(&name.as_str());
            (!required, json!({ "name": name, "required": required, "schema": schema }))
        })
        .collect();
    list.sort_by_key(|(optional, _)| *optional);
    list.into_iter().map(|(_, parameter)| parameter).collect()
}

/// The schema of one type with everything it refers to, for checking frames in tests and tools.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
