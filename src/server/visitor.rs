//! `/chat/{channel id}/…`: the page, the socket and the files of visitors, for every channel account that has an entrance of its own.
//!
//! The connection and its limits are here; who a visitor is and what is said is the channel's business (`port::Visitors`).

mod files;
mod page;
mod socket;
mod visits;

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};

use super::app::App;
use super::origin::Origin;
use super::reply::Failure;
use crate::port::{Connector, Visitor, Visitors};

pub(crate) use files::{download, upload};
pub(crate) use page::{file, page, to_page};
pub(crate) use socket::upgrade;
pub(crate) use visits::Visits;

/// A channel account that visitors come to.
pub(crate) struct Entrance(Arc<dyn Connector>);

impl Entrance {
    fn find(app: &App, id: &str) -> Result<Self, Failure> {
        let known = app.visits.entrance(id).map(|connector| Self(Arc::clone(connector)));
        known.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "No chat has this id"))
    }

    fn visitors(&self) -> Result<&dyn Visitors, Failure> {
        self.0.visitors().ok_or_else(Failure::no_such_page)
    }
}

/// Whether a page may act here. One of ours may, and those of the sites that the account names.
fn allowed(app: &App, visitors: &dyn Visitors, headers: &HeaderMap) -> Result<(), Failure> {
    let named = || {
        let given = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        given.is_some_and(|given| visitors.origins().iter().any(|origin| origin == given))
    };
    match app.origins.of(headers) {
        Origin::Ours => Ok(()),
        Origin::Foreign if headers.get_all(header::ORIGIN).iter().count() == 1 && named() => Ok(()),
        Origin::Foreign | Origin::Absent => Err(Failure::new(
            StatusCode::FORBIDDEN,
            "This page may not use the chat: its origin is not among the channel's `origins`",
        )),
    }
}

/// Who asks, by the token or the signed word in the request's head.
fn who(app: &App, visitors: &dyn Visitors, headers: &HeaderMap) -> Result<Visitor, Failure> {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = shown
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let known = credential.and_then(|(_, text)| visitors.visitor(text.trim(), app.desk.clock().now()).ok());
    known.ok_or_else(|| {
        Failure::new(StatusCode::UNAUTHORIZED, "Give the visitor's token: Authorization: Bearer …")
    })
}
