//! Accounts that come back from a backup: nobody is logged in, whoever was deleted stays deleted, and no
//! number is given twice.

use std::cmp::max;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait as _,
    ExprTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
    Statement,
};

use super::acts::{self, Act, Actor};
use super::{Store, deletion, deletions, login, user};
use crate::error::Error;
use crate::ledger::Ledger;

/// How many numbers are left out, and by how much token versions rise: more accounts than are made, and more
/// often than a password is changed, between a backup and its return. Whoever got a number in that time, which
/// nobody here knows of, shares it with nobody.
const GAP: i64 = 1_000_000;
/// Accounts that one statement is about, so that none takes long.
const AT_ONCE: u64 = 5_000;

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Accounts that are not deleted.
    pub accounts: u64,
    /// Accounts that were deleted after the backup, and are again.
    pub deleted_again: u64,
    /// Deleted accounts of which the chat service is told once more.
    pub deletions: u64,
    /// New accounts get higher numbers.
    pub beyond: i64,
}

impl Store {
    /// Does all of it in one transaction. Everybody in `deleted` is deleted; numbers are given beyond `beyond`.
    pub(crate) async fn restore(
        &self,
        deleted: Ledger,
        beyond: i64,
        now: DateTime<Utc>,
    ) -> Result<Restored, Error> {
        let job = self.database.write_at_length(move |tx| {
            async move {
                let highest = highest(tx).await?;
                let beyond = raise_numbers(tx, max(beyond, highest)).await?;
                end_logins(tx).await?;
                let mut deleted_again = 0;
                for (id, made) in deleted.entries() {
                    deleted_again += u64::from(delete_again(tx, id, made, now).await?);
                }
                let deletions = queue_deletions(tx, now).await?;
                acts::note_for_all(tx, Actor::Operator, Act::Restore, now).await?;
                let accounts = user::Entity::find().filter(user::Column::DeletedAt.is_null());
                let accounts = accounts.count(tx).await?;
                Ok::<_, Error>(Restored { accounts, deleted_again, deletions, beyond })
            }
            .boxed()
        });
        let restored = job.await?;
        self.database.wipe();
        Ok(restored)
    }
}

/// The highest number that an account has; accounts that are deleted keep theirs.
pub(super) async fn highest(connection: &impl ConnectionTrait) -> Result<i64, Error> {
    let highest = user::Entity::find().select_only().column_as(user::Column::Id.max(), "highest");
    let highest: Option<Option<i64>> = highest.into_tuple().one(connection).await?;
    Ok(highest.flatten().unwrap_or_default())
}

/// The last number that was given to an account, if any was. The next one is above it.
pub(super) async fn last_given(connection: &impl ConnectionTrait) -> Result<Option<i64>, Error> {
    let backend = connection.get_database_backend();
    let last = match backend {
        DbBackend::Postgres => {
            "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM users_id_seq"
        }
        _ => "SELECT seq FROM sqlite_sequence WHERE name = 'users'",
    };
    let row = connection.query_one_raw(Statement::from_string(backend, last)).await?;
    let last = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?;
    Ok(last.flatten())
}

/// Lets the next account have a number above `beyond` and above all that were ever given here, and then some.
/// Returns the number that it will be above.
async fn raise_numbers(tx: &DatabaseTransaction, beyond: i64) -> Result<i64, Error> {
    let (backend, last) = (tx.get_database_backend(), last_given(tx).await?);
    let next = max(last.unwrap_or_default(), beyond) + GAP;
    let raise = match (backend, last) {
        (DbBackend::Postgres, _) => "SELECT setval(pg_get_serial_sequence('users', 'id'), $1)",
        (_, Some(_)) => "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'users'",
        (_, None) => "INSERT INTO sqlite_sequence (name, seq) VALUES ('users', ?1)",
    };
    tx.query_one_raw(Statement::from_sql_and_values(backend, raise, [next.into()])).await?;
    Ok(next)
}

/// Ends all logins and whatever token was ever issued.
async fn end_logins(tx: &DatabaseTransaction) -> Result<(), Error> {
    let mut next = 0;
    while let Some(last) = numbers_from(tx, next, Condition::all()).await?.last().copied() {
        let whose = login::Column::UserId.between(next, last);
        login::Entity::delete_many().filter(whose).exec(tx).await?;
        let raised = Expr::col(user::Column::TokenVersion).add(GAP);
        user::Entity::update_many()
            .col_expr(user::Column::TokenVersion, raised)
            .filter(user::Column::Id.between(next, last))
            .exec(tx)
            .await?;
        next = last + 1;
    }
    Ok(())
}

/// Deletes an account that was deleted after the backup, if it is that one. False: it is not there, or
/// deleted.
async fn delete_again(
    tx: &DatabaseTransaction,
    id: i64,
    made: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let found = user::Entity::find_by_id(id).one(tx).await?;
    let is_that_one = found.is_some_and(|user| {
        user.deleted_at.is_none() && user.created_at.timestamp_micros() == made.timestamp_micros()
    });
    if is_that_one {
        deletions::erase(tx, id, now).await?;
        acts::note(tx, Actor::Service, Act::Delete, id, now).await?;
    }
    Ok(is_that_one)
}

/// Has whoever is deleted deleted elsewhere once more: what came back with the backup goes.
async fn queue_deletions(tx: &DatabaseTransaction, now: DateTime<Utc>) -> Result<u64, Error> {
    let (mut queued, mut next) = (0, 0);
    loop {
        let deleted = Condition::all().add(user::Column::DeletedAt.is_not_null());
        let gone = numbers_from(tx, next, deleted).await?;
        let Some(last) = gone.last() else { return Ok(queued) };
        next = last + 1;
        queued += u64::try_from(gone.len()).unwrap_or_default();
        let due = gone.into_iter().map(|id| deletion::ActiveModel {
            user_id: Set(id),
            attempts: Set(0),
            next_attempt_at: Set(now),
        });
        let known = OnConflict::column(deletion::Column::UserId).do_nothing().to_owned();
        deletion::Entity::insert_many(due).on_conflict(known).exec_without_returning(tx).await?;
    }
}

/// The numbers of the next accounts of these, from `first` on, in order. There are more numbers than accounts, and
/// gaps grow with each restore.
async fn numbers_from(
    tx: &DatabaseTransaction,
    first: i64,
    these: Condition,
) -> Result<Vec<i64>, Error> {
    let numbers = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::Id.gte(first))
        .filter(these)
        .order_by_asc(user::Column::Id)
        .limit(AT_ONCE);
    Ok(numbers.into_tuple().all(tx).await?)
}

#[cfg(test)]
mod tests {
    use chassis::clock;
    use chrono::TimeDelta;
    use database::Database;

    use super::*;
    use crate::migrations::Migrator;
    use crate::store::{Added, Beginning, Candidate, User};

    async fn add(store: &Store, name: &str, now: DateTime<Utc>) -> User {
        let login = Some(Beginning::of(&format!("a login of {name}"), now));
        let candidate = Candidate { login, ..Candidate::of(name, "hash") };
        match store.add_user(candidate, None, now).await {
            Ok(Added::New(user)) => user,
            _ => panic!("{name} should be new"),
        }
    }

    #[tokio::test]
    async fn who_was_deleted_is_deleted_nobody_is_logged_in_and_no_number_is_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let now = clock::now();
        let ada = add(&store, "ada", now).await;
        let (grace, joan) = (add(&store, "grace", now).await, add(&store, "joan", now).await);
        store.begin_deletion(&joan, Actor::User, now).await.unwrap();
        store.finish_deletion(joan.id, "deleted:trace".to_owned()).await.unwrap();

        // In another time, the number of ada was somebody else's, and there was an account more.
        let earlier = now - TimeDelta::microseconds(1);
        let ledger =
            [(grace.id, now), (ada.id, earlier), (77, now)].into_iter().collect::<Ledger>();
        let restored = store.restore(ledger.clone(), 50, now).await.unwrap();
        let expected = Restored { accounts: 1, deleted_again: 1, deletions: 2, beyond: GAP + 50 };
        assert_eq!(restored, expected);
        let found = async |id| store.user_by_id(id).await.unwrap().unwrap();
        let (there, gone) = (found(ada.id).await, found(grace.id).await);
        assert!(there.is_active && there.deleted_at.is_none() && there.token_version >= GAP);
        assert!(!gone.is_active && gone.deleted_at == Some(now) && gone.password_hash.0.is_empty());
        let logins = store.logins_of(&[ada.clone(), grace.clone()], now).await.unwrap();
        assert!(logins.is_empty(), "{logins:?}");
        for id in [grace.id, joan.id] {
            assert_eq!(store.next_deletion(now).await.unwrap().unwrap().id, id);
            store
                .finish_deletion(id, "deleted:trace of somebody".to_owned() + &id.to_string())
                .await
                .unwrap();
        }
        assert_eq!(add(&store, "eve", now).await.id, GAP + 51);

        // What was cut off is done again, and an older ledger has nobody new.
        let again = store.restore(ledger, 50, now).await.unwrap();
        let expected =
            Restored { accounts: 2, deleted_again: 0, deletions: 2, beyond: 2 * GAP + 51 };
        assert_eq!(again, expected);
    }

    /// However far apart the numbers are: who was restored often has many gaps, and large ones.
    #[tokio::test]
    async fn numbers_that_nobody_has_are_not_gone_through() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let now = clock::now();
        let far = 1_000_000_000_000;
        let mut people = vec![add(&store, "ada", now).await];
        for (name, beyond) in [("grace", far), ("joan", 2 * far)] {
            store.restore(Ledger::default(), beyond, now).await.unwrap();
            people.push(add(&store, name, now).await);
        }
        assert!(people[2].id > 2 * far);
        let restored = store.restore(Ledger::default(), 0, now).await.unwrap();
        assert_eq!((restored.accounts, restored.beyond), (3, people[2].id + GAP));
        for (person, restores) in people.iter().zip([3, 2, 1]) {
            let found = store.user_by_id(person.id).await.unwrap().unwrap();
            assert_eq!(found.token_version, person.token_version + restores * GAP);
        }
    }

    #[tokio::test]
    async fn numbers_rise_also_where_there_was_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        store.restore(Ledger::default(), 0, clock::now()).await.unwrap();
        assert!(add(&store, "ada", clock::now()).await.id > GAP);
    }
}
