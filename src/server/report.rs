//! The daily report: what a day's work came to, in all, by skill and by agent. Figures only; reading rows is others' business.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::{AgentId, SkillId, Span, Status, Time};
use crate::port::WorkRow;
use crate::protocol::{Figures, Lengths};

/// How reports are made.
#[derive(Debug, Clone)]
pub struct Reporting {
    /// In which time zone a day begins.
    pub time_zone: TimeZone,
    /// Within which time work should be accepted.
    pub accept_within: Span,
}

impl Default for Reporting {
    fn default() -> Self {
        Self { time_zone: TimeZone::UTC, accept_within: Span::seconds(60) }
    }
}

impl Reporting {
    /// The day on which an instant falls.
    pub(crate) fn day_of(&self, now: Time) -> Option<Date> {
        let timestamp = jiff::Timestamp::from_millisecond(now.0).ok()?;
        Some(timestamp.to_zoned(self.time_zone.clone()).date())
    }

    /// When a day begins and ends: 23 or 25 hours apart when clocks change.
    pub(crate) fn bounds(&self, day: Date) -> Option<(Time, Time)> {
        let begins = |day: Date| {
            let zoned = day.to_zoned(self.time_zone.clone()).ok()?;
            Some(Time(zoned.timestamp().as_millisecond()))
        };
        Some((begins(day)?, begins(day.tomorrow().ok()?)?))
    }
}

/// A pile of work being counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pile {
    offered: u64,
    accepted: u64,
    in_time: u64,
    abandoned: u64,
    unanswered: u64,
    waits: Vec<i64>,
    answers: Vec<i64>,
    handled: Vec<i64>,
}

impl Pile {
    fn add(&mut self, row: &WorkRow, accept_within: Span) {
        self.offered += 1;
        match row.accepted_at {
            Some(accepted_at) => {
                let wait = accepted_at - row.created_at;
                self.accepted += 1;
                self.in_time += u64::from(wait <= accept_within);
                self.waits.push(wait.0);
                let done = match row.status {
                    Status::Resolved | Status::Closed => Some(row.status_since),
                    Status::New | Status::Open | Status::Pending | Status::Escalated => row.ended_at,
                };
                self.handled.extend(done.map(|done| (done - accepted_at).0));
                self.unanswered += u64::from(row.ended_at.is_some() && row.answered_at.is_none());
            }
            None => self.abandoned += u64::from(row.ended_at.is_some()),
        }
        self.answers.extend(row.answered_at.map(|at| (at - row.created_at).0));
    }

    /// The figures.
    pub(crate) fn figures(mut self) -> Figures {
        let decided = self.accepted + self.abandoned;
        #[expect(clippy::cast_precision_loss, reason = "a day has fewer than 2^53 interactions")]
        let level = (decided > 0).then(|| self.in_time as f64 / decided as f64);
        Figures {
            offered: self.offered,
            accepted: self.accepted,
            accepted_in_time: self.in_time,
            abandoned: self.abandoned,
            ended_unanswered: self.unanswered,
            service_level: level.map(|level| (level * 1_000.0).round() / 1_000.0),
            wait: lengths(&mut self.waits),
            first_response: lengths(&mut self.answers),
            handling: lengths(&mut self.handled),
        }
    }
}

/// Mean and percentiles in seconds; `None`: nothing to measure.
fn lengths(all: &mut [i64]) -> Option<Lengths> {
    all.sort_unstable();
    let (count, last) = (i64::try_from(all.len()).ok()?, *all.last()?);
    let sum = all.iter().fold(0_i64, |sum, one| sum.saturating_add(*one));
    // The smallest that is not less than so many of them.
    let percentile = |percent: usize| {
        let at = (all.len() * percent).div_ceil(100).saturating_sub(1);
        all.get(at).copied().unwrap_or(last)
    };
    let seconds = |ms: i64| (ms + 500) / 1_000;
    Some(Lengths {
        mean_seconds: seconds(sum / count),
        p50_seconds: seconds(percentile(50)),
        p90_seconds: seconds(percentile(90)),
        max_seconds: seconds(last),
    })
}

/// A day being counted.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) total: Pile,
    pub(crate) skills: BTreeMap<Option<SkillId>, Pile>,
    pub(crate) agents: BTreeMap<AgentId, Pile>,
}

impl Sheet {
    /// Counts one interaction. What agents began themselves nobody waited for.
    pub(crate) fn add(&mut self, row: &WorkRow, skill: Option<&SkillId>, accept_within: Span) {
        if row.outbound || skill.is_some_and(|wanted| row.skill.as_ref() != Some(wanted)) {
            return;
        }
        self.total.add(row, accept_within);
        self.skills.entry(row.skill.clone()).or_default().add(row, accept_within);
        if let Some(agent_id) = row.agent_id.or(row.last_agent_id).filter(|_| row.accepted_at.is_some()) {
            self.agents.entry(agent_id).or_default().add(row, accept_within);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ContactId, InteractionId};

    fn row(accepted: Option<i64>, answered: Option<i64>, ended: Option<i64>) -> WorkRow {
        WorkRow {
            interaction_id: InteractionId(1),
            channel_id: "c".parse().unwrap(),
            kind: crate::domain::ChannelKind::Chat,
            contact_id: ContactId(1),
            outbound: false,
            status: if ended.is_some() { Status::Closed } else { Status::Open },
            skill: "support".parse().ok(),
            agent_id: accepted.map(AgentId).map(|_| AgentId(3)),
            last_agent_id: None,
            disposition: None,
            tags: Vec::new(),
            created_at: Time(0),
            accepted_at: accepted.map(|at| Time(at * 1_000)),
            answered_at: answered.map(|at| Time(at * 1_000)),
            status_since: Time(ended.unwrap_or(0) * 1_000),
            ended_at: ended.map(|at| Time(at * 1_000)),
        }
    }

    #[test]
    fn a_day_is_counted() {
        let mut sheet = Sheet::default();
        for row in [
            row(Some(10), Some(20), Some(110)),
            row(Some(30), Some(40), None),
            row(Some(70), None, Some(170)),
            row(None, None, Some(300)),
            row(None, None, None),
            WorkRow { outbound: true, ..row(Some(0), Some(0), None) },
        ] {
            sheet.add(&row, None, Span::seconds(60));
        }
        let figures = sheet.total.clone().figures();
        assert_eq!((figures.offered, figures.accepted, figures.accepted_in_time), (5, 3, 2));
        assert_eq!((figures.abandoned, figures.ended_unanswered), (1, 1));
        assert_eq!(figures.service_level, Some(0.5));
        let wait = figures.wait.unwrap();
        assert_eq!(
            (wait.mean_seconds, wait.p50_seconds, wait.p90_seconds, wait.max_seconds),
            (37, 30, 70, 70)
        );
        assert_eq!(figures.first_response.unwrap().mean_seconds, 30);
        assert_eq!(figures.handling.unwrap().mean_seconds, 100);
        assert_eq!(sheet.agents.len(), 1);
        let mut other = Sheet::default();
        other.add(&row(None, None, None), "sales".parse().ok().as_ref(), Span::seconds(60));
        assert_eq!(other.total.figures(), Pile::default().figures());
    }

    #[test]
    fn a_day_is_as_long_as_its_clock_says() {
        let reporting =
            Reporting { time_zone: TimeZone::get("Europe/Paris").unwrap(), ..Reporting::default() };
        for (day, hours) in [((2026, 3, 28), 24), ((2026, 3, 29), 23), ((2026, 10, 25), 25)] {
            let day = Date::new(day.0, day.1, day.2).unwrap();
            let (from, to) = reporting.bounds(day).unwrap();
            assert_eq!(to - from, Span::hours(hours), "{day}");
            assert_eq!(reporting.day_of(from), Some(day));
            assert_ne!(reporting.day_of(from - Span(1)), Some(day));
        }
    }
}
