//! What the product does beside serving.

use std::path::PathBuf;

use auth_service::commands::{certificates, keys};
use chassis::process::Command;
use chassis::settings::Settings;
use chat_service::report;

use crate::config;

/// What the product does beside serving: the services' own commands, on the databases and keys in its
/// folder.
pub const COMMANDS: [Command; 5] = [
    Command {
        read: |arguments, settings| {
            let folder = config::folder(settings);
            report::work(arguments, settings, folder.map(|folder| config::conversations(&folder)))
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
];

fn key_folder(settings: &mut Settings) -> Option<PathBuf> {
    config::folder(settings).map(|folder| config::keys(&folder))
}
