//! Who visits, counted: sockets in all and for an address, handshakes and uploads for an address. And the news for the accounts.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::clock::Pace;
use crate::domain::{ChannelId, Time};
use crate::engine::{EventKind, EventRow};
use crate::port::{Connector, Visitors};

/// Visitors' sockets at once. At 6 KiB each idle, 120 MB.
const SOCKETS_MAX: usize = 20_000;
/// Handshakes of an address: so many at once, then one every so many microseconds. An office shares one address.
const STARTS: (i64, i64) = (1_000_000, 120);
/// Uploads of an address.
const UPLOADS: (i64, i64) = (3_000_000, 30);
/// Uploads under way at once: each takes a connection and writes to the disk.
const UPLOADING_MAX: usize = 16;
/// Addresses that are remembered; beyond that those who have no socket are forgotten.
const ADDRESSES_MAX: usize = 50_000;

#[derive(Debug, Default)]
struct Address {
    sockets: usize,
    starts: Pace,
    uploads: Pace,
}

/// See the file's head.
pub(crate) struct Visits {
    entrances: BTreeMap<ChannelId, Arc<dyn Connector>>,
    open: AtomicUsize,
    addresses: Mutex<BTreeMap<IpAddr, Address>>,
    uploading: Semaphore,
    stopped: watch::Sender<bool>,
}

/// Counts one socket for as long as it lives.
pub(super) struct Place {
    visits: Arc<Visits>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.visits.open.fetch_sub(1, Ordering::Relaxed);
        let mut addresses = self.visits.lock();
        if let Some(address) = addresses.get_mut(&self.address) {
            address.sockets = address.sockets.saturating_sub(1);
        }
    }
}

impl Visits {
    pub(crate) fn new<'a>(connectors: impl Iterator<Item = &'a Arc<dyn Connector>>) -> Arc<Self> {
        let entrances = connectors
            .filter(|connector| connector.visitors().is_some())
            .map(|connector| (connector.channel().channel_id.clone(), Arc::clone(connector)));
        Arc::new(Self {
            entrances: entrances.collect(),
            open: AtomicUsize::new(0),
            addresses: Mutex::default(),
            uploading: Semaphore::new(UPLOADING_MAX),
            stopped: watch::Sender::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Address>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn entrance(&self, id: &str) -> Option<&Arc<dyn Connector>> {
        self.entrances.get(&id.parse().ok()?)
    }

    /// A handshake. `None`: there are too many.
    pub(super) fn come(self: &Arc<Self>, ip: IpAddr, per_address: usize, now: Time) -> Option<Place> {
        let mut addresses = self.lock();
        forget(&mut addresses, now);
        let address = addresses.entry(ip).or_default();
        if address.sockets >= per_address
            || !address.starts.take(now, STARTS.0, STARTS.1)
            || self.open.load(Ordering::Relaxed) >= SOCKETS_MAX
        {
            return None;
        }
        address.sockets += 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Place { visits: Arc::clone(self), address: ip })
    }

    /// An upload, until it is dropped. `Err`: seconds to wait.
    pub(super) fn upload(&self, ip: IpAddr, now: Time) -> Result<SemaphorePermit<'_>, i64> {
        let mut addresses = self.lock();
        forget(&mut addresses, now);
        if !addresses.entry(ip).or_default().uploads.take(now, UPLOADS.0, UPLOADS.1) {
            return Err(10);
        }
        self.uploading.try_acquire().map_err(|_| 2)
    }

    /// Tells the account concerned what happened.
    pub(crate) fn observe(&self, row: &EventRow) {
        if matches!(row.event.kind, EventKind::ContactErased { .. }) {
            self.entrances.values().filter_map(|connector| connector.visitors()).for_each(Visitors::erased);
        }
        let Some(interaction) = &row.interaction else { return };
        let visitors = self.entrances.get(&interaction.channel_id).and_then(|connector| connector.visitors());
        if let Some(visitors) = visitors {
            visitors.happened(&row.event.kind, interaction);
        }
    }

    /// How many sockets are open.
    pub(crate) fn len(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Sends every visitor away; they come back later.
    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Waits until everybody is sent away.
    pub(super) async fn until_stopped(&self) {
        let mut stopped = self.stopped.subscribe();
        while !*stopped.borrow_and_update() {
            if stopped.changed().await.is_err() {
                return;
            }
        }
    }
}

fn forget(addresses: &mut BTreeMap<IpAddr, Address>, now: Time) {
    if addresses.len() > ADDRESSES_MAX {
        addresses.retain(|_, one| one.sockets > 0 || !one.starts.is_over(now) || !one.uploads.is_over(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn an_address_has_so_many_sockets_handshakes_and_uploads() {
        let visits = Visits::new(std::iter::empty());
        let now = Time(1_000);
        let first = visits.come(HERE, 1, now);
        assert!(first.is_some() && visits.come(HERE, 1, now).is_none());
        assert_eq!(visits.len(), 1);
        drop(first);
        assert_eq!(visits.len(), 0);
        let taken = (0..STARTS.1 * 2).filter(|_| visits.come(HERE, 1, now).is_some()).count();
        assert_eq!(i64::try_from(taken), Ok(STARTS.1 - 1));
        assert!(visits.come("2001:db8::1".parse().unwrap(), 1, now).is_some());
        assert!((0..UPLOADS.1).all(|_| visits.upload(HERE, now).is_ok()));
        assert_eq!(visits.upload(HERE, now).map(drop), Err(10));
    }

    #[test]
    fn so_many_uploads_are_under_way() {
        let visits = Visits::new(std::iter::empty());
        let held: Vec<_> = (0..UPLOADING_MAX).filter_map(|_| visits.upload(HERE, Time(0)).ok()).collect();
        assert_eq!((held.len(), visits.upload(HERE, Time(0)).map(drop)), (UPLOADING_MAX, Err(2)));
    }

    #[test]
    fn addresses_without_a_socket_are_forgotten() {
        let visits = Visits::new(std::iter::empty());
        for n in 0..60_000_u32 {
            drop(visits.come(IpAddr::V4(n.into()), 1, Time(i64::from(n) * 10)));
        }
        assert!(visits.lock().len() <= ADDRESSES_MAX + 1);
    }
}
