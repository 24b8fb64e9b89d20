//! What administrators and supervisors read from the store once the engine has allowed it: who did what, a contact's
//! data, the daily report; and the test of a channel. The engine says who may; here is only how it is gathered.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::app::App;
use super::report::Sheet;
use super::{csv, wire};
use crate::domain::{AgentId, ChannelId, ContactId, InteractionId, SkillId, Span, Time};
use crate::engine::{AdminCommand, Answer, Input, Refusal, RefusalKind};
use crate::port::{ContactFile, Place, StoreError, WorkRow};
use crate::protocol::{AgentFigures, DailyReport, Figures, Id, Lengths, Moment, SkillFigures};

/// Rows read at a time.
const PAGE: u32 = 1_000;
/// Messages read at a time.
const MESSAGES: u32 = 500;
/// The most interactions that one report or export looks at: 1,000,000 a day are more than one desk handles.
pub(crate) const WORK_MAX: usize = 1_000_000;
/// How long a provider may take to answer a test.
const TEST_MS: u64 = 15_000;

/// A read failed.
pub(crate) fn unreadable(error: &StoreError) -> Refusal {
    tracing::warn!(%error, "rows for an administrator can't be read");
    Refusal::new(RefusalKind::Unavailable, "This can't be read now; try again")
}

/// Work that began in a time, page by page.
#[derive(Debug)]
pub(crate) struct Walk {
    place: Place,
    to: Time,
    left: usize,
}

impl Walk {
    pub(crate) fn new(from: Time, to: Time) -> Self {
        let place = Place { created_at: from - Span(1), interaction_id: InteractionId(i64::MAX) };
        Self { place, to, left: WORK_MAX }
    }

    /// The next page; empty: the end.
    pub(crate) async fn next(&mut self, app: &App) -> Result<Vec<WorkRow>, StoreError> {
        let page = app
            .desk
            .store()
            .work_since(self.place, self.to, PAGE.min(u32::try_from(self.left).unwrap_or(PAGE)))
            .await?;
        self.left = self.left.saturating_sub(page.len());
        if let Some(last) = page.last() {
            self.place = Place { created_at: last.created_at, interaction_id: last.interaction_id };
        }
        Ok(page)
    }
}

/// Counts a time's work.
pub(crate) async fn sheet(
    app: &App,
    (from, to): (Time, Time),
    skill: Option<&SkillId>,
) -> Result<Sheet, StoreError> {
    let (mut sheet, mut walk) = (Sheet::default(), Walk::new(from, to));
    loop {
        let page = walk.next(app).await?;
        if page.is_empty() {
            return Ok(sheet);
        }
        for row in &page {
            sheet.add(row, skill, app.options.reporting.accept_within);
        }
    }
}

/// Everything of a contact but its messages.
pub(crate) async fn contact(app: &App, contact_id: ContactId) -> Result<ContactFile, Refusal> {
    let found = app.desk.store().contact_file(contact_id).await.map_err(|error| unreadable(&error))?;
    found.ok_or_else(|| Refusal::new(RefusalKind::NotFound, format!("there is no contact {contact_id}")))
}

/// A contact's head for its export: who it is and what it is known by.
pub(crate) fn head(file: &ContactFile) -> Value {
    let contact = &file.contact;
    let addresses: Vec<Value> = file
        .aliases
        .iter()
        .map(|alias| json!({ "channel": alias.kind, "kind": alias.alias_kind, "value": alias.value }))
        .collect();
    json!({
        "contact_id": contact.contact_id.to_string(),
        "name": contact.name,
        "language": contact.language,
        "vip": contact.vip,
        "blocked": contact.blocked,
        "opted_out": contact.opted_out,
        "created_at": contact.created_at.to_string(),
        "addresses": addresses,
    })
}

/// One interaction of a contact with all that was said, as its export shows it.
pub(crate) async fn interaction(app: &App, file: &ContactFile, at: usize) -> Result<Value, StoreError> {
    let Some(row) = file.interactions.get(at) else { return Ok(Value::Null) };
    let interaction_id = row.interaction_id;
    let mut messages: Vec<Value> = Vec::new();
    let mut before = None;
    loop {
        let page = app.desk.store().messages(interaction_id, before, MESSAGES).await?;
        let Some(first) = page.messages.first() else { break };
        before = Some(first.message_id);
        let shown =
            page.messages.iter().map(|it| serde_json::to_value(wire::message(it)).unwrap_or_default());
        messages.splice(0..0, shown.collect::<Vec<_>>());
        if !page.more {
            break;
        }
    }
    let notes = file.notes.iter().filter(|note| note.interaction_id == interaction_id);
    let notes: Vec<Value> =
        notes.map(|note| serde_json::to_value(wire::note(note)).unwrap_or_default()).collect();
    let shown = wire::interaction(&app.channels, row, None, None);
    Ok(json!({
        "interaction": serde_json::to_value(shown).unwrap_or_default(),
        "messages": messages,
        "notes": notes,
    }))
}

/// Asks a channel's provider something that needs its account to work; gives how many templates it has, or what is wrong.
pub(crate) async fn test(app: &App, channel_id: &ChannelId) -> Result<usize, String> {
    let Some(connector) = app.desk.connector(channel_id) else {
        return Err("this channel is not configured any more".to_owned());
    };
    let asked = async {
        tokio::select! {
            read = connector.templates() => read.map_err(|error| error.reason),
            () = crate::clock::pause(TEST_MS) => Err("the provider does not answer".to_owned()),
        }
    };
    let templates = asked.await?;
    let count = templates.len();
    app.desk.tell(Input::Templates { channel_id: channel_id.clone(), templates });
    Ok(count)
}

/// The day that is meant; none given: today.
pub(crate) fn day(app: &App, text: Option<&str>) -> Result<Date, String> {
    let today = || app.options.reporting.day_of(app.desk.clock().now());
    let day = match text {
        Some(text) => text.parse().ok(),
        None => today(),
    };
    day.ok_or_else(|| "date is a day, such as 2026-01-31".to_owned())
}

/// The report of a day.
pub(crate) async fn daily(app: &App, day: Date, skill: Option<&SkillId>) -> Result<DailyReport, Refusal> {
    let reporting = &app.options.reporting;
    let wrong = || Refusal::new(RefusalKind::Invalid, "date is too far away").field("date");
    let (from, to) = reporting.bounds(day).ok_or_else(wrong)?;
    let sheet = sheet(app, (from, to), skill).await.map_err(|error| unreadable(&error))?;
    let names: BTreeMap<AgentId, String> = match app.desk.administer(AdminCommand::ListAgents).await {
        Ok(Answer::Agents(agents)) => {
            agents.iter().map(|(agent, _)| (agent.agent_id, agent.name.clone())).collect()
        }
        _ => BTreeMap::new(),
    };
    let agents = sheet.agents.into_iter().map(|(agent_id, pile)| AgentFigures {
        agent_id: Id(agent_id),
        name: names.get(&agent_id).cloned().unwrap_or_else(|| agent_id.to_string()),
        figures: pile.figures(),
    });
    let skills = sheet.skills.into_iter().map(|(skill, pile)| SkillFigures {
        skill: skill.map(|skill| skill.to_string()),
        figures: pile.figures(),
    });
    Ok(DailyReport {
        date: day.to_string(),
        time_zone: reporting.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        from: Moment(from),
        to: Moment(to),
        accept_seconds: reporting.accept_within.0 / 1_000,
        total: sheet.total.figures(),
        skills: skills.collect(),
        agents: agents.collect(),
    })
}

/// The report as a table: one line in all, then one a skill and one an agent.
pub(crate) fn report_csv(report: &DailyReport) -> String {
    let mut out = String::new();
    csv::row(
        &mut out,
        [
            "date",
            "scope",
            "name",
            "offered",
            "accepted",
            "accepted_in_time",
            "abandoned",
            "ended_unanswered",
            "service_level",
            "wait_mean_seconds",
            "wait_p50_seconds",
            "wait_p90_seconds",
            "wait_max_seconds",
            "first_response_mean_seconds",
            "first_response_p90_seconds",
            "handling_mean_seconds",
            "handling_p90_seconds",
        ],
    );
    let mut line = |scope: &str, name: &str, it: &Figures| {
        let of = |lengths: &Option<Lengths>, part: fn(&Lengths) -> i64| {
            lengths.as_ref().map(|lengths| part(lengths).to_string()).unwrap_or_default()
        };
        let counts = [it.offered, it.accepted, it.accepted_in_time, it.abandoned, it.ended_unanswered];
        let mut cells: Vec<String> = vec![report.date.clone(), scope.to_owned(), name.to_owned()];
        cells.extend(counts.map(|count| count.to_string()));
        cells.push(it.service_level.map(|level| level.to_string()).unwrap_or_default());
        cells.extend([
            of(&it.wait, |it| it.mean_seconds),
            of(&it.wait, |it| it.p50_seconds),
            of(&it.wait, |it| it.p90_seconds),
            of(&it.wait, |it| it.max_seconds),
            of(&it.first_response, |it| it.mean_seconds),
            of(&it.first_response, |it| it.p90_seconds),
            of(&it.handling, |it| it.mean_seconds),
            of(&it.handling, |it| it.p90_seconds),
        ]);
        csv::row(&mut out, cells.iter().map(String::as_str));
    };
    line("total", "", &report.total);
    for skill in &report.skills {
        line("skill", skill.skill.as_deref().unwrap_or_default(), &skill.figures);
    }
    for agent in &report.agents {
        line("agent", &agent.name, &agent.figures);
    }
    out
}
