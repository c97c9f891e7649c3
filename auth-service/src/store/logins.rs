//! Logins as they begin, go on and end.

use chrono::{DateTime, TimeDelta, Utc};
use database::Sweep as _;
use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Set,
};
use token::Subject;

use super::acts::{self, Act, Actor};
use super::{Login, Store, User, locks, login, places, revocations, user};
use crate::error::Error;

/// Logins of one account; another one ends the oldest.
const MOST: u64 = 50;
/// Expired rows deleted with each new one: more than one, so that they become fewer, and never so
/// many that others wait for it.
const SWEPT_AT_ONCE: u64 = 100;

/// A login that is about to begin.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    pub(crate) sid: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    /// From where, if that is known: see `peppers`.
    pub(crate) place: Option<String>,
}

#[cfg(test)]
impl Beginning {
    /// One that lasts a week, from nobody knows where.
    pub(crate) fn of(sid: &str, at: DateTime<Utc>) -> Self {
        Self { sid: sid.to_owned(), at, expires_at: at + TimeDelta::days(7), place: None }
    }
}

impl Store {
    /// Begins a login of an account as it was when its password was proven.
    pub(crate) async fn begin_login(&self, user: &User, login: Beginning) -> Result<(), Error> {
        let (id, version) = (user.id, user.token_version);
        let job = self.database.write(move |tx| {
            async move {
                locks::account(id).hold(tx).await?;
                let unchanged = user::Column::TokenVersion.eq(version);
                let active = user::Column::IsActive.eq(true);
                let query = user::Entity::find_by_id(id).filter(unchanged).filter(active);
                // Somebody may have changed the password while this one was looked at.
                let user = query.one(tx).await?.ok_or(Error::InvalidCredentials)?;
                begin(tx, &user, login).await
            }
            .boxed()
        });
        job.await
    }

    /// A login and its account.
    pub(crate) async fn login(&self, sid: String) -> Result<Option<(Login, User)>, Error> {
        self.database.read(|read| async move { find(&read, sid).await }).await
    }

    /// Makes a login's next refresh token the one that is good. False: another call was faster.
    pub(crate) async fn rotate_login(
        &self,
        login: &Login,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let (sid, generation) = (login.sid.clone(), login.generation);
        let update = login::Entity::update_many()
            .set(login::ActiveModel {
                generation: Set(generation + 1),
                rotates: Set(true),
                rotated_at: Set(Some(now)),
                expires_at: Set(expires_at),
                ..Default::default()
            })
            .filter(login::Column::Sid.eq(sid))
            .filter(login::Column::Generation.eq(generation));
        let job = self.database.write(move |tx| {
            async move { Ok::<_, Error>(update.exec(tx).await?.rows_affected == 1) }.boxed()
        });
        job.await
    }

    /// Ends the login that a token stands for and takes its access tokens back, or does so with all of
    /// its account; nothing happens if the token or its login has ended, whoever was faster.
    pub(crate) async fn end_logins(
        &self,
        token: Subject,
        everywhere: bool,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let job = self.database.write(move |tx| {
            async move {
                locks::account(token.user_id).hold(tx).await?;
                let found = find(tx, token.sid).await?;
                let stands = |(login, user): &(Login, User)| {
                    let versions = [login.token_version, user.token_version];
                    login.user_id == token.user_id
                        && versions == [token.token_version; 2]
                        && user.deleted_at.is_none()
                };
                let Some((login, user)) = found.filter(stands) else { return Ok(()) };
                let act = if everywhere {
                    revocations::revoke_account(tx, user.id, None, now).await?;
                    Act::LogOutEverywhere
                } else {
                    end(tx, login.sid, now).await?;
                    Act::LogOut
                };
                acts::note(tx, Actor::User, act, user.id, now).await
            }
            .boxed()
        });
        job.await
    }

    /// Ends a login that was stolen and takes its access tokens back; nothing happens if it has ended.
    pub(crate) async fn end_stolen_login(
        &self,
        sid: String,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let job = self.database.write(move |tx| {
            async move {
                let find = || login::Entity::find_by_id(&sid);
                let Some(login) = find().one(tx).await? else { return Ok(()) };
                locks::account(login.user_id).hold(tx).await?;
                // Another call may have been faster.
                let Some(login) = find().one(tx).await? else { return Ok(()) };
                end(tx, login.sid, now).await?;
                acts::note(tx, Actor::Service, Act::EndStolenLogin, login.user_id, now).await
            }
            .boxed()
        });
        job.await
    }
}

async fn find(
    connection: &impl ConnectionTrait,
    sid: String,
) -> Result<Option<(Login, User)>, Error> {
    let Some(login) = login::Entity::find_by_id(sid).one(connection).await? else {
        return Ok(None);
    };
    let user = user::Entity::find_by_id(login.user_id).one(connection).await?;
    Ok(user.map(|user| (login, user)))
}

/// Begins a login in a transaction of somebody else's.
pub(super) async fn begin(
    tx: &impl ConnectionTrait,
    user: &User,
    login: Beginning,
) -> Result<(), Error> {
    let Beginning { sid, at, expires_at, place } = login;
    let row = login::ActiveModel {
        sid: Set(sid),
        user_id: Set(user.id),
        token_version: Set(user.token_version),
        generation: Set(0),
        rotates: Set(false),
        rotated_at: Set(None),
        created_at: Set(at),
        expires_at: Set(expires_at),
    };
    row.insert(tx).await?;
    // One more than there may be, unless somebody lowers the number one day.
    let too_many = login::Entity::find()
        .filter(login::Column::UserId.eq(user.id))
        .order_by_desc(login::Column::CreatedAt)
        .order_by_desc(login::Column::Sid)
        .offset(MOST)
        .limit(MOST)
        .all(tx)
        .await?;
    for oldest in too_many {
        end(tx, oldest.sid, at).await?;
    }
    if let Some(tag) = place {
        places::remember(tx, user.id, tag, at).await?;
    }
    sweep(tx, at).await
}

async fn end(tx: &impl ConnectionTrait, sid: String, now: DateTime<Utc>) -> Result<(), Error> {
    login::Entity::delete_by_id(&sid).exec(tx).await?;
    revocations::revoke_login(tx, sid, now).await
}

async fn sweep(tx: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), Error> {
    // Their access tokens are given an end of their own: the last may be half an hour younger.
    let some_expired = login::Entity::find()
        .select_only()
        .column(login::Column::Sid)
        .filter(login::Column::ExpiresAt.lte(now - TimeDelta::hours(1)))
        .some_to_sweep(SWEPT_AT_ONCE)
        .into_query();
    login::Entity::delete_many()
        .filter(login::Column::Sid.in_subquery(some_expired))
        .exec(tx)
        .await?;
    Ok(())
}
