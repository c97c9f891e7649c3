//! What was noticed in turns, what is remembered of conversations, where people are, and counts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, integer_null, string, string_null, timestamp_with_time_zone_null,
};

use super::{add_columns, belongs, execute};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let turns = vec![
            string_null("tier"),
            string("categories").default("").to_owned(),
            string("display").default("").to_owned(),
            boolean("is_done").default(false).to_owned(),
            string("region").default("").to_owned(),
            string("language").default("en").to_owned(),
            string_null("disclosure"),
        ];
        add_columns(manager, "turns", turns).await?;
        manager
            .create_table(
                Table::create()
                    .table("risks")
                    .col(big_integer("session_id").primary_key())
                    .col(big_integer("user_id"))
                    .col(string("tier"))
                    .col(timestamp_with_time_zone_null("since"))
                    .col(integer("quiet"))
                    .col(integer_null("distress"))
                    .col(integer_null("despair"))
                    .col(string_null("shown"))
                    .col(integer("shown_ago"))
                    .col(timestamp_with_time_zone_null("disclosed_at"))
                    .foreign_key(&mut belongs("risks", "session_id", "sessions"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("preferences")
                    .col(big_integer("user_id").primary_key())
                    .col(string("region"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("safety_days")
                    .col(string("day"))
                    .col(string("event"))
                    .col(string("tier"))
                    .col(string("category"))
                    .col(string("region"))
                    .col(big_integer("count"))
                    .primary_key(
                        Index::create()
                            .col("day")
                            .col("event")
                            .col("tier")
                            .col("category")
                            .col("region"),
                    )
                    .to_owned(),
            )
            .await?;
        // The few conversations of a person that still count.
        let recent = "CREATE INDEX risks_user_id_since ON risks (user_id, since)
             WHERE since IS NOT NULL";
        execute(manager, &[recent]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn integer(name: &'static str) -> ColumnDef {
    sea_orm_migration::schema::integer(name).default(0).to_owned()
}
