//! The writer: one task, one connection, many jobs in one commit.

use std::panic::AssertUnwindSafe;

use chassis::request_id::Scope;
use chassis::tasks::Tasks;
use chassis::telemetry::metrics::InUse;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{SYSTEM, open};
use crate::metrics::WRITE;
use crate::{Error, Job};

/// Jobs waiting for the writer; more are turned away.
const QUEUE: usize = 4096;
/// Jobs in one commit: enough to share an `fsync`, few enough not to hold up the first of them.
const GROUP: usize = 256;

/// The way to the writer. Clones share it.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Queued>>,
    stop: CancellationToken,
}

impl Writer {
    pub(crate) fn start(
        place: &SqliteConnectOptions,
        connection: DatabaseConnection,
        tasks: &Tasks,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let stop = CancellationToken::new();
        tasks.spawn(work(place.clone(), connection, jobs, stop.clone()));
        Self { queue, stop }
    }

    /// Lets the writer end once it has done what is waiting.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Job<T, E>,
    {
        let (job, answer) = Pending::queue(work);
        self.queue.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })?;
        answer.await.map_err(|_| Error::Closed)?
    }

    pub(crate) async fn write_patiently<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Job<T, E>,
    {
        let (job, answer) = Pending::queue(work);
        self.queue.send(job).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

/// Something to write, whatever its result is.
trait Queued: Send {
    /// Does the work. True if it is to be kept.
    fn run<'t>(&'t mut self, transaction: &'t DatabaseTransaction) -> BoxFuture<'t, bool>;
    /// Tells the caller: its own result, or why it could not be kept.
    fn finish(self: Box<Self>, kept: Result<(), Error>);
}

struct Pending<T, E, F> {
    work: Option<F>,
    /// Whom it is done for.
    scope: Option<Scope>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    /// Until its answer is known, it counts.
    _in_use: InUse,
}

impl<T, E, F> Pending<T, E, F>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Job<T, E>,
{
    /// A job for the queue, and where its answer will be.
    fn queue(work: F) -> (Box<dyn Queued>, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        let (work, scope) = (Some(work), Some(Scope::current()));
        let in_use = WRITE.begin(SYSTEM);
        (Box::new(Self { work, scope, result: None, reply, _in_use: in_use }), answer)
    }
}

impl<T, E, F> Queued for Pending<T, E, F>
where
    T: Send,
    E: From<Error> + Send,
    F: Job<T, E>,
{
    fn run<'t>(&'t mut self, transaction: &'t DatabaseTransaction) -> BoxFuture<'t, bool> {
        async move {
            let (Some(work), Some(scope)) = (self.work.take(), self.scope.take()) else {
                return false;
            };
            // A job that panics must not take the writer with it.
            let work = scope.run(work(transaction));
            self.result = AssertUnwindSafe(work).catch_unwind().await.ok();
            matches!(self.result, Some(Ok(_)))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, kept: Result<(), Error>) {
        let answer = match (self.result, kept) {
            (Some(Ok(_)) | None, Err(error)) => Err(error.into()),
            (Some(result), _) => result,
            (None, Ok(())) => Err(Error::Closed.into()),
        };
        if self.reply.send(answer).is_err() {
            tracing::debug!("a write was done for a caller who had left");
        }
    }
}

async fn work(
    place: SqliteConnectOptions,
    mut connection: DatabaseConnection,
    mut jobs: mpsc::Receiver<Box<dyn Queued>>,
    stop: CancellationToken,
) {
    let mut group = Vec::with_capacity(GROUP);
    loop {
        tokio::select! {
            biased;
            count = jobs.recv_many(&mut group, GROUP) => {
                if count == 0 {
                    break;
                }
            }
            () = stop.cancelled() => {
                // What is in the queue is still done; nothing new is let in.
                jobs.close();
                continue;
            }
        }
        let kept = commit(&connection, &mut group).await;
        if let Err(error) = &kept {
            tracing::error!(%error, jobs = group.len(), "a commit failed");
            // SQLite may have rolled back by itself; what the driver believes of the connection's
            // transactions is no longer to be trusted.
            match open::writer(&place).await {
                Ok(fresh) => close(std::mem::replace(&mut connection, fresh)).await,
                Err(error) => {
                    tracing::error!(%error, "the writer could not open the database again");
                }
            }
        }
        for job in group.drain(..) {
            job.finish(kept.clone());
        }
    }
    close(connection).await;
}

async fn close(connection: DatabaseConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the writer did not close cleanly");
    }
}

/// Begins to write. A deferred transaction that reads before it writes would fail at once when
/// somebody else wrote.
pub(crate) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, Error> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(connection.begin_with_options(immediate).await?)
}

/// Runs a group in one transaction, each job in a savepoint of its own.
async fn commit(
    connection: &DatabaseConnection,
    group: &mut [Box<dyn Queued>],
) -> Result<(), Error> {
    let transaction = begin(connection).await?;
    for job in group {
        let savepoint = transaction.begin().await?;
        if job.run(&savepoint).await {
            savepoint.commit().await?;
        } else {
            savepoint.rollback().await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}
