//! Hashing passwords: slowly on purpose, a few at a time, never on the threads that serve others.
//!
//! Stored as `$ab1$<pepper>$<bcrypt>`: bcrypt over base64(HMAC-SHA-384(pepper, NFC(password))).
//! bcrypt alone ignores what follows byte 72 and repeats what holds a NUL; of the 64 characters it
//! gets here, it ignores none. Without the pepper, a stolen database cannot even be guessed at.

mod recipe;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use self::recipe::Recipe;
use crate::error::Error;
use crate::peppers::Peppers;
use crate::strength;

/// What a stored hash begins with: the scheme, so that another can follow it.
pub(crate) const SCHEME: &str = "$ab1$";
/// Callers waiting for each thread that hashes; more are turned away at once.
const QUEUE_PER_THREAD: usize = 7;
/// Longest wait for a thread: on a machine busy with other things a short queue can be a long wait,
/// and whoever waits must be told while they still listen.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Hashes passwords. Clones share the threads.
#[derive(Clone)]
pub(crate) struct Hasher {
    shared: Arc<Shared>,
}

struct Shared {
    recipe: Recipe,
    /// Places, running and waiting.
    room: Arc<Semaphore>,
    /// Places, running.
    threads: Arc<Semaphore>,
}

/// What came of verifying a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is not the one that was stored.
    Wrong,
    /// It is.
    Right,
    /// It is, and the stored hash was made with another cost or pepper than new ones are.
    Outdated,
}

impl Verdict {
    /// Whether it is the password that was stored.
    pub(crate) fn is_proven(self) -> bool {
        self != Self::Wrong
    }
}

/// A place in the queue and at work; given back when the work is done, or its caller gone.
struct Place {
    _room: OwnedSemaphorePermit,
    _thread: OwnedSemaphorePermit,
}

impl Hasher {
    pub(crate) fn new(peppers: Peppers, cost: u32, threads: usize) -> Result<Self, Error> {
        let shared = Shared {
            recipe: Recipe::new(peppers, cost)?,
            room: Arc::new(Semaphore::new(threads.saturating_mul(1 + QUEUE_PER_THREAD))),
            threads: Arc::new(Semaphore::new(threads)),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Judges a new password and makes the text to store for it.
    pub(crate) async fn hash(
        &self,
        password: SecretString,
        username: String,
    ) -> Result<String, Error> {
        self.work(LONGEST_WAIT, move |recipe| {
            strength::check(&password, &username)?;
            recipe.hash(&password)
        })
        .await
    }

    /// Makes the text to store for a password that is good enough already. Whoever logs in goes
    /// first: this is done at once, by a thread that nobody waits for, or not at all.
    pub(crate) async fn rehash(&self, password: SecretString) -> Result<String, Error> {
        self.work(Duration::ZERO, move |recipe| recipe.hash(&password)).await
    }

    /// Whether `password` is the one that `stored` was made from. `None`, and whatever cannot be
    /// verified, costs the same work and is wrong.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<Verdict, Error> {
        self.work(LONGEST_WAIT, move |recipe| recipe.verify(&password, stored.as_deref())).await
    }

    /// What a deleted account's name may have left behind: see [`Self::trace`].
    pub(crate) fn traces(&self, username_key: &str) -> Vec<String> {
        let peppers = &self.shared.recipe.peppers;
        peppers.all().map(|pepper| pepper.trace(username_key)).collect()
    }

    /// What is left of the name of a deleted account: enough to know it by, should somebody want it
    /// again.
    pub(crate) fn trace(&self, username_key: &str) -> String {
        self.shared.recipe.peppers.current().trace(username_key)
    }

    /// Runs `work` on a thread of its own if one becomes free within `patience`. A caller who leaves
    /// while waiting leaves the queue; for one who is gone, nothing is begun.
    async fn work<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&Recipe) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let room = self.shared.room.clone().try_acquire_owned().map_err(|_| Error::Overloaded)?;
        let thread = tokio::time::timeout(patience, self.shared.threads.clone().acquire_owned())
            .await
            .map_err(|_| Error::Overloaded)?
            // Never closed: the semaphore lives as long as `self`.
            .map_err(|_| Error::Overloaded)?;
        let place = Place { _room: room, _thread: thread };
        let shared = self.shared.clone();
        let running = tokio::task::spawn_blocking(move || {
            let result = work(&shared.recipe);
            drop(place);
            result
        });
        AbortOnDropHandle::new(running).await?
    }
}

/// The pepper that a stored hash was made with.
pub(crate) fn pepper_of(stored: &str) -> Option<&str> {
    stored.strip_prefix(SCHEME)?.split('$').next()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use futures_util::FutureExt as _;

    use super::*;

    fn hasher() -> Hasher {
        Hasher::new(Peppers::generate().unwrap(), 4, 1).unwrap()
    }

    #[tokio::test]
    async fn what_was_hashed_is_verified_and_hashing_anew_judges_nothing() {
        let hasher = hasher();
        let verify = async |password: &str, hash: String| {
            hasher.verify(password.into(), Some(hash)).await.unwrap()
        };
        let hash = hasher.hash("correct horse".into(), "ada".into()).await.unwrap();
        assert_eq!(verify("correct horse", hash.clone()).await, Verdict::Right);
        assert_eq!(verify("wrong horse", hash).await, Verdict::Wrong);
        // From before anybody judged.
        let weak = hasher.hash("password".into(), "ada".into()).await;
        assert!(matches!(weak, Err(Error::PasswordInvalid(_))));
        let hash = hasher.rehash("password".into()).await.unwrap();
        assert_eq!(verify("password", hash).await, Verdict::Right);
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_at_once() {
        let hasher = hasher();
        let _all = hasher.shared.room.clone().try_acquire_many_owned(8).unwrap();
        let refused = hasher.verify("correct horse".into(), None).await;
        assert!(matches!(refused, Err(Error::Overloaded)));
    }

    #[tokio::test]
    async fn hashing_anew_waits_for_nobody() {
        let hasher = hasher();
        let busy = hasher.shared.threads.clone().try_acquire_owned().unwrap();
        let mut waiting = pin!(hasher.verify("correct horse".into(), None));
        assert!(waiting.as_mut().now_or_never().is_none());
        let refused = hasher.rehash("correct horse".into()).await;
        assert!(matches!(refused, Err(Error::Overloaded)));
        drop(busy);
        assert_eq!(waiting.await.unwrap(), Verdict::Wrong);
        assert!(hasher.rehash("correct horse".into()).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_leaves_while_waiting_leaves_the_queue() {
        let hasher = hasher();
        let busy = hasher.shared.threads.clone().try_acquire_owned().unwrap();
        let begun = Arc::new(AtomicBool::new(false));
        let mark = begun.clone();
        let mut left = Box::pin(hasher.work(LONGEST_WAIT, move |_| {
            mark.store(true, Ordering::SeqCst);
            Ok(())
        }));
        assert!(left.as_mut().now_or_never().is_none());
        assert_eq!(hasher.shared.room.available_permits(), 7);
        drop(left);
        assert_eq!(hasher.shared.room.available_permits(), 8);
        drop(busy);
        hasher.verify("correct horse".into(), None).await.unwrap();
        assert!(!begun.load(Ordering::SeqCst));
    }

    /// On a runtime that has one thread for work like this, and it is taken.
    #[test]
    fn nothing_is_begun_for_whoever_left_just_before() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(1).enable_time().build().unwrap();
        runtime.block_on(async {
            let hasher = hasher();
            let (free, taken) = mpsc::channel::<()>();
            let other = tokio::task::spawn_blocking(move || taken.recv());
            let begun = Arc::new(AtomicBool::new(false));
            let mark = begun.clone();
            let mut left = Box::pin(hasher.work(LONGEST_WAIT, move |_| {
                mark.store(true, Ordering::SeqCst);
                Ok(())
            }));
            assert!(left.as_mut().now_or_never().is_none());
            assert_eq!(hasher.shared.threads.available_permits(), 0, "it has its place");
            drop(left);
            free.send(()).unwrap();
            other.await.unwrap().unwrap();
            hasher.verify("correct horse".into(), None).await.unwrap();
            assert!(!begun.load(Ordering::SeqCst));
            assert_eq!(hasher.shared.room.available_permits(), 8, "the place is given back");
        });
    }
}
