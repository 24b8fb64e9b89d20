//! The time. The only place that reads the machine's clock; everything else is given `now`.
//!
//! The demo can be moved forward (`/sim/clock`): an offset is added and everybody who waits is woken.

mod pace;

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::watch;

use crate::domain::{Span, Time};

pub use pace::Pace;

/// A clock that never goes back and can be moved forward.
#[derive(Debug)]
pub struct Clock {
    offset: AtomicI64,
    last: AtomicI64,
    moved: watch::Sender<i64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { offset: AtomicI64::new(0), last: AtomicI64::new(0), moved: watch::Sender::new(0) }
    }
}

impl Clock {
    /// Now. Never earlier than an answer before, even when the machine's clock is set back.
    pub fn now(&self) -> Time {
        let now = machine_time().saturating_add(self.offset.load(Ordering::Relaxed));
        Time(self.last.fetch_max(now, Ordering::Relaxed).max(now))
    }

    /// Moves the time forward and wakes everybody who waits for a deadline.
    pub fn advance(&self, by: Span) {
        self.offset.fetch_add(by.0.max(0), Ordering::Relaxed);
        self.moved.send_modify(|moves| *moves += 1);
    }

    /// Waits until `deadline` has come, or for ever if there is none.
    pub async fn until(&self, deadline: Option<Time>) {
        let mut moved = self.moved.subscribe();
        loop {
            let wait = deadline.map(|deadline| (deadline - self.now()).0);
            let wait = match wait {
                Some(left) if left <= 0 => return,
                // At most a minute at a time: a suspended machine's timers may have stood still.
                Some(left) => u64::try_from(left).unwrap_or(0).min(60_000),
                None => u64::MAX >> 24,
            };
            tokio::select! {
                () = pause(wait) => {}
                _ = moved.changed() => {}
            }
        }
    }
}

/// Waits this many milliseconds of the machine's time: for timeouts that are about this process, not about the product's time.
#[expect(clippy::disallowed_methods, reason = "this room is the one that may")]
pub async fn pause(milliseconds: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
}

#[expect(clippy::disallowed_methods, reason = "this room is the one that may")]
fn machine_time() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Measures how long something takes, for metrics.
#[derive(Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins.
    #[expect(clippy::disallowed_methods, reason = "this room is the one that may")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }
    /// Seconds since it began.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
