//! The `sessions` table.

use sea_orm::entity::prelude::*;

/// A conversation.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub(crate) struct Model {
    /// Never used again.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// Whose it is: a number from a token.
    pub(crate) user_id: i64,
    /// When it was started.
    pub(crate) created_at: DateTimeUtc,
    /// When something was last said in it, or its title changed.
    pub(crate) updated_at: DateTimeUtc,
    /// Its first words, or what the person calls it.
    #[sea_orm(column_type = "Text")]
    pub(crate) title: String,
    /// Whether the person gave the title: then it is final.
    pub(crate) has_own_title: bool,
    /// When it was put away.
    pub(crate) archived_at: Option<DateTimeUtc>,
    /// Grows with every change of what can be read in it.
    pub(crate) version: i64,
}

/// Without the title, which is made of what was said.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
