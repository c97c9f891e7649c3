//! The `registrations` table.

use sea_orm::entity::prelude::*;

/// A request that made an account, for as long as it may be repeated.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "registrations")]
pub(crate) struct Model {
    /// See `request_ids`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) request_digest: Vec<u8>,
    /// The account it made; that one's deletion takes this row along.
    pub(crate) user_id: i64,
    /// From then on the request id is free again.
    pub(crate) expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Without the digest: rows end up in logs when something goes wrong.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
