//! Opening SQLite: the settings that make it durable and let readers work beside the writer.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
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

/// The address of a database, as a setting holds it: `sqlite:PATH`.
#[derive(Debug, Clone)]
pub struct Url(pub String);

impl FromStr for Url {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.starts_with("sqlite:") {
            return Err("it must begin with sqlite:");
        }
        if text == "sqlite::memory:" || text.contains("mode=memory") {
            return Err("it must name a file: memory is not shared between connections");
        }
        Ok(Self(text.to_owned()))
    }
}

/// The one connection that writes.
pub(crate) async fn writer(url: &str) -> Result<DatabaseConnection, Error> {
    let mut options = options(url)?;
    options.max_connections(1).map_sqlx_sqlite_opts(|sqlite| {
        create_for_owner(sqlite.get_filename());
        sqlite
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // What is deleted is overwritten, not only forgotten.
            .pragma("secure_delete", "ON")
            // A commit that was answered survives a power cut; groups make that affordable.
            .synchronous(SqliteSynchronous::Full)
    });
    Ok(Database::connect(options).await?)
}

/// A connection that empties the log, and gives way to others.
pub(crate) async fn wiper(url: &str) -> Result<DatabaseConnection, Error> {
    let mut options = options(url)?;
    options.max_connections(1).map_sqlx_sqlite_opts(|sqlite| sqlite.busy_timeout(WIPING_TIMEOUT));
    Ok(Database::connect(options).await?)
}

/// The file that an address names.
///
/// # Errors
/// When it names none.
pub fn file(url: &str) -> Result<PathBuf, Error> {
    let Url(url) = url.parse().map_err(Error::Address)?;
    let options = SqliteConnectOptions::from_str(&url).map_err(|_| Error::Address("no file"))?;
    Ok(options.get_filename().to_owned())
}

/// The connections that read, and cannot do anything else.
pub(crate) async fn readers(url: &str) -> Result<DatabaseConnection, Error> {
    let mut options = options(url)?;
    options
        .max_connections(READERS)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.busy_timeout(BUSY_TIMEOUT).pragma("query_only", "1"));
    Ok(Database::connect(options).await?)
}

/// One connection to a database that is there already, which reads and leaves everything as it is.
pub(crate) async fn visitor(url: &str) -> Result<DatabaseConnection, Error> {
    if !file(url)?.is_file() {
        return Err(Error::Missing);
    }
    let mut options = options(url)?;
    options
        .max_connections(1)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.busy_timeout(BUSY_TIMEOUT).read_only(true));
    Ok(Database::connect(options).await?)
}

/// Makes an empty file that nobody else may read: what SQLite puts beside it gets the same mode. What
/// goes wrong here, opening will say.
fn create_for_owner(path: &Path) {
    let _there_or_not = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

fn options(url: &str) -> Result<ConnectOptions, Error> {
    let Url(url) = url.parse().map_err(Error::Address)?;
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
