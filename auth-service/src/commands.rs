//! What the service does beside serving.

pub mod keys;

use chassis::process::Command;

/// What the service does beside serving.
pub const COMMANDS: [Command; 3] = [keys::LIST, keys::ROTATE, keys::REVOKE];
