//! What is set to go wrong next. Knows nothing of what it will happen to.

use serde::{Deserialize, Serialize};

/// The longest that an answer may be held back.
const LONGEST_DELAY_MS: u64 = 120_000;
const MOST_SENDS: u32 = 100_000;

/// The wish of `POST /sim/faults`. What touches sends lasts for `count` sends; `duplicate` and `sync_window` stay
/// until cleared.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, spelt so on the wire")]
pub(super) struct Faults {
    /// An error code of the Graph API to answer with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error_code: Option<i64>,
    /// The HTTP status; without `error_code`, a bare answer that is not Meta's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// How many sends are still touched (one when not said).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u32>,
    /// Real milliseconds before the answer; the message is kept first.
    #[serde(default)]
    pub(super) delay_ms: u64,
    /// The connection is cut before or after the message is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) drop: Option<Cut>,
    /// 200 with a body that cannot be read; the message is kept.
    #[serde(default)]
    pub(super) garbage: bool,
    /// Answers 200, then sends `error_code` as a failed status.
    #[serde(default)]
    pub(super) as_status: bool,
    /// Every webhook is posted twice.
    #[serde(default)]
    pub(super) duplicate: bool,
    /// A closed window is refused at once (400), not by a failed status after a 200.
    #[serde(default)]
    pub(super) sync_window: bool,
}

/// Where a connection is cut.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cut {
    /// The message is lost.
    Before,
    /// The message is kept, its answer is lost.
    After,
}

impl Faults {
    /// Says what is wrong with a wish.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.delay_ms > LONGEST_DELAY_MS {
            return Err(format!("delay_ms is {}: at most {LONGEST_DELAY_MS}", self.delay_ms));
        }
        if self.count.is_some_and(|count| count > MOST_SENDS) {
            return Err(format!("count is too large: at most {MOST_SENDS}"));
        }
        if self.status.is_some_and(|status| !(400..=599).contains(&status)) {
            return Err("status must be an HTTP error status, 400 to 599".to_owned());
        }
        if self.as_status && self.error_code.is_none() {
            return Err("as_status needs an error_code".to_owned());
        }
        Ok(())
    }

    /// The fault of one send; counts it.
    pub(super) fn take(&mut self) -> Self {
        let mut one = self.clone();
        let left = self.count.unwrap_or(u32::from(self.touches_sends()));
        if left == 0 {
            one = Self { duplicate: self.duplicate, sync_window: self.sync_window, ..Self::default() };
        } else if left == 1 {
            *self = Self { duplicate: self.duplicate, sync_window: self.sync_window, ..Self::default() };
        } else {
            self.count = Some(left - 1);
        }
        one
    }

    /// How often each webhook is posted.
    pub(super) fn copies(&self) -> u8 {
        if self.duplicate { 2 } else { 1 }
    }

    fn touches_sends(&self) -> bool {
        self.error_code.is_some()
            || self.status.is_some()
            || self.delay_ms > 0
            || self.drop.is_some()
            || self.garbage
    }
}

#[cfg(test)]
mod tests {
    use super::Faults;

    #[test]
    fn what_touches_sends_is_counted_and_the_modes_stay() {
        let mut faults =
            Faults { error_code: Some(131_056), count: Some(2), duplicate: true, ..Faults::default() };
        assert_eq!(faults.take().error_code, Some(131_056));
        assert_eq!(faults.take().error_code, Some(131_056));
        let third = faults.take();
        assert_eq!(third.error_code, None);
        assert!(third.duplicate && faults.duplicate);
    }

    #[test]
    fn without_a_count_one_send_is_touched() {
        let mut faults = Faults { garbage: true, ..Faults::default() };
        assert!(faults.take().garbage);
        assert!(!faults.take().garbage);
    }

    #[test]
    fn each_limit_is_told() {
        for wish in [
            Faults { delay_ms: 120_001, ..Faults::default() },
            Faults { count: Some(100_001), ..Faults::default() },
            Faults { status: Some(200), ..Faults::default() },
            Faults { as_status: true, ..Faults::default() },
        ] {
            assert!(wish.check().is_err());
        }
        assert!(Faults { delay_ms: 120_000, status: Some(503), ..Faults::default() }.check().is_ok());
    }
}
