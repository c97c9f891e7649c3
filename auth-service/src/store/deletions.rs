//! Accounts that go: here at once, elsewhere as soon as it can be done, and then for good.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    Set,
};

use super::acts::{self, Act, Actor};
use super::{Store, User, audit, deletion, login, registration, revocations, user};
use crate::error::Error;

/// Between two tries to have an account deleted elsewhere, at first and at most.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(1);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

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
                let gone = user::ActiveModel {
                    password_hash: Set(String::new()),
                    is_active: Set(false),
                    deleted_at: Set(Some(now)),
                    ..Default::default()
                };
                let changed = user::Entity::update_many()
                    .set(gone)
                    .filter(user::Column::Id.eq(id))
                    .filter(user::Column::TokenVersion.eq(version))
                    .filter(user::Column::DeletedAt.is_null())
                    .exec(tx)
                    .await?;
                if changed.rows_affected == 0 {
                    return Err(Error::PasswordWrong("password"));
                }
                revocations::revoke_account(tx, id, None, now).await?;
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

    /// Puts a deletion off that could not be done elsewhere, each time for longer.
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
    /// its name is known should somebody want it again.
    pub(crate) async fn finish_deletion(&self, user_id: i64, trace: String) -> Result<(), Error> {
        let job = self.database.write_patiently(move |tx| {
            async move {
                let tombstone = user::ActiveModel {
                    username: Set(String::new()),
                    username_key: Set(trace),
                    password_hash: Set(String::new()),
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
                audit::Entity::delete_many().filter(whose).exec(tx).await?;
                deletion::Entity::delete_by_id(user_id).exec(tx).await?;
                Ok(())
            }
            .boxed()
        });
        job.await
    }
}
