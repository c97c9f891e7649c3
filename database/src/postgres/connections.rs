//! Connections to a server, and how long anything on them may take.

use std::time::Duration;

use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::pool::PoolConnectionMetadata;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, TransactionTrait as _,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError, watch};

use super::Handle;
use super::retries::Patience;
use crate::Error;
use crate::error::code_of;
use crate::url::Server;

/// For a connection to be there: with a place for each, that is for the server to be reached.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// For one statement; none of ours takes longer than some milliseconds.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a lock that somebody else holds. Less than for a statement: whoever did not get a lock is tried again.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
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

/// What connections are for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose {
    /// How many there are, at most.
    pub(super) connections: u32,
    /// How many may wait for one, or have one.
    pub(super) queue: usize,
    /// Whether nothing can be changed through them.
    pub(super) only_reads: bool,
    /// How long a statement may take; `None` for as long as it takes.
    pub(super) statement_timeout: Option<Duration>,
}

/// Connections, until one of them is not heard of any more.
pub(super) struct Pool {
    connections: DatabaseConnection,
    /// How many there were before.
    number: u64,
}

impl Pool {
    fn new(settings: &PgConnectOptions, purpose: Purpose, number: u64) -> Self {
        let options = options().max_connections(purpose.connections);
        Self { connections: options.connect_lazy_with(settings.clone()).into(), number }
    }
}

impl Handle {
    pub(super) fn to_write(server: &Server, queue: usize) -> Self {
        let (connections, statement_timeout) = (server.writers(), Some(STATEMENT_TIMEOUT));
        Self::new(server, Purpose { connections, queue, only_reads: false, statement_timeout })
    }

    pub(super) fn to_read(server: &Server, queue: usize) -> Self {
        let (connections, statement_timeout) = (server.readers(), Some(STATEMENT_TIMEOUT));
        Self::new(server, Purpose { connections, queue, only_reads: true, statement_timeout })
    }

    fn new(server: &Server, purpose: Purpose) -> Self {
        let Purpose { connections, queue, .. } = purpose;
        let settings = settings(server, purpose);
        Self {
            pool: watch::Sender::new(Pool::new(&settings, purpose, 0)).into(),
            settings: settings.into(),
            queue: Semaphore::new(queue).into(),
            places: Semaphore::new(usize::try_from(connections).unwrap_or(1)).into(),
            is_pooled: server.is_pooled,
            purpose,
        }
    }

    /// The connections as they are now.
    pub(super) fn connections(&self) -> DatabaseConnection {
        self.pool.borrow().connections.clone()
    }

    /// Which connections these are.
    pub(super) fn number(&self) -> u64 {
        self.pool.borrow().number
    }

    /// Puts others in the place of connections, if nobody has yet. A connection of which nothing is heard is not
    /// given back before the system gives it up, after a quarter of an hour, and a pool has room for so many.
    pub(super) fn replace(&self, number: u64) {
        self.pool.send_if_modified(|pool| {
            let is_there = pool.number == number;
            if is_there {
                *pool = Pool::new(&self.settings, self.purpose, number + 1);
            }
            is_there
        });
    }

    /// A place in the queue. Whoever has one is served, also of a database that is being closed.
    pub(super) async fn queue(&self, patience: Patience) -> Result<OwnedSemaphorePermit, Error> {
        let queue = self.queue.clone();
        Ok(match patience {
            Patience::Short => queue.try_acquire_owned().map_err(|error| match error {
                TryAcquireError::NoPermits => Error::Overloaded,
                TryAcquireError::Closed => Error::Closed,
            })?,
            Patience::Long | Patience::AtLength => {
                queue.acquire_owned().await.map_err(|_| Error::Closed)?
            }
        })
    }

    /// A place for a connection, when it is one's turn.
    pub(super) async fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.places.acquire().await.map_err(|_| Error::Closed)
    }

    /// Begins a transaction. Dropped half-way only where its connection is not used any more.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, Error> {
        let transaction = self.open().await?;
        if self.is_pooled {
            set_timeouts(&transaction, self.purpose.statement_timeout).await?;
            if self.purpose.only_reads {
                transaction.execute_unprepared("SET TRANSACTION READ ONLY").await?;
            }
        }
        Ok(transaction)
    }

    /// Begins a transaction that no timeouts are set for where a pooler stands in between.
    pub(super) async fn open(&self) -> Result<DatabaseTransaction, Error> {
        let transaction = self.connections().begin().await?;
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

    pub(crate) fn into_connections(self) -> DatabaseConnection {
        self.connections()
    }
}

/// How long this transaction's statements may take; `None` for as long as it takes.
pub(super) async fn set_timeouts(
    transaction: &DatabaseTransaction,
    statement: Option<Duration>,
) -> Result<(), Error> {
    let set = timeouts(statement).map(|(name, timeout)| format!("SET LOCAL {name} = {timeout};"));
    transaction.execute_unprepared(&set.concat()).await?;
    Ok(())
}

/// One connection to a database that is there already, for somebody who only looks, for as long as it takes.
pub(crate) async fn visitor(server: &Server) -> Result<Handle, Error> {
    let purpose = Purpose { connections: 1, queue: 1, only_reads: true, statement_timeout: None };
    let visitor = Handle::new(server, purpose);
    match visitor.connections().ping().await {
        Ok(()) => Ok(visitor),
        Err(error) if code_of(&error).as_deref() == Some(INVALID_CATALOG_NAME) => {
            Err(Error::Missing)
        }
        Err(error) => Err(error.into()),
    }
}

fn settings(server: &Server, purpose: Purpose) -> PgConnectOptions {
    // A pooler knows no such setting.
    let settings = server.options.clone().disable_statement_logging().extra_float_digits(None);
    if server.is_pooled {
        return settings;
    }
    settings
        .options(timeouts(purpose.statement_timeout))
        .options([("default_transaction_read_only", purpose.only_reads.to_string())])
}

/// What goes with statements that may take so long. As PostgreSQL has it, nought is for ever.
fn timeouts(statement: Option<Duration>) -> [(&'static str, String); 3] {
    let timeouts = [
        ("statement_timeout", statement),
        // Who has time for a statement has time for locks.
        ("lock_timeout", statement.map(|_| LOCK_TIMEOUT)),
        ("idle_in_transaction_session_timeout", Some(PAUSE_TIMEOUT)),
    ];
    timeouts.map(|(name, limit)| (name, limit.unwrap_or_default().as_millis().to_string()))
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
