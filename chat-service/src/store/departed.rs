//! The `departed` table: whose account is deleted. All that is left of them, so that nothing of theirs
//! comes back.

use sea_orm::entity::prelude::*;

/// Somebody who is gone.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "departed")]
pub(crate) struct Model {
    /// Who. Their number is never given to anybody else.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: i64,
    /// Since when.
    pub(crate) departed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
