//! How much lies here of answers until it is taken, over all connections of a port.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What lies here, in bytes. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Backlog {
    most: u64,
    pub(super) bytes: Arc<AtomicU64>,
}

impl Backlog {
    /// With room for so many bytes.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, bytes: Arc::default() }
    }

    /// Where `before` bytes of an answer lay, there are `after` now.
    pub(super) fn change(&self, before: u64, after: u64) {
        if after >= before {
            self.bytes.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.bytes.fetch_sub(before - after, Ordering::Relaxed);
        }
    }

    /// Whether more lies here than there is room for.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most
    }
}
