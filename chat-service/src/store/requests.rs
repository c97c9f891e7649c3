//! Requests that came before.

use chrono::{DateTime, TimeDelta, Utc};
use database::Sweep as _;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    Set,
};

use super::request::{ActiveModel, Column, Entity};
use crate::error::Error;
use crate::requests::Request;

/// How long a request is remembered.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// How many forgotten ones are cleared away with each new one: more than come in.
const CLEARED: u64 = 8;

/// What was made for this request, if it came before.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    user_id: i64,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Option<i64>, Error> {
    let key = (user_id, request.method.to_owned(), request.key_hash.clone());
    match Entity::find_by_id(key).filter(Column::ExpiresAt.gt(now)).one(connection).await? {
        Some(known) if known.fingerprint == request.fingerprint => Ok(Some(known.made_id)),
        Some(_) => Err(Error::RequestIdReused),
        None => Ok(None),
    }
}

/// Remembers what was made for a request.
pub(super) async fn remember(
    connection: &impl ConnectionTrait,
    user_id: i64,
    request: Request,
    made_id: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let expired = Entity::find().filter(Column::ExpiresAt.lte(now)).some_to_sweep(CLEARED);
    for old in expired.all(connection).await? {
        Entity::delete_by_id((old.user_id, old.method, old.key_hash)).exec(connection).await?;
    }
    // One of the same name may be among those that expired and were not cleared away yet.
    let key = (user_id, request.method.to_owned(), request.key_hash.clone());
    Entity::delete_by_id(key).exec(connection).await?;
    let row = ActiveModel {
        user_id: Set(user_id),
        method: Set(request.method.to_owned()),
        key_hash: Set(request.key_hash),
        fingerprint: Set(request.fingerprint),
        made_id: Set(made_id),
        expires_at: Set(now + KEPT),
    };
    row.insert(connection).await?;
    Ok(())
}
