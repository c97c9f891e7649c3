//! The `places` table.

use sea_orm::entity::prelude::*;

/// A network from which the password of an account was proven.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "places")]
pub(crate) struct Model {
    /// What the name of the account and the network come down to together: see `peppers`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tag: String,
    /// Whose.
    pub(crate) user_id: i64,
    /// When it was proven there last.
    pub(crate) seen_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
