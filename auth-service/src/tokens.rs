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

    /// Starts a login: a new `sid`, and both tokens for it.
    pub(crate) fn log_in(&self, user_id: i64, token_version: i64, now: u64) -> Result<Pair, Error> {
        let subject = Subject { user_id, sid: token::random_id()?, token_version };
        let keys = self.keys();
        Ok(Pair {
            access: access::issue(&keys.signing, &subject, now)?,
            refresh: refresh::issue(&keys.refresh, &subject, now)?,
        })
    }

    /// Another access token for a login.
    pub(crate) fn renew(&self, subject: &Subject, now: u64) -> Result<String, Error> {
        access::issue(&self.keys().signing, subject, now)
    }

    pub(crate) fn verify_refresh(&self, token: &str, now: u64) -> Result<Claims, Error> {
        self.keys().verify_refresh(token, now)
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
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever tells verifiers of the keys"))]
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
