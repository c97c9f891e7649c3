//! A PostgreSQL server: connections that are waited for in order, transactions that are tried again where
//! that is harmless.

mod connections;
mod retries;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chassis::tasks::Tasks;
use sea_orm::DatabaseTransaction;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm_migration::MigratorTrait;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use self::connections::{Pool, Purpose};
use self::retries::Tries;
use crate::metrics::{READ, WRITE};
use crate::url::Server;
use crate::{Error, Failure, Job, Lock, MAX_READS, Reading, steps};

pub(crate) use connections::visitor;
pub(crate) use retries::Patience;

/// What such a database is called where operations are measured.
pub(crate) const SYSTEM: &str = "postgresql";
/// Writes waiting or at work at once; more are turned away.
const MAX_WRITES: usize = 4096;
/// For connections to be closed when a service stops; one that nothing is heard of would be waited for much longer.
const CLOSE: Duration = Duration::from_secs(3);

/// A database of a server. Clones share it.
#[derive(Clone)]
pub(crate) struct Remote {
    read: Handle,
    write: Handle,
    tasks: Tasks,
}

/// Connections for one purpose: those who read never wait for those who write.
#[derive(Clone)]
pub(crate) struct Handle {
    pool: Arc<watch::Sender<Pool>>,
    settings: Arc<PgConnectOptions>,
    /// Who may wait for one.
    queue: Arc<Semaphore>,
    /// A place for each connection. They are waited for here, in order and as long as it takes: waiting for
    /// a connection itself then means that the server cannot be reached.
    places: Arc<Semaphore>,
    is_pooled: bool,
    purpose: Purpose,
}

impl Handle {
    async fn lacks_steps<M: MigratorTrait>(&self) -> Result<bool, Error> {
        let ask = |read| async move {
            let steps = M::get_pending_migrations_read_only(&read).await?;
            Ok::<_, Error>(!steps.is_empty())
        };
        self.ask(ask).await
    }

    async fn migrate<M: MigratorTrait>(&self) -> Result<(), Error> {
        let migration = self.open().await?;
        connections::set_timeouts(&migration, None).await?;
        // Of several processes that start at once, one migrates and the others find it done.
        Lock::MIGRATION.hold(&migration).await?;
        steps::take::<M>(migration).await
    }

    pub(crate) async fn ask<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
        Q: FnOnce(Reading) -> F,
    {
        // A transaction costs two ways there and back; without a pooler, connections are as good.
        let reading = if self.is_pooled {
            Reading::Transaction(self.begin().await?)
        } else {
            Reading::Connection(self.connections())
        };
        query(reading).await
    }

    /// What is done, if the server is heard of within `limit`, which begins with the first of it. If not, none of
    /// these connections is used any more: its machine, or the way to it, may be gone without a word.
    async fn heard<T, E: Failure>(
        &self,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let number = self.number();
        let done = match limit {
            Some(limit) => timeout(limit, work).await.unwrap_or_else(|_| Err(Error::Silent.into())),
            None => work.await,
        };
        let failed = done.as_ref().err().and_then(Failure::storage);
        if failed.is_some_and(Error::is_without_connection) {
            self.replace(number);
        }
        done
    }

    /// Does a job, all but the commit.
    async fn carry_out<T, E, F>(&self, job: F) -> Result<(DatabaseTransaction, T), E>
    where
        E: Failure,
        F: Job<T, E>,
    {
        let transaction = self.begin().await?;
        let result = job(&transaction).await?;
        Ok((transaction, result))
    }
}

impl Remote {
    pub(crate) async fn open<M: MigratorTrait>(server: &Server) -> Result<Self, Error> {
        let write = Handle::to_write(server, MAX_WRITES);
        let read = Handle::to_read(server, MAX_READS);
        let limit = Patience::Long.silence();
        let ready = async || {
            // Nobody can say how long a step takes; most starts have none to take.
            if write.heard(limit, write.lacks_steps::<M>()).await? {
                write.migrate::<M>().await?;
            }
            Ok::<_, Error>(())
        };
        Tries::at_start().at(ready).await?;
        Ok(Self { read, write, tasks: Tasks::new() })
    }

    pub(crate) async fn read<T, E, F, Q>(&self, query: Q, patience: Patience) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(Reading) -> F + Clone + Send + 'static,
    {
        let queued = (self.read.queue(patience).await?, READ.begin(SYSTEM));
        let read = self.read.clone();
        let task = self.tasks.spawn(async move {
            let read = &read;
            let _place = read.place().await?;
            let limit = patience.silence();
            let once = move || read.heard(limit, read.ask(query.clone()));
            let result = Tries::new(patience).at(once).await;
            drop(queued);
            result
        });
        task.await.map_err(|_| Error::Closed)?
    }

    pub(crate) async fn write<T, E, F>(&self, job: F, patience: Patience) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Job<T, E>,
    {
        let queued = (self.write.queue(patience).await?, WRITE.begin(SYSTEM));
        let write = self.write.clone();
        let task = self.tasks.spawn(async move {
            let write = &write;
            let _place = write.place().await?;
            let limit = patience.silence();
            let once = move || write.heard(limit, write.carry_out(job.clone()));
            let (transaction, result) = Tries::new(patience).at(once).await?;
            // Whether a commit that fails was done is not known: it is not tried again.
            let commit = async { transaction.commit().await.map_err(Error::from) };
            write.heard(limit, commit).await?;
            drop(queued);
            Ok(result)
        });
        task.await.map_err(|_| Error::Closed)?
    }

    pub(crate) async fn close(self) {
        self.read.close();
        self.write.close();
        if !self.tasks.drain(chassis::process::SHUTDOWN_LIMIT).await {
            tracing::warn!("the database was still at work when it was closed");
        }
        for handle in [self.read, self.write] {
            match timeout(CLOSE, handle.into_connections().close()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the database did not close cleanly"),
                Err(_) => tracing::warn!("the database was not heard of when it was closed"),
            }
        }
    }
}
