//! Accounts: registering, logging in, and what a token says about one.

use chassis::clock::unix_seconds;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use token::keys::PublicKey;
use token::{Claims, Subject};

use crate::error::Error;
use crate::passwords::Hasher;
use crate::store::{Store, User};
use crate::tokens::{Pair, Tokens};
use crate::usernames::Username;

/// The rules about accounts.
pub(crate) struct Accounts {
    store: Store,
    hasher: Hasher,
    tokens: Tokens,
}

impl Accounts {
    pub(crate) fn new(store: Store, hasher: Hasher, tokens: Tokens) -> Self {
        Self { store, hasher, tokens }
    }

    /// Creates an account and logs it in.
    ///
    /// The password is hashed before the name is tried: a taken name takes as long as a free one.
    pub(crate) async fn register(
        &self,
        username: &str,
        password: SecretString,
        now: DateTime<Utc>,
    ) -> Result<(User, Pair), Error> {
        let username = Username::parse(username)?;
        let hash = self.hasher.hash(password, username.display.clone()).await?;
        let user = self.store.add_user(username, hash, now).await?;
        let pair = self.tokens.log_in(user.id, user.token_version, unix_seconds(now))?;
        Ok((user, pair))
    }

    /// Logs an account in. Whatever is wrong, the work and the answer are the same.
    pub(crate) async fn log_in(
        &self,
        username: &str,
        password: SecretString,
        now: DateTime<Utc>,
    ) -> Result<Pair, Error> {
        let user = self.find_exactly(username).await?.filter(|user| user.is_active);
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        match (self.hasher.verify(password, hash).await?, user) {
            (true, Some(user)) => {
                Ok(self.tokens.log_in(user.id, user.token_version, unix_seconds(now))?)
            }
            _ => Err(Error::InvalidCredentials),
        }
    }

    /// A new access token for the login that a refresh token belongs to.
    pub(crate) async fn refresh(&self, token: &str, now: DateTime<Utc>) -> Result<String, Error> {
        let claims = self.tokens.verify_refresh(token, unix_seconds(now))?;
        self.living(&claims.subject).await?;
        Ok(self.tokens.renew(&claims.subject, unix_seconds(now))?)
    }

    /// What an access token says, if its account still stands behind it.
    pub(crate) async fn verify(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<(Claims, User), Error> {
        let claims = self.tokens.verify_access(token, unix_seconds(now))?;
        let user = self.living(&claims.subject).await?;
        Ok((claims, user))
    }

    /// The keys that others verify access tokens with.
    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        self.tokens.public_keys()
    }

    /// The account of a token, if it is active and has not ended its tokens.
    async fn living(&self, subject: &Subject) -> Result<User, Error> {
        let user = self.store.user_by_id(subject.user_id).await?;
        user.filter(|user| user.is_active && user.token_version == subject.token_version)
            .ok_or(Error::AccountUnavailable)
    }

    /// The account registered under exactly this spelling.
    async fn find_exactly(&self, username: &str) -> Result<Option<User>, Error> {
        let Some(username) = Username::look_up(username) else { return Ok(None) };
        let user = self.store.user_by_key(username.key).await?;
        Ok(user.filter(|user| user.username == username.display))
    }
}
