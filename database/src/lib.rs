//! How a service keeps things.
//!
//! In a file, opened with care, with reads that run beside each other and one writer that commits in
//! groups: many writes share one `fsync`, which is what makes durable cheap. Or on a PostgreSQL server,
//! where several processes share it. Reads and writes run in tasks of their own, so that a caller who hangs up
//! cannot leave a connection in the middle of something: one is given up half-way only if nothing is heard of its
//! server any more, and not used again.

mod check;
mod copies;
mod error;
mod job;
mod lock;
mod metrics;
mod postgres;
mod reading;
mod sqlite;
mod steps;
mod url;
mod visitor;

use std::future::Future;

use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::MigratorTrait;

use crate::metrics::{READ, WRITE};
use crate::postgres::{Patience, Remote};
use crate::sqlite::{File, Presence};
use crate::url::Place;

pub use check::check;
pub use copies::{copy, examine};
pub use error::{Error, Failure};
pub use job::Job;
pub use lock::{Lock, Sweep};
pub use metrics::MEASURES;
pub use reading::Reading;
pub use steps::{migrate, must_be_complete, pending};
pub use url::Url;
pub use visitor::Visitor;

/// Reads waiting or running at once; more are turned away, so that they fail at once, not late.
const MAX_READS: usize = 256;

/// A database of one service. Clones share it.
#[derive(Clone)]
pub struct Database(Kind);

#[derive(Clone)]
enum Kind {
    File(File),
    Remote(Remote),
}

impl Database {
    /// Opens the database at `url`, creates its file if need be, and migrates it.
    pub async fn open<M: MigratorTrait>(url: &Url) -> Result<Self, Error> {
        Self::open_and_recover::<M, Error, _>(url, async |_| Ok(())).await
    }

    /// As [`Database::open`]. If no other process has the database open, whatever was at work in it
    /// belongs to nobody any more: `recover` puts that in order before anybody else comes in. Of a server
    /// that is never known.
    pub async fn open_and_recover<M: MigratorTrait, E: From<Error>, R>(
        url: &Url,
        recover: R,
    ) -> Result<Self, E>
    where
        R: AsyncFnOnce(Self) -> Result<(), E>,
    {
        let place = match url.place() {
            Place::Sqlite(place) => place,
            Place::Postgres(server) => {
                return Ok(Self(Kind::Remote(Remote::open::<M>(server).await?)));
            }
        };
        let (presence, is_alone) = Presence::announce(place.get_filename()).await;
        let file = File::open::<M>(place, presence).await?;
        let database = Self(Kind::File(file.clone()));
        if is_alone {
            recover(database.clone()).await?;
        }
        file.settle();
        Ok(database)
    }

    /// Opens a database that is there already for somebody who only looks: it is not made, not migrated
    /// and not announced, and whoever works with it notices nothing.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is none; what the database says if it cannot be read.
    pub async fn open_to_read(url: &Url) -> Result<Visitor, Error> {
        Visitor::open(url).await
    }

    /// Which language it speaks.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        match self.0 {
            Kind::File(_) => DbBackend::Sqlite,
            Kind::Remote(_) => DbBackend::Postgres,
        }
    }

    fn system(&self) -> &'static str {
        match self.0 {
            Kind::File(_) => sqlite::SYSTEM,
            Kind::Remote(_) => postgres::SYSTEM,
        }
    }

    /// Runs a query. It sees what was committed before it began. What fails for a reason that passes is
    /// asked again.
    ///
    /// # Errors
    /// What the query returned, or [`Error::Overloaded`] when too many are waiting.
    pub async fn read<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(Reading) -> F + Clone + Send + 'static,
    {
        let _watched = READ.watch(self.system());
        match &self.0 {
            Kind::File(file) => file.read(query).await,
            Kind::Remote(remote) => remote.read(query, Patience::Short).await,
        }
    }

    /// As [`Database::read`], for work that was taken on already: it waits for its turn.
    pub async fn read_patiently<T, E, F, Q>(&self, query: Q) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Future<Output = Result<T, E>> + Send + 'static,
        Q: FnOnce(Reading) -> F + Clone + Send + 'static,
    {
        let _watched = READ.watch(self.system());
        match &self.0 {
            Kind::File(file) => file.read_patiently(query).await,
            Kind::Remote(remote) => remote.read(query, Patience::Long).await,
        }
    }

    /// Runs `job` in a transaction and returns after the commit. An error undoes the job alone,
    /// whatever else is committed with it. A job that was undone for a reason that passes, such as another
    /// transaction in its way, is done again.
    ///
    /// # Errors
    /// What the job returned, the commit's error, or [`Error::Overloaded`] when too many are waiting.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Job<T, E>,
    {
        self.commit(job, Patience::Short).await
    }

    /// As [`Database::write`], for work that was taken on already: it waits for room in the queue.
    pub async fn write_patiently<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Job<T, E>,
    {
        self.commit(job, Patience::Long).await
    }

    /// As [`Database::write_patiently`], for a job of so many statements that nobody can say how long it takes.
    pub async fn write_at_length<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Job<T, E>,
    {
        self.commit(job, Patience::AtLength).await
    }

    async fn commit<T, E, F>(&self, job: F, patience: Patience) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
        F: Job<T, E>,
    {
        let _watched = WRITE.watch(self.system());
        match (&self.0, patience) {
            (Kind::File(file), Patience::Short) => file.write(job).await,
            (Kind::File(file), _) => file.write_patiently(job).await,
            (Kind::Remote(remote), patience) => remote.write(job, patience).await,
        }
    }

    /// Has what was deleted vanish from a file's log, too, in a second or as soon as nobody reads
    /// any more what was there before. A server does so by itself, when it cleans up.
    pub fn wipe(&self) {
        match &self.0 {
            Kind::File(file) => file.wipe(),
            Kind::Remote(_) => {}
        }
    }

    /// Whether it answers: who reads, and who writes.
    pub async fn is_well(&self) -> bool {
        let read = self.read_patiently(|read| async move {
            Ok::<_, Error>(read.execute_unprepared("SELECT 1").await.map(drop)?)
        });
        let write = self.write_patiently(|_| async { Ok::<_, Error>(()) }.boxed());
        let (read, write) = futures_util::join!(read, write);
        read.is_ok() && write.is_ok()
    }

    /// Finishes what was asked for, then closes. Anything asked for afterwards fails.
    pub async fn close(self) {
        match self.0 {
            Kind::File(file) => file.close().await,
            Kind::Remote(remote) => remote.close().await,
        }
    }
}
