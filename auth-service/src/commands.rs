//! What the service does beside serving.

pub mod certificates;
pub mod keys;
mod place;
pub mod upkeep;
pub mod users;

use chassis::process::Command;

pub use place::{OwnSettings, Place};

/// What the service does beside serving.
pub const COMMANDS: [Command; 13] = [
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
    upkeep::MIGRATE,
    upkeep::check::<OwnSettings>(),
];
