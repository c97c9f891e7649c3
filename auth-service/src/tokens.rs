//! Issuing tokens and checking those that come back.

use token::keys::{PublicKey, RefreshKey, SigningKey};
use token::{Claims, Error, Subject, access, refresh};

/// The two tokens of a login.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// Issues and checks tokens. `now` is always in seconds since the epoch.
pub(crate) struct Tokens {
    signing: SigningKey,
    refresh: RefreshKey,
}

impl Tokens {
    pub(crate) fn new(signing: SigningKey, refresh: RefreshKey) -> Self {
        Self { signing, refresh }
    }

    /// Starts a login: a new `sid`, and both tokens for it.
    pub(crate) fn log_in(&self, user_id: i64, token_version: i64, now: u64) -> Result<Pair, Error> {
        let subject = Subject { user_id, sid: token::random_id()?, token_version };
        Ok(Pair {
            access: access::issue(&self.signing, &subject, now)?,
            refresh: refresh::issue(&self.refresh, &subject, now)?,
        })
    }

    /// Another access token for a login.
    pub(crate) fn renew(&self, subject: &Subject, now: u64) -> Result<String, Error> {
        access::issue(&self.signing, subject, now)
    }

    pub(crate) fn verify_refresh(&self, token: &str, now: u64) -> Result<Claims, Error> {
        refresh::verify(&self.refresh, token, now)
    }

    pub(crate) fn verify_access(&self, token: &str, now: u64) -> Result<Claims, Error> {
        access::verify(self.signing.public(), token, now)
    }

    /// The keys that others verify access tokens with.
    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        vec![self.signing.public().clone()]
    }
}
