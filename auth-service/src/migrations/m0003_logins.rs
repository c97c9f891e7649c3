//! Logins, and what has been taken back before it expired.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, string, string_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("logins")
                    .col(string("sid").primary_key())
                    .col(big_integer("user_id"))
                    .col(big_integer("token_version"))
                    .col(big_integer("generation"))
                    .col(boolean("rotates"))
                    .col(timestamp_with_time_zone_null("rotated_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("revocations")
                    .col(big_pk_auto("seq"))
                    .col(string_null("sid"))
                    .col(big_integer_null("user_id"))
                    .col(big_integer_null("token_version"))
                    .col(timestamp_with_time_zone("until"))
                    .to_owned(),
            )
            .await?;
        for (table, column) in [
            ("logins", ["user_id", "created_at"].as_slice()),
            ("logins", &["expires_at"]),
            ("revocations", &["until"]),
        ] {
            let mut index = Index::create();
            index.name(format!("{table}_{}", column.join("_"))).table(table);
            for column in column {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    /// A half-made schema is worse than none: SQLite's DDL is transactional, so use that.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
