//! The `deletions` table.

use sea_orm::entity::prelude::*;

/// An account that is deleted here and perhaps not yet elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deletions")]
pub(crate) struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: i64,
    /// How often it was tried to have it deleted elsewhere.
    pub(crate) attempts: i64,
    /// When it is tried again.
    pub(crate) next_attempt_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
