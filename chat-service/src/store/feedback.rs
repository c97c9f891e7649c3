//! The `feedback` table.

use sea_orm::entity::prelude::*;

/// What a person thinks of a reply.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback")]
pub(crate) struct Model {
    /// The reply.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) message_id: i64,
    /// Whose opinion it is.
    pub(crate) user_id: i64,
    /// Good or not.
    pub(crate) rating: Rating,
    /// Why.
    #[sea_orm(column_type = "Text")]
    pub(crate) comment: String,
    /// When they said so.
    pub(crate) updated_at: DateTimeUtc,
}

/// Good or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub(crate) enum Rating {
    /// It helped.
    Up,
    /// It did not.
    Down,
}

/// Without the words.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feedback").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
