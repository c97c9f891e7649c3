//! How an account comes into being, and by which request: both in one transaction.

use chrono::{DateTime, TimeDelta, Utc};
use database::Sweep as _;
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _, Set,
};

use super::logins::{self, Beginning};
use super::{Store, StoredHash, User, locks, registration, user};
use crate::error::Error;
use crate::request_ids::RequestId;
use crate::usernames::Username;

/// How long a registration may be repeated.
const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Expired rows deleted with each new one: more than one, so that they become fewer, and never so
/// many that others wait for it.
const SWEPT_AT_ONCE: u64 = 100;

/// An account that is about to be.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub(crate) name: Username,
    /// What would be left of the name if somebody had had it: see `passwords`.
    pub(crate) traces: Vec<String>,
    pub(crate) password_hash: String,
    /// Its first login; an operator makes an account without.
    pub(crate) login: Option<Beginning>,
}

#[cfg(test)]
impl Candidate {
    /// One that nobody logs in to.
    pub(crate) fn of(name: &str, password_hash: &str) -> Self {
        let (name, password_hash) = (Username::parse(name).unwrap(), password_hash.to_owned());
        Self { name, traces: Vec::new(), password_hash, login: None }
    }
}

/// What came of adding an account.
pub(crate) enum Added {
    /// It is there.
    New(User),
    /// An equal request was faster: the account that it made.
    Earlier(i64),
}

impl Store {
    /// Adds an account, logged in. Whether the name is free is decided by the unique index, not by a
    /// look beforehand.
    pub(crate) async fn add_user(
        &self,
        candidate: Candidate,
        request_id: Option<RequestId>,
        now: DateTime<Utc>,
    ) -> Result<Added, Error> {
        self.database
            .write(move |tx| {
                async move {
                    let Some(request_id) = request_id else {
                        return Ok(Added::New(insert(tx, candidate, now).await?));
                    };
                    // What is not here yet, nobody else adds now.
                    locks::request(&request_id).hold(tx).await?;
                    if let Some(user_id) = account_of(tx, request_id, now).await? {
                        return Ok(Added::Earlier(user_id));
                    }
                    sweep(tx, request_id, now).await?;
                    let user = insert(tx, candidate, now).await?;
                    let made = registration::ActiveModel {
                        request_digest: Set(request_id.digest().to_owned()),
                        user_id: Set(user.id),
                        expires_at: Set(now + LIFETIME),
                    };
                    made.insert(tx).await?;
                    Ok(Added::New(user))
                }
                .boxed()
            })
            .await
    }

    /// The id of the account that a request made, if it may still be repeated.
    pub(crate) async fn account_of(
        &self,
        request_id: RequestId,
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, Error> {
        self.database
            .read(move |read| async move { account_of(&read, request_id, now).await })
            .await
    }
}

async fn account_of(
    connection: &impl ConnectionTrait,
    request_id: RequestId,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    let found = registration::Entity::find_by_id(request_id.digest())
        .filter(registration::Column::ExpiresAt.gt(now))
        .one(connection)
        .await?;
    Ok(found.map(|registration| registration.user_id))
}

/// Adds an account in a transaction of somebody else's, which must not be kept if this fails.
pub(super) async fn insert(
    tx: &impl ConnectionTrait,
    candidate: Candidate,
    now: DateTime<Utc>,
) -> Result<User, Error> {
    let Candidate { name, traces, password_hash, login } = candidate;
    let row = user::ActiveModel {
        username: Set(name.display),
        username_key: Set(name.key),
        password_hash: Set(StoredHash(password_hash)),
        is_active: Set(true),
        token_version: Set(0),
        created_at: Set(now),
        deleted_at: Set(None),
        ..Default::default()
    };
    let user = match row.insert(tx).await.map_err(Error::from) {
        Err(Error::Storage(error)) if error.is_duplicate() => return Err(Error::UsernameTaken),
        inserted => inserted?,
    };
    // Only now: an account that is forgotten meanwhile leaves its name first, and what comes of that is seen by
    // whatever is asked later.
    let had = user::Entity::find().filter(user::Column::UsernameKey.is_in(traces));
    if had.one(tx).await?.is_some() {
        return Err(Error::UsernameTaken);
    }
    if let Some(login) = login {
        logins::begin(tx, &user, login).await?;
    }
    Ok(user)
}

/// Makes room for `request_id`, whose row can only be an expired one, and deletes some others.
async fn sweep(
    connection: &impl ConnectionTrait,
    request_id: RequestId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    registration::Entity::delete_by_id(request_id.digest()).exec(connection).await?;
    let some_expired = registration::Entity::find()
        .select_only()
        .column(registration::Column::RequestDigest)
        .filter(registration::Column::ExpiresAt.lte(now))
        .some_to_sweep(SWEPT_AT_ONCE)
        .into_query();
    registration::Entity::delete_many()
        .filter(registration::Column::RequestDigest.in_subquery(some_expired))
        .exec(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chassis::clock;
    use database::Database;
    use sea_orm::PaginatorTrait as _;

    use super::*;
    use crate::migrations::Migrator;
    use crate::store::Actor;

    async fn add(store: &Store, request_id: &str, name: &str, at: DateTime<Utc>) {
        let id = RequestId::parse(request_id).unwrap();
        let added = store.add_user(Candidate::of(name, ""), Some(id), at).await;
        assert!(matches!(added, Ok(Added::New(_))), "{request_id}");
    }

    /// At every moment either the name itself or what is left of it is in the way.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_name_is_nobodys_also_while_its_account_is_being_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        for round in 0..50 {
            let (name, trace) = (format!("ada{round}"), format!("deleted:trace of {round}"));
            let added = store.add_user(Candidate::of(&name, ""), None, clock::now()).await;
            let Ok(Added::New(user)) = added else { panic!("{name} should be new") };
            store.begin_deletion(&user, Actor::User, clock::now()).await.unwrap();
            let again = (0..8).map(|_| {
                let candidate =
                    Candidate { traces: vec![trace.clone()], ..Candidate::of(&name, "") };
                store.add_user(candidate, None, clock::now())
            });
            let again = futures_util::future::join_all(again);
            let (forgotten, again) =
                tokio::join!(store.finish_deletion(user.id, trace.clone()), again);
            forgotten.unwrap();
            for added in again {
                assert!(matches!(added, Err(Error::UsernameTaken)), "round {round}");
            }
        }
    }

    async fn rows(store: &Store) -> u64 {
        let query = registration::Entity::find();
        let count = store.database.read(|read| async move { Ok(query.count(&read).await?) });
        count.await.map_err(|error: Error| error).unwrap()
    }

    #[tokio::test]
    async fn what_has_expired_is_swept_away_a_little_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let start = clock::now();
        for number in 0..150 {
            add(&store, &format!("try-{number}"), &format!("early{number}"), start).await;
        }
        let next_day = start + LIFETIME;
        add(&store, "last", "last", next_day - TimeDelta::microseconds(1)).await;
        assert_eq!(rows(&store).await, 151, "nothing has expired yet");
        // Its own row goes, however many others have expired before it.
        add(&store, "try-149", "next", next_day).await;
        assert_eq!(rows(&store).await, 51);
        add(&store, "next", "next_but_one", next_day).await;
        assert_eq!(rows(&store).await, 3, "those that still count");
    }
}
