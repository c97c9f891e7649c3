//! The commands `migrate` and `check`: what is done before a service starts, and a look at whether what it
//! keeps is whole.

mod check;

use chassis::checkup::Checkup;
use chassis::process::Command;
use chassis::settings::Settings;
use database::Url;

use crate::Config;
use crate::migrations::Migrator;

/// Brings the database of conversations to the newest schema.
pub const MIGRATE: Command = Command {
    name: "migrate",
    usage: "",
    what: "makes the database or brings it to this version, as every start does, and says what was done",
    read: |_, settings| {
        let url = read_url(settings)?;
        Some(Box::pin(async move { migrate(&url).await }))
    },
};

/// Looks at whether what is kept is whole.
pub const CHECK: Command = Command {
    name: "check",
    usage: "",
    what: "looks at the database of conversations, and changes nothing; fails if what was said, or a reply, \
           is missing. May run beside the service",
    read: |_, settings| {
        let url = read_url(settings)?;
        Some(Box::pin(async move { check(&url).await.finish() }))
    },
};

fn read_url(settings: &mut Settings) -> Option<Url> {
    Url::read(settings, Config::DATABASE, "conversations")
}

/// Brings the database of conversations to the newest schema, creating it if need be. Says what it did.
///
/// # Errors
/// When the database cannot be opened.
pub async fn migrate(url: &Url) -> anyhow::Result<String> {
    database::migrate::<Migrator>(url).await
}

/// Looks at whether what is kept in the database at `url` is whole, and changes nothing.
pub async fn check(url: &Url) -> Checkup {
    check::run(url).await
}
