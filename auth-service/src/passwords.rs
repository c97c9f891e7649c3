//! Hashing passwords: slowly on purpose, a few at a time, never on the threads that serve others.
//!
//! Stored as `$ab1$<pepper>$<bcrypt>`: bcrypt over base64(HMAC-SHA-384(pepper, NFC(password))).
//! bcrypt alone ignores what follows byte 72 and repeats what holds a NUL; of the 64 characters it
//! gets here, it ignores none. Without the pepper, a stolen database cannot even be guessed at.

mod queue;
mod recipe;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use self::queue::Queue;
use self::recipe::Recipe;
use crate::error::Error;
use crate::limits::Origin;
use crate::peppers::Peppers;
use crate::strength;

/// What a stored hash begins with: the scheme, so that another can follow it.
pub(crate) const SCHEME: &str = "$ab1$";
/// Longest wait for a thread: on a machine busy with other things a short queue can be a long wait,
/// and whoever waits must be told while they still listen.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Hashes passwords. Clones share the threads.
#[derive(Clone)]
pub(crate) struct Hasher {
    recipe: Arc<Recipe>,
    queue: Arc<Queue>,
}

/// What came of verifying a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is not the one that was stored.
    Wrong,
    /// What was stored is nothing that can be verified: somebody tampered with it, or its pepper is gone.
    Untrusted,
    /// It is.
    Right,
    /// It is, and the stored hash was made with another cost or pepper than new ones are.
    Outdated,
}

impl Verdict {
    /// Whether it is the password that was stored.
    pub(crate) fn is_proven(self) -> bool {
        matches!(self, Self::Right | Self::Outdated)
    }
}

impl Hasher {
    pub(crate) fn new(peppers: Peppers, cost: u32, threads: usize) -> Result<Self, Error> {
        let recipe = Arc::new(Recipe::new(peppers, cost)?);
        Ok(Self { recipe, queue: Arc::new(Queue::new(threads)) })
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

    /// Puts `next` in the place of `current`: `None` if `stored` was made from another password, otherwise
    /// the text to store. Whoever got a place has both done: nobody waits twice.
    pub(crate) async fn exchange(
        &self,
        current: SecretString,
        stored: Option<String>,
        next: SecretString,
        username: String,
    ) -> Result<Option<String>, Error> {
        self.work(LONGEST_WAIT, move |recipe| {
            if !recipe.verify(&current, stored.as_deref())?.is_proven() {
                return Ok(None);
            }
            strength::check(&next, &username)?;
            recipe.hash(&next).map(Some)
        })
        .await
    }

    /// What a deleted account's name may have left behind: see [`Self::trace`].
    pub(crate) fn traces(&self, username_key: &str) -> Vec<String> {
        let peppers = &self.recipe.peppers;
        peppers.all().flat_map(|pepper| pepper.traces(username_key)).collect()
    }

    /// What is left of the name of a deleted account: enough to know it by, should somebody want it
    /// again.
    pub(crate) fn trace(&self, username_key: &str) -> String {
        self.recipe.peppers.current().trace(username_key)
    }

    /// What stands in the database for an account and the network that somebody calls from, together:
    /// `None` for those without an address. See `peppers`.
    pub(crate) fn place(&self, username_key: &str, origin: Origin) -> Option<String> {
        Some(self.recipe.peppers.current().place(username_key, &origin.network()?))
    }

    /// What may stand there by now, with whatever pepper.
    pub(crate) fn places(&self, username_key: &str, origin: Origin) -> Vec<String> {
        let tags = |network: String| {
            self.recipe.peppers.all().map(|pepper| pepper.place(username_key, &network)).collect()
        };
        origin.network().map(tags).unwrap_or_default()
    }

    async fn work<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&Recipe) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let recipe = self.recipe.clone();
        self.queue.run(patience, move || work(&recipe)).await
    }

    /// Keeps one thread busy.
    #[cfg(test)]
    pub(crate) fn occupy(&self) -> impl Drop {
        self.queue.occupy()
    }
}

/// The pepper that a stored hash was made with.
pub(crate) fn pepper_of(stored: &str) -> Option<&str> {
    stored.strip_prefix(SCHEME)?.split('$').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_hashed_is_verified_and_hashing_anew_judges_nothing() {
        let hasher = Hasher::new(Peppers::generate().unwrap(), 4, 1).unwrap();
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
}
