//! The widget's files, with the headers that keep it a page of text: a strict policy, and frames only where the account says.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::app::App;
use super::super::reply::Failure;
use super::Entrance;

/// What the page's address may say.
#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    /// The host page's language.
    lang: Option<String>,
}

pub(crate) async fn to_page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    Entrance::find(&app, &id)?;
    Ok(Redirect::permanent(&format!("/chat/{id}/")))
}

pub(crate) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    give(&app, &id, "", wish.lang.as_deref().or(accepted))
}

pub(crate) async fn file(
    State(app): State<Arc<App>>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    give(&app, &id, &name, None)
}

fn give(app: &App, id: &str, name: &str, language: Option<&str>) -> Result<Response, Failure> {
    let entrance = Entrance::find(app, id)?;
    let visitors = entrance.visitors()?;
    let page = visitors.page(name, language).ok_or_else(Failure::no_such_page)?;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'self' {}",
        visitors.origins().join(" ")
    );
    let policy = HeaderValue::from_str(policy.trim_end())
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(page.mime)),
        (header::CONTENT_SECURITY_POLICY, policy),
        // Short, because a new version must reach pages that were embedded years ago.
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::VARY, HeaderValue::from_static("accept-language")),
        // The button's script is meant for other sites' pages.
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    Ok((fixed, Body::from(page.body)).into_response())
}
