//! How much time and memory scripts get.

use std::time::Duration;

/// Limits of policy scripts. The defaults are the product's; tests make some of them larger or smaller.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes a VM may use.
    pub memory: usize,
    /// How long a question may run before it is stopped.
    pub answer: Duration,
    /// How long the engine waits in all, before it leaves the VM behind.
    pub patience: Duration,
    /// How long loading, or one test, may take. Nobody waits for it but the administrator.
    pub step: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 16 * 1024 * 1024,
            answer: Duration::from_millis(20),
            patience: Duration::from_millis(50),
            step: Duration::from_secs(1),
        }
    }
}

/// Misses after which scripts are set aside …
pub(crate) const MISSES_MAX: usize = 3;
/// … when they come within this time.
pub(crate) const MISSES_WITHIN: crate::domain::Span = crate::domain::Span::seconds(10);
/// Generations kept for going back.
pub(crate) const GENERATIONS_KEPT: usize = 10;
/// The same fault of a running script is told again after this time.
pub(crate) const TELL_AGAIN: crate::domain::Span = crate::domain::Span::seconds(60);
/// Most different faults remembered for that.
pub(crate) const TOLD_MAX: usize = 50;
