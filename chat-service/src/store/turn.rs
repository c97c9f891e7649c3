//! The `turns` table.

use sea_orm::entity::prelude::*;

/// One message and the one reply to it, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "turns")]
pub(crate) struct Model {
    /// Never used again.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// Whose it is.
    pub(crate) user_id: i64,
    /// Where it takes place.
    pub(crate) session_id: i64,
    /// How far it has come.
    pub(crate) state: State,
    /// Until when a running turn is somebody's work; past it, that somebody is believed dead.
    pub(crate) lease_until: DateTimeUtc,
    /// When its message was stored.
    pub(crate) created_at: DateTimeUtc,
    /// When it was completed or given up.
    pub(crate) ended_at: Option<DateTimeUtc>,
}

/// How far a turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub(crate) enum State {
    /// The message is stored, the reply is being made.
    Running,
    /// The reply is stored.
    Completed,
    /// There is no reply, and nobody is making one.
    Failed,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
