//! The `requests` table: what was made for requests that may come again.

use sea_orm::entity::prelude::*;

/// A request that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "requests")]
pub(crate) struct Model {
    /// Whose it was.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: i64,
    /// What was asked for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) method: String,
    /// SHA-256 of the name the caller gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) key_hash: String,
    /// SHA-256 of what it said.
    pub(crate) fingerprint: String,
    /// The turn or session that was made.
    pub(crate) made_id: i64,
    /// When it is forgotten.
    pub(crate) expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
