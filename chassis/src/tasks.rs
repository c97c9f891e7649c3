//! The home of every task that outlives its caller: a shutdown waits for it here.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Instrument as _;

use crate::request_id::Scope;

/// Tasks in flight. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tasks(TaskTracker);

impl Tasks {
    /// Nothing in flight.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task that runs to its end whatever becomes of the caller. It keeps the caller's
    /// span and request id.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.spawn(Scope::current().run(task).in_current_span())
    }

    /// Work that is not a task of its own: a shutdown waits for it as long as this is kept.
    pub fn at_work(&self) -> TaskTrackerToken {
        self.0.token()
    }

    /// Waits until no task is left, at most `patience`. True if none is left.
    pub async fn drain(&self, patience: Duration) -> bool {
        self.0.close();
        tokio::time::timeout(patience, self.0.wait()).await.is_ok()
    }
}
