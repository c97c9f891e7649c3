//! Logins: beginning, renewing and ending them. A token is good as long as its login is there.

use std::sync::Arc;

use chassis::clock::unix_seconds;
use chrono::{DateTime, TimeDelta, Utc};
use token::keys::PublicKey;
use token::{Claims, Subject};

use crate::error::Error;
use crate::limits::Limits;
use crate::revocations::Feed;
use crate::store::{Act, Beginning, Login, Store, User};
use crate::tokens::{Pair, Tokens};

/// How long a login lasts: as long as its refresh token, as the documented API has it.
const LIFETIME: TimeDelta = TimeDelta::days(7);
/// How long one lasts whose refresh tokens change with each use, however often they do.
const LONGEST: TimeDelta = TimeDelta::days(30);
/// How long the refresh token before the last is good: an answer may have been lost, or two
/// programs of a person may ask at the same time.
const GRACE: TimeDelta = TimeDelta::seconds(10);

/// What a login is renewed with.
pub(crate) struct Renewed {
    pub(crate) access: String,
    /// Only where refresh tokens change with each use.
    pub(crate) refresh: Option<String>,
}

/// The rules about logins.
pub(crate) struct Logins {
    store: Store,
    tokens: Tokens,
    feed: Feed,
    limits: Arc<Limits>,
    /// Whether refresh tokens always change with each use.
    rotate: bool,
}

impl Logins {
    pub(crate) fn new(
        store: Store,
        tokens: Tokens,
        feed: Feed,
        limits: Arc<Limits>,
        rotate: bool,
    ) -> Self {
        Self { store, tokens, feed, limits, rotate }
    }

    /// A login that may begin; its name is chosen here and nowhere else.
    pub(crate) fn plan(now: DateTime<Utc>) -> Result<Beginning, Error> {
        Ok(Beginning { sid: token::random_id()?, at: now, expires_at: Self::lasts_until(now) })
    }

    /// When a login that begins now is over.
    pub(crate) fn lasts_until(now: DateTime<Utc>) -> DateTime<Utc> {
        now + LIFETIME
    }

    /// Begins a login of an account whose password was proven.
    pub(crate) async fn begin(&self, user: &User, now: DateTime<Utc>) -> Result<Pair, Error> {
        let planned = Self::plan(now)?;
        self.store.begin_login(user, planned.clone()).await?;
        self.first_tokens(user, planned.sid, now)
    }

    /// The tokens of a login that has just begun.
    pub(crate) fn first_tokens(
        &self,
        user: &User,
        sid: String,
        now: DateTime<Utc>,
    ) -> Result<Pair, Error> {
        self.next_tokens(user, sid, 0, now)
    }

    /// The tokens of a login whose account's password was changed by it.
    pub(crate) fn next_tokens(
        &self,
        user: &User,
        sid: String,
        generation: i64,
        now: DateTime<Utc>,
    ) -> Result<Pair, Error> {
        let generation = (self.rotate || generation > 0).then_some(generation.unsigned_abs());
        Ok(self.tokens.issue(&subject(user, sid), generation, unix_seconds(now))?)
    }

    /// Another access token, and another refresh token if `rotate` or where that is the rule.
    pub(crate) async fn renew(
        &self,
        token: &str,
        rotate: bool,
        now: DateTime<Utc>,
    ) -> Result<Renewed, Error> {
        let claims = self.tokens.verify_refresh(token, unix_seconds(now))?;
        self.limits.try_refresh(&claims.subject.sid)?;
        let (login, user) = self.living(&claims.subject).await?;
        if login.expires_at <= now {
            return Err(Error::LoginEnded);
        }
        let seconds = unix_seconds(now);
        let access = self.tokens.issue_access(&claims.subject, seconds)?;
        if !(rotate || self.rotate || login.rotates) {
            return Ok(Renewed { access, refresh: None });
        }
        let generation = self.rotated(&login, claims.generation, now).await?;
        let subject = subject(&user, login.sid);
        let refresh = self.tokens.issue_refresh(&subject, Some(generation), seconds)?;
        Ok(Renewed { access, refresh: Some(refresh) })
    }

    /// The number of the refresh token to give to whoever shows the one numbered `shown`.
    ///
    /// # Errors
    /// [`Error::LoginEnded`] when it was followed by another long ago. Whoever shows it, or whoever has
    /// the other, has stolen it: the login ends.
    async fn rotated(&self, login: &Login, shown: u64, now: DateTime<Utc>) -> Result<u64, Error> {
        let mut login = login.clone();
        if login.generation.unsigned_abs() == shown {
            let end = login.created_at + LONGEST;
            if self.store.rotate_login(&login, now, end).await? {
                return Ok(shown + 1);
            }
            // Another call was faster, just now.
            let found = self.store.login(login.sid.clone()).await?;
            login = found.map(|(login, _)| login).ok_or(Error::LoginEnded)?;
        }
        let current = login.generation.unsigned_abs();
        let recent = login.rotated_at.is_some_and(|at| now - at <= GRACE);
        if shown + 1 == current && recent {
            return Ok(current);
        }
        if shown > current {
            tracing::error!(
                "a refresh token is newer than its login: was an old database restored?"
            );
        }
        self.store.end_login(login.sid, Act::EndStolenLogin, now).await?;
        self.feed.publish(now).await?;
        tracing::warn!(user_id = login.user_id, "a refresh token came twice; its login has ended");
        Err(Error::LoginEnded)
    }

    /// What an access token says, if its login and its account still stand behind it.
    pub(crate) async fn verify(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<(Claims, User), Error> {
        let claims = self.tokens.verify_access(token, unix_seconds(now))?;
        let (_, user) = self.living(&claims.subject).await?;
        Ok((claims, user))
    }

    /// Ends the login of a refresh token, or all of its account. What has ended stays ended.
    pub(crate) async fn end_by_refresh(
        &self,
        token: &str,
        everywhere: bool,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let claims = self.tokens.verify_expired(token, unix_seconds(now))?;
        match self.store.login(claims.subject.sid.clone()).await? {
            Some(_) => self.end(claims.subject, everywhere, now).await,
            // Whoever has ended it may still be waiting for those who are to know.
            None => self.feed.publish(now).await,
        }
    }

    /// Ends a login, or all of its account; answered, no access token of it is good any more.
    pub(crate) async fn end(
        &self,
        subject: Subject,
        everywhere: bool,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if everywhere {
            self.store.end_all_logins(subject.user_id, now).await?;
        } else {
            self.store.end_login(subject.sid, Act::LogOut, now).await?;
        }
        self.feed.publish(now).await
    }

    /// The keys that others verify access tokens with.
    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        self.tokens.public_keys()
    }

    /// The login and the account of a token, if both are there, active, and have not ended it.
    async fn living(&self, subject: &Subject) -> Result<(Login, User), Error> {
        let found = self.store.login(subject.sid.clone()).await?;
        let Some((login, user)) = found.filter(|(login, _)| login.user_id == subject.user_id)
        else {
            let user = self.store.user_by_id(subject.user_id).await?;
            let is_there = user.is_some_and(|user| user.is_active);
            return Err(if is_there { Error::LoginEnded } else { Error::AccountUnavailable });
        };
        if !user.is_active {
            return Err(Error::AccountUnavailable);
        }
        let versions = [login.token_version, user.token_version];
        if versions.iter().any(|version| *version != subject.token_version) {
            return Err(Error::LoginEnded);
        }
        Ok((login, user))
    }
}

fn subject(user: &User, sid: String) -> Subject {
    Subject { user_id: user.id, sid, token_version: user.token_version }
}
