//! The signing keys: which there are, where they are kept, and how they come and go.
//!
//! On disk they are a folder: a file for each key, and `keys.json`, which says what each of them does.
//! Several processes may share it: replicas of the service, and the command line beside it.

mod change;
mod folder;
mod key;
mod manifest;
mod ring;

use token::keys::{PublicKey, RefreshKey, SigningKey};
use token::{Claims, Error, access};

#[cfg(test)]
pub(crate) use change::Change;
pub(crate) use folder::{Folder, Snapshot};
pub(crate) use ring::{Kind, Ring};

/// All keys of a ring, ready for use. `now` is always in seconds since the epoch.
pub(crate) struct Keys {
    /// Signs access tokens.
    pub(crate) signing: SigningKey,
    /// The public half of that one, and of those that only verify.
    public: Vec<PublicKey>,
    /// Signs refresh tokens.
    pub(crate) refresh: RefreshKey,
    /// Those that only verify.
    other_refresh: Vec<RefreshKey>,
}

impl Keys {
    fn new(
        signing: SigningKey,
        others: impl IntoIterator<Item = SigningKey>,
        refresh: RefreshKey,
        other_refresh: Vec<RefreshKey>,
    ) -> Self {
        let mut public = vec![signing.public().clone()];
        // Of a key that does not sign, the half that could is not kept in memory.
        public.extend(others.into_iter().map(|key| key.public().clone()));
        Self { signing, public, refresh, other_refresh }
    }

    /// One key of each kind.
    #[cfg(test)]
    pub(crate) fn single(signing: SigningKey, refresh: RefreshKey) -> Self {
        Self::new(signing, [], refresh, Vec::new())
    }

    /// The keys that access tokens are verified with, the one that signs first.
    pub(crate) fn public(&self) -> &[PublicKey] {
        &self.public
    }

    /// Verifies an access token with the key that it names.
    pub(crate) fn verify_access(&self, token: &str, now: u64) -> Result<Claims, Error> {
        let kid = access::kid(token)?;
        let key = self.public.iter().find(|key| key.kid() == kid).ok_or(Error::Invalid)?;
        access::verify(key, token, now)
    }

    /// The key that a refresh token names.
    pub(crate) fn refresh_named(&self, kid: &str) -> Result<&RefreshKey, Error> {
        let mut keys = std::iter::once(&self.refresh).chain(&self.other_refresh);
        keys.find(|key| key.kid() == kid).ok_or(Error::Invalid)
    }
}
