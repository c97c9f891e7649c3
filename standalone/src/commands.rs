//! What the product does beside serving.

use auth_service::certificates;
use chassis::process::Command;
use chat_service::report;

use crate::config;

/// What the product does beside serving: the services' own commands, on the databases in its folder.
pub const COMMANDS: [Command; 2] = [
    Command {
        read: |arguments, settings| {
            let folder = config::folder(settings);
            report::work(arguments, settings, folder.map(|folder| config::conversations(&folder)))
        },
        ..report::COMMAND
    },
    certificates::COMMAND,
];
