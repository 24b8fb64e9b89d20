//! A steady rate with room for bursts (GCRA: one time stamp, no counters). It knows nothing of who is counted by it.

use crate::domain::Time;

/// How often somebody may do something, and how far it has gone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// When what was done so far would be due, in microseconds.
    due: i64,
}

impl Pace {
    /// Takes one more in, at most `burst` at once and one every `step_us` microseconds after that; `false`: it is one too many.
    pub fn take(&mut self, now: Time, step_us: i64, burst: i64) -> bool {
        let now = now.0.saturating_mul(1_000);
        let due = self.due.max(now);
        if due - now > step_us.saturating_mul(burst - 1) {
            return false;
        }
        self.due = due.saturating_add(step_us);
        true
    }

    /// Whether nothing of it counts any more.
    pub fn is_over(&self, now: Time) -> bool {
        self.due <= now.0.saturating_mul(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let mut pace = Pace::default();
        let now = Time(1_700_000_000_000);
        assert!(pace.is_over(now));
        assert!((0..5).all(|_| pace.take(now, 1_000_000, 5)));
        assert!(!pace.take(now, 1_000_000, 5));
        assert!(pace.take(Time(now.0 + 1_000), 1_000_000, 5));
        assert!(!pace.take(Time(now.0 + 1_999), 1_000_000, 5));
        assert!(!pace.is_over(Time(now.0 + 5_999)));
        assert!(pace.is_over(Time(now.0 + 6_000)));
    }
}
