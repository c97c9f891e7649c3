//! Turns that survive: who answers them, how far the reply has come, which branch they are in, and
//! what requests began them.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, string, string_null, text,
    timestamp_with_time_zone,
};

use super::{add_columns, execute};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let turns = vec![
            big_integer_null("parent_id"),
            big_integer_null("message_id"),
            integer("attempt").default(1).to_owned(),
            integer("claims").default(1).to_owned(),
            integer("crashes").default(0).to_owned(),
            big_integer("owner").default(0).to_owned(),
            text("partial").default("").to_owned(),
            string_null("failure"),
            string_null("finish"),
            big_integer("prompt_tokens").default(0).to_owned(),
            big_integer("reply_tokens").default(0).to_owned(),
            boolean("is_estimated").default(false).to_owned(),
            boolean("shown").default(true).to_owned(),
        ];
        add_columns(manager, "turns", turns).await?;
        add_columns(manager, "messages", vec![boolean("shown").default(true).to_owned()]).await?;
        manager
            .create_table(
                Table::create()
                    .table("requests")
                    .col(big_integer("user_id"))
                    .col(string("method"))
                    .col(string("key_hash"))
                    .col(string("fingerprint"))
                    .col(big_integer("made_id"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .primary_key(Index::create().col("user_id").col("method").col("key_hash"))
                    .to_owned(),
            )
            .await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            execute(manager, &[NUMBERING]).await?;
        }
        execute(manager, &STATEMENTS).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The message of turn n is 2n - 1 and its reply 2n: that must be beyond every number given so far. Elsewhere
/// than in a file, none was given before.
const NUMBERING: &str = "UPDATE sqlite_sequence
    SET seq = MAX(seq, (SELECT COALESCE(MAX(id), 0) FROM messages)) WHERE name = 'turns'";
/// What the builder has no words for.
const STATEMENTS: [&str; 12] = [
    // Whatever was at work belongs to a process that is gone, and what it answered was numbered
    // otherwise than replies are from here on.
    "UPDATE turns SET state = 'failed', failure = 'model_unavailable' WHERE state = 'running'",
    "UPDATE turns SET finish = 'stop' WHERE state = 'completed'",
    "UPDATE turns SET message_id =
         (SELECT id FROM messages WHERE turn_id = turns.id AND sender = 'user')",
    "UPDATE turns SET parent_id = (SELECT MAX(earlier.id) FROM turns AS earlier
         WHERE earlier.user_id = turns.user_id AND earlier.session_id = turns.session_id
         AND earlier.id < turns.id)",
    "CREATE UNIQUE INDEX turns_one_running ON turns (session_id) WHERE state = 'running'",
    "CREATE INDEX turns_open ON turns (user_id, session_id, id)
         WHERE state = 'queued' OR state = 'running'",
    // What a deleted session takes with it is found by these.
    "CREATE INDEX turns_session_id ON turns (session_id)",
    "CREATE INDEX messages_session_id ON messages (session_id)",
    "CREATE INDEX turns_parent_id ON turns (parent_id)",
    "CREATE INDEX requests_expires_at ON requests (expires_at)",
    "CREATE INDEX turns_in_line ON turns (id) WHERE state = 'queued'",
    "CREATE INDEX turns_leases ON turns (lease_until) WHERE state = 'running'",
];
