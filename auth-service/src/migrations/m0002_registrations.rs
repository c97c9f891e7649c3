//! Registrations that may be repeated.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary_len, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("registrations")
                    .col(binary_len("request_digest", 32).primary_key())
                    // No foreign key: the account's row stays, and its deletion takes this one along.
                    .col(big_integer("user_id"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("registrations_expires_at")
                    .table("registrations")
                    .col("expires_at")
                    .to_owned(),
            )
            .await
    }

    /// A half-made schema is worse than none: SQLite's DDL is transactional, so use that.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
