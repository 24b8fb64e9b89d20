//! Counts for the service level: how much work of each skill was accepted, and how much of it in time, by five minutes.
//!
//! Only what the board looks at stays here; the store keeps the rest for reports.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::{SkillId, Span, Time};
use crate::engine::ServiceLevelRow;
use crate::engine::board::{ServiceLevel, Share, board_begins, hour_begins, slot};
use crate::engine::limits::SERVICE_TARGET;

/// See the file's head.
#[derive(Debug, Default)]
pub(crate) struct Levels(BTreeMap<SkillId, VecDeque<ServiceLevelRow>>);

impl Levels {
    /// Takes a stored count in. They come in the order of their times.
    pub(crate) fn add(&mut self, row: ServiceLevelRow) {
        self.0.entry(row.skill.clone()).or_default().push_back(row);
    }

    /// Counts one acceptance; gives the time under which its count is kept.
    pub(crate) fn count(&mut self, skill: &SkillId, now: Time, waited: Span) -> Time {
        let (time, begins) = (slot(now), board_begins(now));
        let rows = self.0.entry(skill.clone()).or_default();
        while rows.front().is_some_and(|row| row.time < begins) {
            rows.pop_front();
        }
        if rows.back().is_none_or(|row| row.time < time) {
            let skill = skill.clone();
            rows.push_back(ServiceLevelRow { skill, time, accepted: 0, in_time: 0, waited: Span(0) });
        }
        if let Some(row) = rows.back_mut() {
            row.accepted += 1;
            row.in_time += i64::from(waited <= SERVICE_TARGET);
            row.waited = Span(row.waited.0.saturating_add(waited.0.max(0)));
        }
        time
    }

    /// A count as it is now.
    pub(crate) fn row(&self, skill: &SkillId, time: Time) -> Option<&ServiceLevelRow> {
        self.0.get(skill)?.iter().rev().find(|row| row.time == time)
    }

    /// Everything that the board looks at.
    pub(crate) fn rows(&self, now: Time) -> impl Iterator<Item = &ServiceLevelRow> {
        let begins = board_begins(now);
        self.0.values().flatten().filter(move |row| row.time >= begins)
    }

    /// How fast a skill's queue is served.
    pub(crate) fn level(&self, skill: &SkillId, now: Time) -> ServiceLevel {
        let mut level = ServiceLevel { target: SERVICE_TARGET, ..ServiceLevel::default() };
        let midnight = now.0 - now.0.rem_euclid(Span::days(1).0);
        let hour = hour_begins(now);
        for row in self.0.get(skill).into_iter().flatten() {
            if row.time.0 >= midnight {
                add(&mut level.today, row);
            }
            if row.time >= hour {
                add(&mut level.last_hour, row);
            }
        }
        level
    }
}

fn add(share: &mut Share, row: &ServiceLevelRow) {
    share.accepted += row.accepted;
    share.in_time += row.in_time;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptances_are_counted_by_day_and_hour() {
        let mut levels = Levels::default();
        let skill: SkillId = "support".parse().unwrap();
        let at = |text: &str| text.parse::<Time>().unwrap();
        let shares = |levels: &Levels, now: Time| {
            let level = levels.level(&skill, now);
            (level.today.accepted, level.today.in_time, level.last_hour.accepted, level.last_hour.in_time)
        };
        let late = SERVICE_TARGET + Span(1);
        for (now, waited, expected) in [
            ("2026-03-01T10:00:00.000Z", SERVICE_TARGET, (1, 1, 1, 1)),
            ("2026-03-01T10:04:59.999Z", late, (2, 1, 2, 1)),
            ("2026-03-01T11:00:00.000Z", Span(0), (3, 2, 1, 1)),
            ("2026-03-01T23:59:00.000Z", Span(0), (4, 3, 1, 1)),
            ("2026-03-02T00:01:00.000Z", Span(-5), (1, 1, 2, 2)),
        ] {
            levels.count(&skill, at(now), waited);
            assert_eq!(shares(&levels, at(now)), expected, "{now}");
        }
        // Yesterday's counts left with the first of today.
        assert_eq!(levels.rows(at("2026-03-02T00:01:00.000Z")).count(), 2);
        let other: SkillId = "sales".parse().unwrap();
        assert_eq!(levels.level(&other, at("2026-03-02T00:01:00.000Z")).today, Share::default());
    }
}
