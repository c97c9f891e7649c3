//! How often each of many may do something.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::error::Error;

/// Nobody is forgotten before there are so many.
const FEW: usize = 1_024;

type Limiter<K, C> = RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// How often each of many may do something: some times at once, and once more after each period.
///
/// Kept is only who used any of it and has not got all of it back. One use is got back within seconds,
/// so that there are never more of them than came in these seconds.
pub(super) struct Allowance<K: Hash + Eq + Clone, C: Clock> {
    name: &'static str,
    /// `None`: as often as they like.
    limiter: Option<Limiter<K, C>>,
    /// Looked through again once there are more.
    many: AtomicUsize,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Allowance<K, C> {
    /// `burst` times at once; 0 for as often as they like.
    pub(super) fn new(name: &'static str, burst: u32, period: Duration, clock: &C) -> Self {
        let quota = NonZeroU32::new(burst)
            .and_then(|burst| Some(Quota::with_period(period)?.allow_burst(burst)));
        let limiter = quota.map(|quota| RateLimiter::hashmap_with_clock(quota, clock.clone()));
        Self { name, limiter, many: AtomicUsize::new(FEW) }
    }

    /// Uses it once, if there is any left.
    pub(super) fn take(&self, key: &K) -> Result<(), Error> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if limiter.len() > self.many.load(Ordering::Relaxed) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
            self.many.store((limiter.len() * 2).max(FEW), Ordering::Relaxed);
        }
        limiter.check_key(key).map_err(|early| {
            tracing::info!(limit = self.name, "a try was one too many");
            Error::TooManyTries { retry_after: early.wait_time_from(limiter.clock().now()) }
        })
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.limiter.as_ref().map_or(0, RateLimiter::len)
    }
}
