//! Who asks: a session cookie with an allowed origin, or a bearer token. Both are known by their hash only.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use super::app::App;
use super::origin::Origin;
use super::reply::Failure;
use crate::domain::{AgentId, Permission, Role};
use crate::engine::{Answer, Input, Refusal, RefusalKind};

/// Somebody the engine knows.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) agent_id: AgentId,
    pub(crate) role: Arc<Role>,
    /// SHA-256 of the cookie or token, in hex.
    pub(crate) login: String,
}

impl Who {
    /// For what the engine does not see (scripts): may the caller's role do it?
    pub(crate) fn may(&self, permission: Permission) -> Result<(), Refusal> {
        if self.role.may(permission) {
            return Ok(());
        }
        let sentence = format!("Your role ({}) does not have the permission {permission}", self.role.role);
        Err(Refusal::new(RefusalKind::NotPermitted, sentence))
    }
}

/// How a request must show where it comes from when it carries a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// An allowed `Origin`: it acts, or reads what only our own pages may.
    Origin,
    /// None: it shows a file, which browsers ask for without an `Origin`.
    SameSite,
}

/// SHA-256 in hex: what is stored of a cookie or token.
pub(crate) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// A new secret of 256 bits, and its hash.
pub(crate) fn new_secret() -> Result<(String, String), Failure> {
    use base64::Engine as _;
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no random numbers: nobody can log in");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The server can't make a session now; try again")
    })?;
    let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let hash = digest(&secret);
    Ok((secret, hash))
}

/// The hash of what the request shows, if it may be used.
pub(crate) fn shown(app: &App, headers: &HeaderMap, guard: Guard) -> Result<String, Failure> {
    let unauthenticated =
        || Failure::new(StatusCode::UNAUTHORIZED, "Not authenticated: log in, or give a bearer token");
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| unauthenticated())?;
        let (scheme, token) = text.split_once(' ').ok_or_else(unauthenticated)?;
        let token = token.trim();
        return if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
            Ok(digest(token))
        } else {
            Err(unauthenticated())
        };
    }
    let cookie = app.origins.cookie(headers).ok_or_else(unauthenticated)?;
    let foreign = || {
        Failure::new(StatusCode::FORBIDDEN, "This page may not use the session: its origin is not allowed")
    };
    match (guard, app.origins.of(headers)) {
        (_, Origin::Foreign) => Err(foreign()),
        (Guard::Origin, Origin::Absent) => Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "A session cookie needs an Origin here; programs use a bearer token",
        )),
        (Guard::SameSite, Origin::Absent) if from_another_site(headers) => Err(foreign()),
        (_, Origin::Ours | Origin::Absent) => Ok(digest(cookie)),
    }
}

fn from_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// Who makes this request.
pub(crate) async fn who(app: &App, headers: &HeaderMap, guard: Guard) -> Result<Who, Failure> {
    let login = shown(app, headers, guard)?;
    match app.desk.ask(Input::Authenticate { hash: login.clone() }).await {
        Ok(Answer::Caller { agent_id, role }) => Ok(Who { agent_id, role, login }),
        Err(refusal) if refusal.kind == RefusalKind::NotFound => Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "Not authenticated: the session or token is not known any more",
        )),
        Err(refusal) => Err(refusal.into()),
        Ok(_) => Err(Failure::unexpected()),
    }
}
