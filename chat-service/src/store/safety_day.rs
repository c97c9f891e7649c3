//! The `safety_days` table: how often help was needed and given, by day. Nobody's in particular.

use sea_orm::entity::prelude::*;

/// How often something happened on one day.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "safety_days")]
pub(crate) struct Model {
    /// The day in UTC: `2026-01-31`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) day: String,
    /// What.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) event: String,
    /// How grave; empty where that does not matter.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tier: String,
    /// About what; empty where that does not matter.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) category: String,
    /// Where; empty for anywhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) region: String,
    /// How often.
    pub(crate) count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
