//! The steps of a schema: which are done, which are not, and doing them while nobody is served.

use anyhow::Context as _;
use sea_orm::DatabaseTransaction;
use sea_orm_migration::MigratorTrait;

use crate::{Database, Error, Url};

/// Brings the database at `url` to the newest schema, creating it if need be. Says what it did.
///
/// # Errors
/// When it cannot be opened.
pub async fn migrate<M: MigratorTrait>(url: &Url) -> anyhow::Result<String> {
    let done = bring_up_to_date::<M>(url).await;
    let done = done.with_context(|| format!("the database {url} cannot be opened"))?;
    Ok(format!("{url}: {done}"))
}

async fn bring_up_to_date<M: MigratorTrait>(url: &Url) -> Result<String, Error> {
    let before = match pending::<M>(url).await {
        Err(Error::Missing) => None,
        before => Some(before?),
    };
    Database::open::<M>(url).await?.close().await;
    Ok(match before {
        None => {
            let steps: Vec<_> = M::migrations().iter().map(|step| step.name().to_owned()).collect();
            format!("made, with {}", steps.join(", "))
        }
        Some(steps) if steps.is_empty() => "is of this version already; nothing was changed".into(),
        Some(steps) => format!("brought to this version by {}", steps.join(", ")),
    })
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
