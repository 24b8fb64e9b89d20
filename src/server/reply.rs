//! What HTTP requests are answered with when something is wrong: a status and one sentence as JSON.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::engine::{Refusal, RefusalKind};

/// A request that can't be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) message: Cow<'static, str>,
    /// Seconds after which trying again makes sense.
    pub(crate) retry_after: Option<i64>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        Self { status, message: message.into(), retry_after }
    }

    pub(crate) fn after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The engine answered something else than was asked.
    pub(crate) fn unexpected() -> Self {
        tracing::error!("the engine gave another kind of answer than was asked for");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server could not answer this; try again")
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this address")
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::NotPermitted | RefusalKind::NotAssigned => StatusCode::FORBIDDEN,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            RefusalKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RefusalKind::WrongStatus
            | RefusalKind::WindowClosed
            | RefusalKind::TemplateRequired
            | RefusalKind::TemplateInvalid
            | RefusalKind::NoCapacity
            | RefusalKind::OfferGone
            | RefusalKind::HeldByOther
            | RefusalKind::AddressNeeded
            | RefusalKind::SkillNeeded
            | RefusalKind::OutcomeNeeded
            | RefusalKind::Invalid
            | RefusalKind::AlreadyDone => StatusCode::BAD_REQUEST,
        };
        Self::new(status, refusal.message)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.message }).to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// JSON that is ready as text.
pub(crate) fn json(text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}
