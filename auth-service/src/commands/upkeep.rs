//! The commands `migrate` and `check`: what is done before a service starts, and a look at whether it
//! could.

mod check;

use chassis::checkup::Checkup;
use chassis::clock;
use chassis::process::Command;
use chassis::settings::Settings;
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
pub const CHECK: Command = Command {
    name: "check",
    usage: "",
    what: "looks at keys, peppers and the database of accounts, and changes nothing; fails if one is \
           not as it should be. May run beside the service",
    read: |_, settings| {
        let checkup = read_check::<OwnSettings>(settings)?;
        Some(Box::pin(async move { checkup.await.finish() }))
    },
};

/// Reads where everything is that the service needs. `None`: the settings know what is wrong. What it returns
/// looks at that, and changes nothing.
pub fn read_check<P: Place>(
    settings: &mut Settings,
) -> Option<impl Future<Output = Checkup> + use<P>> {
    let (place, cost) = (P::accounts_and_keys(settings), Config::read_cost(settings));
    let ((url, keys), cost) = (place?, cost?);
    Some(async move { check::run(&url, &keys, cost, clock::now()).await })
}

/// Brings the database of accounts to the newest schema, creating it if need be. Says what it did.
///
/// # Errors
/// When the database cannot be opened.
pub async fn migrate(url: &Url) -> anyhow::Result<String> {
    database::migrate::<Migrator>(url).await
}
