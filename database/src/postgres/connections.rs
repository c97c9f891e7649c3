//! Connections to a server, and how long anything on them may take.

use std::time::Duration;

use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::pool::PoolConnectionMetadata;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, TransactionTrait as _,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError};

use super::Handle;
use super::retries::Patience;
use crate::Error;
use crate::error::code_of;
use crate::url::Server;

/// Connections of one process for reading, and as many for writing. A server begins to suffer at a few
/// hundred altogether.
const CONNECTIONS: u32 = 10;
/// For a connection to be there: with a place for each, that is for the server to be reached.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// For one statement; none of ours takes longer than some milliseconds.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a transaction to go on: a process that stands still holds nobody else up for longer.
const PAUSE_TIMEOUT: Duration = Duration::from_secs(5);
/// After so long without work, a connection is asked whether it is still one.
const DOUBTFUL: Duration = Duration::from_secs(1);
/// A connection that is not needed for so long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// No connection is kept longer: behind an address there may be another server by then.
const MAX_LIFETIME: Duration = Duration::from_mins(30);
/// What the server says of a database that it does not have.
const INVALID_CATALOG_NAME: &str = "3D000";

impl Handle {
    pub(super) fn to_write(server: &Server, queue: usize) -> Self {
        Self::new(server, queue, false)
    }

    /// Nothing can be changed through it.
    pub(super) fn to_read(server: &Server, queue: usize) -> Self {
        Self::new(server, queue, true)
    }

    fn new(server: &Server, queue: usize, only_reads: bool) -> Self {
        let settings = settings(server, only_reads);
        let pool = options().max_connections(CONNECTIONS).connect_lazy_with(settings);
        Self {
            connections: pool.into(),
            queue: Semaphore::new(queue).into(),
            places: Semaphore::new(usize::try_from(CONNECTIONS).unwrap_or(1)).into(),
            is_pooled: server.is_pooled,
            only_reads,
        }
    }

    /// A place in the queue. Whoever has one is served, also of a database that is being closed.
    pub(super) async fn queue(&self, patience: Patience) -> Result<OwnedSemaphorePermit, Error> {
        let queue = self.queue.clone();
        Ok(match patience {
            Patience::Short => queue.try_acquire_owned().map_err(|error| match error {
                TryAcquireError::NoPermits => Error::Overloaded,
                TryAcquireError::Closed => Error::Closed,
            })?,
            Patience::Long => queue.acquire_owned().await.map_err(|_| Error::Closed)?,
        })
    }

    /// A place for a connection, when it is one's turn.
    pub(super) async fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.places.acquire().await.map_err(|_| Error::Closed)
    }

    /// Begins a transaction. Not to be dropped half-way: the connection would be left in the middle of it.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, Error> {
        let transaction = self.open().await?;
        if self.is_pooled {
            set_timeouts(&transaction, Some(STATEMENT_TIMEOUT)).await?;
            if self.only_reads {
                transaction.execute_unprepared("SET TRANSACTION READ ONLY").await?;
            }
        }
        Ok(transaction)
    }

    /// Begins a transaction that no timeouts are set for where a pooler stands in between.
    pub(super) async fn open(&self) -> Result<DatabaseTransaction, Error> {
        let transaction = self.connections.begin().await?;
        if self.is_pooled {
            // The driver names its statements even where it does not keep them, and whoever had this
            // connection of the pooler's before gave the same names.
            transaction.execute_unprepared("DEALLOCATE ALL").await?;
        }
        Ok(transaction)
    }

    /// Takes nobody in any more.
    pub(super) fn close(&self) {
        self.queue.close();
    }
}

/// How long this transaction's statements may take; `None` for as long as it takes.
pub(super) async fn set_timeouts(
    transaction: &DatabaseTransaction,
    statement: Option<Duration>,
) -> Result<(), Error> {
    let (statement, pause) = (statement.unwrap_or_default().as_millis(), PAUSE_TIMEOUT.as_millis());
    let set = format!(
        "SET LOCAL statement_timeout = {statement}; \
         SET LOCAL idle_in_transaction_session_timeout = {pause}"
    );
    transaction.execute_unprepared(&set).await?;
    Ok(())
}

/// One connection to a database that is there already, for somebody who only looks.
pub(crate) async fn visitor(server: &Server) -> Result<DatabaseConnection, Error> {
    let mut settings = server.options.clone().disable_statement_logging().extra_float_digits(None);
    if !server.is_pooled {
        settings = settings.options([("default_transaction_read_only", "on")]);
    }
    let pool: DatabaseConnection = options().max_connections(1).connect_lazy_with(settings).into();
    match pool.ping().await {
        Ok(()) => Ok(pool),
        Err(error) if code_of(&error).as_deref() == Some(INVALID_CATALOG_NAME) => {
            Err(Error::Missing)
        }
        Err(error) => Err(error.into()),
    }
}

fn settings(server: &Server, only_reads: bool) -> PgConnectOptions {
    // A pooler knows no such setting.
    let settings = server.options.clone().disable_statement_logging().extra_float_digits(None);
    if server.is_pooled {
        return settings;
    }
    let (statement, pause) = (STATEMENT_TIMEOUT.as_millis(), PAUSE_TIMEOUT.as_millis());
    settings.options([
        ("statement_timeout", statement.to_string()),
        ("idle_in_transaction_session_timeout", pause.to_string()),
        ("default_transaction_read_only", only_reads.to_string()),
    ])
}

fn options() -> PgPoolOptions {
    PgPoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME)
        .test_before_acquire(false)
        .before_acquire(|connection, about| Box::pin(is_well(connection, about)))
}

/// Whether a connection is still one. False: it is thrown away.
async fn is_well(
    connection: &mut PgConnection,
    about: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    Ok(about.idle_for < DOUBTFUL || connection.ping().await.is_ok())
}
