//! What lies here of answers until it is taken, over all connections of a listener.
//!
//! Whoever takes nothing of an answer is let go after a while. Until then all that lies here has a bound:
//! if there is more, the connection that has most of it gives way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// What lies here for all connections. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Backlog {
    most: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// Of those that have not given way.
    bytes: u64,
    all: HashMap<u64, (u64, CancellationToken)>,
}

/// What lies here for one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Pile {
    number: u64,
    backlog: Backlog,
    cut: CancellationToken,
}

impl Backlog {
    /// With so many bytes at most.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, state: Arc::default() }
    }

    /// Of one more connection.
    pub(super) fn pile(&self) -> Pile {
        let (mut state, cut) = (self.state(), CancellationToken::new());
        let number = state.next;
        state.next += 1;
        state.all.insert(number, (0, cut.clone()));
        Pile { number, backlog: self.clone(), cut }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pile {
    /// Where `before` bytes of an answer lay, there are `after` now.
    pub(super) fn change(&self, before: u64, after: u64) {
        let mut state = self.backlog.state();
        // One that has given way has its bytes no longer counted.
        let Some((bytes, _)) = state.all.get_mut(&self.number) else { return };
        *bytes = *bytes + after - before;
        state.bytes = state.bytes + after - before;
        while state.bytes > self.backlog.most {
            let Some(most) = state.all.iter().max_by_key(|(_, (bytes, _))| *bytes) else { return };
            let number = *most.0;
            if let Some(cut) = state.remove(number) {
                tracing::warn!(
                    "too much was asked for and not taken: who asked for most is hung up on"
                );
                cut.cancel();
            }
        }
    }

    /// Returns when its connection has to give way.
    pub(super) async fn has_to_go(&self) {
        self.cut.cancelled().await;
    }
}

impl Drop for Pile {
    fn drop(&mut self) {
        self.backlog.state().remove(self.number);
    }
}

impl State {
    fn remove(&mut self, number: u64) -> Option<CancellationToken> {
        let (bytes, cut) = self.all.remove(&number)?;
        self.bytes -= bytes;
        Some(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_most_gives_way_and_nobody_else() {
        let backlog = Backlog::new(100);
        let [ada, grace, joan] = [(); 3].map(|()| backlog.pile());
        let cut = || [&ada, &grace, &joan].map(|pile| pile.cut.is_cancelled());
        ada.change(0, 40);
        grace.change(0, 30);
        grace.change(0, 30);
        assert_eq!(cut(), [false; 3]);
        // Much of it is taken, and as much comes for somebody else.
        ada.change(40, 10);
        joan.change(0, 30);
        assert_eq!(cut(), [false; 3]);
        joan.change(30, 31);
        assert_eq!(cut(), [false, true, false]);
        // What is told of it while it ends does not count.
        grace.change(30, 0);
        grace.change(0, 90);
        ada.change(10, 69);
        assert_eq!(cut(), [false, true, false]);
        drop(joan);
        let more = backlog.pile();
        more.change(0, 31);
        assert!(!more.cut.is_cancelled() && !ada.cut.is_cancelled());
        more.change(31, 101);
        assert!(
            more.cut.is_cancelled() && !ada.cut.is_cancelled(),
            "more than there may be at all"
        );
    }
}
