//! Databases of a test's own.
//!
//! A file in the test's folder; or, where `AI_BUDDY_TEST_SERVER` names a PostgreSQL server, a database
//! there. The same tests then judge both. `tests/postgres/run` runs them so.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test stops where it cannot go on"
)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use database::Url;
use sea_orm::{
    ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};

/// The server that the tests are run with, `postgres://USER@HOST:PORT/postgres`; `None` for files.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests have no settings of their own")]
pub fn server() -> Option<String> {
    std::env::var("AI_BUDDY_TEST_SERVER").ok()
}

/// The way to it that services take where there is a pooler before it, in its place: it ends in `?` and what
/// they must be told of it.
#[expect(clippy::disallowed_methods, reason = "tests have no settings of their own")]
fn pooler() -> Option<String> {
    std::env::var("AI_BUDDY_TEST_POOLER").ok()
}

/// The address that services have of the database `name` of the test that works in `folder`, which is made if
/// it is not there. It is always the same one.
#[must_use]
pub fn address(folder: &Path, name: &str) -> String {
    let direct = direct(folder, name);
    let Some(pooler) = pooler() else { return direct };
    let (_, own) = direct.rsplit_once('/').expect("a database's name");
    let (before, after) = pooler.rsplit_once('/').expect("a database's name");
    let (_, rest) = after.split_once('?').expect("what services are told");
    format!("{before}/{own}?{rest}")
}

/// As [`address`], past any pooler.
#[must_use]
pub fn direct(folder: &Path, name: &str) -> String {
    let Some(server) = server() else {
        return format!("sqlite:{}", folder.join(format!("{name}.db")).display());
    };
    let mut hasher = DefaultHasher::new();
    (folder, name).hash(&mut hasher);
    let own = format!("test_{:016x}", hasher.finish());
    let (create, admin) = (format!("CREATE DATABASE {own}"), server.clone());
    wait_for(async move {
        let server = Database::connect(admin).await.expect("the server answers");
        if let Err(error) = server.execute_unprepared(&create).await {
            assert!(error.to_string().contains("already exists"), "{error}");
        }
        server.close().await.expect("an end");
    });
    let (before, _) = server.rsplit_once('/').expect("a database's name");
    format!("{before}/{own}")
}

/// As [`address`], as services want it.
#[must_use]
pub fn url(folder: &Path, name: &str) -> Url {
    address(folder, name).parse().expect("an address")
}

/// A connection to a test's database, to look around and to meddle.
pub async fn connect(folder: &Path, name: &str) -> DatabaseConnection {
    Database::connect(direct(folder, name)).await.expect("a database")
}

/// The rows that a query finds.
pub async fn rows(database: &DatabaseConnection, query: &str) -> Vec<QueryResult> {
    let query = Statement::from_string(database.get_database_backend(), query);
    database.query_all_raw(query).await.expect("rows")
}

/// The number that a query finds.
pub async fn number(database: &DatabaseConnection, query: &str) -> i64 {
    rows(database, query).await[0].try_get_by_index(0).expect("a number")
}

/// The texts that a query finds, one for each row.
pub async fn texts(database: &DatabaseConnection, query: &str) -> Vec<String> {
    let rows = rows(database, query).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

/// Every table, and its columns.
pub async fn tables(database: &DatabaseConnection) -> Vec<(String, Vec<String>)> {
    let names = match database.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
    };
    let mut tables = Vec::new();
    for table in texts(database, names).await {
        let columns = match database.get_database_backend() {
            DbBackend::Postgres => format!(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass
                 AND attnum > 0 AND NOT attisdropped"
            ),
            _ => format!("SELECT name FROM pragma_table_info('{table}')"),
        };
        let columns = texts(database, &columns).await;
        tables.push((table, columns));
    }
    tables
}

/// The columns, of whatever tables there are, in which these words stand.
pub async fn places_of(database: &DatabaseConnection, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (table, columns) in tables(database).await {
        for column in columns {
            let query = format!(
                "SELECT COUNT(*) FROM \"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%{words}%'"
            );
            if number(database, &query).await > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    found
}

/// Has numbers that are given from here on follow the highest that there is: in a file they do so anyway.
pub async fn go_on_numbering(database: &DatabaseConnection, table: &str) {
    if database.get_database_backend() == DbBackend::Postgres {
        let go_on = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
        );
        database.execute_unprepared(&go_on).await.expect("a number");
    }
}

/// Has the database refuse what is to be done to rows of a table, such as `INSERT`, if they are such as
/// `condition` says, until the trigger `name` is dropped: see [`allow`].
pub async fn refuse(
    database: &DatabaseConnection,
    name: &str,
    (what, table, condition): (&str, &str, &str),
) {
    let when = if condition.is_empty() { String::new() } else { format!("WHEN ({condition})") };
    let refuse = match database.get_database_backend() {
        DbBackend::Postgres => format!(
            "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
             CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW {when}
                 EXECUTE FUNCTION {name}()"
        ),
        _ => format!(
            "CREATE TRIGGER {name} BEFORE {what} ON {table} {when}
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        ),
    };
    database.execute_unprepared(&refuse).await.expect("a trigger");
}

/// Takes back what [`refuse`] did.
pub async fn allow(database: &DatabaseConnection, name: &str, table: &str) {
    let allow = match database.get_database_backend() {
        DbBackend::Postgres => format!("DROP TRIGGER {name} ON {table}"),
        _ => format!("DROP TRIGGER {name}"),
    };
    database.execute_unprepared(&allow).await.expect("a trigger");
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

/// Runs a future to its end, also for somebody who runs in one.
fn wait_for(work: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().expect("a runtime").block_on(work);
    });
    thread.join().expect("it should not stop");
}
