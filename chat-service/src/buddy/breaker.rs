//! A circuit breaker: a model that is down is not asked by everybody who waits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics;

/// Failures in a row that open it.
const FAILURES: u32 = 5;
/// How long it stays open before one caller may try.
const PAUSE: Duration = Duration::from_secs(5);

/// Counts failures and says when asking is pointless.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_again: Option<Instant>,
}

impl Breaker {
    /// Lets a call through, or says how long to wait. While open, one call per pause gets through to
    /// try; the others go on waiting for what it finds.
    pub(crate) fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.closed_again {
            Some(until) if now < until => Err(until - now),
            Some(_) => {
                state.closed_again = Some(now + PAUSE);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether the model is believed to be down.
    pub(crate) fn is_open(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).closed_again.is_some()
    }

    /// The model answered, be it with a refusal of this one request.
    pub(crate) fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
        metrics::breaker(false);
    }

    /// The model did not answer, or said that it cannot.
    pub(crate) fn failed(&self, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            if state.closed_again.is_none() {
                tracing::warn!("the model is down: it is asked again in {PAUSE:?}");
            }
            state.closed_again = Some(now + PAUSE);
            metrics::breaker(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_lets_one_call_try() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for _ in 0..4 {
            breaker.failed(start);
        }
        breaker.succeeded();
        for _ in 0..4 {
            breaker.failed(start);
        }
        assert!(breaker.admit(start).is_ok(), "four in a row are not five");
        breaker.failed(start);
        assert_eq!(breaker.admit(start), Err(PAUSE));
        assert_eq!(breaker.admit(start + Duration::from_secs(2)), Err(Duration::from_secs(3)));

        let later = start + PAUSE;
        assert!(breaker.admit(later).is_ok(), "one may try");
        assert!(breaker.admit(later).is_err(), "and only one");
        breaker.failed(later);
        assert!(breaker.admit(later + Duration::from_secs(4)).is_err());
        assert!(breaker.admit(later + PAUSE).is_ok());
        breaker.succeeded();
        assert!(breaker.admit(later + PAUSE).is_ok(), "closed again for everybody");
        assert!(breaker.admit(later + PAUSE).is_ok());
    }
}
