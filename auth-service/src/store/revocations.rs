//! What is taken back, written in the transaction that takes it back.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, Set,
};

use super::{Store, login, revocation, user};
use crate::error::Error;

/// How long access tokens that are out now may live: their 30 minutes, and what clocks may differ.
pub(crate) const LONGEST: TimeDelta = TimeDelta::seconds(30 * 60 + 60);

impl Store {
    /// What is taken back and has not expired, beyond a number.
    pub(crate) async fn revocations_after(
        &self,
        seq: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<revocation::Model>, Error> {
        let query = revocation::Entity::find()
            .filter(revocation::Column::Seq.gt(seq))
            .filter(revocation::Column::Until.gt(now))
            .order_by_asc(revocation::Column::Seq);
        self.database.read_patiently(|read| async move { Ok(query.all(&read).await?) }).await
    }
}

/// Takes back the access tokens of a login.
pub(super) async fn revoke_login(
    tx: &impl ConnectionTrait,
    sid: String,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = revocation::ActiveModel {
        sid: Set(Some(sid)),
        until: Set(now + LONGEST),
        ..Default::default()
    };
    row.insert(tx).await?;
    sweep(tx, now).await
}

/// Takes back all tokens of an account, and ends its logins but the one to be kept, if any. Returns
/// the account's new token version.
pub(super) async fn revoke_account(
    tx: &impl ConnectionTrait,
    user_id: i64,
    kept: Option<&str>,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let next = Expr::col(user::Column::TokenVersion).add(1);
    user::Entity::update_many()
        .col_expr(user::Column::TokenVersion, next)
        .filter(user::Column::Id.eq(user_id))
        .exec(tx)
        .await?;
    let found = user::Entity::find_by_id(user_id).one(tx).await?;
    let version = found.ok_or(Error::AccountUnavailable)?.token_version;
    let row = revocation::ActiveModel {
        user_id: Set(Some(user_id)),
        token_version: Set(Some(version)),
        until: Set(now + LONGEST),
        ..Default::default()
    };
    row.insert(tx).await?;
    let mut logins = login::Entity::delete_many().filter(login::Column::UserId.eq(user_id));
    if let Some(sid) = kept {
        logins = logins.filter(login::Column::Sid.ne(sid));
    }
    logins.exec(tx).await?;
    sweep(tx, now).await?;
    Ok(version)
}

/// Forgets what has expired by itself.
async fn sweep(tx: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), Error> {
    let expired = revocation::Column::Until.lte(now);
    revocation::Entity::delete_many().filter(expired).exec(tx).await?;
    Ok(())
}
