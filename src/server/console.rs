//! The console's pages, built into the binary. Without them (built without Node) a page says how to get them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::app::App;
use super::reply::Failure;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
/// Where files stand whose names change with their content.
const HASHED: &str = "assets/";

const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Guichet</title>\
<h1>The console is not built</h1><p>This server was built without its console; everything else works. \
<code>cargo xtask serve</code> builds both (it needs Node). The protocol is described at <a href=\"/docs/\">/docs/</a>.</p>";

/// The pages' security policy.
#[derive(Debug)]
pub(crate) struct Console {
    policy: HeaderValue,
}

impl Console {
    pub(crate) fn new(frame_ancestors: &[String]) -> Self {
        let ancestors = if frame_ancestors.is_empty() {
            "'none'".to_owned()
        } else {
            format!("'self' {}", frame_ancestors.join(" "))
        };
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; \
             media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; \
             base-uri 'none'; frame-ancestors {ancestors}"
        );
        // What an administrator wrote that no header can carry falls back to the strictest policy.
        let policy = HeaderValue::from_str(&policy)
            .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        Self { policy }
    }

    pub(crate) fn policy(&self) -> HeaderValue {
        self.policy.clone()
    }
}

/// A file of the console; for pages of the console's own addresses its only page.
pub(crate) async fn serve(
    State(_app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Failure::no_such_page());
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        return Ok(show(path, file, &headers));
    }
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    // A missing script or picture must not be answered with a page.
    if !path.is_empty() && (!accept.contains("text/html") || path.starts_with(HASHED)) {
        return Err(Failure::no_such_page());
    }
    Ok(Files::get(INDEX).map_or_else(missing, |file| show(INDEX, file, &headers)))
}

fn missing() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, MISSING).into_response()
}

fn show(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let fixed = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, cache.to_owned())];
    if known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let mime = if mime.type_() == mime_guess::mime::TEXT {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_string()
    };
    (fixed, [(header::CONTENT_TYPE, mime)], file.data).into_response()
}
