//! Who watches over the plugins' threads: a slice that takes too long is stopped, a thread that can't be stopped is given up.
//!
//! Time is counted in steps of this watch, not read from a clock: on a machine that stands still nothing is too slow.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::lua::sandbox::Stop;

/// How often the watch looks.
const STEP: Duration = Duration::from_millis(5);
/// How much longer than its limit a slice may take to stop, in milliseconds: library calls that nothing interrupts are short.
const PATIENCE_MS: u64 = 1_000;

/// What one plugin's thread is doing.
#[derive(Debug)]
pub(crate) struct Pulse {
    pub(crate) stop: Stop,
    /// The slice that runs; even: none.
    slice: AtomicU64,
    limit_ms: AtomicU64,
    lost: AtomicBool,
    watch: Arc<Watch>,
}

impl Pulse {
    /// A slice begins; its number.
    pub(crate) fn begin(&self, limit_ms: u64) -> u64 {
        self.limit_ms.store(limit_ms, Ordering::Relaxed);
        let number = self.slice.fetch_add(1, Ordering::AcqRel) + 1;
        self.watch.wake();
        number
    }

    /// It ended.
    pub(crate) fn end(&self) {
        self.slice.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether its thread was given up.
    pub(crate) fn lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

/// The watch over all of them: one thread, asleep while nothing runs.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pulses: Mutex<Vec<Weak<Pulse>>>,
    awake: Mutex<bool>,
    bell: Condvar,
    ended: AtomicBool,
}

impl Watch {
    /// Starts it.
    pub(crate) fn start() -> std::io::Result<Arc<Self>> {
        let watch = Arc::new(Self::default());
        let weak = Arc::downgrade(&watch);
        std::thread::Builder::new().name("plugin-watch".to_owned()).spawn(move || run(&weak))?;
        Ok(watch)
    }

    /// A pulse for a new thread.
    pub(crate) fn pulse(self: &Arc<Self>) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse {
            stop: Stop::default(),
            slice: AtomicU64::new(0),
            limit_ms: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            watch: Arc::clone(self),
        });
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&pulse));
        pulse
    }

    fn wake(&self) {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        if !*awake {
            *awake = true;
            self.bell.notify_one();
        }
    }

    /// Ends the thread.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.wake();
    }

    /// One step. `false`: it is time to end.
    fn step(&self, seen: &mut Vec<(usize, u64, u64)>) -> bool {
        let awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        let mut awake = self.bell.wait_while(awake, |awake| !*awake).unwrap_or_else(PoisonError::into_inner);
        *awake = false;
        let waited = self.bell.wait_timeout_while(awake, STEP, |_| true);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        if self.ended.load(Ordering::Acquire) {
            return false;
        }
        let pulses: Vec<Arc<Pulse>> = {
            let mut pulses = self.pulses.lock().unwrap_or_else(PoisonError::into_inner);
            pulses.retain(|pulse| pulse.strong_count() > 0);
            pulses.iter().filter_map(Weak::upgrade).collect()
        };
        let mut next = Vec::new();
        for pulse in pulses {
            let slice = pulse.slice.load(Ordering::Acquire);
            if slice % 2 == 0 || pulse.lost() {
                continue;
            }
            let place = Arc::as_ptr(&pulse) as usize;
            let before = seen.iter().find(|(other, number, _)| (*other, *number) == (place, slice));
            let ran = before.map_or(0, |(_, _, ran)| ran + 5);
            let limit = pulse.limit_ms.load(Ordering::Relaxed);
            if ran >= limit {
                pulse.stop.stop(slice);
            }
            if ran >= limit + PATIENCE_MS {
                pulse.stop.stop_for_ever();
                pulse.lost.store(true, Ordering::Release);
                continue;
            }
            next.push((place, slice, ran));
        }
        if !next.is_empty() {
            self.wake();
        }
        *seen = next;
        true
    }
}

fn run(watch: &Weak<Watch>) {
    let mut seen = Vec::new();
    // Held only for a step, and nobody else ends it: `end` does.
    while let Some(watch) = watch.upgrade() {
        if !watch.step(&mut seen) {
            return;
        }
    }
}
