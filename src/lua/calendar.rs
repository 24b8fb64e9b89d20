//! Opening hours: `calendar.weekly { tz = …, mon_fri = "08:00-19:00" }`, with `open` and `next_open`.

#![expect(clippy::wildcard_enum_match_arm, reason = "the interpreter's value type may grow")]

use std::collections::BTreeSet;

use jiff::civil::{Date, Time as Clock};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use mlua::{AnyUserData, MetaMethod, UserData, UserDataMethods, Value};

use super::data::{Node, Source};
use super::holidays::Country;

/// How far ahead `next_open` looks: a year and a day, so that a yearly opening is found.
const DAYS_AHEAD: usize = 367;

/// Keys for days, groups first so that a day's own key wins.
const KEYS: [(&str, &[usize]); 11] = [
    ("every_day", &[0, 1, 2, 3, 4, 5, 6]),
    ("mon_sat", &[0, 1, 2, 3, 4, 5]),
    ("mon_fri", &[0, 1, 2, 3, 4]),
    ("sat_sun", &[5, 6]),
    ("mon", &[0]),
    ("tue", &[1]),
    ("wed", &[2]),
    ("thu", &[3]),
    ("fri", &[4]),
    ("sat", &[5]),
    ("sun", &[6]),
];

/// Opening and closing, in minutes after midnight.
type Hours = (i64, i64);

/// A week of opening hours.
#[derive(Debug)]
pub(crate) struct Weekly {
    zone: TimeZone,
    days: [Vec<Hours>; 7],
    countries: Vec<Country>,
    dates: BTreeSet<Date>,
}

impl Weekly {
    /// Reads the table; `Err`: what is wrong with it.
    pub(crate) fn read(value: Value) -> Result<Self, String> {
        let source = Source::new("", "", "", 0);
        let weekly = read(&source.node(value));
        let faults = source.faults.into_inner();
        match (weekly, faults.into_iter().next()) {
            (Some(weekly), None) => Ok(weekly),
            (_, fault) => Err(fault.map_or_else(|| "not a calendar".to_owned(), |fault| fault.message)),
        }
    }

    /// Whether it is open at `now` (milliseconds).
    pub(crate) fn open(&self, now: i64) -> bool {
        let Some(now) = self.zoned(now) else { return false };
        let midnight = i64::from(now.hour()) * 60 + i64::from(now.minute());
        self.hours(now.date()).iter().any(|(from, to)| (*from..*to).contains(&midnight))
    }

    /// When it opens next after `now`.
    pub(crate) fn next_open(&self, now: i64) -> Option<Moment> {
        let now = self.zoned(now)?;
        let mut date = now.date();
        for _ in 0..DAYS_AHEAD {
            let mut openings = self.hours(date).iter().filter_map(|(from, _)| {
                let midnight = date.to_zoned(self.zone.clone()).ok()?;
                midnight.with().time(clock(*from)?).build().ok()
            });
            if let Some(opening) = openings.find(|opening| *opening > now) {
                return Some(Moment(opening));
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn zoned(&self, now: i64) -> Option<Zoned> {
        Some(Timestamp::from_millisecond(now).ok()?.to_zoned(self.zone.clone()))
    }

    fn hours(&self, date: Date) -> &[Hours] {
        if self.dates.contains(&date) || self.countries.iter().any(|country| country.closed(date)) {
            return &[];
        }
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.days.get(day).map_or(&[], Vec::as_slice)
    }
}

/// Minutes after midnight as a time of day; 24:00 is no opening.
fn clock(minutes: i64) -> Option<Clock> {
    let (hour, minute) = (minutes / 60, minutes % 60);
    Clock::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

fn read(node: &Node<'_>) -> Option<Weekly> {
    let mut fields = node.fields()?;
    let zone = fields.must("tz").and_then(|node| {
        let name = node.text(100)?;
        let zone = TimeZone::get(&name).ok();
        if zone.is_none() {
            node.wrong(format!("no time zone is called \"{name}\"; expected one such as \"Europe/Paris\""));
        }
        zone
    });
    let mut days: [Vec<Hours>; 7] = Default::default();
    for (key, of) in KEYS {
        let Some(node) = fields.may(key) else { continue };
        let hours = if node.is_false() { Vec::new() } else { hours(&node)? };
        for day in of {
            if let Some(day) = days.get_mut(*day) {
                day.clone_from(&hours);
            }
        }
    }
    let mut weekly = Weekly { zone: zone?, days, countries: Vec::new(), dates: BTreeSet::new() };
    if let Some(node) = fields.may("holidays") {
        let list = if node.is_text() { vec![node] } else { node.list() };
        for node in list {
            holiday(&node, &mut weekly);
        }
    }
    fields.finish();
    Some(weekly)
}

/// `"08:00-12:00, 14:00-18:00"`; a day ends at `24:00`.
fn hours(node: &Node<'_>) -> Option<Vec<Hours>> {
    let text = node.text(200)?;
    let all: Option<Vec<Hours>> = text.split(',').map(span).collect();
    let ordered = |all: &Vec<Hours>| all.windows(2).all(|pair| matches!(pair, [a, b] if a.1 <= b.0));
    let all = all.filter(ordered);
    if all.is_none() {
        node.wrong(format!("expected hours in order such as \"08:00-12:00, 14:00-18:00\", got \"{text}\""));
    }
    all
}

fn span(text: &str) -> Option<Hours> {
    let (from, to) = text.trim().split_once('-')?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < to).then_some((from, to))
}

fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<i64>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    let fits = (0..60).contains(&minute) && (0..=24).contains(&hour) && hour * 60 + minute <= 24 * 60;
    fits.then_some(hour * 60 + minute)
}

fn holiday(node: &Node<'_>, weekly: &mut Weekly) {
    let Some(text) = node.text(20) else { return };
    if let Ok(country) = text.parse::<Country>() {
        weekly.countries.push(country);
    } else if let Ok(date) = Date::strptime("%Y-%m-%d", &text) {
        weekly.dates.insert(date);
    } else {
        let known = Country::WORDS.join(", ");
        node.wrong(format!("expected a country ({known}) or a date such as \"2026-12-24\", got \"{text}\""));
    }
}

impl UserData for Weekly {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("open", |_, weekly, now: f64| Ok(weekly.open(milliseconds(now))));
        methods.add_method("next_open", |_, weekly, now: f64| Ok(weekly.next_open(milliseconds(now))));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a time too far away is the farthest one")]
fn milliseconds(now: f64) -> i64 {
    now as i64
}

/// A month's name, from 1.
pub(crate) fn french_month(month: i8) -> &'static str {
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let at = usize::try_from(i32::from(month) - 1).unwrap_or(0);
    MONTHS.get(at).copied().unwrap_or_default()
}

/// An instant with the place it is told for.
#[derive(Debug, Clone)]
pub(crate) struct Moment(pub(crate) Zoned);

impl Moment {
    /// As people write it.
    pub(crate) fn text(&self, language: &str) -> String {
        const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
        let zoned = &self.0;
        if language != "fr" {
            return zoned.strftime("%A %-d %B at %H:%M").to_string();
        }
        let day = usize::try_from(zoned.weekday().to_monday_zero_offset()).unwrap_or(0);
        let (day, month) = (DAYS.get(day).copied(), french_month(zoned.month()));
        let rest = zoned.strftime("%H:%M");
        format!("{} {} {month} à {rest}", day.unwrap_or_default(), zoned.day())
    }

    /// The text of a value that a script put into a reply.
    pub(crate) fn shown(value: &Value, language: &str) -> Option<String> {
        match value {
            Value::String(text) => Some(text.to_string_lossy()),
            Value::Number(number) => Some(number.to_string()),
            Value::Integer(number) => Some(number.to_string()),
            Value::UserData(data) => Self::of(data).map(|moment| moment.text(language)),
            _ => None,
        }
    }

    fn of(data: &AnyUserData) -> Option<Self> {
        data.borrow::<Self>().ok().map(|moment| moment.clone())
    }
}

impl UserData for Moment {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("time", |_, moment, ()| {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds fit a double for 285,000 years")]
            let time = moment.0.timestamp().as_millisecond() as f64;
            Ok(time)
        });
        methods.add_meta_method(MetaMethod::ToString, |_, moment, ()| Ok(moment.text("en")));
    }
}

/// `"2026-11-23 10:00 Europe/Paris"` as milliseconds, for tests.
pub(crate) fn instant(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let (local, zone) = text.trim().rsplit_once(' ')?;
    let local: jiff::civil::DateTime = local.parse().ok()?;
    let zoned = local.to_zoned(TimeZone::get(zone).ok()?).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// Days from one date to another, for holidays that move with Easter.
pub(crate) fn shifted(date: Date, days: i64) -> Option<Date> {
    date.checked_add(days.days()).ok()
}
