//! The envelope of every frame: JSON-RPC 2.0 requests in, answers, errors and notifications out.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Id, Word};
use crate::domain::AgentId;
use crate::engine::{Refusal, RefusalKind};

/// What is not JSON.
pub const PARSE_ERROR: i32 = -32_700;
/// What is JSON but no request.
pub const INVALID_REQUEST: i32 = -32_600;
/// No such method.
pub const METHOD_NOT_FOUND: i32 = -32_601;
/// Parameters that don't fit the method.
pub const INVALID_PARAMS: i32 = -32_602;
/// Everything that the server refuses for a reason of its own; `data.kind` tells.
pub const REFUSED: i32 = -32_000;

/// Longest id of a request, in bytes. A UUID has 36.
pub const REQUEST_ID_MAX: usize = 128;
/// From this length on, the id of a request that changes something is remembered.
pub const REMEMBERED_ID_MIN: usize = 16;

/// A request as it came.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request<'a> {
    /// `2.0`.
    #[serde(borrow)]
    pub jsonrpc: Cow<'a, str>,
    /// What the answer is to carry; without one nothing is answered, and nothing done.
    #[serde(default, borrow, deserialize_with = "present")]
    pub id: Option<&'a RawValue>,
    /// Which method.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// Its parameters.
    #[serde(default, borrow)]
    pub params: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What is wrong with a frame or a request, as the client gets it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ErrorShape<'a> {
    /// JSON-RPC's own codes for frames, requests, methods and parameters; -32000 for refusals.
    pub code: i32,
    /// A sentence for people.
    pub message: Cow<'a, str>,
    /// For programs.
    pub data: ErrorData<'a>,
}

/// What programs need to know of an error.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ErrorData<'a> {
    /// Which of the closed list.
    pub kind: Word<RefusalKind>,
    /// The field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'a, str>>,
    /// Who holds it, for `held_by_other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Id<AgentId>>,
    /// What there is to choose from: skills for `skill_needed`, known addresses that might serve for `address_needed`,
    /// dispositions for an outcome.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

impl<'a> ErrorShape<'a> {
    /// An `invalid` one with a code of JSON-RPC's.
    pub fn invalid(code: i32, message: impl Into<Cow<'a, str>>) -> Self {
        let data =
            ErrorData { kind: Word(RefusalKind::Invalid), field: None, holder: None, choices: Vec::new() };
        Self { code, message: message.into(), data }
    }
}

impl From<Refusal> for ErrorShape<'static> {
    fn from(refusal: Refusal) -> Self {
        let Refusal { kind, message, field, holder, choices } = refusal;
        let data =
            ErrorData { kind: Word(kind), field: field.map(Cow::Owned), holder: holder.map(Id), choices };
        Self { code: REFUSED, message: message.into(), data }
    }
}

impl<'a> Request<'a> {
    /// Reads a request from a frame's text.
    ///
    /// # Errors
    /// What is wrong with it, with JSON-RPC's own codes.
    pub fn read(text: &'a str) -> Result<Self, ErrorShape<'static>> {
        if text.trim_start().starts_with('[') {
            return Err(ErrorShape::invalid(
                INVALID_REQUEST,
                "Batches are not taken; send one request a frame",
            ));
        }
        let request: Self = serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                ErrorShape::invalid(INVALID_REQUEST, format!("Not a JSON-RPC request: {error}"))
            } else {
                ErrorShape::invalid(PARSE_ERROR, format!("Not JSON: {error}"))
            }
        })?;
        if request.jsonrpc != "2.0" {
            return Err(ErrorShape::invalid(INVALID_REQUEST, "Field jsonrpc must be \"2.0\""));
        }
        match request.id.map(RawValue::get) {
            Some(id) if id.len() > REQUEST_ID_MAX => Err(ErrorShape::invalid(
                INVALID_REQUEST,
                format!("Field id is longer than {REQUEST_ID_MAX} bytes"),
            )),
            Some(id) if !id.starts_with(['"', '-']) && !id.starts_with(|c: char| c.is_ascii_digit()) => {
                Err(ErrorShape::invalid(INVALID_REQUEST, "Field id must be a string or a number"))
            }
            Some(_) | None => Ok(request),
        }
    }

    /// Reads the parameters; none are as good as `{}`.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub fn params<P: DeserializeOwned>(&self) -> Result<P, ErrorShape<'static>> {
        read_params(self.params.map_or("{}", RawValue::get))
    }

    /// The id that makes sending again safe, if this one does.
    pub fn lasting_id(&self) -> Option<String> {
        let id: String = serde_json::from_str(self.id?.get()).ok()?;
        (id.chars().count() >= REMEMBERED_ID_MIN).then_some(id)
    }
}

/// Reads parameters.
///
/// # Errors
/// The field and what is wrong with it.
pub fn read_params<P: DeserializeOwned>(text: &str) -> Result<P, ErrorShape<'static>> {
    if !text.trim_start().starts_with('{') {
        return Err(ErrorShape::invalid(INVALID_PARAMS, "Field params must be an object"));
    }
    serde_json::from_str(text).map_err(|error| {
        let told = error.to_string();
        // The place is counted in the parameters alone, which nobody sees apart.
        let message = told.split(" at line ").next().unwrap_or_default();
        let mut shape = ErrorShape::invalid(INVALID_PARAMS, format!("Parameters: {message}"));
        let about_field = ["unknown field", "missing field", "duplicate field"];
        if about_field.iter().any(|start| message.starts_with(start)) {
            shape.data.field = message.split('`').nth(1).map(|field| Cow::Owned(field.to_owned()));
        }
        shape
    })
}

#[derive(Serialize)]
struct AnswerFrame<'a, R> {
    jsonrpc: &'static str,
    id: &'a RawValue,
    result: R,
}

#[derive(Serialize)]
struct ErrorFrame<'a> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    error: &'a ErrorShape<'a>,
}

#[derive(Serialize)]
struct Notification<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: P,
}

// Serialising our own types to a text can't fail: no map has keys that are not texts, and no writer is involved.
fn text(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).unwrap_or_default()
}

/// The frame that answers a request.
pub fn answer(id: &RawValue, result: impl Serialize) -> String {
    text(&AnswerFrame { jsonrpc: "2.0", id, result })
}

/// The frame that refuses a request; without an id: a frame that is no request.
pub fn error(id: Option<&RawValue>, error: &ErrorShape<'_>) -> String {
    text(&ErrorFrame { jsonrpc: "2.0", id, error })
}

/// A frame that asks for no answer.
pub fn notification(method: &str, params: impl Serialize) -> String {
    text(&Notification { jsonrpc: "2.0", method, params })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_is_told_so() {
        for (text, code, part) in [
            ("", PARSE_ERROR, "Not JSON"),
            ("{\"jsonrpc\":\"2.0\",", PARSE_ERROR, "Not JSON"),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"} x", PARSE_ERROR, "trailing characters"),
            ("[]", INVALID_REQUEST, "Batches"),
            (" [{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}]", INVALID_REQUEST, "Batches"),
            ("{}", INVALID_REQUEST, "missing field `jsonrpc`"),
            ("42", INVALID_REQUEST, "Not a JSON-RPC request"),
            ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"x\"}", INVALID_REQUEST, "must be \"2.0\""),
            ("{\"jsonrpc\":\"2.0\",\"id\":1}", INVALID_REQUEST, "missing field `method`"),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", INVALID_REQUEST, "invalid type"),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"extra\":1}", INVALID_REQUEST, "`extra`"),
            ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}", INVALID_REQUEST, "string or a number"),
            ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}", INVALID_REQUEST, "string or a number"),
            ("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"x\"}", INVALID_REQUEST, "string or a number"),
        ] {
            let error = Request::read(text).unwrap_err();
            assert_eq!(error.code, code, "{text}");
            assert!(error.message.contains(part), "{text} → {}", error.message);
        }
        let long = format!("{{\"jsonrpc\":\"2.0\",\"id\":\"{}\",\"method\":\"x\"}}", "x".repeat(127));
        assert!(Request::read(&long).unwrap_err().message.contains("longer than 128 bytes"));
    }

    #[test]
    fn only_long_string_ids_last() {
        for (id, lasts) in [
            ("1234567890123456", false),
            ("\"123456789012345\"", false),
            ("\"1234567890123456\"", true),
            ("\"\\u0031234567890123456\"", true),
        ] {
            let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"x\"}}");
            assert_eq!(Request::read(&text).unwrap().lasting_id().is_some(), lasts, "{id}");
        }
        let unasked = Request::read("{\"jsonrpc\":\"2.0\",\"method\":\"x\"}").unwrap();
        assert!(unasked.id.is_none() && unasked.lasting_id().is_none());
    }

    #[test]
    fn parameters_that_do_not_fit_name_the_field() {
        for (params, field) in [
            ("{}", Some("interaction_id")),
            ("{\"interaction_id\":\"i1\",\"extra\":1}", Some("extra")),
            ("{\"interaction_id\":\"i1\",\"interaction_id\":\"i1\"}", Some("interaction_id")),
            ("{\"interaction_id\":7}", None),
            ("[]", None),
            ("null", None),
        ] {
            let error = read_params::<super::super::params::OfInteraction>(params).unwrap_err();
            assert_eq!(error.code, INVALID_PARAMS);
            assert_eq!(error.data.field.as_deref(), field, "{params}");
        }
    }
}
