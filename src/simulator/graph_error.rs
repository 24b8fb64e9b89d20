//! Errors in the shape, codes and words of the Graph API, and the failed statuses made of the same codes.
//! Knows nothing of what was asked.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use serde_json::{Value, json};

/// code, HTTP status, title, details.
type Known = (i64, u16, &'static str, &'static str);

/// The codes that a business sees in practice; other codes given to a fault become a plain 400.
const KNOWN: &[Known] = &[
    (1, 400, "API Unknown", "Invalid request or possible server error."),
    (2, 503, "API Service", "Temporary due to downtime or due to being overloaded."),
    (3, 500, "API Method", "Capability or permissions issue."),
    (4, 400, "API Too Many Calls", "The app has reached its API call rate limit."),
    (10, 403, "Permission Denied", "Permission is either not granted or has been removed."),
    (33, 400, "Parameter value is not valid", "The business phone number has been deleted."),
    (100, 400, "Invalid parameter", "The request included one or more unsupported or misspelled parameters."),
    (190, 401, "Access token has expired", "Your access token has expired."),
    (200, 403, "API Permission", "Permission is either not granted or has been removed."),
    (368, 403, "Temporarily blocked for policies violations", "The account has been restricted."),
    (80007, 400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    (130_429, 400, "Rate limit hit", "Cloud API message throughput has been reached."),
    (
        130_472,
        400,
        "User's number is part of an experiment",
        "Message was not sent as part of an experiment.",
    ),
    (
        130_497,
        403,
        "Business account is restricted from messaging users in this country.",
        "Restricted country.",
    ),
    (131_000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
    (131_005, 403, "Access denied", "Permission is either not granted or has been removed."),
    (131_008, 400, "Required parameter is missing", "The request is missing a required parameter."),
    (131_009, 400, "Parameter value is not valid", "One or more parameter values are invalid."),
    (131_016, 500, "Service unavailable", "A service is temporarily unavailable."),
    (131_021, 400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    (131_026, 400, "Message undeliverable", "Message undeliverable."),
    (131_030, 400, "Recipient phone number not in allowed list", "Add the number to the allowed list."),
    (131_031, 403, "Account has been locked", "The account has been restricted or disabled."),
    (
        131_042,
        400,
        "Business eligibility payment issue",
        "There was an error related to your payment method.",
    ),
    (
        131_045,
        500,
        "Incorrect certificate",
        "Message failed to send due to a phone number registration error.",
    ),
    (
        131_047,
        400,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    ),
    (131_048, 400, "Spam rate limit hit", "Too many previous messages were blocked or flagged as spam."),
    (
        131_049,
        400,
        "Meta chose not to deliver",
        "This message was not delivered to maintain healthy ecosystem engagement.",
    ),
    (
        131_050,
        400,
        "User has stopped marketing messages",
        "The user chose to stop receiving marketing messages.",
    ),
    (131_051, 400, "Unsupported message type", "Message type is not currently supported."),
    (131_052, 400, "Media download error", "Unable to download the media sent by the user."),
    (131_053, 400, "Media upload error", "Unable to upload the media used in the message."),
    (
        131_056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages to this number.",
    ),
    (131_057, 500, "Account in maintenance mode", "Business Account is in maintenance mode."),
    (131_062, 400, "Recipient not allowed", "A business-scoped user id cannot receive this template."),
    (131_064, 400, "Messaging limit reached", "This account has reached its messaging limit."),
    (
        132_000,
        400,
        "Number of parameters does not match the expected number of params",
        "The number of variable parameter values does not match the template.",
    ),
    (
        132_001,
        404,
        "Template name does not exist in the translation",
        "The template does not exist or is not approved.",
    ),
    (132_005, 400, "Translated text too long", "Translated text is too long."),
    (
        132_007,
        400,
        "Template Format Character Policy Violated",
        "Template content violates a WhatsApp policy.",
    ),
    (
        132_012,
        400,
        "Parameter format does not match format in the created template",
        "Variable parameter values formatted incorrectly.",
    ),
    (132_015, 400, "Template is paused", "Template is paused due to low quality so it cannot be sent."),
    (132_016, 400, "Template is disabled", "Template has been paused too many times due to low quality."),
    (132_018, 400, "There's an issue with the parameters in your template", "See the details."),
    (133_004, 503, "Server Temporarily Unavailable", "Server is temporarily unavailable."),
    (
        133_010,
        400,
        "Phone number not registered",
        "Phone number not registered on the WhatsApp Business Platform.",
    ),
];

const HELP: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

fn known(code: i64) -> Known {
    KNOWN.iter().copied().find(|known| known.0 == code).unwrap_or((
        code,
        400,
        "Something went wrong",
        "Made by a fault of the simulator.",
    ))
}

/// An answer of the Graph API that says no.
#[derive(Debug)]
pub(super) struct GraphError {
    status: StatusCode,
    error: Value,
}

impl GraphError {
    /// A known code with its own details.
    pub(super) fn code(code: i64, details: impl Into<String>) -> Self {
        let (_, status, title, _) = known(code);
        let error = json!({
            "message": format!("(#{code}) {title}"),
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details.into()},
            "fbtrace_id": trace_id(),
        });
        Self { status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), error }
    }

    /// A known code with its usual details; `status` replaces the usual one (a fault's wish).
    pub(super) fn stock(code: i64, status: Option<u16>) -> Self {
        let mut made = Self::code(code, known(code).3);
        if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
            made.status = status;
        }
        made
    }

    /// Code 100, whose whole story Meta puts in the message.
    pub(super) fn parameter(story: impl AsRef<str>) -> Self {
        let error = json!({
            "message": format!("(#100) {}", story.as_ref()),
            "type": "OAuthException",
            "code": 100,
            "fbtrace_id": trace_id(),
        });
        Self { status: StatusCode::BAD_REQUEST, error }
    }

    /// The token is missing, unknown, or of another account.
    pub(super) fn token() -> Self {
        let error = json!({
            "message": "Invalid OAuth access token - Cannot parse access token",
            "type": "OAuthException",
            "code": 190,
            "fbtrace_id": trace_id(),
        });
        Self { status: StatusCode::UNAUTHORIZED, error }
    }

    /// No object of that id, or none that takes this verb.
    pub(super) fn no_object(verb: &str, id: &str) -> Self {
        let error = json!({
            "message": format!(
                "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
                 permissions, or does not support this operation. Please read the Graph API documentation at \
                 https://developers.facebook.com/docs/graph-api"
            ),
            "type": "GraphMethodException",
            "code": 100,
            "error_subcode": 33,
            "fbtrace_id": trace_id(),
        });
        Self { status: StatusCode::BAD_REQUEST, error }
    }

    /// A path that the Graph API does not have.
    pub(super) fn path(path: &str) -> Self {
        let error = json!({
            "message": format!("Unknown path components: /{path}"),
            "type": "OAuthException",
            "code": 2500,
            "fbtrace_id": trace_id(),
        });
        Self { status: StatusCode::BAD_REQUEST, error }
    }

    /// The code.
    #[cfg(test)]
    pub(super) fn number(&self) -> i64 {
        self.error.get("code").and_then(Value::as_i64).unwrap_or_default()
    }

    /// A body larger than the simulator takes.
    pub(super) fn too_large(details: impl Into<String>) -> Self {
        let mut made = Self::code(100, details);
        made.status = StatusCode::PAYLOAD_TOO_LARGE;
        made
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let told = axum::Json(json!({"error": self.error}));
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token\"";
            return (self.status, [(header::WWW_AUTHENTICATE, challenge)], told).into_response();
        }
        (self.status, told).into_response()
    }
}

/// An entry of `statuses[].errors`.
pub(super) fn status_error(code: i64) -> Value {
    let (_, _, title, details) = known(code);
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details},
        "href": HELP,
    })
}

fn trace_id() -> String {
    let mut bytes = [0_u8; 16];
    super::world::fill_random(&mut bytes);
    format!("A{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
