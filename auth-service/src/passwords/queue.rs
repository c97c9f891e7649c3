//! The queue for threads that hash: short, and left by whoever has no more time.

use std::sync::Arc;
use std::time::Duration;

use chassis::telemetry::metrics::InUse;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::error::Error;
use crate::metrics;

/// Callers waiting for each thread; more are turned away at once.
const PER_THREAD: usize = 7;

/// Threads that hash, and the callers waiting for them.
pub(super) struct Queue {
    /// Places, running and waiting.
    room: Arc<Semaphore>,
    /// Places, running.
    threads: Arc<Semaphore>,
}

/// A place in the queue and at work; given back when the work is done, or its caller gone.
struct Place {
    _room: OwnedSemaphorePermit,
    _thread: OwnedSemaphorePermit,
    _counted: InUse,
}

impl Queue {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            room: Arc::new(Semaphore::new(threads.saturating_mul(1 + PER_THREAD))),
            threads: Arc::new(Semaphore::new(threads)),
        }
    }

    /// Runs `work` on a thread of its own if one becomes free within `patience`. A caller who leaves
    /// while waiting leaves the queue; for one who is gone, nothing is begun.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let room = self.room.clone().try_acquire_owned().map_err(|_| Error::Overloaded)?;
        let in_line = metrics::hashing_line();
        let thread = tokio::time::timeout(patience, self.threads.clone().acquire_owned())
            .await
            .map_err(|_| Error::Overloaded)?
            // Never closed: the semaphore lives as long as `self`.
            .map_err(|_| Error::Overloaded)?;
        drop(in_line);
        let place = Place { _room: room, _thread: thread, _counted: metrics::hashing() };
        let running = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        AbortOnDropHandle::new(running).await?
    }

    /// Keeps one thread busy.
    #[cfg(test)]
    pub(super) fn occupy(&self) -> OwnedSemaphorePermit {
        self.threads.clone().try_acquire_owned().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use futures_util::FutureExt as _;

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    /// Work, and whether it was begun.
    fn work() -> (Arc<AtomicBool>, impl FnOnce() -> Result<(), Error> + Send + 'static) {
        let begun = Arc::new(AtomicBool::new(false));
        let mark = begun.clone();
        let work = move || {
            mark.store(true, Ordering::SeqCst);
            Ok(())
        };
        (begun, work)
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_at_once() {
        let queue = Queue::new(1);
        let _all = queue.room.clone().try_acquire_many_owned(8).unwrap();
        let (begun, work) = work();
        assert!(matches!(queue.run(PATIENCE, work).await, Err(Error::Overloaded)));
        assert!(!begun.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn whoever_has_no_patience_waits_for_nobody() {
        let queue = Queue::new(1);
        let busy = queue.occupy();
        let (waited, patient) = work();
        let mut waiting = Box::pin(queue.run(PATIENCE, patient));
        assert!(waiting.as_mut().now_or_never().is_none());
        let (_, hasty) = work();
        assert!(matches!(queue.run(Duration::ZERO, hasty).await, Err(Error::Overloaded)));
        drop(busy);
        waiting.await.unwrap();
        assert!(waited.load(Ordering::SeqCst));
        let (_, hasty) = work();
        assert!(queue.run(Duration::ZERO, hasty).await.is_ok(), "nobody is there");
    }

    #[tokio::test]
    async fn whoever_leaves_while_waiting_leaves_the_queue() {
        let queue = Queue::new(1);
        let busy = queue.occupy();
        let (begun, left) = work();
        let mut left = Box::pin(queue.run(PATIENCE, left));
        assert!(left.as_mut().now_or_never().is_none());
        assert_eq!(queue.room.available_permits(), 7);
        drop(left);
        assert_eq!(queue.room.available_permits(), 8);
        drop(busy);
        queue.run(PATIENCE, || Ok(())).await.unwrap();
        assert!(!begun.load(Ordering::SeqCst));
    }

    /// On a runtime that has one thread for work like this, and it is taken.
    #[test]
    fn nothing_is_begun_for_whoever_left_just_before() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(1).enable_time().build().unwrap();
        runtime.block_on(async {
            let queue = Queue::new(1);
            let (free, taken) = mpsc::channel::<()>();
            let other = tokio::task::spawn_blocking(move || taken.recv());
            let (begun, left) = work();
            let mut left = Box::pin(queue.run(PATIENCE, left));
            assert!(left.as_mut().now_or_never().is_none());
            assert_eq!(queue.threads.available_permits(), 0, "it has its place");
            drop(left);
            free.send(()).unwrap();
            other.await.unwrap().unwrap();
            queue.run(PATIENCE, || Ok(())).await.unwrap();
            assert!(!begun.load(Ordering::SeqCst));
            assert_eq!(queue.room.available_permits(), 8, "the place is given back");
        });
    }
}
