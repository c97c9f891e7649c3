//! What an account proves itself with, as it is changed.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, Set};

use super::acts::{self, Act, Actor};
use super::{Store, StoredHash, User, login, revocations, user};
use crate::error::Error;

/// The login that changes a password, and until when it may go on.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) sid: String,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Store {
    /// Sets another password hash for an account as it was when its password was proven, and ends all
    /// logins but one. Returns the account as it is now, and that login's generation.
    pub(crate) async fn change_password(
        &self,
        user: &User,
        password_hash: String,
        kept: Kept,
        now: DateTime<Utc>,
    ) -> Result<(User, i64), Error> {
        let (id, version) = (user.id, user.token_version);
        let job = self.database.write(move |tx| {
            async move {
                let Kept { sid, expires_at } = kept;
                replace(tx, id, version, password_hash).await?;
                let version = revocations::revoke_account(tx, id, Some(&sid), now).await?;
                let own = login::ActiveModel {
                    token_version: Set(version),
                    expires_at: Set(expires_at),
                    ..Default::default()
                };
                let own = login::Entity::update_many().set(own);
                own.filter(login::Column::Sid.eq(&sid)).exec(tx).await?;
                let login = login::Entity::find_by_id(sid).one(tx).await?;
                let generation = login.ok_or(Error::LoginEnded)?.generation;
                acts::note(tx, Actor::User, Act::ChangePassword, id, now).await?;
                let user = user::Entity::find_by_id(id).one(tx).await?;
                Ok((user.ok_or(Error::AccountUnavailable)?, generation))
            }
            .boxed()
        });
        job.await
    }
}

/// Compares and sets: somebody else may have changed the password in the meantime. That it was only
/// hashed anew does not matter, so it is the version that counts.
async fn replace(
    tx: &impl ConnectionTrait,
    user_id: i64,
    version: i64,
    after: String,
) -> Result<(), Error> {
    let changed = user::Entity::update_many()
        .set(user::ActiveModel { password_hash: Set(StoredHash(after)), ..Default::default() })
        .filter(user::Column::Id.eq(user_id))
        .filter(user::Column::TokenVersion.eq(version))
        .filter(user::Column::IsActive.eq(true))
        .exec(tx)
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(Error::PasswordWrong("current_password")) }
}
