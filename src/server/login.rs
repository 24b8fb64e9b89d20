//! `POST /login` and `POST /logout`: a password becomes a session cookie, of which the store keeps the hash.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::address::address_of;
use super::app::App;
use super::auth::{Guard, new_secret, shown};
use super::lane::Close;
use super::mend::mend;
use super::origin::Origin;
use super::password::Crowded;
use super::reply::Failure;
use crate::domain::Span;
use crate::engine::{Answer, Input, RefusalKind};

/// How long a session lasts.
const LIFETIME: Span = Span::days(30);
/// In a demo the clock is moved by days and weeks; logins stay alive.
const DEMO_LIFETIME: Span = Span::days(36_500);
/// Longest login and password, in characters.
const TEXT_MAX: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    login: String,
    password: String,
}

fn wrong() -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, "Login or password is wrong")
}

impl From<Crowded> for Failure {
    fn from(_: Crowded) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Too many logins at once; try again in a moment")
    }
}

pub(crate) async fn login(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    if app.origins.of(&headers) == Origin::Foreign {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "This page may not log in here: its origin is not allowed",
        ));
    }
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let Login { login, password } = serde_json::from_str(&mend(text)).map_err(|_| {
        Failure::new(StatusCode::BAD_REQUEST, "Expected JSON: {\"login\":\"…\",\"password\":\"…\"}")
    })?;
    if [&login, &password].iter().any(|text| text.chars().count() > TEXT_MAX) {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "Login and password have at most 200 characters"));
    }
    let now = app.desk.clock().now();
    let address = address_of(&app.options.trusted_proxies, peer, &headers);
    let attempt = app.throttle.attempt(&login, address, now).map_err(|seconds| {
        app.desk.metrics().logins_refused.inc();
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too many failed logins; wait a minute").after(seconds)
    })?;
    let known = match app.desk.ask(Input::FindLogin { login }).await {
        Ok(Answer::Credentials { agent_id, password_hash }) => Some((agent_id, password_hash)),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => None,
        Err(refusal) => {
            app.throttle.succeeded(&attempt);
            return Err(refusal.into());
        }
        Ok(_) => return Err(Failure::unexpected()),
    };
    let (agent_id, hash) = known.unzip();
    let right =
        app.passwords.check(password, hash).await.inspect_err(|_| app.throttle.succeeded(&attempt))?;
    let (Some(agent_id), true) = (agent_id, right) else {
        app.desk.metrics().logins_refused.inc();
        return Err(wrong());
    };
    app.throttle.succeeded(&attempt);
    let (secret, hash) = new_secret()?;
    let lifetime = if app.options.simulator.is_some() { DEMO_LIFETIME } else { LIFETIME };
    app.desk.ask(Input::OpenLogin { agent_id, hash, expires_at: app.desk.clock().now() + lifetime }).await?;
    Ok(with_cookie(&app, &secret, LIFETIME.0 / 1_000))
}

pub(crate) async fn logout(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failure> {
    // Only a cookie is ended; a token is revoked by an administrator.
    if app.origins.cookie(&headers).is_some() && !headers.contains_key(header::AUTHORIZATION) {
        let hash = shown(&app, &headers, Guard::Origin)?;
        app.desk.ask(Input::CloseLogin { hash: hash.clone() }).await.or_else(|refusal| {
            if refusal.kind == RefusalKind::NotFound { Ok(Answer::Done) } else { Err(refusal) }
        })?;
        app.sessions.close_login(&hash, Close::UNAUTHENTICATED);
    }
    Ok(with_cookie(&app, "", 0))
}

fn with_cookie(app: &App, secret: &str, seconds: i64) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    // A cookie of our own making has no character that a header refuses.
    if let Ok(cookie) = HeaderValue::from_str(&app.origins.set_cookie(secret, seconds)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
