//! What the service does beside serving.

pub mod certificates;
pub mod keys;

use chassis::process::Command;

/// What the service does beside serving.
pub const COMMANDS: [Command; 4] = [keys::LIST, keys::ROTATE, keys::REVOKE, certificates::COMMAND];
