//! Databases of a test's own.
//!
//! A file in the test's folder; or, where `AI_BUDDY_TEST_SERVER` names a PostgreSQL server, a database
//! there. The same tests then judge both. `tests/postgres/run` runs them so.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test stops where it cannot go on"
)]

mod obstacles;
mod relay;
mod server;
mod verdict;

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::Path;

use database::Url;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, QueryResult,
    Statement,
};

pub use obstacles::{allow, detain, hold, is_anybody_detained, refuse};
pub use relay::Relay;
pub use sea_orm::DatabaseConnection as Connection;
pub use server::Server;
pub use verdict::Verdict;

/// The server that the tests are run with, `postgres://USER@HOST:PORT/postgres`; `None` for files.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests have no settings of their own")]
pub fn server() -> Option<String> {
    std::env::var("AI_BUDDY_TEST_SERVER").ok()
}

/// What such a database is called where operations are told of, after OpenTelemetry's conventions.
#[must_use]
pub fn system() -> &'static str {
    if server().is_some() { "postgresql" } else { "sqlite" }
}

/// Whether this test, which is about files, has nothing to look at: the tests are run with a server. It is then
/// counted among those that were skipped, by its name, in the file that `AI_BUDDY_TEST_SKIPPED` names.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests have no settings of their own")]
pub fn has_no_files() -> bool {
    if server().is_none() {
        return false;
    }
    if let Ok(list) = std::env::var("AI_BUDDY_TEST_SKIPPED") {
        let test = std::thread::current().name().unwrap_or("a test without a name").to_owned();
        let list = OpenOptions::new().create(true).append(true).open(list);
        writeln!(list.expect("a list"), "{test}").expect("another line");
    }
    true
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
    match server() {
        Some(server) => made_on(&server, folder, name),
        None => format!("sqlite:{}", folder.join(format!("{name}.db")).display()),
    }
}

/// The address of a test's database on a server, where it is made if it is not there. `server` is where the
/// server's own database is.
fn made_on(server: &str, folder: &Path, name: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (folder, name).hash(&mut hasher);
    let own = format!("test_{:016x}", hasher.finish());
    let (create, admin) = (format!("CREATE DATABASE {own}"), server.to_owned());
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
    connect_to(direct(folder, name)).await
}

/// A connection to the database at an address.
pub async fn connect_to(address: String) -> DatabaseConnection {
    Database::connect(address).await.expect("a database")
}

/// Changes what is kept in a test's database.
pub async fn change(folder: &Path, name: &str, statement: &str) {
    let database = connect(folder, name).await;
    database.execute_unprepared(statement).await.expect("a change");
    database.close().await.expect("an end");
}

/// As [`connect`], on one connection for everything: what is temporary stays with it.
pub async fn connect_once(folder: &Path, name: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(direct(folder, name));
    options.max_connections(1);
    Database::connect(options).await.expect("a database")
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

/// The numbers that a query finds, by the text beside each: it calls them `name` and `count`.
pub async fn counts(database: &DatabaseConnection, query: &str) -> HashMap<String, i64> {
    let rows = rows(database, query).await;
    let count = |row: &QueryResult| {
        (row.try_get("", "name").expect("a text"), row.try_get("", "count").expect("a number"))
    };
    rows.iter().map(count).collect()
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
            let mut query = format!(
                "SELECT COUNT(*) FROM \"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%{words}%'"
            );
            if database.get_database_backend() == DbBackend::Sqlite {
                // Bytes, taken for text, end where the first of them is nought.
                let bytes = format!("CAST(\"{column}\" AS BLOB), CAST('{words}' AS BLOB)");
                query = format!("{query} OR instr({bytes}) > 0");
            }
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

/// Runs a future to its end, also for somebody who runs in one.
fn wait_for(work: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().expect("a runtime").block_on(work);
    });
    thread.join().expect("it should not stop");
}
