//! What the product does beside serving.

use std::path::PathBuf;

use auth_service::commands::{Place, certificates, keys, upkeep, users};
use chassis::healthcheck;
use chassis::process::Command;
use chassis::settings::Settings;
use chat_service::report;
use database::Url;

use crate::{config, make};

/// What the product does beside serving: the services' own commands, on the databases and keys in its
/// folder.
pub const COMMANDS: [Command; 15] = [
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
            let folder = config::folder(settings)?;
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
    upkeep::check::<Folder>(),
    healthcheck::command(|_, settings| {
        Some(healthcheck::of_http(config::read_listen(settings)?, "/readyz"))
    }),
];

/// The product's folder, where accounts and keys have their places.
enum Folder {}

impl Place for Folder {
    fn accounts(settings: &mut Settings) -> Option<Url> {
        let folder = config::folder(settings)?;
        config::accounts(settings, &folder)
    }

    fn accounts_and_keys(settings: &mut Settings) -> Option<(Url, PathBuf)> {
        let folder = config::folder(settings)?;
        Some((config::accounts(settings, &folder)?, config::keys(&folder)))
    }
}

fn conversations(settings: &mut Settings) -> Option<Url> {
    let folder = config::folder(settings)?;
    config::conversations(settings, &folder)
}

fn key_folder(settings: &mut Settings) -> Option<PathBuf> {
    config::folder(settings).map(|folder| config::keys(&folder))
}
