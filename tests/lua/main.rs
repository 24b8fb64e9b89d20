//! Policy scripts as an administrator writes, breaks and mends them: answers, faults with their places, attacks, reloads.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

mod answers;
mod attacks;
mod desk;
mod faults;
mod figures;
mod plugins;
mod reloads;
mod watching;
