//! Connections that are not ready yet: so many at all, and so many from one address.
//!
//! If there are more, the one that has taken longest gives way: whoever means it is ready at once, and
//! whoever is silent keeps nobody out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// Where connections wait until they are ready. Clones are the same.
#[derive(Clone)]
pub(super) struct Doorway {
    most: usize,
    most_from_one: usize,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    /// In the order in which they came.
    all: BTreeMap<u64, (Option<IpAddr>, CancellationToken)>,
}

/// One that waits, until it is dropped.
pub(super) struct Entrance {
    number: u64,
    doorway: Doorway,
    cut: CancellationToken,
}

impl Doorway {
    pub(super) fn new(most: usize, most_from_one: usize) -> Self {
        Self { most, most_from_one, waiting: Arc::default() }
    }

    /// One more, from this address.
    pub(super) fn enter(&self, from: Option<IpAddr>) -> Entrance {
        let mut waiting = self.waiting();
        let from_there = waiting.all.iter().filter(|(_, (address, _))| *address == from);
        let oldest = if from_there.clone().count() >= self.most_from_one {
            from_there.map(|(number, _)| *number).next()
        } else if waiting.all.len() >= self.most {
            waiting.all.keys().next().copied()
        } else {
            None
        };
        if let Some((_, cut)) = oldest.and_then(|number| waiting.all.remove(&number)) {
            cut.cancel();
        }
        let (number, cut) = (waiting.next, CancellationToken::new());
        waiting.next += 1;
        waiting.all.insert(number, (from, cut.clone()));
        Entrance { number, doorway: self.clone(), cut }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entrance {
    /// What comes of getting ready; `None` if it has to give way.
    pub(super) async fn pass<T>(self, ready: impl Future<Output = T>) -> Option<T> {
        self.cut.run_until_cancelled(ready).await
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        self.doorway.waiting().all.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_has_taken_longest_gives_way() {
        let doorway = Doorway::new(3, 2);
        let enter = |address: &str| doorway.enter(Some(address.parse().unwrap()));
        let is_cut = |entrance: &Entrance| entrance.cut.is_cancelled();
        let there = enter("192.0.2.1");
        let here = [(); 3].map(|()| enter("192.0.2.2"));
        assert_eq!(here.each_ref().map(is_cut), [true, false, false], "of its own address");
        assert!(!is_cut(&there));
        let [_, _second, third] = here;
        let elsewhere = enter("192.0.2.3");
        assert!(is_cut(&there) && !is_cut(&elsewhere), "of all");
        drop((third, elsewhere));
        let more = ["192.0.2.4", "192.0.2.5"].map(enter);
        assert!(!more.iter().any(is_cut), "whoever is ready takes no place here");
    }
}
