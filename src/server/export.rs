//! `GET /export/…`: interactions, the daily report and one contact as files, written as they are read.
//!
//! The engine says who may and writes it down; a file is bounded, and so is how many are written at once.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::app::App;
use super::auth::{Guard, who};
use super::csv;
use super::oversight::{self, Walk};
use super::reply::Failure;
use crate::domain::{AgentId, ChannelKind, ContactId, SkillId, Status, Time};
use crate::engine::{AdminCommand, Answer, Caller, Command, Input};
use crate::port::{ContactFile, StoreError, WorkRow};

/// Files written at once: each reads the database for as long as it takes.
pub(crate) const AT_ONCE: usize = 4;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// Comma-separated values.
    #[default]
    Csv,
    /// JSON.
    Json,
}

/// Which interactions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    from: String,
    to: String,
    #[serde(default)]
    format: Format,
    skill: Option<String>,
    agent_id: Option<String>,
    kind: Option<String>,
    status: Option<String>,
}

/// Which report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedReport {
    date: Option<String>,
    skill: Option<String>,
    #[serde(default)]
    format: Format,
}

/// What an interaction must be.
#[derive(Debug, Clone, Default)]
struct Filter {
    skill: Option<SkillId>,
    agent_id: Option<AgentId>,
    kind: Option<ChannelKind>,
    status: Option<Status>,
}

impl Filter {
    fn read(wanted: &Wanted) -> Result<Self, Failure> {
        fn one<T: std::str::FromStr>(name: &str, text: Option<&String>) -> Result<Option<T>, Failure> {
            let wrong = |_| Failure::new(StatusCode::BAD_REQUEST, format!("{name} is not one that could be"));
            text.map(|text| text.parse().map_err(wrong)).transpose()
        }
        Ok(Self {
            skill: one("skill", wanted.skill.as_ref())?,
            agent_id: one("agent_id", wanted.agent_id.as_ref())?,
            kind: one("kind", wanted.kind.as_ref())?,
            status: one("status", wanted.status.as_ref())?,
        })
    }

    fn takes(&self, row: &WorkRow) -> bool {
        self.skill.as_ref().is_none_or(|skill| row.skill.as_ref() == Some(skill))
            && self.agent_id.is_none_or(|agent_id| row.agent_id.or(row.last_agent_id) == Some(agent_id))
            && self.kind.is_none_or(|kind| row.kind == kind)
            && self.status.is_none_or(|status| row.status == status)
    }
}

fn time(name: &'static str, text: &str) -> Result<Time, Failure> {
    let wrong =
        |_| Failure::new(StatusCode::BAD_REQUEST, format!("{name} is no time; write 2026-01-31T00:00:00Z"));
    text.parse().map_err(wrong)
}

/// Asks the engine whether the caller may.
async fn allowed(app: &App, headers: &HeaderMap, command: AdminCommand) -> Result<(), Failure> {
    let who = who(app, headers, Guard::SameSite).await?;
    let caller = Caller { agent_id: who.agent_id, session: 0 };
    let command = Command::Administer(command);
    let answer = app.desk.ask(Input::Command { caller, request: None, command }).await?;
    if answer == Answer::Done { Ok(()) } else { Err(Failure::unexpected()) }
}

fn place(app: &App) -> Result<OwnedSemaphorePermit, Failure> {
    let busy = |_| {
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Other files are being written; try again").after(5)
    };
    Arc::clone(&app.exports).try_acquire_owned().map_err(busy)
}

fn file(format: Format, name: &str, body: Body) -> Response {
    let (mime, extension) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Json => ("application/json", "json"),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{extension}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

const COLUMNS: [&str; 15] = [
    "interaction_id",
    "channel_id",
    "kind",
    "contact_id",
    "outbound",
    "status",
    "skill",
    "agent_id",
    "disposition",
    "tags",
    "created_at",
    "accepted_at",
    "answered_at",
    "status_since",
    "ended_at",
];

fn cells(row: &WorkRow) -> [String; 15] {
    let at = |time: Option<Time>| time.map(|time| time.to_string()).unwrap_or_default();
    [
        row.interaction_id.to_string(),
        row.channel_id.to_string(),
        row.kind.to_string(),
        row.contact_id.to_string(),
        row.outbound.to_string(),
        row.status.to_string(),
        row.skill.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.agent_id.or(row.last_agent_id).map(|id| id.to_string()).unwrap_or_default(),
        row.disposition.clone().unwrap_or_default(),
        row.tags.join(", "),
        row.created_at.to_string(),
        at(row.accepted_at),
        at(row.answered_at),
        row.status_since.to_string(),
        at(row.ended_at),
    ]
}

fn as_json(row: &WorkRow) -> String {
    let cells = cells(row);
    let given = COLUMNS.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
    let mut object: serde_json::Map<String, serde_json::Value> =
        given.map(|(name, cell)| ((*name).to_owned(), cell.as_str().into())).collect();
    object.insert("outbound".into(), row.outbound.into());
    object.insert("tags".into(), row.tags.clone().into());
    serde_json::Value::Object(object).to_string()
}

/// Interactions that began in a time, without names and addresses: those are in the export of a contact.
pub(crate) async fn interactions(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (from, to) = (time("from", &wanted.from)?, time("to", &wanted.to)?);
    let filter = Filter::read(&wanted)?;
    allowed(&app, &headers, AdminCommand::Export { what: format!("interactions {from} {to}") }).await?;
    let writing = Writing {
        place: place(&app)?,
        app,
        walk: Walk::new(from, to),
        filter,
        format: wanted.format,
        begun: false,
        rows: 0,
        done: false,
    };
    Ok(file(wanted.format, "interactions", Body::from_stream(writing.pieces())))
}

/// A file of interactions being written.
struct Writing {
    #[expect(dead_code, reason = "held until the file is written")]
    place: OwnedSemaphorePermit,
    app: Arc<App>,
    walk: Walk,
    filter: Filter,
    format: Format,
    begun: bool,
    rows: usize,
    done: bool,
}

impl Writing {
    fn pieces(self) -> impl Stream<Item = Result<Bytes, StoreError>> {
        stream::unfold(self, async |mut writing| {
            if writing.done {
                return None;
            }
            let piece = writing.piece().await;
            writing.done |= piece.is_err();
            Some((piece.map(Bytes::from), writing))
        })
    }

    async fn piece(&mut self) -> Result<String, StoreError> {
        let mut out = String::new();
        if !std::mem::replace(&mut self.begun, true) {
            match self.format {
                Format::Csv => csv::row(&mut out, COLUMNS),
                Format::Json => out.push('['),
            }
        }
        let page = self.walk.next(&self.app).await?;
        self.done = page.is_empty();
        for row in page.iter().filter(|row| self.filter.takes(row)) {
            let gap = if self.rows == 0 { "\n" } else { ",\n" };
            self.rows += 1;
            match self.format {
                Format::Csv => csv::row(&mut out, cells(row).iter().map(String::as_str)),
                Format::Json => out.extend([gap, &as_json(row)]),
            }
        }
        if self.done && self.format == Format::Json {
            out.push_str("\n]\n");
        }
        Ok(out)
    }
}

/// The daily report as a file.
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Query(wanted): Query<WantedReport>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let wrong = |message: String| Failure::new(StatusCode::BAD_REQUEST, message);
    let skill = wanted.skill.as_ref().map(|text| text.parse::<SkillId>()).transpose();
    let skill = skill.map_err(|error| wrong(format!("skill is {error}")))?;
    let day = oversight::day(&app, wanted.date.as_deref()).map_err(wrong)?;
    allowed(&app, &headers, AdminCommand::ReadReport).await?;
    let _place = place(&app)?;
    let report = oversight::daily(&app, day, skill.as_ref()).await?;
    let text = match wanted.format {
        Format::Json => serde_json::to_string(&report).unwrap_or_default(),
        Format::Csv => oversight::report_csv(&report),
    };
    Ok(file(wanted.format, &format!("report-{}", report.date), Body::from(text)))
}

/// Everything that is kept of one contact.
pub(crate) async fn contact(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let contact_id: ContactId = id.parse().map_err(|_| Failure::no_such_page())?;
    allowed(&app, &headers, AdminCommand::ExportContact { contact_id }).await?;
    let place = place(&app)?;
    let found = oversight::contact(&app, contact_id).await?;
    let name = format!("contact-{contact_id}");
    let whole = Whole { place, app, file: found, at: 0 };
    Ok(file(Format::Json, &name, Body::from_stream(whole.pieces())))
}

/// A contact's file being written.
struct Whole {
    #[expect(dead_code, reason = "held until the file is written")]
    place: OwnedSemaphorePermit,
    app: Arc<App>,
    file: ContactFile,
    /// 0: the head; then one interaction each; then the end.
    at: usize,
}

impl Whole {
    fn pieces(self) -> impl Stream<Item = Result<Bytes, StoreError>> {
        stream::unfold(self, async |mut whole| {
            let piece = whole.piece().await?;
            whole.at += 1;
            Some((piece.map(Bytes::from), whole))
        })
    }

    async fn piece(&self) -> Option<Result<String, StoreError>> {
        let count = self.file.interactions.len();
        Some(match self.at {
            0 => Ok(format!("{{\"contact\":{},\"interactions\":[", oversight::head(&self.file))),
            at if at <= count => {
                let shown = oversight::interaction(&self.app, &self.file, at - 1).await;
                shown.map(|shown| format!("{}{shown}\n", if at > 1 { "," } else { "" }))
            }
            at if at == count + 1 => Ok("]}\n".to_owned()),
            _ => return None,
        })
    }
}
