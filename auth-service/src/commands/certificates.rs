//! The command `certificates make`: what services show each other, made for all of them at once.

use chassis::authority::{self, Service};
use chassis::process::Command;
use proto::services;

use crate::config::Config;

/// Who gets a certificate, and where each looks for it.
const SERVICES: [Service; 3] = [
    Service { name: Config::NAME, setting: "AUTH_TLS_DIR" },
    Service { name: services::CHAT, setting: "CHAT_TLS_DIR" },
    Service { name: services::GATEWAY, setting: "GATEWAY_TLS_DIR" },
];

/// The command.
pub const COMMAND: Command = Command {
    name: "certificates make",
    usage: "DIR",
    what: "an authority in a new folder, and certificates by which the services know each other",
    read: |arguments, settings| authority::work(arguments, settings, &SERVICES),
};
