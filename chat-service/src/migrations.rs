//! The schema, step by step. Steps are only ever added.

mod m0001_conversations;
mod m0002_durable_turns;
mod m0003_own_conversations;
mod m0004_safety;
mod m0005_departed;

use sea_orm_migration::prelude::*;

pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_conversations::Migration),
            Box::new(m0002_durable_turns::Migration),
            Box::new(m0003_own_conversations::Migration),
            Box::new(m0004_safety::Migration),
            Box::new(m0005_departed::Migration),
        ]
    }

    /// A name of its own, so that two services may share one database.
    fn migration_table_name() -> DynIden {
        "chat_migrations".into_iden()
    }
}

/// Adds columns one by one: SQLite takes no more at once.
async fn add_columns(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: Vec<ColumnDef>,
) -> Result<(), DbErr> {
    for mut column in columns {
        let change = Table::alter().table(table).add_column(&mut column).to_owned();
        manager.alter_table(change).await?;
    }
    Ok(())
}

/// What goes when the row that it belongs to goes.
fn belongs(
    table: &'static str,
    column: &'static str,
    owners: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(owners, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

/// Does what the builder has no words for.
async fn execute(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, Statement};

    use super::*;

    /// What a database of the first step held.
    const BEFORE: &str = "
        INSERT INTO sessions (user_id, created_at) VALUES (1, '2026-01-01T00:00:00+00:00');
        INSERT INTO turns (user_id, session_id, state, lease_until, created_at) VALUES
            (1, 1, 'failed', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00'),
            (1, 1, 'completed', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00'),
            (1, 1, 'running', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00');
        INSERT INTO messages (user_id, session_id, turn_id, sender, text, created_at) VALUES
            (1, 1, 1, 'user', 'lost words', '2026-01-01T00:00:00+00:00'),
            (1, 1, 2, 'user', 'found words', '2026-01-01T00:00:00+00:00'),
            (1, 1, 2, 'ai', 'an answer', '2026-01-01T00:00:00+00:00'),
            (1, 1, 3, 'user', 'cut off', '2026-01-01T00:00:00+00:00');";

    #[tokio::test]
    async fn what_was_said_before_is_kept_numbered_as_it_was_and_found() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("chat.db").display());
        let database = sea_orm::Database::connect(url).await.unwrap();
        Migrator::up(&database, Some(1)).await.unwrap();
        database.execute_unprepared(BEFORE).await.unwrap();
        Migrator::up(&database, None).await.unwrap();
        let rows = async |query: &str| {
            let query = Statement::from_string(database.get_database_backend(), query);
            let rows = database.query_all_raw(query).await.unwrap();
            let row = |row: &sea_orm::QueryResult| {
                row.try_get_by_index::<Option<String>>(0).unwrap().unwrap_or_default()
            };
            rows.iter().map(row).collect::<Vec<_>>()
        };
        let turns = "SELECT state || ' ' || message_id || ' ' || COALESCE(parent_id, 0) FROM turns";
        assert_eq!(rows(turns).await, ["failed 1 0", "completed 2 1", "failed 4 2"]);
        let found = "SELECT CAST(rowid AS text) FROM search WHERE search MATCH 'words'";
        assert_eq!(rows(found).await, ["1", "2"]);
        let next = "INSERT INTO turns (user_id, session_id, state, lease_until, created_at)
            VALUES (1, 1, 'queued', '', '') RETURNING CAST(2 * id - 1 AS text)";
        let next = rows(next).await[0].parse::<i64>().unwrap();
        assert!(next > 4, "numbers given by turns are beyond those given before: {next}");
    }
}
