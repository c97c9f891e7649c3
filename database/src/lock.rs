//! What only one transaction at a time does, and what it leaves to another.

use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, QuerySelect, Statement};

use crate::Error;

/// What only one transaction at a time does, wherever it runs. A transaction holds one at a time, or takes
/// those of one kind in rising order: so nobody waits for somebody who waits for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock(i64);

impl Lock {
    /// Changing the schema.
    pub(crate) const MIGRATION: Self = Self::of(0, 0);

    /// What is done for `id`, a number below 2^53, of this kind. Kinds of services that share a database
    /// differ; zero is taken.
    #[must_use]
    pub const fn of(kind: u8, id: i64) -> Self {
        Self(((kind as i64) << 53) ^ id)
    }

    /// Waits for whoever holds it, and holds it until the transaction ends. SQLite has one transaction
    /// at a time anyway.
    ///
    /// # Errors
    /// When it was waited for too long.
    pub async fn hold(self, tx: &DatabaseTransaction) -> Result<(), Error> {
        if tx.get_database_backend() == DbBackend::Postgres {
            let hold = "SELECT pg_advisory_xact_lock($1)";
            let hold = Statement::from_sql_and_values(DbBackend::Postgres, hold, [self.0.into()]);
            tx.query_one_raw(hold).await?;
        }
        Ok(())
    }
}

/// Rows that are swept away by the way.
pub trait Sweep: QuerySelect + Sized {
    /// At most `most` of these, without those that another transaction has: so two who clean up never wait
    /// for each other in a circle.
    #[must_use]
    fn some_to_sweep(self, most: u64) -> Self {
        self.limit(most).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
    }
}

impl<Q: QuerySelect> Sweep for Q {}
