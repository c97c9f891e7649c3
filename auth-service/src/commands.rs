//! What the service does beside serving.

pub mod certificates;
pub mod keys;
mod place;
mod preparation;
pub mod restored;
pub mod upkeep;
pub mod users;

use chassis::healthcheck;
use chassis::process::Command;

use crate::config::Config;

pub use place::{OwnSettings, Place};

/// What the service does beside serving.
pub const COMMANDS: [Command; 16] = [
    users::list::<OwnSettings>(),
    users::show::<OwnSettings>(),
    users::create::<OwnSettings>(),
    users::set_password::<OwnSettings>(),
    users::deactivate::<OwnSettings>(),
    users::activate::<OwnSettings>(),
    users::delete::<OwnSettings>(),
    keys::LIST,
    keys::ROTATE,
    keys::REVOKE,
    certificates::COMMAND,
    preparation::COMMAND,
    upkeep::MIGRATE,
    upkeep::CHECK,
    restored::COMMAND,
    HEALTHCHECK,
];

const HEALTHCHECK: Command = healthcheck::command(|_, settings| {
    let (listen, identity) = (Config::read_listen(settings), Config::read_identity(settings, &[]));
    Some(healthcheck::of_grpc(listen?, identity?, Config::NAME))
});
