//! What an operator does to accounts: each act in one transaction, with its note.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};

use super::acts::{self, Act, Actor};
use super::{Candidate, Store, StoredHash, User, locks, places, registrations, revocations, user};
use crate::error::Error;

impl Store {
    /// Adds an account that nobody registered.
    pub(crate) async fn create(
        &self,
        candidate: Candidate,
        now: DateTime<Utc>,
    ) -> Result<User, Error> {
        let job = self.database.write(move |tx| {
            async move {
                let user = registrations::insert(tx, candidate, now).await?;
                acts::note(tx, Actor::Operator, Act::Create, user.id, now).await?;
                Ok(user)
            }
            .boxed()
        });
        job.await
    }

    /// Sets a password hash without asking for the password before it, and ends all logins. False: the
    /// account is deleted.
    pub(crate) async fn set_password(
        &self,
        user_id: i64,
        password_hash: String,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let after = user::ActiveModel {
            password_hash: Set(StoredHash(password_hash)),
            ..Default::default()
        };
        let update = user::Entity::update_many()
            .set(after)
            .filter(user::Column::Id.eq(user_id))
            .filter(user::Column::DeletedAt.is_null());
        let job = self.database.write(move |tx| {
            async move {
                locks::account(user_id).hold(tx).await?;
                if update.exec(tx).await?.rows_affected == 0 {
                    return Ok(false);
                }
                revocations::revoke_account(tx, user_id, None, now).await?;
                places::forget(tx, user_id).await?;
                acts::note(tx, Actor::Operator, Act::ChangePassword, user_id, now).await?;
                Ok(true)
            }
            .boxed()
        });
        job.await
    }

    /// Lets an account in or shuts it out, which ends all logins. False: it was so already, or it is
    /// deleted.
    pub(crate) async fn set_active(
        &self,
        user_id: i64,
        is_active: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let after = user::ActiveModel { is_active: Set(is_active), ..Default::default() };
        let update = user::Entity::update_many()
            .set(after)
            .filter(user::Column::Id.eq(user_id))
            .filter(user::Column::IsActive.eq(!is_active))
            .filter(user::Column::DeletedAt.is_null());
        let job = self.database.write(move |tx| {
            async move {
                locks::account(user_id).hold(tx).await?;
                if update.exec(tx).await?.rows_affected == 0 {
                    return Ok(false);
                }
                if !is_active {
                    revocations::revoke_account(tx, user_id, None, now).await?;
                }
                let act = if is_active { Act::Activate } else { Act::Deactivate };
                acts::note(tx, Actor::Operator, act, user_id, now).await?;
                Ok(true)
            }
            .boxed()
        });
        job.await
    }
}
