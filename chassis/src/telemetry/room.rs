//! Room: places where only so many are, and those who were sent away for want of one.

use metrics::{counter, gauge};

use super::metrics::{InUse, Kind, Measure};

const PLACES: &str = "aibuddy_permits_in_use";
const SHED: &str = "aibuddy_shed_total";

/// What is measured of it, by every service that has it.
pub const MEASURES: [Measure; 2] = [
    Measure {
        name: PLACES,
        what: "places that are taken where only so many are: passwords being hashed and in line for it, \
               turns at work",
        kind: Kind::Gauge,
    },
    Measure {
        name: SHED,
        what: "calls that were refused because there was no room",
        kind: Kind::Counter,
    },
];

/// A place of this kind that is taken, while this lives.
pub fn take(permit: &'static str) -> InUse {
    InUse::of(gauge!(PLACES, "permit" => permit))
}

/// A call for which there was no room.
pub fn shed(reason: &'static str) {
    counter!(SHED, "reason" => reason).increment(1);
}

/// Counts from the start, so that the first call for which there is no room is seen to come.
pub fn begin(reason: &'static str) {
    counter!(SHED, "reason" => reason).increment(0);
}
