//! A PostgreSQL server: connections that are waited for in order, transactions that are tried again where
//! that is harmless.

mod connections;
mod retries;

use std::future::Future;
use std::sync::Arc;

use chassis::tasks::Tasks;
use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Semaphore;

use self::retries::Tries;
use crate::metrics::{READ, WRITE};
use crate::url::Server;
use crate::{Error, Failure, Lock, MAX_READS, Reading, steps};

pub(crate) use connections::visitor;
pub(crate) use retries::Patience;

/// What such a database is called where operations are measured.
pub(crate) const SYSTEM: &str = "postgresql";
/// Writes waiting or at work at once; more are turned away.
const MAX_WRITES: usize = 4096;

/// A database of a server. Clones share it.
#[derive(Clone)]
pub(crate) struct Remote {
    read: Handle,
    write: Handle,
    tasks: Tasks,
}

/// Connections for one purpose: those who read never wait for those who write.
#[derive(Clone)]
struct Handle {
    connections: DatabaseConnection,
    /// Who may wait for one.
    queue: Arc<Semaphore>,
    /// A place for each connection. They are waited for here, in order and as long as it takes: waiting for
    /// a connection itself then means that the server cannot be reached.
    places: Arc<Semaphore>,
    is_pooled: bool,
    only_reads: bool,
}

impl Handle {
    async fn migrate<M: MigratorTrait>(&self) -> Result<(), Error> {
        let migration = self.open().await?;
        connections::set_timeouts(&migration, None).await?;
        // Of several processes that start at once, one migrates and the others find it done.
        Lock::MIGRATION.hold(&migration).await?;
        steps::take::<M>(migration).await
    }

    async fn ask<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
        Q: FnOnce(Reading) -> F,
    {
        // A transaction costs two ways there and back; without a pooler, connections are as good.
        let reading = if self.is_pooled {
            Reading::Transaction(self.begin().await?)
        } else {
            Reading::Connection(self.connections.clone())
        };
        query(reading).await
    }

    /// Does a job, all but the commit.
    async fn carry_out<T, E, F>(&self, job: F) -> Result<(DatabaseTransaction, T), E>
    where
        E: Failure,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>>,
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
        let mut tries = Tries::at_start();
        while let Err(error) = write.migrate::<M>().await {
            if !tries.go_on_after(&error).await {
                return Err(error);
            }
        }
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
            let _place = read.place().await?;
            let mut tries = Tries::new(patience);
            let result = loop {
                match read.ask(query.clone()).await {
                    Err(error) if tries.go_on_after(&error).await => {}
                    result => break result,
                }
            };
            drop(queued);
            result
        });
        task.await.map_err(|_| Error::Closed)?
    }

    pub(crate) async fn write<T, E, F>(&self, job: F, patience: Patience) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>>
            + Clone
            + Send
            + 'static,
    {
        let queued = (self.write.queue(patience).await?, WRITE.begin(SYSTEM));
        let write = self.write.clone();
        let task = self.tasks.spawn(async move {
            let _place = write.place().await?;
            let mut tries = Tries::new(patience);
            let (transaction, result) = loop {
                match write.carry_out(job.clone()).await {
                    Err(error) if tries.go_on_after(&error).await => {}
                    done => break done?,
                }
            };
            // Whether a commit that fails was done is not known: it is not tried again.
            transaction.commit().await.map_err(Error::from)?;
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
        for connections in [self.read.connections, self.write.connections] {
            if let Err(error) = connections.close().await {
                tracing::warn!(%error, "the database did not close cleanly");
            }
        }
    }
}
