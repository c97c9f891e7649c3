//! Counts of the safety layer, for the yearly report. No words, no people.

use chrono::{DateTime, Utc};
use database::{Database, Url};
use futures_util::FutureExt as _;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QuerySelect as _, Set,
};

use super::safety_day::{ActiveModel, Column, Entity, Model};
use super::{Store, usage_day};
use crate::error::Error;
use crate::limits::day;
use crate::safety::Notice;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A turn in which something was noticed.
    Noticed,
    /// Help that was shown whole or in a line.
    Referred,
    /// A reply written in advance, where no model could answer somebody in danger.
    Written,
    /// A turn that only the model noticed.
    Raised,
    /// A sentence of the model that was taken out.
    Removed(crate::safety::guard::Kind),
    /// A time that a person was told what it is they talk to.
    Disclosed,
    /// A turn of somebody who is gone: what the others are counted among is still known.
    Departed,
}

impl Event {
    /// The name of all that were taken out.
    pub(crate) const REMOVED: &str = "removed";

    /// Its name in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Noticed => "noticed",
            Self::Referred => "referred",
            Self::Written => "written",
            Self::Raised => "raised",
            Self::Removed(_) => Self::REMOVED,
            Self::Disclosed => "disclosed",
            Self::Departed => "departed",
        }
    }
}

impl Store {
    /// Counts what happened, without being in anybody's way if that fails.
    pub(crate) async fn count(&self, events: Vec<(Event, Option<Notice>)>, now: DateTime<Utc>) {
        if events.is_empty() {
            return;
        }
        let counted = self.database.write_patiently(move |tx| {
            async move {
                for (event, notice) in events {
                    count(tx, event, notice.as_ref(), now).await?;
                }
                Ok::<_, Error>(())
            }
            .boxed()
        });
        if let Err(error) = counted.await {
            tracing::warn!(%error, "what happened could not be counted");
        }
    }
}

/// What was counted in a span of days.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) events: Vec<Model>,
    /// Turns of all people.
    pub(crate) turns: i64,
}

/// What was counted from one day to another, both included. Only looks, and beside whoever works with
/// the database.
pub(crate) async fn counted(url: &Url, from: &str, to: &str) -> Result<Counted, Error> {
    let events = Entity::find().filter(Column::Day.between(from, to));
    let turns = usage_day::Entity::find()
        .filter(usage_day::Column::Day.between(from, to))
        .select_only()
        // PostgreSQL adds such numbers up to one of another kind.
        .column_as(usage_day::Column::Turns.sum().cast_as("bigint"), "turns")
        .into_tuple::<Option<i64>>();
    let visitor = Database::open_to_read(url).await?;
    let counted = visitor.read(|read| async move {
        Ok::<_, Error>((events.all(&read).await?, turns.one(&read).await?))
    });
    let counted = counted.await;
    visitor.close().await?;
    let (events, turns) = counted?;
    let gone = events.iter().filter(|event| event.event == Event::Departed.name());
    let gone: i64 = gone.map(|event| event.count).sum();
    Ok(Counted { turns: turns.flatten().unwrap_or_default() + gone, events })
}

/// Counts the turns of somebody who is gone among those of nobody in particular.
pub(super) async fn count_departed(
    connection: &impl ConnectionTrait,
    user_id: i64,
) -> Result<(), Error> {
    let theirs = Query::select()
        .column(usage_day::Column::Day)
        .expr(Expr::val(Event::Departed.name()))
        .exprs(["", "", ""].map(Expr::val))
        .column(usage_day::Column::Turns)
        .from(usage_day::Entity)
        .and_where(usage_day::Column::UserId.eq(user_id))
        .to_owned();
    let both = Expr::col((Entity, Column::Count)).add(Expr::col(("excluded", Column::Count)));
    let add = Query::insert()
        .into_table(Entity)
        .columns(KEY.into_iter().chain([Column::Count]))
        .select_from(theirs)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .on_conflict(OnConflict::columns(KEY).value(Column::Count, both).to_owned())
        .to_owned();
    connection.execute(&add).await?;
    Ok(())
}

/// The columns by which is counted.
const KEY: [Column; 5] =
    [Column::Day, Column::Event, Column::Tier, Column::Category, Column::Region];

/// Counts something once, under the first of its categories.
pub(super) async fn count(
    connection: &impl ConnectionTrait,
    event: Event,
    notice: Option<&Notice>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let first = notice.and_then(|notice| notice.categories.first());
    let category = match event {
        Event::Removed(kind) => kind.name(),
        _ => first.map_or("", |category| category.name()),
    };
    let row = ActiveModel {
        day: Set(day(now)),
        event: Set(event.name().to_owned()),
        tier: Set(notice.map_or("", |notice| notice.tier.name()).to_owned()),
        category: Set(category.to_owned()),
        region: Set(notice.map_or("", |notice| notice.region.code.as_str()).to_owned()),
        count: Set(1),
    };
    let once_more = Expr::col((Entity, Column::Count)).add(1);
    let sum = OnConflict::columns(KEY).value(Column::Count, once_more).to_owned();
    Entity::insert(row).on_conflict(sum).exec_without_returning(connection).await?;
    Ok(())
}
