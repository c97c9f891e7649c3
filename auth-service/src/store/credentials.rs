//! What an account proves itself with, as it is changed.

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, Set};

use super::acts::{self, Act, Actor};
use super::{Store, StoredHash, User, locks, login, places, revocations, user};
use crate::error::Error;

/// The login that changes a password, until when it may go on, and from where that is done.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) sid: String,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) place: Option<String>,
}

impl Store {
    /// Sets another password hash for an account as it was when its password was proven, and ends all
    /// logins but one, and wherever it was proven before. Returns the account as it is now, and that login's generation.
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
                locks::account(id).hold(tx).await?;
                let Kept { sid, expires_at, place } = kept;
                replace(tx, id, version, password_hash).await?;
                let version = revocations::revoke_account(tx, id, Some(&sid), now).await?;
                places::forget(tx, id).await?;
                if let Some(tag) = place {
                    places::remember(tx, id, tag, now).await?;
                }
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

/// Compares and sets: somebody may have ended all logins in the meantime. That the password was only
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
    if changed.rows_affected == 1 { Ok(()) } else { Err(overtaken(tx, user_id).await) }
}

/// What is wrong with a call whose account is not any more as it was when the password was proven: its
/// logins have ended since, or it is gone.
pub(super) async fn overtaken(tx: &impl ConnectionTrait, user_id: i64) -> Error {
    match user::Entity::find_by_id(user_id).one(tx).await {
        Ok(Some(user)) if user.is_active => Error::LoginEnded,
        Ok(_) => Error::AccountUnavailable,
        Err(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use chassis::clock;
    use chrono::TimeDelta;
    use database::Database;
    use token::Subject;

    use super::*;
    use crate::migrations::Migrator;
    use crate::store::{Added, Beginning, Candidate};

    #[tokio::test]
    async fn whoever_was_logged_out_while_the_password_was_looked_at_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let now = clock::now();
        let expires_at = now + TimeDelta::days(7);
        let candidate =
            Candidate { login: Some(Beginning::of("phone", now)), ..Candidate::of("ada", "old") };
        let Ok(Added::New(ada)) = store.add_user(candidate, None, now).await else {
            panic!("ada should be new");
        };
        let change = async || {
            let kept = Kept { sid: "phone".to_owned(), expires_at, place: None };
            store.change_password(&ada, "new".to_owned(), kept, now).await.map(drop)
        };
        // Her password was right, and then somebody logs her out everywhere.
        let phone = Subject { user_id: ada.id, sid: "phone".to_owned(), token_version: 0 };
        store.end_logins(phone, true, now).await.unwrap();
        let changed = change().await;
        assert!(matches!(changed, Err(Error::LoginEnded)), "{changed:?}");
        let deleted = store.begin_deletion(&ada, Actor::User, now).await;
        assert!(matches!(deleted, Err(Error::LoginEnded)), "{deleted:?}");
        let kept = store.user_by_id(ada.id).await.unwrap().unwrap();
        assert!(kept.is_active && kept.password_hash.0 == "old");

        store.begin_deletion(&kept, Actor::User, now).await.unwrap();
        let changed = change().await;
        assert!(matches!(changed, Err(Error::AccountUnavailable)), "{changed:?}");
    }
}
