//! What is tried again: transactions that were not kept for a reason that passes.

use std::time::Duration;

use tokio::time::Instant;

use crate::Failure;

/// How long something is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Somebody waits, and can be told to come again.
    Short,
    /// It was taken on already.
    Long,
}

/// Between two tries, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a server that cannot be reached is waited for when a service starts: both may start at once.
const START: Duration = Duration::from_secs(30);

/// The tries at one thing.
pub(super) struct Tries {
    until: Instant,
    pause: Duration,
}

impl Tries {
    pub(super) fn new(patience: Patience) -> Self {
        let limit = match patience {
            Patience::Short => Duration::from_secs(4),
            Patience::Long => Duration::from_secs(15),
        };
        Self::within(limit)
    }

    /// When a service starts.
    pub(super) fn at_start() -> Self {
        Self::within(START)
    }

    fn within(limit: Duration) -> Self {
        Self { until: Instant::now() + limit, pause: FIRST_PAUSE }
    }

    /// Waits a little if it is worth trying again after this error. False: it is not.
    pub(super) async fn go_on_after(&mut self, error: &impl Failure) -> bool {
        let Some(error) = error.storage().filter(|error| error.is_passing()) else { return false };
        if Instant::now() + self.pause >= self.until {
            tracing::warn!(%error, "the database is not to be had");
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
