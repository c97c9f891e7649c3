//! Conversations as their owners keep them: titles, opinions, search, and what was used.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, string, text, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use super::{add_columns, belongs, execute};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sessions = vec![
            text("title").default("").to_owned(),
            boolean("has_own_title").default(false).to_owned(),
            big_integer("version").default(0).to_owned(),
            timestamp_with_time_zone("updated_at").default("1970-01-01T00:00:00+00:00").to_owned(),
            timestamp_with_time_zone_null("archived_at"),
        ];
        add_columns(manager, "sessions", sessions).await?;
        manager
            .create_table(
                Table::create()
                    .table("feedback")
                    .col(big_integer("message_id").primary_key())
                    .col(big_integer("user_id"))
                    .col(string("rating"))
                    .col(text("comment"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .foreign_key(&mut belongs("feedback", "message_id", "messages"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("usage_days")
                    .col(big_integer("user_id"))
                    .col(string("day"))
                    .col(big_integer("turns"))
                    .col(big_integer("prompt_tokens"))
                    .col(big_integer("reply_tokens"))
                    .col(boolean("is_estimated"))
                    .primary_key(Index::create().col("user_id").col("day"))
                    .to_owned(),
            )
            .await?;
        execute(manager, &STATEMENTS).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => execute(manager, &POSTGRES_SEARCH).await,
            _ => execute(manager, &SQLITE_SEARCH).await,
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// What the builder has no words for.
const STATEMENTS: [&str; 3] = [
    "UPDATE sessions SET updated_at = created_at",
    "CREATE INDEX sessions_activity ON sessions (user_id, updated_at, id)",
    "CREATE INDEX feedback_user_id_message_id ON feedback (user_id, message_id)",
];

/// Search lives beside the messages and changes with them, in the same transaction: it cannot drift.
/// Whose a message is stands in the index too, so that a search looks at nobody else's words.
const SQLITE_SEARCH: [&str; 7] = [
    "CREATE VIEW searchable AS SELECT id, text, 'user' || user_id AS owner FROM messages",
    "CREATE VIRTUAL TABLE search USING fts5(text, owner, content = 'searchable',
         content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2')",
    // A deleted word leaves nothing behind in the index.
    "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)",
    "CREATE TRIGGER search_insert AFTER INSERT ON messages BEGIN
         INSERT INTO search (rowid, text, owner) VALUES (new.id, new.text, 'user' || new.user_id);
     END",
    "CREATE TRIGGER search_delete AFTER DELETE ON messages BEGIN
         INSERT INTO search (search, rowid, text, owner)
         VALUES ('delete', old.id, old.text, 'user' || old.user_id);
     END",
    "CREATE TRIGGER search_update AFTER UPDATE OF text ON messages BEGIN
         INSERT INTO search (search, rowid, text, owner)
         VALUES ('delete', old.id, old.text, 'user' || old.user_id);
         INSERT INTO search (rowid, text, owner) VALUES (new.id, new.text, 'user' || new.user_id);
     END",
    "INSERT INTO search (search) VALUES ('rebuild')",
];

/// The same, as a column that the server fills. What a word is does not depend on the server's locale:
/// letters and digits, without case and accents, as in [`SQLITE_SEARCH`].
const POSTGRES_SEARCH: [&str; 3] = [
    r#"CREATE FUNCTION search_words(said text) RETURNS text
         LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
         RETURN btrim(regexp_replace(
             regexp_replace(
                 normalize(lower(said COLLATE "und-x-icu"), NFD), '[\u0300-\u036f]+', '', 'g'
             ),
             '[^[:alnum:]]+', ' ', 'g'
         ))"#,
    "ALTER TABLE messages ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
         setweight(to_tsvector('simple', 'user' || user_id::text), 'A')
             || setweight(to_tsvector('simple', search_words(text)), 'B')
     ) STORED",
    "CREATE INDEX messages_search ON messages USING gin (search)",
];
