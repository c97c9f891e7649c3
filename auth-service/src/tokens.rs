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
        access::issue(&self.signing, subject, now)
    }

    /// A refresh token of a login: the one of this number, if they change with each use.
    pub(crate) fn issue_refresh(
        &self,
        subject: &Subject,
        generation: Option<u64>,
        now: u64,
    ) -> Result<String, Error> {
        match generation {
            Some(number) => refresh::issue_generation(&self.refresh, subject, number, now),
            None => refresh::issue(&self.refresh, subject, now),
        }
    }

    pub(crate) fn verify_refresh(&self, token: &str, now: u64) -> Result<Claims, Error> {
        refresh::verify(&self.refresh, token, now)
    }

    /// As [`Self::verify_refresh`]; one that has expired will do.
    pub(crate) fn verify_expired(&self, token: &str, now: u64) -> Result<Claims, Error> {
        refresh::verify_expired(&self.refresh, token, now)
    }

    pub(crate) fn verify_access(&self, token: &str, now: u64) -> Result<Claims, Error> {
        access::verify(self.signing.public(), token, now)
    }

    /// The keys that others verify access tokens with.
    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        vec![self.signing.public().clone()]
    }
}
