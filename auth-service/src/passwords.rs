//! Hashing passwords: slowly on purpose, a few at a time, never on the threads that serve others.
//!
//! Stored as `$ab1$<pepper>$<bcrypt>`: bcrypt over base64(HMAC-SHA-384(pepper, NFC(password))).
//! bcrypt alone ignores what follows byte 72 and repeats what holds a NUL; of the 64 characters it
//! gets here, it ignores none. Without the pepper, a stolen database cannot even be guessed at.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use bcrypt::HashParts;
use icu_normalizer::ComposingNormalizerBorrowed as Normalizer;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;
use crate::keyring::Pepper;
use crate::strength;

/// What a stored hash begins with: the scheme, so that another can follow it.
const SCHEME: &str = "$ab1$";
/// Highest cost that is honoured in a stored hash: a tampered row must not cost hours.
const MAX_COST: u32 = 14;
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
    pepper: Pepper,
    cost: u32,
    /// What is verified for an account that does not exist, so that it costs the same.
    dummy: String,
    /// Places, running and waiting.
    room: Arc<Semaphore>,
    /// Places, running.
    threads: Arc<Semaphore>,
}

/// A place in the queue and at work; given back when the work is done, or its caller gone.
struct Place {
    _room: OwnedSemaphorePermit,
    _thread: OwnedSemaphorePermit,
}

impl Hasher {
    pub(crate) fn new(pepper: Pepper, cost: u32, threads: usize) -> Result<Self, Error> {
        let dummy = format!("{SCHEME}{}{}", pepper.id(), random_bcrypt(cost)?);
        let shared = Shared {
            pepper,
            cost,
            dummy,
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
        self.work(move |shared| {
            strength::check(&password, &username)?;
            let hash = bcrypt::hash(shared.prepare(&password), shared.cost)?;
            Ok(format!("{SCHEME}{}{hash}", shared.pepper.id()))
        })
        .await
    }

    /// Whether `password` is the one that `stored` was made from. `None`, and whatever cannot be
    /// verified, costs the same work and is false.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool, Error> {
        self.work(move |shared| {
            let usable = stored.as_deref().and_then(|stored| shared.usable(stored));
            let exists = usable.is_some();
            let dummy = || shared.usable(&shared.dummy).unwrap_or_default();
            let hash = usable.unwrap_or_else(dummy);
            Ok(bcrypt::verify(shared.prepare(&password), hash)? && exists)
        })
        .await
    }

    /// What a deleted account's name may have left behind: see [`Self::trace`].
    pub(crate) fn traces(&self, username_key: &str) -> Vec<String> {
        vec![self.trace(username_key)]
    }

    /// What is left of the name of a deleted account: enough to know it by, should somebody want it
    /// again, and no name, as a name has no colon. Without the pepper it cannot even be guessed at.
    pub(crate) fn trace(&self, username_key: &str) -> String {
        let tag = hmac::sign(self.shared.pepper.key(), format!("name:{username_key}").as_bytes());
        format!("deleted:{}", STANDARD.encode(tag))
    }

    /// Runs `work` on a thread of its own as soon as one is free. A caller who leaves while waiting
    /// leaves the queue.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let room = self.shared.room.clone().try_acquire_owned().map_err(|_| Error::Overloaded)?;
        let thread =
            tokio::time::timeout(LONGEST_WAIT, self.shared.threads.clone().acquire_owned())
                .await
                .map_err(|_| Error::Overloaded)?
                // Never closed: the semaphore lives as long as `self`.
                .map_err(|_| Error::Overloaded)?;
        let place = Place { _room: room, _thread: thread };
        let shared = self.shared.clone();
        tokio::task::spawn_blocking(move || {
            let result = work(&shared);
            drop(place);
            result
        })
        .await?
    }
}

impl Shared {
    /// The 64 characters that bcrypt gets.
    fn prepare(&self, password: &SecretString) -> String {
        let composed = Normalizer::new_nfc().normalize(password.expose_secret());
        STANDARD.encode(hmac::sign(self.pepper.key(), composed.as_bytes()))
    }

    /// The bcrypt part of a stored hash, if we can and should verify it.
    fn usable<'a>(&self, stored: &'a str) -> Option<&'a str> {
        let rest = stored.strip_prefix(SCHEME)?;
        let hash = rest.strip_prefix(self.pepper.id())?;
        let parts = HashParts::from_str(hash).ok()?;
        (parts.get_cost() <= MAX_COST).then_some(hash)
    }
}

/// A well-formed bcrypt hash that no password has.
fn random_bcrypt(cost: u32) -> Result<String, Error> {
    let engine = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);
    let salt = engine.encode(token::keys::random_bytes::<16>()?);
    let digest = engine.encode(token::keys::random_bytes::<23>()?);
    Ok(format!("$2b${cost:02}${salt}{digest}"))
}

/// The pepper that a stored hash was made with.
pub(crate) fn pepper_of(stored: &str) -> Option<&str> {
    stored.strip_prefix(SCHEME)?.split('$').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher() -> Hasher {
        Hasher::new(Pepper::generate().unwrap(), 4, 1).unwrap()
    }

    async fn stored(hasher: &Hasher, password: &str) -> String {
        hasher.hash(password.into(), "ada".into()).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_very_same_password_is_right() {
        let hasher = hasher();
        let long = "correct horse ".repeat(10);
        let hash = stored(&hasher, &long).await;
        assert!(hash.starts_with("$ab1$"), "{hash}");
        assert!(hasher.verify(long.clone().into(), Some(hash.clone())).await.unwrap());
        for wrong in
            [format!("{long}b"), long[..72].to_owned(), long.trim().to_owned(), String::new()]
        {
            assert!(!hasher.verify(wrong.into(), Some(hash.clone())).await.unwrap());
        }
        // The same letters, typed on two keyboards.
        let hash = stored(&hasher, "caf\u{e9} caf\u{e9}").await;
        assert!(hasher.verify("cafe\u{301} cafe\u{301}".into(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn two_accounts_with_one_password_look_different() {
        let hasher = hasher();
        assert_ne!(stored(&hasher, "correct horse").await, stored(&hasher, "correct horse").await);
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_trusted_fits_no_password() {
        let hasher = hasher();
        let good = stored(&hasher, "correct horse").await;
        let costly = good.replace("$2b$04$", "$2b$31$");
        let foreign = good.replacen(hasher.shared.pepper.id(), "00000000", 1);
        for broken in [costly, foreign, String::new(), "$ab1$".into(), "plain".into(), "é".into()]
        {
            let verdict =
                hasher.verify("correct horse".into(), Some(broken.clone())).await.unwrap();
            assert!(!verdict, "{broken}");
        }
        assert!(!hasher.verify("correct horse".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_at_once() {
        let hasher = hasher();
        let _all = hasher.shared.room.clone().try_acquire_many_owned(8).unwrap();
        let refused = hasher.verify("correct horse".into(), None).await;
        assert!(matches!(refused, Err(Error::Overloaded)));
    }
}
