//! What a replica has at work: calls, until their answer has been read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A call that a replica has at work.
pub(super) struct Flight(Arc<AtomicUsize>);

impl Flight {
    pub(super) fn begin(in_flight: &Arc<AtomicUsize>) -> Self {
        in_flight.fetch_add(1, Ordering::Relaxed);
        Self(in_flight.clone())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
