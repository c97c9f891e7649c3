//! What is measured of the auth service beside what every process measures.

use chassis::telemetry::metrics::{InUse, Kind, Measure};
use metrics::{counter, gauge};

/// What is measured of the auth service.
const OWN: [Measure; 2] = [
    Measure {
        name: "aibuddy_permits_in_use",
        what: "places that are taken where only so many are: passwords being hashed and in line for it, \
               turns at work",
        kind: Kind::Gauge,
    },
    Measure {
        name: "aibuddy_shed_total",
        what: "calls that were refused because there was no room",
        kind: Kind::Counter,
    },
];

/// Everything that is measured of the auth service.
#[must_use]
pub fn measures() -> Vec<Measure> {
    OWN.into_iter().chain(database::MEASURES).collect()
}

/// A password that is being hashed, while this lives.
pub(crate) fn hashing() -> InUse {
    InUse::of(gauge!("aibuddy_permits_in_use", "permit" => "hashing"))
}

/// Somebody in line for a thread that hashes, while this lives.
pub(crate) fn hashing_line() -> InUse {
    InUse::of(gauge!("aibuddy_permits_in_use", "permit" => "hashing_line"))
}

/// A call for which there was no room: to hash a password, or in the database.
pub(crate) fn shed(reason: &'static str) {
    counter!("aibuddy_shed_total", "reason" => reason).increment(1);
}
