//! The steps of a schema: which are done, which are not, and doing them while nobody is served.

use std::fmt;

use anyhow::Context as _;
use sea_orm::DatabaseTransaction;
use sea_orm_migration::MigratorTrait;

use crate::{Database, Error, Url};

/// What [`migrate`] did.
struct Migrated {
    /// Whether there was nothing before.
    is_new: bool,
    /// The steps that it took, in order.
    steps: Vec<String>,
}

/// Brings the database at `url` to the newest schema, creating it if need be. Says what it did.
///
/// # Errors
/// When it cannot be opened.
pub async fn migrate<M: MigratorTrait>(url: &Url) -> anyhow::Result<String> {
    let migrated = bring_up_to_date::<M>(url).await;
    let migrated = migrated.with_context(|| format!("the database {url} cannot be opened"))?;
    Ok(format!("{url}: {migrated}"))
}

async fn bring_up_to_date<M: MigratorTrait>(url: &Url) -> Result<Migrated, Error> {
    let before = match pending::<M>(url).await {
        Err(Error::Missing) => None,
        before => Some(before?),
    };
    Database::open::<M>(url).await?.close().await;
    let is_new = before.is_none();
    let steps = before
        .unwrap_or_else(|| M::migrations().iter().map(|step| step.name().to_owned()).collect());
    Ok(Migrated { is_new, steps })
}

/// Takes all steps that were not taken yet: all of them, or none.
pub(crate) async fn take<M: MigratorTrait>(transaction: DatabaseTransaction) -> Result<(), Error> {
    M::up(&transaction, None).await?;
    Ok(transaction.commit().await?)
}

/// The steps that the database at `url` has not taken yet. Changes nothing.
///
/// # Errors
/// [`Error::Missing`] if there is none; what the database says if it cannot be read, or has taken
/// steps that are not known here.
pub async fn pending<M: MigratorTrait>(url: &Url) -> Result<Vec<String>, Error> {
    let visitor = Database::open_to_read(url).await?;
    let pending = visitor.read(|read| async move {
        let steps = M::get_pending_migrations_read_only(&read).await?;
        Ok(steps.iter().map(|step| step.name().to_owned()).collect())
    });
    let pending = pending.await;
    visitor.close().await?;
    pending
}

/// Makes sure that the database at `url` has taken all steps. Changes nothing.
///
/// # Errors
/// As [`pending`], and [`Error::Behind`].
pub async fn must_be_complete<M: MigratorTrait>(url: &Url) -> Result<(), Error> {
    let steps = pending::<M>(url).await?;
    if steps.is_empty() { Ok(()) } else { Err(Error::Behind(steps.join(", "))) }
}

impl fmt::Display for Migrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.join(", ");
        match (self.is_new, self.steps.is_empty()) {
            (true, _) => write!(f, "made, with {steps}"),
            (false, true) => f.write_str("is of this version already; nothing was changed"),
            (false, false) => write!(f, "brought to this version by {steps}"),
        }
    }
}
