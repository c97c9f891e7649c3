//! What is asked in one person's name: it is done only while they are there. What reads or writes for
//! somebody goes through here, so that nobody need remember to ask.

use std::future::Future;

use database::{Database, Job, Lock, Reading};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait as _};

use super::{Store, departed};
use crate::error::Error;

/// The database, in one person's name.
pub(super) struct Person<'a> {
    database: &'a Database,
    user_id: i64,
}

impl Store {
    /// In the name of this person.
    pub(super) fn of(&self, user_id: i64) -> Person<'_> {
        Person { database: &self.database, user_id }
    }
}

impl Person<'_> {
    /// As [`Database::read`].
    pub(super) async fn read<T, F, Q>(&self, query: Q) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        Q: FnOnce(Reading) -> F + Clone + Send + 'static,
    {
        self.database.read(if_there(self.user_id, query)).await
    }

    /// As [`Database::read_patiently`].
    pub(super) async fn read_patiently<T, F, Q>(&self, query: Q) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        Q: FnOnce(Reading) -> F + Clone + Send + 'static,
    {
        self.database.read_patiently(if_there(self.user_id, query)).await
    }

    /// As [`Database::write`]. Whether they are there is asked in the same transaction: once they are
    /// gone, nothing of theirs is written any more.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Job<T, Error>,
    {
        let user_id = self.user_id;
        self.database.write(move |tx| unless_gone(tx, user_id, job).boxed()).await
    }

    /// As [`Person::write`], for work that was taken on already.
    pub(super) async fn write_patiently<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Job<T, Error>,
    {
        let user_id = self.user_id;
        self.database.write_patiently(move |tx| unless_gone(tx, user_id, job).boxed()).await
    }
}

/// The query, asked only if they are there.
fn if_there<T, F, Q>(
    user_id: i64,
    query: Q,
) -> impl FnOnce(Reading) -> BoxFuture<'static, Result<T, Error>> + Clone + Send
where
    F: Future<Output = Result<T, Error>> + Send + 'static,
    Q: FnOnce(Reading) -> F + Clone + Send + 'static,
{
    move |read| {
        async move {
            must_be_there(&read, user_id).await?;
            query(read).await
        }
        .boxed()
    }
}

/// What is written for one person is written one after the other: whatever a job finds stays so until
/// it is done.
pub(super) const fn lock(user_id: i64) -> Lock {
    Lock::of(3, user_id)
}

async fn unless_gone<T, F>(tx: &DatabaseTransaction, user_id: i64, job: F) -> Result<T, Error>
where
    F: Job<T, Error>,
{
    lock(user_id).hold(tx).await?;
    must_be_there(tx, user_id).await?;
    job(tx).await
}

async fn must_be_there(connection: &impl ConnectionTrait, user_id: i64) -> Result<(), Error> {
    let gone = departed::Entity::find_by_id(user_id).one(connection).await?;
    gone.map_or(Ok(()), |_| Err(Error::AccountDeleted))
}
