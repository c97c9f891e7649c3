//! The one place where the time is read. Everywhere else it is an argument.

use chrono::{DateTime, SubsecRound as _, Utc};

/// The time in UTC, cut to microseconds: the finest that every database keeps.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the edge at which the time is read")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Whole seconds since the Unix epoch, as tokens count them.
#[must_use]
pub fn unix_seconds(time: DateTime<Utc>) -> u64 {
    u64::try_from(time.timestamp()).unwrap_or_default()
}

/// A time as protobuf writes it.
#[must_use]
pub fn timestamp(time: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}

/// A length of time as protobuf writes it.
#[must_use]
pub fn duration(length: std::time::Duration) -> prost_types::Duration {
    let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(length.subsec_nanos()).unwrap_or_default();
    prost_types::Duration { seconds, nanos }
}

/// Reads what [`timestamp`] wrote; `None` for a time out of range.
#[must_use]
pub fn from_timestamp(time: &prost_types::Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?)
}
