//! The Graph API look-alike: takes a path apart, checks the token, hands over to the object that was named. Knows
//! nothing of what the objects do.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use subtle::ConstantTimeEq as _;

use super::Simulator;
use super::graph_error::GraphError;
use super::media::LARGEST;
use super::{objects, send};

/// A send is small: Meta's own limits leave it under this.
const LARGEST_SEND: usize = 1024 * 1024;

/// `/graph/{version}/…` and the download address.
pub(super) fn routes() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/graph/{*path}", any(answer))
        .route("/lookaside/whatsapp_business/attachments/", any(objects::download))
        .layer(DefaultBodyLimit::max(LARGEST + 64 * 1024))
}

/// A request taken apart.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) query: &'a BTreeMap<String, String>,
    pub(super) host: String,
    /// `v23.0`, or empty.
    pub(super) version: String,
    pub(super) token: String,
}

async fn answer(
    State(simulator): State<Arc<Simulator>>,
    Path(path): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Response {
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let version =
        segments.first().filter(|first| is_version(first)).map_or(String::new(), |first| (*first).to_owned());
    if !version.is_empty() {
        segments.remove(0);
    }
    let method = request.method().clone();
    let asked = Asked {
        method: &method,
        query: &query,
        host: host_of(request.headers()),
        version,
        token: token_of(request.headers(), &query),
    };
    match segments.as_slice() {
        ["oauth", "access_token"] => objects::access_token(&simulator, &asked),
        [id] => simulator.object(&asked, id, request).await,
        [id, edge] => simulator.edge(&asked, id, edge, request).await,
        _ => GraphError::path(&path).into_response(),
    }
}

impl Simulator {
    /// The accounts whose token was shown.
    fn owners(&self, token: &str) -> Vec<usize> {
        let shown =
            |secret: &str| !secret.is_empty() && bool::from(secret.as_bytes().ct_eq(token.as_bytes()));
        self.accounts
            .iter()
            .enumerate()
            .filter(|(_, account)| shown(&account.access_token))
            .map(|(n, _)| n)
            .collect()
    }

    /// Whether two accounts belong to one business: its media ids serve all its numbers.
    pub(super) fn same_business(&self, one: usize, other: usize) -> bool {
        let business = |n: usize| self.accounts.get(n).map(|account| &account.business_account_id);
        business(one) == business(other)
    }

    async fn object(self: &Arc<Self>, asked: &Asked<'_>, id: &str, request: Request) -> Response {
        let owners = self.owners(&asked.token);
        if owners.is_empty() {
            return GraphError::token().into_response();
        }
        let body = match small_body(request).await {
            Ok(body) => body,
            Err(error) => return error.into_response(),
        };
        self.answer_object(asked, id, &owners, &body).unwrap_or_else(IntoResponse::into_response)
    }

    async fn edge(self: &Arc<Self>, asked: &Asked<'_>, id: &str, edge: &str, request: Request) -> Response {
        if edge == "subscriptions" {
            return objects::subscriptions(self, asked);
        }
        let owners = self.owners(&asked.token);
        if owners.is_empty() {
            return GraphError::token().into_response();
        }
        let account = |n: &usize| self.accounts.get(*n);
        let phone = owners.iter().copied().find(|n| account(n).is_some_and(|a| a.phone_number_id == id));
        let business =
            owners.iter().copied().find(|n| account(n).is_some_and(|a| a.business_account_id == id));
        let post = *asked.method == Method::POST;
        match (phone, business, edge) {
            (Some(n), _, "messages" | "marketing_messages") if post => match small_body(request).await {
                Ok(body) => send::send(self, n, &body).await,
                Err(error) => error.into_response(),
            },
            (Some(n), _, "media") if post => match Multipart::from_request(request, &()).await {
                Ok(form) => {
                    objects::upload(self, asked, n, form).await.unwrap_or_else(IntoResponse::into_response)
                }
                Err(_) => GraphError::parameter("The parameter file is required.").into_response(),
            },
            (Some(n), _, _) => self.phone_edge(asked, n, edge).unwrap_or_else(IntoResponse::into_response),
            (None, Some(n), _) => match small_body(request).await {
                Ok(body) => {
                    self.business_edge(asked, n, edge, &body).unwrap_or_else(IntoResponse::into_response)
                }
                Err(error) => error.into_response(),
            },
            (None, None, _) => GraphError::no_object(verb(asked.method), id).into_response(),
        }
    }
}

async fn small_body(request: Request) -> Result<Bytes, GraphError> {
    let too_large = || GraphError::too_large(format!("The body is larger than {LARGEST_SEND} bytes"));
    axum::body::to_bytes(request.into_body(), LARGEST_SEND).await.map_err(|_| too_large())
}

/// The verb as Graph errors spell it.
pub(super) fn verb(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "get",
        "DELETE" => "delete",
        _ => "post",
    }
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(major, minor)| {
        let number =
            |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
        number(major) && number(minor)
    })
}

/// The scheme and host by which the client reached us, for the addresses we hand out.
pub(super) fn host_of(headers: &HeaderMap) -> String {
    let read = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = read("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    format!("{scheme}://{}", read(header::HOST.as_str()).unwrap_or("127.0.0.1"))
}

/// The bearer token; the Graph API takes it from the query as well.
pub(super) fn token_of(headers: &HeaderMap, query: &BTreeMap<String, String>) -> String {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bearer = shown.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match bearer {
        Some((_, token)) => token.trim().to_owned(),
        None => query.get("access_token").cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn any_version_is_taken() {
        assert!(is_version("v23.0") && is_version("v14.0") && is_version("v100.10"));
        for other in ["23.0", "v23", "v.0", "vx.y", "106540352242922", ""] {
            assert!(!is_version(other), "{other}");
        }
    }
}
