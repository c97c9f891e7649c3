//! The `logins` table.

use sea_orm::entity::prelude::*;

/// A login: a row as long as its tokens may be renewed. Ended, it is deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "logins")]
pub(crate) struct Model {
    /// As its tokens name it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) sid: String,
    /// Whose.
    pub(crate) user_id: i64,
    /// The account's token version when it began, or when its password was changed by it.
    pub(crate) token_version: i64,
    /// The refresh token that is good now, where they change with each use.
    pub(crate) generation: i64,
    /// Whether they do.
    pub(crate) rotates: bool,
    /// When the refresh token was changed last.
    pub(crate) rotated_at: Option<DateTimeUtc>,
    /// When it began.
    pub(crate) created_at: DateTimeUtc,
    /// When it ends, however often it is renewed.
    pub(crate) expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
