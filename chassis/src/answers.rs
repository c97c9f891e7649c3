//! Answers until they are taken: whether a client takes what it asked for, and how much lies here until it
//! does.

mod answer;
mod backlog;
mod carried;
mod pace;

use std::time::Duration;

pub(crate) use backlog::Backlog;
pub(crate) use carried::Carried;
pub(crate) use pace::Pace;

/// For a client to take anything of what it is told, on any port.
pub(crate) const WRITE_STALL: Duration = Duration::from_secs(30);
/// Of all answers of a port that nobody has taken yet, in bytes.
pub(crate) const MAX_BACKLOG: u64 = 32 * 1024 * 1024;
