//! Issuing tokens and checking those that come back.

mod upkeep;

use std::sync::{Arc, PoisonError, RwLock};

use token::keys::PublicKey;
#[cfg(test)]
use token::keys::{RefreshKey, SigningKey};
use token::{Claims, Error, Subject, access, refresh};
use tokio::sync::watch;

use crate::keys::Keys;

pub(crate) use upkeep::Upkeep;

/// The two tokens of a login.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// Issues and checks tokens. `now` is always in seconds since the epoch. Clones share the keys.
#[derive(Clone)]
pub(crate) struct Tokens {
    shared: Arc<Shared>,
}

struct Shared {
    keys: RwLock<Arc<Keys>>,
    changes: watch::Sender<u64>,
}

impl Tokens {
    /// With one key of each kind, which stay.
    #[cfg(test)]
    pub(crate) fn new(signing: SigningKey, refresh: RefreshKey) -> Self {
        Self::with(Keys::single(signing, refresh))
    }

    /// With these keys, until others take their place.
    fn with(keys: Keys) -> Self {
        let shared = Shared { keys: RwLock::new(Arc::new(keys)), changes: watch::Sender::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// Both tokens of a login. `generation`: see [`Self::issue_refresh`].
    pub(crate) fn issue(
        &self,
        subject: &Subject,
        generation: Option<u64>,
        now: u64,
    ) -> Result<Pair, Error> {
        let refresh = self.issue_refresh(subject, generation, now)?;
        Ok(Pair { access: self.issue_access(subject, now)?, refresh })
    }

    /// An access token of a login.
    pub(crate) fn issue_access(&self, subject: &Subject, now: u64) -> Result<String, Error> {
        access::issue(&self.keys().signing, subject, now)
    }

    /// A refresh token of a login: the one of this number, if they change with each use.
    pub(crate) fn issue_refresh(
        &self,
        subject: &Subject,
        generation: Option<u64>,
        now: u64,
    ) -> Result<String, Error> {
        let keys = self.keys();
        match generation {
            Some(number) => refresh::issue_generation(&keys.refresh, subject, number, now),
            None => refresh::issue(&keys.refresh, subject, now),
        }
    }

    pub(crate) fn verify_refresh(&self, token: &str, now: u64) -> Result<Claims, Error> {
        let keys = self.keys();
        refresh::verify(keys.refresh_named(&refresh::kid(token)?)?, token, now)
    }

    /// As [`Self::verify_refresh`]; one that has expired will do.
    pub(crate) fn verify_expired(&self, token: &str, now: u64) -> Result<Claims, Error> {
        let keys = self.keys();
        refresh::verify_expired(keys.refresh_named(&refresh::kid(token)?)?, token, now)
    }

    pub(crate) fn verify_access(&self, token: &str, now: u64) -> Result<Claims, Error> {
        self.keys().verify_access(token, now)
    }

    /// The keys that others verify access tokens with: the one that signs, the next one, and the
    /// retired ones whose tokens may still live.
    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        self.keys().public().to_vec()
    }

    /// Tells of every change of the keys, by a number that rises.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    fn keys(&self) -> Arc<Keys> {
        self.shared.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take_over(&self, keys: Keys) {
        *self.shared.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        self.shared.changes.send_modify(|changes| *changes += 1);
    }
}
