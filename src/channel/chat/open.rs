//! Who is here: the open sockets of each visitor, and the bells by which they learn that there is something to tell. It does
//! not know what that is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::clock::Pace;
use crate::domain::{IdentityId, Time};

/// Sockets of one visitor: as many as a person has tabs and devices.
const SOCKETS_MAX: usize = 10;
/// Messages at once; after that the account's rate.
const BURST: i64 = 20;

/// One socket's bell.
#[derive(Debug, Default)]
pub(super) struct Bell {
    ring: Notify,
    look: AtomicBool,
    typing: AtomicBool,
}

/// Why a bell rang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rung {
    /// Something may stand in the store.
    pub(super) look: bool,
    /// Somebody types.
    pub(super) typing: bool,
}

impl Bell {
    /// There is something to look at.
    pub(super) fn ring(&self) {
        self.look.store(true, Ordering::Release);
        self.ring.notify_one();
    }

    /// Waits until it rings.
    pub(super) async fn rung(&self) {
        self.ring.notified().await;
    }

    /// Why it rang since it was last asked.
    pub(super) fn why(&self) -> Rung {
        Rung {
            look: self.look.swap(false, Ordering::Acquire),
            typing: self.typing.swap(false, Ordering::Acquire),
        }
    }
}

#[derive(Debug, Default)]
struct Here {
    bells: Vec<Arc<Bell>>,
    /// All sockets of a visitor share one rate.
    pace: Pace,
    identity_id: Option<IdentityId>,
}

#[derive(Debug, Default)]
struct Inner {
    here: BTreeMap<String, Here>,
    keys: BTreeMap<IdentityId, String>,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Open(Mutex<Inner>);

impl Open {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket of a visitor is open. `None`: it has too many already.
    pub(super) fn come(&self, key: &str) -> Option<Arc<Bell>> {
        let mut inner = self.lock();
        let here = inner.here.entry(key.to_owned()).or_default();
        if here.bells.len() >= SOCKETS_MAX {
            return None;
        }
        let bell = Arc::<Bell>::default();
        here.bells.push(Arc::clone(&bell));
        Some(bell)
    }

    /// The socket is closed.
    pub(super) fn go(&self, key: &str, bell: &Arc<Bell>) {
        let mut inner = self.lock();
        let Some(here) = inner.here.get_mut(key) else { return };
        here.bells.retain(|other| !Arc::ptr_eq(other, bell));
        if here.bells.is_empty() {
            let identity_id = here.identity_id;
            inner.here.remove(key);
            if let Some(identity_id) = identity_id {
                inner.keys.remove(&identity_id);
            }
        }
    }

    /// The visitor is known to the house under this identity. True: that is news, and what happened meanwhile was not rung.
    pub(super) fn known_as(&self, key: &str, identity_id: IdentityId) -> bool {
        let mut inner = self.lock();
        let Some(here) = inner.here.get_mut(key) else { return false };
        let old = here.identity_id.replace(identity_id);
        if old == Some(identity_id) {
            return false;
        }
        if let Some(old) = old {
            inner.keys.remove(&old);
        }
        inner.keys.insert(identity_id, key.to_owned());
        true
    }

    /// Something to look at for a visitor.
    pub(super) fn ring(&self, key: &str) {
        for bell in self.lock().here.get(key).map(|here| here.bells.as_slice()).unwrap_or_default() {
            bell.ring();
        }
    }

    /// The same for a visitor known by its identity.
    pub(super) fn ring_identity(&self, identity_id: IdentityId) {
        let key = self.lock().keys.get(&identity_id).cloned();
        if let Some(key) = key {
            self.ring(&key);
        }
    }

    /// Something to look at for whoever is here.
    pub(super) fn ring_all(&self) {
        for bell in self.lock().here.values().flat_map(|here| &here.bells) {
            bell.ring();
        }
    }

    /// An agent read, or types.
    pub(super) fn sign(&self, key: &str, typing: bool) {
        if !typing {
            return self.ring(key);
        }
        for bell in self.lock().here.get(key).map(|here| here.bells.as_slice()).unwrap_or_default() {
            bell.typing.store(true, Ordering::Release);
            bell.ring();
        }
    }

    /// Takes one message of a visitor in; `false`: it is one too many.
    pub(super) fn takes(&self, key: &str, per_minute: u32, now: Time) -> bool {
        let mut inner = self.lock();
        let Some(here) = inner.here.get_mut(key) else { return false };
        here.pace.take(now, 60_000_000 / i64::from(per_minute.max(1)), BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_here_is_rung_and_nobody_else() {
        let open = Open::default();
        let (anna, other) = (open.come("anna").unwrap(), open.come("other").unwrap());
        assert!(open.known_as("anna", IdentityId(1)));
        assert!(!open.known_as("anna", IdentityId(1)));
        open.ring("anna");
        open.ring_identity(IdentityId(2));
        assert_eq!(anna.why(), Rung { look: true, typing: false });
        assert_eq!(anna.why(), Rung { look: false, typing: false });
        assert_eq!(other.why(), Rung { look: false, typing: false });
        open.ring_identity(IdentityId(1));
        open.sign("anna", true);
        assert_eq!(anna.why(), Rung { look: true, typing: true });
        open.go("anna", &anna);
        open.ring_identity(IdentityId(1));
        assert_eq!(anna.why(), Rung { look: false, typing: false });
        let inner = open.lock();
        assert!(inner.keys.is_empty() && inner.here.len() == 1);
    }

    #[test]
    fn a_visitor_has_so_many_sockets_and_one_rate() {
        let open = Open::default();
        let bells: Vec<_> = (0..SOCKETS_MAX).filter_map(|_| open.come("anna")).collect();
        assert_eq!(bells.len(), SOCKETS_MAX);
        assert!(open.come("anna").is_none());
        let now = Time(1_000_000);
        assert!((0..BURST).all(|_| open.takes("anna", 30, now)));
        assert!(!open.takes("anna", 30, now));
        assert!(open.takes("anna", 30, Time(now.0 + 2_000)));
        assert!(!open.takes("nobody", 30, now));
    }
}
