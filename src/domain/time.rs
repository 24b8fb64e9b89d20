//! Instants and lengths of time, in milliseconds. Where `now` comes from is the `clock` room's business.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01 UTC. Its text is RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A length of time in milliseconds. Its text is a number with a unit (`ms s m h d`), such as `90s`, or several: `1h30m`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    /// This many seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000)
    }
    /// This many minutes.
    pub const fn minutes(n: i64) -> Self {
        Self(n * 60_000)
    }
    /// This many hours.
    pub const fn hours(n: i64) -> Self {
        Self(n * 3_600_000)
    }
    /// This many days of 24 hours.
    pub const fn days(n: i64) -> Self {
        Self(n * 86_400_000)
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub<Span> for Time {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if (0..YEAR_10000).contains(&self.0) {
            return f.write_str(std::str::from_utf8(&common(self.0)).unwrap_or_default());
        }
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// From here on years have five digits.
const YEAR_10000: i64 = 253_402_300_800_000;

/// The text of a time from 1970 to 9999. A frame shows up to ten of them.
fn common(milliseconds: i64) -> [u8; 24] {
    let (days, rest) = (milliseconds / 86_400_000, milliseconds % 86_400_000);
    // Days counted from the 1st of March of the year 0, so that the leap day is a year's last (Howard Hinnant,
    // "chrono-Compatible Low-Level Date Algorithms").
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (end, mut value) in [
        (4, year),
        (7, month),
        (10, day),
        (13, rest / 3_600_000),
        (16, rest / 60_000 % 60),
        (19, rest / 1_000 % 60),
        (23, rest % 1_000),
    ] {
        for digit in text.iter_mut().take(end).rev() {
            if value == 0 {
                break;
            }
            *digit += u8::try_from(value % 10).unwrap_or_default();
            value /= 10;
        }
    }
    text
}

impl FromStr for Time {
    type Err = BadDuration;
    fn from_str(text: &str) -> Result<Self, BadDuration> {
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| BadDuration)?;
        Ok(Self(timestamp.as_millisecond()))
    }
}

/// A text that is neither a length of time nor an instant, as the place asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadDuration;

impl fmt::Display for BadDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a time such as \"45s\", \"10m\", \"24h\", \"1h30m\" or \"30d\" (at most 3650d)")
    }
}

impl std::error::Error for BadDuration {}

impl FromStr for Span {
    type Err = BadDuration;
    fn from_str(text: &str) -> Result<Self, BadDuration> {
        let mut rest = text;
        let mut total: i64 = 0;
        if rest.is_empty() {
            return Err(BadDuration);
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits);
            let units = after.bytes().take_while(u8::is_ascii_lowercase).count();
            let (unit, next) = after.split_at(units);
            let scale = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(BadDuration),
            };
            let number: i64 = number.parse().map_err(|_| BadDuration)?;
            let part = number.checked_mul(scale).ok_or(BadDuration)?;
            total = total.checked_add(part).ok_or(BadDuration)?;
            rest = next;
        }
        if total <= Self::days(3_650).0 { Ok(Self(total)) } else { Err(BadDuration) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        if left == 0 {
            return f.write_str("0s");
        }
        for (scale, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")] {
            if left >= scale {
                write!(f, "{}{unit}", left / scale)?;
                left %= scale;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_to_a_times_text_agrees_with_the_general_one() {
        let general = |time: i64| format!("{:.3}", jiff::Timestamp::from_millisecond(time).unwrap());
        // Every day of four centuries and more, each at another time of day; then the ends.
        let days = (0..160_000).map(|day| day * 86_400_000 + day * 7_919_113 % 86_400_000);
        let ends = [0, 999, 951_782_400_000, 951_868_799_999, YEAR_10000 - 1, YEAR_10000, -1];
        for time in days.chain(ends).filter(|time| jiff::Timestamp::from_millisecond(*time).is_ok()) {
            assert_eq!(Time(time).to_string(), general(time));
        }
    }

    #[test]
    fn spans_read_and_written() {
        for (text, ms) in
            [("0s", 0), ("45s", 45_000), ("1h30m", 5_400_000), ("250ms", 250), ("2d", 172_800_000)]
        {
            assert_eq!(text.parse(), Ok(Span(ms)));
            assert_eq!(Span(ms).to_string(), text);
        }
        for bad in ["", "5", "m", "5 m", "-5m", "1y", "99999999999999999999s", "4000d", "1h30"] {
            assert_eq!(bad.parse::<Span>(), Err(BadDuration), "{bad}");
        }
    }

    #[test]
    fn instants_have_milliseconds() {
        assert_eq!(Time(1_700_000_000_000).to_string(), "2023-11-14T22:13:20.000Z");
        assert_eq!("2023-11-14T22:13:20.005Z".parse(), Ok(Time(1_700_000_000_005)));
    }
}
