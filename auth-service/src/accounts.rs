//! Accounts: registering, logging in, and what a token says about one.

mod proof;

use chassis::clock::unix_seconds;
use chassis::tasks::Tasks;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use token::keys::PublicKey;
use token::{Claims, Subject};

use crate::error::Error;
use crate::passwords::{Hasher, Verdict};
use crate::request_ids::RequestId;
use crate::store::{Added, Store, User};
use crate::tokens::{Pair, Tokens};
use crate::usernames::Username;

/// An account that was registered, now or by an earlier equal request, and a login.
pub(crate) struct Registered {
    pub(crate) user: User,
    pub(crate) pair: Pair,
    pub(crate) replayed: bool,
}

/// The rules about accounts.
pub(crate) struct Accounts {
    store: Store,
    hasher: Hasher,
    tokens: Tokens,
    background: Tasks,
}

impl Accounts {
    pub(crate) fn new(store: Store, hasher: Hasher, tokens: Tokens, background: Tasks) -> Self {
        Self { store, hasher, tokens, background }
    }

    /// Creates an account and logs it in; with a request id that made one already, logs in to that.
    ///
    /// The password is hashed before the name is tried: a taken name takes as long as a free one.
    pub(crate) async fn register(
        &self,
        username: &str,
        password: SecretString,
        request_id: Option<RequestId>,
        now: DateTime<Utc>,
    ) -> Result<Registered, Error> {
        if let Some(request_id) = request_id
            && let Some(user_id) = self.store.account_of(request_id, now).await?
        {
            return self.replay(user_id, username, password, now).await;
        }
        let name = Username::parse(username)?;
        let hash = self.hasher.hash(password.clone(), name.display.clone()).await?;
        match self.store.add_user(name, hash, request_id, now).await? {
            Added::New(user) => {
                let pair = self.start_login(&user, now)?;
                Ok(Registered { user, pair, replayed: false })
            }
            Added::Earlier(user_id) => self.replay(user_id, username, password, now).await,
        }
    }

    /// Logs in to the account that an earlier request made. Whatever is wrong, the work and the
    /// answer are the same.
    async fn replay(
        &self,
        user_id: i64,
        username: &str,
        password: SecretString,
        now: DateTime<Utc>,
    ) -> Result<Registered, Error> {
        let name = Username::look_up(username).map(|name| name.display);
        let user = self.store.user_by_id(user_id).await?;
        let user = user.filter(|user| name.as_ref() == Some(&user.username));
        let user = self.prove(user, password).await?.ok_or(Error::RequestIdReused)?;
        let pair = self.start_login(&user, now)?;
        Ok(Registered { user, pair, replayed: true })
    }

    /// Logs an account in. Whatever is wrong, the work and the answer are the same. A hash that was
    /// made with another cost or pepper is made anew, and nobody waits for that.
    pub(crate) async fn log_in(
        &self,
        username: &str,
        password: SecretString,
        now: DateTime<Utc>,
    ) -> Result<Pair, Error> {
        let user = self.find_exactly(username).await?;
        let (user, verdict) = self.examine(user, password.clone()).await?;
        let user = user.filter(|_| verdict.is_proven()).ok_or(Error::InvalidCredentials)?;
        if verdict == Verdict::Outdated {
            self.renew_hash(&user, password);
        }
        self.start_login(&user, now)
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

    fn start_login(&self, user: &User, now: DateTime<Utc>) -> Result<Pair, Error> {
        Ok(self.tokens.log_in(user.id, user.token_version, unix_seconds(now))?)
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use database::Database;
    use token::keys::{RefreshKey, SigningKey};

    use super::*;
    use crate::migrations::Migrator;
    use crate::peppers::Peppers;

    pub(super) async fn accounts(folder: &tempfile::TempDir) -> Accounts {
        let url = format!("sqlite:{}", folder.path().join("auth.db").display());
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let hasher = Hasher::new(Peppers::generate().unwrap(), 4, 1).unwrap();
        let (signing, refresh) = (SigningKey::generate().unwrap(), RefreshKey::generate().unwrap());
        Accounts::new(store, hasher, Tokens::new(signing, refresh), Tasks::new())
    }

    #[tokio::test]
    async fn a_request_id_counts_for_a_day_and_is_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(&folder).await;
        let id = RequestId::parse("again").ok();
        // A time without a fraction, and others with one: they are stored as text.
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let register = async |name: &str, at: DateTime<Utc>| {
            let registered = accounts.register(name, "correct horse".into(), id, at).await;
            registered.map(|registered| (registered.user.id, registered.replayed))
        };
        let (moment, day) = (TimeDelta::microseconds(1), TimeDelta::hours(24));
        assert_eq!(register("ada", start).await.unwrap(), (1, false));
        let last = start + day - moment;
        assert_eq!(register("ada", last).await.unwrap(), (1, true));
        assert!(matches!(register("grace", last).await, Err(Error::RequestIdReused)));

        // A day after its first use, not its last.
        let taken = register("ada", start + day).await;
        assert!(matches!(taken, Err(Error::UsernameTaken)));
        assert_eq!(register("grace", start + day).await.unwrap(), (2, false));
        assert_eq!(register("grace", start + day + moment).await.unwrap(), (2, true));
        let second = start + day + day;
        assert!(matches!(register("joan", second - moment).await, Err(Error::RequestIdReused)));
        assert_eq!(register("joan", second + moment).await.unwrap(), (3, false));
    }
}
