//! Who watches over the plugins' threads: a slice that takes too long is stopped, a thread that can't be stopped is given up.
//!
//! What counts is the processor time of the thread: on a machine that is busy with something else, or stands still, nothing is too
//! slow. Where that can't be told, steps of this watch are counted.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use super::priority;
use crate::lua::sandbox::Stop;

/// How often the watch looks.
const STEP: Duration = Duration::from_millis(STEP_MS);
const STEP_MS: u64 = 5;
/// A slice that takes long without being given the processor is looked at again after as many steps.
const LOOK_AGAIN: u64 = 4;
/// How much longer than its limit a slice may take to stop, in milliseconds: library calls that nothing interrupts are short.
const PATIENCE_MS: u64 = 1_000;

/// What one plugin's thread is doing.
#[derive(Debug)]
pub(crate) struct Pulse {
    pub(crate) stop: Stop,
    /// The slice that runs; even: none.
    slice: AtomicU64,
    limit_ms: AtomicU64,
    /// The thread, and its processor time when the slice began.
    thread: OnceLock<i32>,
    used: AtomicU64,
    lost: AtomicBool,
    watch: Arc<Watch>,
}

impl Pulse {
    /// A slice begins; its number.
    pub(crate) fn begin(&self, limit_ms: u64) -> u64 {
        self.limit_ms.store(limit_ms, Ordering::Relaxed);
        let (thread, used) = priority::here();
        self.thread.get_or_init(|| thread);
        self.used.store(used, Ordering::Relaxed);
        let number = self.slice.fetch_add(1, Ordering::AcqRel) + 1;
        self.watch.wake();
        number
    }

    /// It ended.
    pub(crate) fn end(&self) {
        self.slice.fetch_add(1, Ordering::AcqRel);
    }

    /// How long the slice has run, in milliseconds, if it seems to be this long already.
    fn ran(&self, seems_ms: u64) -> u64 {
        let now = self.thread.get().and_then(|thread| priority::used(*thread));
        match now {
            Some(now) => now.saturating_sub(self.used.load(Ordering::Relaxed)) / 1_000_000,
            None => seems_ms,
        }
    }

    /// Stops a slice that took too long. `false`: its thread does not stop and is given up.
    fn judged(&self, slice: u64, seems_ms: u64) -> bool {
        let limit = self.limit_ms.load(Ordering::Relaxed);
        if seems_ms < limit || !(seems_ms - limit).is_multiple_of(LOOK_AGAIN * STEP_MS) {
            return true;
        }
        let ran = self.ran(seems_ms);
        if ran >= limit {
            self.stop.stop(slice);
        }
        if ran < limit + PATIENCE_MS {
            return true;
        }
        self.stop.stop_for_ever();
        self.lost.store(true, Ordering::Release);
        false
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
            thread: OnceLock::new(),
            used: AtomicU64::new(0),
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
            let seems = before.map_or(0, |(_, _, seems)| seems + STEP_MS);
            if !pulse.judged(slice, seems) {
                continue;
            }
            next.push((place, slice, seems));
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
