//! The `messages` table.

use sea_orm::entity::prelude::*;

/// Something said.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub(crate) struct Model {
    /// Never used again; grows in the order things were said.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// Whose conversation it is part of.
    pub(crate) user_id: i64,
    /// Where it was said.
    pub(crate) session_id: i64,
    /// The turn it is the message or the reply of.
    pub(crate) turn_id: i64,
    /// Who said it.
    pub(crate) sender: Sender,
    /// What was said.
    #[sea_orm(column_type = "Text")]
    pub(crate) text: String,
    /// When it was stored.
    pub(crate) created_at: DateTimeUtc,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub(crate) enum Sender {
    /// The person.
    User,
    /// The buddy.
    Ai,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Without the text: rows end up in logs when something goes wrong.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
