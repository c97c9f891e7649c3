//! The `users` table.

use sea_orm::entity::prelude::*;

use super::StoredHash;

/// An account.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub(crate) struct Model {
    /// Never used again, even after the account is gone.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// As it was registered.
    pub(crate) username: String,
    /// What is unique: see `usernames`.
    #[sea_orm(unique)]
    pub(crate) username_key: String,
    /// See `passwords`.
    pub(crate) password_hash: StoredHash,
    /// An inactive account can neither log in nor use its tokens.
    pub(crate) is_active: bool,
    /// Raising it ends all tokens issued before.
    pub(crate) token_version: i64,
    /// When it was registered.
    pub(crate) created_at: DateTimeUtc,
    /// When it was deleted. Its row stays as long as the database: neither its number nor its name
    /// is ever given to somebody else.
    pub(crate) deleted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Without the hash: rows end up in logs when something goes wrong.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}
