//! The page with the phone, and what all answers of the customers' side share. Knows nothing of what the page shows.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::Simulator;

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// path, content type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("/page/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/page/panels.css", "text/css; charset=utf-8", include_str!("page/panels.css")),
    ("/page/words.js", "text/javascript; charset=utf-8", include_str!("page/words.js")),
    ("/page/draw.js", "text/javascript; charset=utf-8", include_str!("page/draw.js")),
    ("/page/phone.js", "text/javascript; charset=utf-8", include_str!("page/phone.js")),
    ("/page/panels.js", "text/javascript; charset=utf-8", include_str!("page/panels.js")),
    ("/page/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];

/// `/sim/` and its files.
pub(super) fn routes() -> Router<Arc<Simulator>> {
    FILES.iter().fold(Router::new().route("/", get(index)), |router, (path, kind, text)| {
        router.route(path, get(move || async move { served(kind, text) }))
    })
}

async fn index() -> Response {
    served("text/html; charset=utf-8", include_str!("page/index.html"))
}

/// What no route takes.
pub(super) async fn otherwise() -> Response {
    refusal(StatusCode::NOT_FOUND, "no such address of the simulator")
}

fn served(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

/// Lets no other site's page play the customer: an Origin, when there is one, must be our own host.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    if same_origin(request.headers()) {
        return next.run(request).await;
    }
    refusal(StatusCode::FORBIDDEN, "only the simulator's own page may ask this from a browser")
}

fn same_origin(headers: &HeaderMap) -> bool {
    let read = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match read(header::ORIGIN) {
        None => true,
        Some(origin) => origin.split_once("://").is_some_and(|(_, host)| Some(host) == read(header::HOST)),
    }
}

/// A refusal of the customers' side.
pub(super) fn refusal(status: StatusCode, told: &str) -> Response {
    (status, axum::Json(json!({"error": told}))).into_response()
}

/// A time of the demo clock as people and programs read it.
pub(super) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{rfc3339, same_origin};

    #[test]
    fn only_our_own_origin_passes() {
        let headers = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("127.0.0.1:8080"));
            if let Some(origin) = origin {
                headers.insert("origin", HeaderValue::from_static(origin));
            }
            headers
        };
        assert!(same_origin(&headers(None)) && same_origin(&headers(Some("http://127.0.0.1:8080"))));
        for foreign in ["null", "http://127.0.0.1:8081", "https://evil.example", "127.0.0.1:8080"] {
            assert!(!same_origin(&headers(Some(foreign))), "{foreign}");
        }
    }

    #[test]
    fn times_carry_milliseconds() {
        assert_eq!(rfc3339(1_800_000_000_000), "2027-01-15T08:00:00.000Z");
    }
}
