//! The `messages` table.

use sea_orm::entity::prelude::*;

/// Something said.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub(crate) struct Model {
    /// Never used again; grows in the order of the conversation: see [`super::turn::Model::reply_id`].
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
    /// Whether it is in the branch that is shown.
    pub(crate) shown: bool,
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

impl Model {
    /// What somebody may say next: it is nowhere yet.
    pub(crate) fn next(user_id: i64, session_id: i64, text: String) -> Self {
        let (sender, created_at) = (Sender::User, DateTimeUtc::UNIX_EPOCH);
        Self { id: 0, user_id, session_id, turn_id: 0, sender, text, shown: true, created_at }
    }
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
