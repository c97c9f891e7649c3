//! Opening the accounts beside whoever works with them.

use anyhow::{Context as _, bail};
use database::{Database, Error, Url};

use crate::migrations::Migrator;
use crate::store::Store;

/// Does some work on the accounts at `url`. None are made in a wrong place, and the schema stays as it
/// is: that is for the service, or for somebody who means it.
pub(super) async fn open(
    url: Url,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    match database::must_be_complete::<Migrator>(&url).await {
        Err(Error::Missing) => {
            bail!(
                "there is no database at {url}; if it belongs there, a service that starts makes it, or the command \
                 migrate"
            )
        }
        found => found.with_context(|| format!("the database {url} cannot be used"))?,
    }
    let opened = Database::open::<Migrator>(&url).await;
    let database = opened.with_context(|| format!("the database {url} cannot be opened"))?;
    let outcome = work(&Store::new(database.clone())).await;
    database.close().await;
    outcome
}
