//! Opening SQLite: the settings that make it durable and let readers work beside the writer.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use crate::Error;

/// How long a statement waits for another process, such as a backup, to let go.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long everybody who writes waits for the log to be emptied, at most.
const WIPING_TIMEOUT: Duration = Duration::from_millis(100);
/// Connections for reading: each is a thread of its own.
const READERS: u32 = 4;

/// The one connection that writes.
pub(crate) async fn writer(place: &SqliteConnectOptions) -> Result<DatabaseConnection, Error> {
    create_for_owner(place.get_filename());
    let sqlite = place
        .clone()
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        // What is deleted is overwritten, not only forgotten.
        .pragma("secure_delete", "ON")
        // What is written while somebody copies everything waits in a file that would keep its size.
        .pragma("journal_size_limit", "67108864")
        // A commit that was answered survives a power cut; groups make that affordable.
        .synchronous(SqliteSynchronous::Full);
    connect(sqlite, 1).await
}

/// A connection that empties the log, and gives way to others.
pub(crate) async fn wiper(place: &SqliteConnectOptions) -> Result<DatabaseConnection, Error> {
    connect(place.clone().busy_timeout(WIPING_TIMEOUT), 1).await
}

/// The connections that read, and cannot do anything else.
pub(crate) async fn readers(place: &SqliteConnectOptions) -> Result<DatabaseConnection, Error> {
    let sqlite = place.clone().busy_timeout(BUSY_TIMEOUT).pragma("query_only", "1");
    connect(sqlite, READERS).await
}

/// One connection to a database that is there already, which reads and leaves everything as it is.
pub(crate) async fn visitor(place: &SqliteConnectOptions) -> Result<DatabaseConnection, Error> {
    if !place.get_filename().is_file() {
        return Err(Error::Missing);
    }
    let sqlite = place.clone().busy_timeout(BUSY_TIMEOUT).read_only(true);
    // For a copy: what its pages held while it was made would stay between what they hold, whatever is deleted later.
    connect(sqlite.pragma("secure_delete", "ON"), 1).await
}

/// Makes an empty file that nobody else may read: what SQLite puts beside it gets the same mode. What
/// goes wrong here, opening will say.
pub(super) fn create_for_owner(path: &Path) {
    let _there_or_not = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

async fn connect(
    sqlite: SqliteConnectOptions,
    connections: u32,
) -> Result<DatabaseConnection, Error> {
    // What does not fit while it works, as when much is deleted: there may be no folder for it.
    let sqlite = sqlite.pragma("temp_store", "MEMORY");
    let mut options = ConnectOptions::new("sqlite:");
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |_| sqlite.clone())
        .sqlx_logging(false);
    Ok(Database::connect(options).await?)
}
