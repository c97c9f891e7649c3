//! The `audit` table.

use sea_orm::entity::prelude::*;

/// Something that was done to an account, or to all.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub(crate) struct Model {
    /// Rises.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// When.
    pub(crate) at: DateTimeUtc,
    /// By whom: `user`, `operator` or `service`.
    pub(crate) actor: String,
    /// What: see `store::acts`.
    pub(crate) act: String,
    /// To whom; forgotten with the account.
    pub(crate) user_id: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
