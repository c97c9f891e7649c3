//! What is measured of the auth service beside what every process measures.

use chassis::telemetry::metrics::{InUse, Measure};
use chassis::telemetry::room;

/// Everything that is measured of the auth service.
#[must_use]
pub fn measures() -> Vec<Measure> {
    room::MEASURES.into_iter().chain(database::MEASURES).collect()
}

/// What counts from the start, so that the first of it is seen to come.
pub(crate) fn begin() {
    room::begin("database");
    room::begin("hashing");
}

/// A password that is being hashed, while this lives.
pub(crate) fn hashing() -> InUse {
    room::take("hashing")
}

/// Somebody in line for a thread that hashes, while this lives.
pub(crate) fn hashing_line() -> InUse {
    room::take("hashing_line")
}
