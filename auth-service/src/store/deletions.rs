//! Accounts that go: here at once, elsewhere as soon as it can be done, and then for good.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, Set,
};

use super::acts::{self, Act, Actor};
use super::{
    Store, StoredHash, User, audit, credentials, deletion, locks, login, places, registration,
    revocations, user,
};
use crate::error::Error;

/// Between two tries to have an account deleted elsewhere, at first and at most: ten seconds after an
/// outage nothing of it should be there any more.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(1);
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(5);

impl Store {
    /// Deletes an account as it was when its password was proven: nobody can log in to it any more,
    /// none of its tokens is good, and that it must go elsewhere too is written down.
    pub(crate) async fn begin_deletion(
        &self,
        user: &User,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (id, version) = (user.id, user.token_version);
        let job = self.database.write(move |tx| {
            async move {
                locks::account(id).hold(tx).await?;
                let changed = user::Entity::update_many()
                    .set(gone(now))
                    .filter(user::Column::Id.eq(id))
                    .filter(user::Column::TokenVersion.eq(version))
                    .filter(user::Column::DeletedAt.is_null())
                    .exec(tx)
                    .await?;
                if changed.rows_affected == 0 {
                    return Err(credentials::overtaken(tx, id).await);
                }
                revocations::revoke_account(tx, id, None, now).await?;
                places::forget(tx, id).await?;
                let due = deletion::ActiveModel {
                    user_id: Set(id),
                    attempts: Set(0),
                    next_attempt_at: Set(now),
                };
                due.insert(tx).await?;
                acts::note(tx, actor, Act::Delete, id, now).await
            }
            .boxed()
        });
        job.await
    }

    /// The account whose turn it is to be deleted elsewhere.
    pub(crate) async fn next_deletion(&self, now: DateTime<Utc>) -> Result<Option<User>, Error> {
        let query = deletion::Entity::find()
            .filter(deletion::Column::NextAttemptAt.lte(now))
            .order_by_asc(deletion::Column::NextAttemptAt);
        let read = self.database.read_patiently(|read| async move {
            let Some(due) = query.one(&read).await? else { return Ok(None) };
            Ok(user::Entity::find_by_id(due.user_id).one(&read).await?)
        });
        read.await
    }

    /// Puts a deletion off that could not be done elsewhere, each time for longer, and never for long.
    pub(crate) async fn postpone_deletion(
        &self,
        user_id: i64,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let job = self.database.write_patiently(move |tx| {
            async move {
                let Some(due) = deletion::Entity::find_by_id(user_id).one(tx).await? else {
                    return Ok(());
                };
                let doublings = u32::try_from(due.attempts.clamp(0, 16)).unwrap_or_default();
                let pause = (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE);
                let later = deletion::ActiveModel {
                    user_id: Set(user_id),
                    attempts: Set(due.attempts + 1),
                    next_attempt_at: Set(now + pause),
                };
                later.update(tx).await?;
                Ok(())
            }
            .boxed()
        });
        job.await
    }

    /// Forgets whom a deleted account belonged to. What stays is its number and `trace`, from which
    /// its name is known should somebody want it again; and what was done to somebody, by whom and when.
    pub(crate) async fn finish_deletion(&self, user_id: i64, trace: String) -> Result<(), Error> {
        let job = self.database.write_patiently(move |tx| {
            async move {
                locks::account(user_id).hold(tx).await?;
                let tombstone = user::ActiveModel {
                    username: Set(String::new()),
                    username_key: Set(trace),
                    password_hash: Set(StoredHash(String::new())),
                    ..Default::default()
                };
                let deleted = user::Column::DeletedAt.is_not_null();
                user::Entity::update_many()
                    .set(tombstone)
                    .filter(user::Column::Id.eq(user_id))
                    .filter(deleted)
                    .exec(tx)
                    .await?;
                let whose = login::Column::UserId.eq(user_id);
                login::Entity::delete_many().filter(whose).exec(tx).await?;
                let whose = registration::Column::UserId.eq(user_id);
                registration::Entity::delete_many().filter(whose).exec(tx).await?;
                let whose = audit::Column::UserId.eq(user_id);
                // Who did what and when stays on record, and no more than that it was to somebody.
                let nobody = audit::ActiveModel { user_id: Set(None), ..Default::default() };
                audit::Entity::update_many().set(nobody).filter(whose).exec(tx).await?;
                deletion::Entity::delete_by_id(user_id).exec(tx).await?;
                Ok::<_, Error>(())
            }
            .boxed()
        });
        job.await?;
        self.database.wipe();
        Ok(())
    }
}

/// Deletes an account in a transaction of somebody else's, which sees to the rest.
pub(super) async fn erase(
    tx: &impl ConnectionTrait,
    id: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let whose = user::Column::Id.eq(id);
    user::Entity::update_many().set(gone(now)).filter(whose).exec(tx).await?;
    places::forget(tx, id).await
}

/// What becomes of an account that is deleted, as long as its name is not yet erased.
fn gone(now: DateTime<Utc>) -> user::ActiveModel {
    user::ActiveModel {
        password_hash: Set(StoredHash(String::new())),
        is_active: Set(false),
        deleted_at: Set(Some(now)),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use chassis::clock;
    use database::Database;
    use sea_orm::{DbBackend, Statement};
    use token::Subject;

    use super::*;
    use crate::migrations::Migrator;
    use crate::request_ids::RequestId;
    use crate::store::{Added, Beginning, Candidate};

    /// What the database says to a query, one text for each row.
    async fn ask(store: &Store, query: &str) -> Vec<String> {
        let query = query.to_owned();
        let asked = store.database.read(|read| async move {
            let query = Statement::from_string(read.get_database_backend(), query);
            let rows = read.query_all_raw(query).await?;
            rows.iter().map(|row| Ok::<_, Error>(row.try_get_by_index(0)?)).collect()
        });
        asked.await.unwrap()
    }

    /// The tables in which there is a row of this account, whatever tables there are.
    async fn tables_with(store: &Store, user_id: i64) -> Vec<String> {
        let tables = match store.database.backend() {
            DbBackend::Postgres => {
                "SELECT table_name::text FROM information_schema.columns
                 WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY 1"
            }
            _ => {
                "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                 WHERE m.type = 'table' AND c.name = 'user_id' ORDER BY m.name"
            }
        };
        let mut found = Vec::new();
        for table in ask(store, tables).await {
            let rows = format!("SELECT '{table}' FROM {table} WHERE user_id = {user_id} LIMIT 1");
            found.extend(ask(store, &rows).await);
        }
        found
    }

    #[tokio::test]
    async fn what_stays_of_a_deleted_account_is_its_tombstone() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let now = clock::now();
        let beginning = |sid: &str| {
            let place = Some(format!("where {sid} is"));
            Some(Beginning { place, ..Beginning::of(sid, now) })
        };
        let candidate = Candidate { login: beginning("her login"), ..Candidate::of("ada", "hash") };
        let request_id = RequestId::parse("once").ok();
        let Ok(Added::New(ada)) = store.add_user(candidate, request_id, now).await else {
            panic!("ada should be new");
        };
        assert_eq!(tables_with(&store, ada.id).await, ["logins", "places", "registrations"]);
        store.begin_deletion(&ada, Actor::User, now).await.unwrap();
        let again = store.begin_deletion(&ada, Actor::User, now).await;
        assert!(matches!(again, Err(Error::AccountUnavailable)), "once is enough");
        let due = store.next_deletion(now).await.unwrap().unwrap();
        assert_eq!((due.id, due.username.as_str()), (ada.id, "ada"));
        store.postpone_deletion(ada.id, now).await.unwrap();
        assert!(store.next_deletion(now).await.unwrap().is_none(), "a moment later");
        let later = now + TimeDelta::seconds(1);
        assert!(store.next_deletion(later).await.unwrap().is_some());
        for _ in 0..100 {
            store.postpone_deletion(ada.id, now).await.unwrap();
        }
        let after_an_outage = now + TimeDelta::seconds(5);
        assert!(store.next_deletion(after_an_outage).await.unwrap().is_some());

        store.finish_deletion(ada.id, "deleted:trace".to_owned()).await.unwrap();
        // That its tokens are not good is known until the last of them has expired.
        assert_eq!(tables_with(&store, ada.id).await, ["revocations"]);
        let row = "SELECT username || username_key || password_hash || CAST(is_active AS text) FROM users";
        assert!(ask(&store, row).await[0].starts_with("deleted:trace"));
        let notes = "SELECT actor || ' ' || act || ' ' || COALESCE(CAST(user_id AS text), 'somebody') FROM audit";
        assert_eq!(ask(&store, notes).await, ["user delete somebody"]);
        assert!(store.next_deletion(later).await.unwrap().is_none());

        let traces = vec!["deleted:trace".to_owned()];
        let again = Candidate { traces, ..Candidate::of("ada", "hash") };
        assert!(matches!(store.add_user(again, None, now).await, Err(Error::UsernameTaken)));
        // Her request id is free again.
        let added = store.add_user(Candidate::of("grace", "hash"), request_id, now).await;
        let Ok(Added::New(grace)) = added else { panic!("grace should be new") };
        assert!(grace.id > ada.id, "a number is never used again");
        let after = now + crate::store::LONGEST_REVOCATION;
        store.begin_deletion(&grace, Actor::User, after).await.unwrap();
        assert!(tables_with(&store, ada.id).await.is_empty());
    }

    #[tokio::test]
    async fn a_logout_that_comes_when_its_account_is_deleted_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let now = clock::now();
        let Ok(Added::New(ada)) = store.add_user(Candidate::of("ada", "hash"), None, now).await
        else {
            panic!("ada should be new");
        };
        store.begin_login(&ada, Beginning::of("her login", now)).await.unwrap();
        let token = Subject { user_id: ada.id, sid: "her login".to_owned(), token_version: 0 };
        // Her phone deletes the account while her laptop, whose login was there just now, logs out.
        store.begin_deletion(&ada, Actor::User, now).await.unwrap();
        store.finish_deletion(ada.id, "deleted:trace".to_owned()).await.unwrap();
        let rows = "SELECT CAST(count(*) AS TEXT) FROM revocations";
        let before = ask(&store, rows).await;
        for everywhere in [false, true] {
            store.end_logins(token.clone(), everywhere, now).await.unwrap();
            assert_eq!(tables_with(&store, ada.id).await, ["revocations"], "of her deletion");
            assert_eq!(ask(&store, rows).await, before);
        }
    }
}
