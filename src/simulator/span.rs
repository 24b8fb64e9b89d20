//! Lengths of time as people write them: "25h", "1h30m", "90 s". Knows nothing of clocks.

/// The longest that one request may move the clock: 400 days.
pub(super) const LONGEST_MS: i64 = 400 * 24 * 3_600_000;

/// What to write, told with every refusal.
const ALLOWED: &str =
    "write a length such as \"25h\", \"1h30m\", \"90s\" or \"500ms\" (units ms, s, m, h, d; at most 400d)";

/// Milliseconds of a length of time; the error says what is allowed.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let refuse = |why: &str| Err(format!("{why} in {text:?}: {ALLOWED}"));
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.len() > 64 {
        return refuse("no readable length");
    }
    if trimmed.starts_with('-') {
        return refuse("the clock only goes forward: negative length");
    }
    let mut rest = trimmed;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(digits_end);
        let after = after.trim_start();
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, remaining) = after.split_at(unit_end);
        let Some(factor) = unit_ms(unit) else { return refuse("unknown or missing unit") };
        let Ok(number) = digits.parse::<i64>() else { return refuse("unreadable number") };
        let sum = number.checked_mul(factor).and_then(|part| total.checked_add(part));
        match sum.filter(|sum| *sum <= LONGEST_MS) {
            Some(sum) => total = sum,
            None => return refuse("too long"),
        }
        rest = remaining.trim_start();
    }
    Ok(total)
}

fn unit_ms(unit: &str) -> Option<i64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lengths_that_people_write() {
        let cases = [
            ("25h", 90_000_000),
            ("1h30m", 5_400_000),
            (" 90 s ", 90_000),
            ("500ms", 500),
            ("1d 2h", 93_600_000),
            ("0s", 0),
            ("400d", super::LONGEST_MS),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        for text in [
            "",
            "h",
            "25",
            "25 hours",
            "-1h",
            "1.5h",
            "1h-30m",
            "401d",
            "99999999999999999999h",
            "9999999999999d",
        ] {
            let refusal = parse(text).expect_err(text);
            assert!(refusal.contains("units ms, s, m, h, d"), "{text}: {refusal}");
        }
    }
}
