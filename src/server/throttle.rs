//! Slows down who guesses passwords: few failures a minute for an account, more for an address. Successes don't count.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::domain::{AgentId, Span, Time};

/// Failures a minute for one account.
const ACCOUNT_MAX: usize = 5;
/// Failures a minute for one address.
const ADDRESS_MAX: usize = 20;
/// Accounts and addresses that are remembered; the one that failed longest ago is forgotten first.
const KEYS_MAX: usize = 10_000;
const WINDOW: Span = Span::minutes(1);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Account(String),
    Address(IpAddr),
    /// Somebody who is logged in, and tells the password again.
    Agent(AgentId),
}

/// Failures of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: Mutex<BTreeMap<Key, VecDeque<Time>>>,
}

/// An attempt under way. It counts as failed until [`Throttle::succeeded`] says otherwise, so that many at once don't slip through.
#[derive(Debug)]
pub(crate) struct Attempt {
    keys: Vec<Key>,
    at: Time,
}

impl Throttle {
    /// May somebody try now? `Err`: seconds to wait.
    pub(crate) fn attempt(&self, login: &str, address: IpAddr, now: Time) -> Result<Attempt, i64> {
        self.attempt_by(vec![Key::Account(login.to_lowercase()), Key::Address(network(address))], now)
    }

    /// May an agent who is logged in tell its password now? Counted apart from logins: a session that somebody else got hold
    /// of must not lock its owner out.
    pub(crate) fn attempt_of(&self, agent_id: AgentId, now: Time) -> Result<Attempt, i64> {
        self.attempt_by(vec![Key::Agent(agent_id)], now)
    }

    fn attempt_by(&self, keys: Vec<Key>, now: Time) -> Result<Attempt, i64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &keys {
            let max = match key {
                Key::Account(_) | Key::Agent(_) => ACCOUNT_MAX,
                Key::Address(_) => ADDRESS_MAX,
            };
            let Some(times) = failures.get_mut(key) else { continue };
            while times.front().is_some_and(|time| *time + WINDOW <= now) {
                times.pop_front();
            }
            if let Some(first) = times.front().filter(|_| times.len() >= max) {
                let wait = (*first + WINDOW - now).0;
                return Err(wait.saturating_add(999) / 1_000);
            }
        }
        for key in &keys {
            failures.entry(key.clone()).or_default().push_back(now);
        }
        forget(&mut failures, now);
        Ok(Attempt { keys, at: now })
    }

    /// The password was right (or nobody could check it): the attempt does not count.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &attempt.keys {
            if let Some(times) = failures.get_mut(key)
                && let Some(at) = times.iter().position(|time| *time == attempt.at)
            {
                times.remove(at);
            }
        }
    }
}

/// Keeps the memory bounded: first what is over, then what is oldest.
fn forget(failures: &mut BTreeMap<Key, VecDeque<Time>>, now: Time) {
    if failures.len() <= KEYS_MAX {
        return;
    }
    failures.retain(|_, times| times.back().is_some_and(|time| *time + WINDOW > now));
    while failures.len() > KEYS_MAX {
        let oldest =
            failures.iter().min_by_key(|(_, times)| times.back().copied()).map(|(key, _)| key.clone());
        let Some(oldest) = oldest else { return };
        failures.remove(&oldest);
    }
}

/// An IPv6 subscriber has a whole /64 to guess from.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn five_failures_a_minute_for_an_account() {
        let throttle = Throttle::default();
        for n in 0..5 {
            assert!(throttle.attempt("alice", HERE, Time(n * 1_000)).is_ok());
        }
        assert_eq!(throttle.attempt("Alice", HERE, Time(5_000)).unwrap_err(), 55);
        assert!(throttle.attempt("bruno", HERE, Time(5_000)).is_ok());
        assert_eq!(throttle.attempt("alice", HERE, Time(59_999)).unwrap_err(), 1);
        assert!(throttle.attempt("alice", HERE, Time(60_000)).is_ok());
        assert!(throttle.attempt("alice", HERE, Time(60_500)).is_err());
    }

    #[test]
    fn twenty_failures_a_minute_for_an_address() {
        let throttle = Throttle::default();
        for n in 0..20 {
            assert!(throttle.attempt(&format!("agent{n}"), HERE, Time(0)).is_ok());
        }
        assert!(throttle.attempt("somebody", HERE, Time(1)).is_err());
        let elsewhere = "2001:db8::1".parse().unwrap();
        assert!(throttle.attempt("somebody", elsewhere, Time(1)).is_ok());
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff:1".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), HERE);
    }

    #[test]
    fn successes_do_not_count() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            let attempt = throttle.attempt("alice", HERE, Time(0)).unwrap();
            throttle.succeeded(&attempt);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        let mut refused = 0;
        for n in 0..6_000_u32 {
            let address = IpAddr::V4((0x0A00_0000 + n).into());
            refused += usize::from(throttle.attempt(&format!("a{n}"), address, Time(i64::from(n))).is_err());
        }
        assert_eq!(refused, 0);
        assert!(throttle.failures.lock().unwrap().len() <= KEYS_MAX);
    }
}
