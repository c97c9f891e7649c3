//! Opening SQLite: the settings that make it durable and let readers work beside the writer.

use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use crate::Error;

/// How long a statement waits for another process, such as a backup, to let go.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections for reading: each is a thread of its own.
const READERS: u32 = 4;

/// The one connection that writes.
pub(crate) async fn writer(url: &str) -> Result<DatabaseConnection, Error> {
    let mut options = options(url)?;
    options.max_connections(1).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was answered survives a power cut; groups make that affordable.
            .synchronous(SqliteSynchronous::Full)
    });
    Ok(Database::connect(options).await?)
}

/// The connections that read, and cannot do anything else.
pub(crate) async fn readers(url: &str) -> Result<DatabaseConnection, Error> {
    let mut options = options(url)?;
    options
        .max_connections(READERS)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.busy_timeout(BUSY_TIMEOUT).pragma("query_only", "1"));
    Ok(Database::connect(options).await?)
}

fn options(url: &str) -> Result<ConnectOptions, Error> {
    if !url.starts_with("sqlite:") {
        return Err(Error::Address("must begin with sqlite:"));
    }
    if url == "sqlite::memory:" || url.contains("mode=memory") {
        return Err(Error::Address("must name a file: memory is not shared between connections"));
    }
    let mut options = ConnectOptions::new(url);
    options
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false);
    Ok(options)
}
