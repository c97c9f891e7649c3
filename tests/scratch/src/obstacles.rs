//! Obstacles in the way of whoever writes: who comes there is refused, stays there, or waits.

use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

use crate::number;

/// What goes on in a file until whoever asks for it is killed.
const ENDLESS: &str = "CREATE VIEW IF NOT EXISTS endless AS WITH RECURSIVE numbers(value) AS
    (SELECT 1 UNION ALL SELECT value + 1 FROM numbers) SELECT value FROM numbers";
/// Who stays on a server.
const DETAINED: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";

/// Has the database refuse what is to be done to rows of a table, such as `INSERT`, if they are such as
/// `condition` says, until the obstacle `name` is taken away: see [`allow`].
pub async fn refuse(database: &DatabaseConnection, name: &str, moment: (&str, &str, &str)) {
    let refuse = match database.get_database_backend() {
        DbBackend::Postgres => "RAISE EXCEPTION 'refused'",
        _ => "SELECT RAISE(ABORT, 'refused')",
    };
    put(database, name, moment, refuse).await;
}

/// Has whoever comes to do that, as in [`refuse`], stay there until they are killed. On a server a statement
/// of theirs may take too long before, and fail.
pub async fn detain(database: &DatabaseConnection, name: &str, moment: (&str, &str, &str)) {
    let stay = if database.get_database_backend() == DbBackend::Postgres {
        "PERFORM pg_sleep(3600); RAISE EXCEPTION 'detained'"
    } else {
        database.execute_unprepared(ENDLESS).await.expect("a view");
        "SELECT COUNT(*) FROM endless"
    };
    put(database, name, moment, stay).await;
}

/// Whether somebody stays where [`detain`] has them stay; in a file, whether anybody is writing. To be asked
/// on one connection (`connect_once`).
pub async fn is_anybody_detained(database: &DatabaseConnection) -> bool {
    if database.get_database_backend() == DbBackend::Postgres {
        return number(database, &format!("SELECT COUNT(*) {DETAINED}")).await > 0;
    }
    database.execute_unprepared("PRAGMA busy_timeout = 0").await.expect("a setting");
    let own = database.execute_unprepared("BEGIN IMMEDIATE; ROLLBACK").await;
    database.execute_unprepared("PRAGMA busy_timeout = 5000").await.expect("a setting");
    own.is_err()
}

async fn put(
    database: &DatabaseConnection,
    name: &str,
    (what, table, condition): (&str, &str, &str),
    does: &str,
) {
    let when = if condition.is_empty() { String::new() } else { format!("WHEN ({condition})") };
    let obstacle = match database.get_database_backend() {
        DbBackend::Postgres => format!(
            "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN {does}; END $$;
             CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW {when}
                 EXECUTE FUNCTION {name}()"
        ),
        _ => format!("CREATE TRIGGER {name} BEFORE {what} ON {table} {when} BEGIN {does}; END"),
    };
    database.execute_unprepared(&obstacle).await.expect("a trigger");
}

/// Takes back what [`refuse`] or [`detain`] did. Whoever is dead and still detained is let go.
pub async fn allow(database: &DatabaseConnection, name: &str, table: &str) {
    let allow = match database.get_database_backend() {
        DbBackend::Postgres => {
            format!("SELECT pg_terminate_backend(pid) {DETAINED}; DROP TRIGGER {name} ON {table}")
        }
        _ => format!("DROP TRIGGER {name}"),
    };
    database.execute_unprepared(&allow).await.expect("no trigger");
}

/// Keeps everybody from writing to these tables until the transaction is rolled back.
pub async fn hold(database: &DatabaseConnection, tables: &str) -> DatabaseTransaction {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let holding = database.begin_with_options(immediate).await.expect("a transaction");
    if database.get_database_backend() == DbBackend::Postgres {
        let lock = format!("LOCK TABLE {tables} IN EXCLUSIVE MODE");
        holding.execute_unprepared(&lock).await.expect("a lock");
    }
    holding
}
