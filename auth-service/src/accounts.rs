//! Accounts: registering, logging in, and what a token says about one.

mod proof;
mod tries;

use std::sync::Arc;

use chassis::tasks::Tasks;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use token::Claims;
use tokio::sync::Notify;

use crate::error::Error;
use crate::limits::{Limits, Origin, Target};
use crate::logins::Logins;
use crate::passwords::{Hasher, Verdict};
use crate::request_ids::RequestId;
use crate::revocations::Feed;
use crate::store::{Actor, Added, Candidate, Kept, Store, User};
use crate::tokens::Pair;
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
    logins: Logins,
    feed: Feed,
    limits: Arc<Limits>,
    deletions: Arc<Notify>,
    background: Tasks,
}

impl Accounts {
    /// `deletions` is told when there is an account to delete elsewhere.
    pub(crate) fn new(
        store: Store,
        hasher: Hasher,
        logins: Logins,
        feed: Feed,
        limits: Arc<Limits>,
        deletions: Arc<Notify>,
        background: Tasks,
    ) -> Self {
        Self { store, hasher, logins, feed, limits, deletions, background }
    }

    /// The rules about logins.
    pub(crate) fn logins(&self) -> &Logins {
        &self.logins
    }

    /// Creates an account and logs it in; with a request id that made one already, logs in to that.
    ///
    /// The password is hashed before the name is tried: a taken name takes as long as a free one.
    pub(crate) async fn register(
        &self,
        username: &str,
        password: SecretString,
        request_id: Option<RequestId>,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<Registered, Error> {
        self.limits.try_registration(origin)?;
        if let Some(request_id) = request_id
            && let Some(user_id) = self.store.account_of(request_id, now).await?
        {
            return self.replay(user_id, username, password, origin, now).await;
        }
        let name = Username::parse(username)?;
        let hash = self.hasher.hash(password.clone(), name.display.clone()).await?;
        let planned = Logins::plan(self.hasher.place(&name.key, origin), now)?;
        let (traces, sid) = (self.hasher.traces(&name.key), planned.sid.clone());
        let candidate = Candidate { name, traces, password_hash: hash, login: Some(planned) };
        match self.store.add_user(candidate, request_id, now).await? {
            Added::New(user) => {
                let pair = self.logins.first_tokens(&user, sid, now)?;
                Ok(Registered { user, pair, replayed: false })
            }
            Added::Earlier(user_id) => self.replay(user_id, username, password, origin, now).await,
        }
    }

    /// Logs in to the account that an earlier request made. Whatever is wrong, the work and the
    /// answer are the same.
    async fn replay(
        &self,
        user_id: i64,
        username: &str,
        password: SecretString,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<Registered, Error> {
        self.count_for_account(&Target::of(username), origin, now).await?;
        let name = Username::look_up(username).map(|name| name.display);
        let user = self.store.user_by_id(user_id).await?;
        let user = user.filter(|user| name.as_ref() == Some(&user.username));
        let user = self.prove(user, password).await?.ok_or(Error::RequestIdReused)?;
        let place = self.hasher.place(&user.username_key, origin);
        let pair = self.logins.begin(&user, place, now).await?;
        Ok(Registered { user, pair, replayed: true })
    }

    /// Logs an account in. Whatever is wrong, the work and the answer are the same. A hash that was
    /// made with another cost or pepper is made anew, and nobody waits for that.
    pub(crate) async fn log_in(
        &self,
        username: &str,
        password: SecretString,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<Pair, Error> {
        self.count_try(username, origin, now).await?;
        let user = self.find_exactly(username).await?;
        let (user, verdict) = self.examine(user, password.clone()).await?;
        let user = user.filter(|_| verdict.is_proven()).ok_or(Error::InvalidCredentials)?;
        let place = self.hasher.place(&user.username_key, origin);
        let pair = self.logins.begin(&user, place, now).await?;
        if verdict == Verdict::Outdated {
            self.renew_hash(&user, password);
        }
        Ok(pair)
    }

    /// Sets another password for the account of a login. All its other logins end; answered, no token
    /// from before is good any more.
    pub(crate) async fn change_password(
        &self,
        claims: Claims,
        user: User,
        current: SecretString,
        next: SecretString,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<Pair, Error> {
        let username = user.username.clone();
        self.count_try(&username, origin, now).await?;
        let act = self.feed.act();
        let stored = user.is_active.then(|| user.password_hash.0.clone());
        let hash = match self.hasher.exchange(current, stored, next, username).await {
            Err(Error::PasswordInvalid(why)) => return Err(Error::NewPasswordInvalid(why)),
            hash => hash?.ok_or(Error::PasswordWrong("current_password"))?,
        };
        let sid = claims.subject.sid;
        let place = self.hasher.place(&user.username_key, origin);
        let kept = Kept { sid: sid.clone(), expires_at: Logins::lasts_until(now), place };
        let (user, generation) = self.store.change_password(&user, hash, kept, now).await?;
        act.publish(now).await;
        self.logins.next_tokens(&user, sid, generation, now)
    }

    /// Deletes an account. Answered, nobody can log in to it, and none of its tokens is good; what is
    /// kept of it elsewhere goes as soon as that can be done.
    pub(crate) async fn delete(
        &self,
        user: User,
        password: SecretString,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.count_try(&user.username, origin, now).await?;
        let act = self.feed.act();
        let user = self.prove(Some(user), password).await?;
        let user = user.ok_or(Error::PasswordWrong("password"))?;
        self.store.begin_deletion(&user, Actor::User, now).await?;
        act.publish(now).await;
        // Told first, so that who reads along mostly hears of it before what they read goes.
        self.deletions.notify_one();
        Ok(())
    }

    /// The account registered under exactly this spelling.
    async fn find_exactly(&self, username: &str) -> Result<Option<User>, Error> {
        let Some(username) = Username::look_up(username) else { return Ok(None) };
        let user = self.store.user_by_key(username.key).await?;
        Ok(user.filter(|user| user.username == username.display))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::TimeDelta;
    use database::Database;
    use token::keys::{RefreshKey, SigningKey};

    use super::*;
    use crate::config::Tries;
    use crate::migrations::Migrator;
    use crate::peppers::Peppers;
    use crate::tokens::Tokens;

    async fn database(folder: &tempfile::TempDir) -> Database {
        let url = scratch::url(folder.path(), "auth");
        Database::open::<Migrator>(&url).await.unwrap()
    }

    /// Accounts of a test, in `folder`.
    pub(crate) async fn accounts(folder: &tempfile::TempDir) -> Accounts {
        let store = Store::new(database(folder).await);
        let hasher = Hasher::new(Peppers::generate().unwrap(), 4, 1).unwrap();
        let (signing, refresh) = (SigningKey::generate().unwrap(), RefreshKey::generate().unwrap());
        let tokens = Tokens::new(signing, refresh);
        let feed = Feed::open(store.clone(), chassis::clock::now()).await.unwrap();
        let limits = Arc::new(Limits::new(Tries::UNLIMITED));
        let logins = Logins::new(store.clone(), tokens, feed.clone(), limits.clone(), false);
        Accounts::new(store, hasher, logins, feed, limits, Arc::default(), Tasks::new())
    }

    #[tokio::test]
    async fn a_request_id_counts_for_a_day_and_is_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(&folder).await;
        let id = RequestId::parse("again").ok();
        // A time without a fraction, and others with one: they are stored as text.
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let register = async |name: &str, at: DateTime<Utc>| {
            let (password, origin) = ("correct horse".into(), Origin::Unknown);
            let registered = accounts.register(name, password, id, origin, at).await;
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
        let (grace, replayed) = register("grace", start + day).await.unwrap();
        assert!(grace > 1 && !replayed);
        assert_eq!(register("grace", start + day + moment).await.unwrap(), (grace, true));
        let second = start + day + day;
        assert!(matches!(register("joan", second - moment).await, Err(Error::RequestIdReused)));
        let (joan, replayed) = register("joan", second + moment).await.unwrap();
        assert!(joan > grace && !replayed);
    }

    /// What cannot be told is told later; what is done is done.
    #[tokio::test]
    async fn after_the_commit_nobody_is_told_that_it_failed() {
        let folder = tempfile::tempdir().unwrap();
        let mut accounts = accounts(&folder).await;
        let broken = database(&folder).await;
        let now = chassis::clock::now();
        accounts.feed = Feed::open(Store::new(broken.clone()), now).await.unwrap();
        broken.close().await;

        let nowhere = Origin::Unknown;
        let ada = accounts.register("ada", "correct horse".into(), None, nowhere, now).await;
        let (claims, user) = accounts.logins.verify(&ada.unwrap().pair.access, now).await.unwrap();
        let next = || "battery staple".into();
        let changed = accounts
            .change_password(claims, user, "correct horse".into(), next(), nowhere, now)
            .await;
        let (_, user) = accounts.logins.verify(&changed.unwrap().access, now).await.unwrap();
        accounts.delete(user, next(), nowhere, now).await.unwrap();
        let gone = accounts.log_in("ada", next(), nowhere, now).await;
        assert!(matches!(gone, Err(Error::InvalidCredentials)));
    }

    #[tokio::test]
    async fn whoever_changes_a_password_waits_for_one_place_only() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(&folder).await;
        let (now, nowhere) = (chassis::clock::now(), Origin::Unknown);
        let ada = accounts.register("ada", "correct horse".into(), None, nowhere, now).await;
        let (claims, user) = accounts.logins.verify(&ada.unwrap().pair.access, now).await.unwrap();
        // Somebody is at work, and then Ada; whoever comes next gets the thread when she is through.
        let busy = accounts.hasher.occupy();
        let changing = accounts.change_password(
            claims,
            user.clone(),
            "correct horse".into(),
            "battery staple".into(),
            nowhere,
            now,
        );
        let next = async {
            let stored = Some(user.password_hash.0.clone());
            accounts.hasher.verify("correct horse".into(), stored).await.unwrap();
            accounts.hasher.occupy()
        };
        let free = async { drop(busy) };
        let (changed, _occupied, ()) = tokio::join!(changing, next, free);
        changed.unwrap();
    }
}
