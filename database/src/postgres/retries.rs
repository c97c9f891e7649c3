//! What is tried again: transactions that were not kept for a reason that passes.

use std::future::Future;
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
    /// That, and one try may take longer than all of those of others.
    AtLength,
}

impl Patience {
    /// For one try, or a commit. More than a statement may take; nothing of ours has more than a few. `None`: for
    /// as long as it takes.
    pub(super) fn silence(self) -> Option<Duration> {
        (self != Self::AtLength).then_some(Duration::from_secs(8))
    }
}

/// Between two tries, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often somebody who waits for a server without a limit says so.
const NEWS: Duration = Duration::from_secs(30);

/// The tries at one thing.
pub(super) struct Tries {
    /// `None`: for as long as it takes.
    until: Option<Instant>,
    pause: Duration,
    told: Option<Instant>,
}

impl Tries {
    pub(super) fn new(patience: Patience) -> Self {
        let limit = match patience {
            Patience::Short => Duration::from_secs(4),
            Patience::Long | Patience::AtLength => Duration::from_secs(15),
        };
        Self { until: Some(Instant::now() + limit), ..Self::at_start() }
    }

    /// When a service starts: its server may be on its way, or on its way back, and there is nothing else to do.
    pub(super) fn at_start() -> Self {
        Self { until: None, pause: FIRST_PAUSE, told: None }
    }

    /// Does it, and does it again for as long as it fails for a reason that passes.
    pub(super) async fn at<T, E, F>(mut self, mut work: impl FnMut() -> F) -> Result<T, E>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
    {
        loop {
            match work().await {
                Err(error) if self.go_on_after(&error).await => {}
                done => return done,
            }
        }
    }

    /// Waits a little if it is worth trying again after this error. False: it is not.
    async fn go_on_after(&mut self, error: &impl Failure) -> bool {
        let Some(error) = error.storage().filter(|error| error.is_passing()) else { return false };
        let now = Instant::now();
        if self.until.is_some_and(|until| now + self.pause >= until) {
            tracing::warn!(%error, "the database is not to be had");
            return false;
        }
        if self.until.is_none() && self.told.is_none_or(|told| now >= told + NEWS) {
            self.told = Some(now);
            tracing::warn!(%error, "the database is not to be had yet, and is waited for");
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
