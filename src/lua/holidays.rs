//! National public holidays, by rule, so that a calendar needs no list for each year.

use jiff::civil::Date;

use super::calendar::shifted;
use crate::domain::words;

words! {
    /// A country whose national holidays are known. Regional ones are given as dates.
    Country {
        /// Austria.
        Austria = "AT",
        /// Belgium.
        Belgium = "BE",
        /// Germany, where all states agree.
        Germany = "DE",
        /// Spain, where all regions agree.
        Spain = "ES",
        /// France without Alsace and Moselle.
        France = "FR",
        /// Italy.
        Italy = "IT",
        /// Luxembourg.
        Luxembourg = "LU",
        /// Portugal.
        Portugal = "PT",
    }
}

/// Month and day.
type Fixed = &'static [(i8, i8)];
/// Days from Easter Sunday.
type Moving = &'static [i64];

impl Country {
    /// Whether this is a public holiday.
    pub(crate) fn closed(self, date: Date) -> bool {
        let (fixed, moving) = self.rules();
        let today = (date.month(), date.day());
        let moves = |days: &i64| {
            easter(date.year())
                .and_then(|easter| shifted(easter, *days))
                .is_some_and(|holiday| holiday == date)
        };
        fixed.contains(&today) || moving.iter().any(moves)
    }

    fn rules(self) -> (Fixed, Moving) {
        match self {
            Self::Austria => (
                &[(1, 1), (1, 6), (5, 1), (8, 15), (10, 26), (11, 1), (12, 8), (12, 25), (12, 26)],
                &[1, 39, 50, 60],
            ),
            Self::Belgium => (&[(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)], &[1, 39, 50]),
            Self::Germany => (&[(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)], &[-2, 1, 39, 50]),
            Self::Spain => {
                (&[(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)], &[-2])
            }
            Self::France => {
                (&[(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)], &[1, 39, 50])
            }
            Self::Italy => (
                &[
                    (1, 1),
                    (1, 6),
                    (4, 25),
                    (5, 1),
                    (6, 2),
                    (8, 15),
                    (10, 4),
                    (11, 1),
                    (12, 8),
                    (12, 25),
                    (12, 26),
                ],
                &[1],
            ),
            Self::Luxembourg => {
                (&[(1, 1), (5, 1), (5, 9), (6, 23), (8, 15), (11, 1), (12, 25), (12, 26)], &[1, 39, 50])
            }
            Self::Portugal => (
                &[(1, 1), (4, 25), (5, 1), (6, 10), (8, 15), (10, 5), (11, 1), (12, 1), (12, 8), (12, 25)],
                &[-2, 60],
            ),
        }
    }
}

/// Easter Sunday of the Gregorian calendar (the anonymous computus).
fn easter(year: i16) -> Option<Date> {
    let years = i32::from(year);
    let (golden, century, rest) = (years % 19, years / 100, years % 100);
    let moved = (century - (century + 8) / 25 + 1) / 3;
    let moon = (19 * golden + century - century / 4 - moved + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4) % 7;
    let days = moon + weekday - 7 * ((golden + 11 * moon + 22 * weekday) / 451) + 114;
    Date::new(year, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_fall_where_the_calendar_says() {
        for (country, date, closed) in [
            ("FR", "2026-04-06", true), // Easter Monday
            ("FR", "2026-05-14", true), // Ascension
            ("FR", "2027-05-17", true), // Whit Monday
            ("FR", "2026-07-14", true),
            ("FR", "2026-04-03", false), // Good Friday
            ("DE", "2026-04-03", true),
            ("DE", "2026-10-03", true),
            ("AT", "2026-06-04", true), // Corpus Christi
            ("FR", "2026-11-23", false),
        ] {
            let country: Country = country.parse().unwrap();
            assert_eq!(country.closed(date.parse().unwrap()), closed, "{country} {date}");
        }
    }
}
