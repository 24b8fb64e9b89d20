//! A bound on work at once and on work waiting for it.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// So many inside, so many waiting, in the order they came.
pub(crate) struct Gate {
    inside: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Gate {
    pub(crate) fn new(inside_max: usize, waiting_max: usize) -> Self {
        Self { inside: Semaphore::new(inside_max), waiting: AtomicUsize::new(0), waiting_max }
    }

    /// A place inside, until it is dropped. `None`: too many wait already.
    pub(crate) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(place) = self.inside.try_acquire() {
            return Some(place);
        }
        let one = Waiting::begin(&self.waiting);
        if one.before >= self.waiting_max {
            return None;
        }
        self.inside.acquire().await.ok()
    }
}

/// Counts one who waits, for as long as it does.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn so_many_inside_and_so_many_waiting() {
        let gate = Gate::new(1, 1);
        let first = gate.enter().now_or_never().flatten();
        assert!(first.is_some());
        let mut second = Box::pin(gate.enter());
        assert!((&mut second).now_or_never().is_none(), "it waits");
        assert!(gate.enter().now_or_never().expect("it is refused at once").is_none());
        drop(first);
        assert!(second.now_or_never().flatten().is_some());
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }
}
