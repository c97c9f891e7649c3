//! Sessions, turns and messages.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, string, text, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use super::belongs;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    .col(big_pk_auto("id"))
                    .col(big_integer("user_id"))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("turns")
                    .col(big_pk_auto("id"))
                    .col(big_integer("user_id"))
                    .col(big_integer("session_id"))
                    .col(string("state"))
                    .col(timestamp_with_time_zone("lease_until"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("ended_at"))
                    .foreign_key(&mut belongs("turns", "session_id", "sessions"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("messages")
                    .col(big_pk_auto("id"))
                    .col(big_integer("user_id"))
                    .col(big_integer("session_id"))
                    .col(big_integer("turn_id"))
                    .col(string("sender"))
                    .col(text("text"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut belongs("messages", "session_id", "sessions"))
                    .foreign_key(&mut belongs("messages", "turn_id", "turns"))
                    .to_owned(),
            )
            .await?;
        // The person comes first in every index: what is one person's stays together.
        manager.create_index(index("sessions", &["user_id", "id"])).await?;
        manager.create_index(index("turns", &["user_id", "session_id", "id"])).await?;
        manager.create_index(index("messages", &["user_id", "session_id", "id"])).await?;
        // One message and one reply a turn, whatever goes wrong.
        manager.create_index(index("messages", &["turn_id", "sender"]).unique().to_owned()).await
    }

    /// A half-made schema is worse than none: SQLite's DDL is transactional, so use that.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
