//! Accounts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, boolean, string, timestamp_with_time_zone,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("users")
                    .col(big_pk_auto("id"))
                    .col(string("username"))
                    .col(string("username_key").unique_key())
                    .col(string("password_hash"))
                    .col(boolean("is_active"))
                    .col(big_integer("token_version"))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await
    }

    /// A half-made schema is worse than none: SQLite's DDL is transactional, so use that.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
