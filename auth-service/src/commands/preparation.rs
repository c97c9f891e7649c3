//! The command `prepare`: what the services of one machine need before their first start.

use chassis::preparation::{self, Needs};
use chassis::process::Command;
use proto::services;

use crate::config::Config;

/// Who is given a certificate, and who a password: owners of a database, and the administrator of both.
const NEEDS: Needs = Needs {
    services: &[Config::NAME, services::CHAT, services::GATEWAY],
    passwords: &["auth", "chat", "postgres"],
};

/// The command.
pub(super) const COMMAND: Command = Command {
    name: "prepare",
    usage: "DIR",
    what: "certificates in a folder for each service and passwords of databases, as a first start of all of \
           them needs; leaves alone what is there",
    read: |arguments, settings| preparation::work(arguments, settings, NEEDS),
};
