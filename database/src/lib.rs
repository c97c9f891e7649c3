//! How a service keeps things.
//!
//! SQLite opened with care, reads that run beside each other, and one writer that commits in
//! groups: many writes share one `fsync`, which is what makes durable cheap. No future that holds
//! a connection is ever dropped half-way: reads and writes run in tasks of their own, so that a
//! caller who hangs up cannot leave a connection in the middle of something.

mod error;
mod metrics;
mod open;
mod presence;
mod steps;
mod wiper;
mod writer;

use std::future::Future;
use std::sync::Arc;

use chassis::tasks::Tasks;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use sea_orm_migration::MigratorTrait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::metrics::{READ, WRITE};

pub use self::metrics::MEASURES;
pub use error::Error;
pub use open::{Url, file};
pub use steps::{Migrated, migrate, pending};

/// Reads waiting or running at once; more are turned away, so that they fail at once, not late.
const MAX_READS: usize = 256;

/// A database of one service. Clones share it.
#[derive(Clone)]
pub struct Database {
    read: DatabaseConnection,
    writer: writer::Writer,
    wiper: wiper::Wiper,
    reads: Arc<Semaphore>,
    tasks: Tasks,
    presence: Arc<presence::Presence>,
}

impl Database {
    /// Opens the database at `url` (`sqlite:PATH`), creates it if need be, and migrates it.
    pub async fn open<M: MigratorTrait>(url: &str) -> Result<Self, Error> {
        Self::open_and_recover::<M, Error, _>(url, async |_| Ok(())).await
    }

    /// As [`Database::open`]. If no other process has the database open, whatever was at work in it
    /// belongs to nobody any more: `recover` puts that in order before anybody else comes in.
    pub async fn open_and_recover<M: MigratorTrait, E: From<Error>, R>(
        url: &str,
        recover: R,
    ) -> Result<Self, E>
    where
        R: AsyncFnOnce(Self) -> Result<(), E>,
    {
        let (presence, is_alone) = presence::Presence::announce(&open::file(url)?).await;
        let database = Self::connect::<M>(url, presence).await?;
        if is_alone {
            recover(database.clone()).await?;
        }
        database.presence.settle();
        Ok(database)
    }

    /// Opens a database that is there already for somebody who only looks: it is not made, not migrated
    /// and not announced, and whoever works with it notices nothing.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is none; what the database says if it cannot be read.
    pub async fn open_to_read(url: &str) -> Result<DatabaseConnection, Error> {
        open::visitor(url).await
    }

    async fn connect<M: MigratorTrait>(
        url: &str,
        presence: presence::Presence,
    ) -> Result<Self, Error> {
        let write = open::writer(url).await?;
        // In one transaction: of several processes that start at once, one migrates and the others find
        // it done.
        let migration = writer::begin(&write).await?;
        M::up(&migration, None).await?;
        migration.commit().await?;
        let read = open::readers(url).await?;
        let tasks = Tasks::new();
        Ok(Self {
            read,
            writer: writer::Writer::start(url, write, &tasks),
            wiper: wiper::Wiper::start(url, &tasks),
            reads: Arc::new(Semaphore::new(MAX_READS)),
            tasks,
            presence: Arc::new(presence),
        })
    }

    /// Runs a query. It sees what was committed before it began.
    ///
    /// # Errors
    /// What the query returned, or [`Error::Overloaded`] when too many are waiting.
    pub async fn read<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(DatabaseConnection) -> F,
    {
        let place = self.reads.clone().try_acquire_owned().map_err(|_| Error::Overloaded)?;
        self.run(query, place).await
    }

    /// As [`Database::read`], for work that was taken on already: it waits for its turn.
    pub async fn read_patiently<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(DatabaseConnection) -> F,
    {
        let place = self.reads.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        self.run(query, place).await
    }

    async fn run<T, E, F, Q>(&self, query: Q, place: OwnedSemaphorePermit) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(DatabaseConnection) -> F,
    {
        let (query, in_use) = (query(self.read.clone()), READ.begin());
        let task = self.tasks.spawn(async move {
            let result = query.await;
            drop((place, in_use));
            result
        });
        let _watched = READ.watch();
        task.await.map_err(|_| Error::Closed)?
    }

    /// Runs `job` in a transaction and returns after the commit. An error undoes the job alone,
    /// whatever else is committed with it.
    ///
    /// # Errors
    /// What the job returned, the commit's error, or [`Error::Overloaded`] when too many are waiting.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let _watched = WRITE.watch();
        self.writer.write(job).await
    }

    /// As [`Database::write`], for work that was taken on already: it waits for room in the queue.
    pub async fn write_patiently<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let _watched = WRITE.watch();
        self.writer.write_patiently(job).await
    }

    /// Has what was deleted vanish from the database's log, too, in a second or as soon as nobody reads
    /// any more what was there before.
    pub fn wipe(&self) {
        self.wiper.wipe();
    }

    /// Whether it answers: who reads, and who writes.
    pub async fn is_well(&self) -> bool {
        let read = self.read_patiently(|read| async move { Ok::<_, Error>(read.ping().await?) });
        let write = self.write_patiently(|_| async { Ok::<_, Error>(()) }.boxed());
        read.await.is_ok() && write.await.is_ok()
    }

    /// Finishes what was asked for, then closes. Anything asked for afterwards fails.
    pub async fn close(self) {
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
