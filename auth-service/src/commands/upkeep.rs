//! The commands `migrate` and `check`: what is done before a service starts, and a look at whether it
//! could.

mod check;
mod report;

use anyhow::Context as _;
use chassis::clock;
use chassis::process::Command;
use database::Url;

use super::{OwnSettings, Place};
use crate::config::Config;
use crate::migrations::Migrator;

/// Brings the database to the newest schema.
pub const MIGRATE: Command = Command {
    name: "migrate",
    usage: "",
    what: "makes the database or brings it to this version, as every start does, and says what was done",
    read: |_, settings| {
        let url = OwnSettings::accounts(settings)?;
        Some(Box::pin(async move { migrate(&url).await }))
    },
};

/// Looks at everything that the service needs.
#[must_use]
pub const fn check<P: Place>() -> Command {
    Command {
        name: "check",
        usage: "",
        what: "looks at keys, peppers and the database of accounts, and changes nothing; fails if one is \
               not as it should be. May run beside the service",
        read: |_, settings| {
            let (place, cost) = (P::accounts_and_keys(settings), Config::read_cost(settings));
            let ((url, keys), cost) = (place?, cost?);
            Some(Box::pin(async move { check::run(&url, &keys, cost, clock::now()).await }))
        },
    }
}

/// Brings the database of accounts to the newest schema, creating it if need be. Says what it did.
///
/// # Errors
/// When the database cannot be opened.
pub async fn migrate(url: &Url) -> anyhow::Result<String> {
    let migrated = database::migrate::<Migrator>(url).await;
    let migrated = migrated.with_context(|| format!("the database {url} cannot be opened"))?;
    Ok(format!("{url}: {migrated}"))
}
