//! Core dumps: what a process had in memory when it crashed, its secrets and what people said included.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Has none written of this process.
pub(super) fn forbid() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "a crash may write what is in memory to disk");
    }
}
