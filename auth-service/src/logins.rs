//! Logins: beginning, renewing and ending them. A token is good as long as its login is there.

use std::sync::Arc;

use chassis::clock::unix_seconds;
use chrono::{DateTime, TimeDelta, Utc};
use token::keys::PublicKey;
use token::{Claims, Subject};

use crate::error::Error;
use crate::limits::Limits;
use crate::revocations::Feed;
use crate::store::{Beginning, Login, Store, User};
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
    /// `place` says from where, if that is known.
    pub(crate) fn plan(place: Option<String>, now: DateTime<Utc>) -> Result<Beginning, Error> {
        let sid = token::random_id()?;
        Ok(Beginning { sid, at: now, expires_at: Self::lasts_until(now), place })
    }

    /// When a login that begins now is over.
    pub(crate) fn lasts_until(now: DateTime<Utc>) -> DateTime<Utc> {
        now + LIFETIME
    }

    /// Begins a login of an account whose password was proven, at `place`.
    pub(crate) async fn begin(
        &self,
        user: &User,
        place: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Pair, Error> {
        let planned = Self::plan(place, now)?;
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
        if is_just_followed(&login, shown, now) {
            return Ok(login.generation.unsigned_abs());
        }
        self.end_stolen(login, shown, now).await?;
        Err(Error::LoginEnded)
    }

    /// Ends a login of which somebody showed the refresh token numbered `shown`, which another one had
    /// followed long ago.
    async fn end_stolen(&self, login: Login, shown: u64, now: DateTime<Utc>) -> Result<(), Error> {
        if shown > login.generation.unsigned_abs() {
            tracing::error!(
                "a refresh token is newer than its login: was an old database restored?"
            );
        }
        let act = self.feed.act();
        self.store.end_stolen_login(login.sid, now).await?;
        act.publish(now).await;
        tracing::warn!("a refresh token came twice; its login has ended");
        Ok(())
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

    /// Ends the login of a refresh token, or all of its account. What has ended stays ended. A token that
    /// would not be renewed any more has no power over other logins: the owner may have shut out who has
    /// it. One that another had followed ends its login, as when it is to be renewed.
    ///
    /// # Errors
    /// When the token is none of ours, or has expired and is to end more than its own login.
    pub(crate) async fn end_by_refresh(
        &self,
        token: &str,
        everywhere: bool,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let seconds = unix_seconds(now);
        let claims = if everywhere {
            self.tokens.verify_refresh(token, seconds)?
        } else {
            self.tokens.verify_expired(token, seconds)?
        };
        let Claims { subject, generation: shown, .. } = claims;
        if let Some((login, _)) = self.store.login(subject.sid.clone()).await?
            && login.token_version == subject.token_version
            && login.generation.unsigned_abs() != shown
            && !is_just_followed(&login, shown, now)
        {
            return self.end_stolen(login, shown, now).await;
        }
        self.end(subject, everywhere, now).await
    }

    /// Ends a login, or all of its account; answered, no access token of it is good any more.
    pub(crate) async fn end(
        &self,
        subject: Subject,
        everywhere: bool,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let act = self.feed.act();
        self.store.end_logins(subject, everywhere, now).await?;
        act.publish(now).await;
        Ok(())
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

/// Whether a refresh token is the one before the last, and for so short a time that its answer may have
/// been lost.
fn is_just_followed(login: &Login, shown: u64, now: DateTime<Utc>) -> bool {
    let recent = login.rotated_at.is_some_and(|at| now - at <= GRACE);
    recent && shown.checked_add(1) == Some(login.generation.unsigned_abs())
}

fn subject(user: &User, sid: String) -> Subject {
    Subject { user_id: user.id, sid, token_version: user.token_version }
}

#[cfg(test)]
mod tests {
    use crate::accounts::tests::accounts;
    use crate::error::Error;
    use crate::limits::Origin;
    use chrono::TimeDelta;

    #[tokio::test]
    async fn an_expired_refresh_token_ends_its_own_login_and_never_all() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(&folder).await;
        let (start, nowhere) = (chassis::clock::now(), Origin::Unknown);
        let late = start + TimeDelta::days(8);
        let ada = accounts.register("ada", "correct horse".into(), None, nowhere, start).await;
        let lost = ada.unwrap().pair;
        let kept = accounts.log_in("ada", "correct horse".into(), nowhere, late).await.unwrap();
        let logins = accounts.logins();
        let lives = async || logins.renew(&kept.refresh, false, late).await.is_ok();

        let refused = logins.end_by_refresh(&lost.refresh, true, late).await;
        assert!(matches!(refused, Err(Error::Token(token::Error::Invalid))), "{refused:?}");
        assert!(lives().await);
        logins.end_by_refresh(&lost.refresh, false, late).await.unwrap();
        assert!(lives().await);
        logins.end_by_refresh(&kept.refresh, true, late).await.unwrap();
        assert!(!lives().await, "one that is good does");
    }

    #[tokio::test]
    async fn that_a_login_was_stolen_is_noted_as_found_by_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(&folder).await;
        let (now, nowhere) = (chassis::clock::now(), Origin::Unknown);
        let ada = accounts.register("ada", "correct horse".into(), None, nowhere, now).await;
        let ada = ada.unwrap();
        let logins = accounts.logins();
        let next = logins.renew(&ada.pair.refresh, true, now).await.unwrap().refresh.unwrap();
        logins.renew(&next, true, now).await.unwrap();
        let late = logins.renew(&ada.pair.refresh, true, now).await.err();
        assert!(matches!(late, Some(Error::LoginEnded)), "{late:?}");
        let notes = logins.store.notes_about(ada.user.id, 9).await.unwrap();
        let notes: Vec<_> = notes.iter().map(|note| (&*note.actor, &*note.act)).collect();
        assert_eq!(notes, [("service", "end_stolen_login")]);
    }
}
