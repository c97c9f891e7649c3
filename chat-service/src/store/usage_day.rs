//! The `usage_days` table: what a person has used, a row a day. It outlives the sessions, so that
//! deleting one gives nothing back.

use sea_orm::entity::prelude::*;

/// What a person has used on one day.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_days")]
pub(crate) struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: i64,
    /// The day in UTC: `2026-01-31`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) day: String,
    /// Turns begun.
    pub(crate) turns: i64,
    /// Tokens the model was sent.
    pub(crate) prompt_tokens: i64,
    /// Tokens it said.
    pub(crate) reply_tokens: i64,
    /// Whether some of them are our own estimates.
    pub(crate) is_estimated: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
