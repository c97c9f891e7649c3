//! What the product does beside serving.

mod backups;

use std::path::PathBuf;

use auth_service::commands::{Place, certificates, keys, upkeep, users};
use chassis::healthcheck;
use chassis::process::Command;
use chassis::settings::Settings;
use chat_service::report;
use database::Url;

use crate::numbers::Numbers;
use crate::{config, make};

/// What the product does beside serving: the services' own commands, on the databases and keys in its
/// folder.
pub const COMMANDS: [Command; 18] = [
    users::list::<Folder>(),
    users::show::<Folder>(),
    users::create::<Folder>(),
    users::set_password::<Folder>(),
    users::deactivate::<Folder>(),
    users::activate::<Folder>(),
    users::delete::<Folder>(),
    Command {
        read: |arguments, settings| {
            let conversations = conversations(settings);
            report::work(arguments, settings, conversations)
        },
        ..report::COMMAND
    },
    Command { read: |_, settings| keys::list(key_folder(settings)), ..keys::LIST },
    Command {
        read: |arguments, settings| keys::rotate(arguments, key_folder(settings)),
        ..keys::ROTATE
    },
    Command {
        read: |arguments, settings| {
            let folder = key_folder(settings);
            keys::revoke(arguments, settings, folder)
        },
        ..keys::REVOKE
    },
    certificates::COMMAND,
    Command {
        what: "makes both databases or brings them to this version, as every start does, and says what was \
               done",
        read: |_, settings| {
            let folder = folder(settings)?;
            let accounts = config::accounts(settings, &folder);
            let conversations = config::conversations(settings, &folder);
            let (accounts, conversations) = (accounts?, conversations?);
            Some(Box::pin(async move {
                make(&folder)?;
                let accounts = auth_service::migrate(&accounts).await?;
                let conversations = chat_service::migrate(&conversations).await?;
                Ok(format!("{accounts}\n{conversations}"))
            }))
        },
        ..upkeep::MIGRATE
    },
    Command {
        what: "looks at keys, peppers and both databases, and changes nothing; fails if one is not as it \
               should be, or if what was said, or a reply, is missing. May run beside the service",
        read: |_, settings| {
            let accounts = upkeep::read_check::<Folder>(settings);
            let (accounts, conversations) = (accounts?, conversations(settings)?);
            let folder = folder(settings)?;
            let url = config::accounts(settings, &folder)?;
            Some(Box::pin(async move {
                let of_accounts = accounts.await;
                let mut all = of_accounts.and(chat_service::upkeep::check(&conversations).await);
                // Where one cannot be read, that was told.
                if let Ok(numbers) = Numbers::read(&url, &conversations).await {
                    all.add("numbers", numbers.check(), |()| {
                        "no account will have the number of somebody else".to_owned()
                    });
                }
                all.finish()
            }))
        },
        ..upkeep::CHECK
    },
    backups::BACKUP,
    backups::RESTORE,
    backups::RESTORED,
    healthcheck::command(|_, settings| {
        Some(healthcheck::of_http(config::read_listen(settings)?, "/readyz"))
    }),
];

/// The product's folder, where accounts and keys have their places.
enum Folder {}

impl Place for Folder {
    fn accounts(settings: &mut Settings) -> Option<Url> {
        let folder = folder(settings)?;
        config::accounts(settings, &folder)
    }

    fn accounts_and_keys(settings: &mut Settings) -> Option<(Url, PathBuf)> {
        let folder = folder(settings)?;
        Some((config::accounts(settings, &folder)?, config::keys(&folder)))
    }
}

/// The product's folder, where no restore was cut off in the middle of it.
fn folder(settings: &mut Settings) -> Option<PathBuf> {
    let folder = config::folder(settings)?;
    let whole = crate::backups::check(&folder);
    whole
        .inspect_err(|error| settings.problem("AI_BUDDY_DATA", &format!("cannot be used: {error}")))
        .ok()?;
    Some(folder)
}

fn conversations(settings: &mut Settings) -> Option<Url> {
    let folder = folder(settings)?;
    config::conversations(settings, &folder)
}

fn key_folder(settings: &mut Settings) -> Option<PathBuf> {
    folder(settings).map(|folder| config::keys(&folder))
}
