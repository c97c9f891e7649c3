//! A file: reads that run beside each other, and one writer that commits in groups.

mod copying;
mod open;
mod presence;
mod wiper;
mod writer;

use std::future::Future;
use std::sync::Arc;

use chassis::tasks::Tasks;
use sea_orm::DatabaseConnection;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm_migration::MigratorTrait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::READ;
use crate::{Error, Job, MAX_READS, Reading, steps};

pub(crate) use copying::{copy, examine};
pub(crate) use open::visitor;
pub(crate) use presence::Presence;

/// What such a database is called where operations are measured.
pub(crate) const SYSTEM: &str = "sqlite";

/// A database in a file. Clones share it.
#[derive(Clone)]
pub(crate) struct File {
    read: DatabaseConnection,
    writer: writer::Writer,
    wiper: wiper::Wiper,
    reads: Arc<Semaphore>,
    tasks: Tasks,
    presence: Arc<Presence>,
}

impl File {
    pub(crate) async fn open<M: MigratorTrait>(
        place: &SqliteConnectOptions,
        presence: Presence,
    ) -> Result<Self, Error> {
        let write = open::writer(place).await?;
        // In one transaction: of several processes that start at once, one migrates and the others find
        // it done.
        let migration = writer::begin(&write).await?;
        steps::take::<M>(migration).await?;
        let read = open::readers(place).await?;
        let tasks = Tasks::new();
        Ok(Self {
            read,
            writer: writer::Writer::start(place, write, &tasks),
            wiper: wiper::Wiper::start(place, &tasks),
            reads: Arc::new(Semaphore::new(MAX_READS)),
            tasks,
            presence: Arc::new(presence),
        })
    }

    /// Lets other processes come in.
    pub(crate) fn settle(&self) {
        self.presence.settle();
    }

    pub(crate) async fn read<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(Reading) -> F,
    {
        let place = self.reads.clone().try_acquire_owned().map_err(|_| Error::Overloaded)?;
        self.run(query, place).await
    }

    pub(crate) async fn read_patiently<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(Reading) -> F,
    {
        let place = self.reads.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        self.run(query, place).await
    }

    async fn run<T, E, F, Q>(&self, query: Q, place: OwnedSemaphorePermit) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(Reading) -> F,
    {
        let (query, in_use) = (query(Reading::Connection(self.read.clone())), READ.begin(SYSTEM));
        let task = self.tasks.spawn(async move {
            let result = query.await;
            drop((place, in_use));
            result
        });
        task.await.map_err(|_| Error::Closed)?
    }

    pub(crate) async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Job<T, E>,
    {
        self.writer.write(job).await
    }

    pub(crate) async fn write_patiently<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Job<T, E>,
    {
        self.writer.write_patiently(job).await
    }

    pub(crate) fn wipe(&self) {
        self.wiper.wipe();
    }

    pub(crate) async fn close(self) {
        self.wiper.stop();
        self.writer.stop();
        if !self.tasks.drain(chassis::process::SHUTDOWN_LIMIT).await {
            tracing::warn!("the database was still at work when it was closed");
        }
        if let Err(error) = self.read.close().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }
}
