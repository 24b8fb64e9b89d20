//! How many requests a client may make: a steady rate with room for bursts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Pace;
use crate::domain::{AgentId, Time};

/// Requests a second, for one socket or, on `/rpc`, one agent. A person makes a handful; a program of an integration may
/// drive many conversations; one that runs wild must not push everybody's work aside.
const PER_SECOND: i64 = 1_000;
/// Requests that may come at once.
pub(crate) const BURST: i64 = 2_000;

/// One client's rate.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rate(Pace);

impl Rate {
    /// Takes one request in; `false`: it is one too many.
    pub(crate) fn take(&mut self, now: Time) -> bool {
        self.0.take(now, 1_000_000 / PER_SECOND, BURST)
    }
}

/// Rates of agents who ask without a socket. As many as there are agents.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<BTreeMap<AgentId, Rate>>);

impl Rates {
    /// Takes one request in; `false`: it is one too many.
    pub(crate) fn take(&self, agent_id: AgentId, now: Time) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(agent_id).or_default().take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_a_steady_rate() {
        let mut rate = Rate::default();
        let now = Time(1_700_000_000_000);
        assert!((0..BURST).all(|_| rate.take(now)));
        assert!(!rate.take(now));
        let later = Time(now.0 + 1_000);
        assert!((0..PER_SECOND).all(|_| rate.take(later)));
        assert!(!rate.take(later));
    }
}
