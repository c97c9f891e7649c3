//! Places for connections: so many in all, and so many for one network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::network::Network;

/// Places for connections. Clones share them.
#[derive(Clone)]
pub(crate) struct Room {
    all: Arc<Semaphore>,
    networks: Option<Arc<Networks>>,
}

/// How many places each network has.
struct Networks {
    most: usize,
    unbounded: Vec<IpNet>,
    taken: Mutex<HashMap<Network, Taken>>,
}

#[derive(Default)]
struct Taken {
    places: usize,
    /// Whether it was said that these are all there are.
    is_told: bool,
}

/// A connection's place among those that are open. Let go of by dropping it.
pub(crate) struct Place {
    // Let go of first: who gets the place must find one for its network, too.
    _share: Share,
    _free: Option<OwnedSemaphorePermit>,
}

/// A place of a network.
pub(super) struct Share(Option<(Arc<Networks>, Network)>);

impl Room {
    pub(crate) fn new(places: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(places)), networks: None }
    }

    /// With so many places for each network, but for those that stand for many people.
    pub(crate) fn shared(places: usize, most: usize, unbounded: Vec<IpNet>) -> Self {
        let networks = Networks { most, unbounded, taken: Mutex::default() };
        Self { networks: Some(Arc::new(networks)), ..Self::new(places) }
    }

    /// A place, as soon as there is one.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        // Never closed, so there is always a place in the end.
        self.all.clone().acquire_owned().await.ok()
    }

    /// A place of the network that an address is in; `None` if it has all of its places.
    pub(super) fn share_of(&self, address: IpAddr) -> Option<Share> {
        let bounded = self.networks.as_ref().filter(|networks| !networks.has_no_bound(address));
        let Some(networks) = bounded else { return Some(Share(None)) };
        let network = Network::from(address);
        let mut taken = networks.taken();
        let of_network = taken.entry(network).or_default();
        if of_network.places < networks.most {
            of_network.places += 1;
            return Some(Share(Some((networks.clone(), network))));
        }
        if !of_network.is_told {
            of_network.is_told = true;
            tracing::warn!("a network has all the connections it may have; more are closed");
        }
        None
    }
}

impl Networks {
    fn has_no_bound(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.unbounded.iter().any(|network| network.contains(&address))
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Network, Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn new(free: Option<OwnedSemaphorePermit>, share: Share) -> Self {
        Self { _share: share, _free: free }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((networks, network)) = &self.0 else { return };
        let mut taken = networks.taken();
        if let Some(of_network) = taken.get_mut(network) {
            of_network.places -= 1;
            if of_network.places == 0 {
                taken.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_has_no_connection_any_more_is_forgotten() {
        let room = Room::shared(10, 1, vec!["198.51.100.0/24".parse().unwrap()]);
        let share_of = |address: &str| room.share_of(address.parse().unwrap());
        let one = share_of("192.0.2.1").unwrap();
        assert!(share_of("192.0.2.2").is_none());
        let proxies = ["198.51.100.1", "::ffff:198.51.100.1"].map(share_of);
        assert!(proxies.iter().all(Option::is_some), "they stand for many people");
        drop((one, proxies));
        assert!(room.networks.as_ref().unwrap().taken().is_empty());
    }
}
