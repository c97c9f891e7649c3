//! The `revocations` table.

use sea_orm::entity::prelude::*;

/// Access tokens that are not good any more though they have not expired: those of a login, or those
/// of an account below a version.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocations")]
pub(crate) struct Model {
    /// Rises.
    #[sea_orm(primary_key)]
    pub(crate) seq: i64,
    /// The login, if it is about one.
    pub(crate) sid: Option<String>,
    /// Otherwise the account.
    pub(crate) user_id: Option<i64>,
    /// Which of its tokens are good: those of this version and later ones.
    pub(crate) token_version: Option<i64>,
    /// The last of the tokens has expired then.
    pub(crate) until: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
