//! What people use.

use chrono::{DateTime, Days, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, Set,
};

use super::usage_day::{ActiveModel, Column, Entity};
use super::{Store, Usage, UsageDay, turn};
use crate::error::Error;
use crate::limits;

impl Store {
    /// What a person has used on the last so many days, newest first.
    pub(crate) async fn usage(
        &self,
        user_id: i64,
        days: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<UsageDay>, Error> {
        let first = now.checked_sub_days(Days::new(days.saturating_sub(1))).unwrap_or(now);
        let first = limits::day(first);
        self.of(user_id)
            .read(move |read| async move {
                let query = Entity::find()
                    .filter(Column::UserId.eq(user_id))
                    .filter(Column::Day.gte(first))
                    .order_by_desc(Column::Day);
                Ok(query.all(&read).await?)
            })
            .await
    }

    /// How many turns of a person are at work.
    pub(crate) async fn turns_at_work(&self, user_id: i64) -> Result<u64, Error> {
        let running = turn::Entity::find()
            .filter(turn::Column::UserId.eq(user_id))
            .filter(turn::is_running());
        self.of(user_id).read(|read| async move { Ok(running.count(&read).await?) }).await
    }
}

/// Counts a turn that begins. Returns how many there are today, this one included.
pub(super) async fn count_turn(
    connection: &impl ConnectionTrait,
    user_id: i64,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    Ok(add(connection, user_id, 1, Usage::default(), now).await?.turns)
}

/// Adds what a turn cost.
pub(super) async fn add_tokens(
    connection: &impl ConnectionTrait,
    user_id: i64,
    usage: Usage,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    add(connection, user_id, 0, usage, now).await?;
    Ok(())
}

async fn add(
    connection: &impl ConnectionTrait,
    user_id: i64,
    turns: i64,
    usage: Usage,
    now: DateTime<Utc>,
) -> Result<UsageDay, Error> {
    let row = ActiveModel {
        user_id: Set(user_id),
        day: Set(limits::day(now)),
        turns: Set(turns),
        prompt_tokens: Set(usage.prompt_tokens),
        reply_tokens: Set(usage.reply_tokens),
        is_estimated: Set(usage.is_estimated),
    };
    let so_far = |column| Expr::col((Entity, column));
    let sum = OnConflict::columns([Column::UserId, Column::Day])
        .value(Column::Turns, so_far(Column::Turns).add(turns))
        .value(Column::PromptTokens, so_far(Column::PromptTokens).add(usage.prompt_tokens))
        .value(Column::ReplyTokens, so_far(Column::ReplyTokens).add(usage.reply_tokens))
        .value(Column::IsEstimated, so_far(Column::IsEstimated).or(usage.is_estimated))
        .to_owned();
    Ok(Entity::insert(row).on_conflict(sum).exec_with_returning(connection).await?)
}
