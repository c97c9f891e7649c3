//! The `sessions` table.

use sea_orm::entity::prelude::*;

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub(crate) struct Model {
    /// Never used again.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// Whose it is: a number from a token.
    pub(crate) user_id: i64,
    /// When it was started.
    pub(crate) created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
