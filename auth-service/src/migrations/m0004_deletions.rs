//! Accounts that are going, and what was done to accounts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, string, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut deleted_at = timestamp_with_time_zone_null("deleted_at");
        let users = Table::alter().table("users").add_column(&mut deleted_at).to_owned();
        manager.alter_table(users).await?;
        manager
            .create_table(
                Table::create()
                    .table("deletions")
                    .col(big_integer("user_id").primary_key())
                    .col(big_integer("attempts"))
                    .col(timestamp_with_time_zone("next_attempt_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("audit")
                    .col(big_pk_auto("id"))
                    .col(timestamp_with_time_zone("at"))
                    .col(string("actor"))
                    .col(string("act"))
                    .col(big_integer_null("user_id"))
                    .to_owned(),
            )
            .await?;
        for (table, column) in [("deletions", "next_attempt_at"), ("audit", "user_id")] {
            let name = format!("{table}_{column}");
            let index = Index::create().name(name).table(table).col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    /// A half-made schema is worse than none: SQLite's DDL is transactional, so use that.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
