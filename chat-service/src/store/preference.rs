//! The `preferences` table: what a person has set.

use sea_orm::entity::prelude::*;

/// What a person has set.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preferences")]
pub(crate) struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: i64,
    /// The country they are in; empty if they did not say.
    pub(crate) region: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
