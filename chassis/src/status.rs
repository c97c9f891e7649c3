//! Errors on the wire: a gRPC status with a machine-readable reason (AIP-193), and back.
//!
//! The vocabulary of reasons belongs to the contracts; here they are just strings.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// What a failed call tells its caller.
#[derive(Debug)]
pub struct Failure<'a> {
    /// The gRPC code.
    pub code: Code,
    /// For programs: `UPPER_SNAKE_CASE`, stable.
    pub reason: &'a str,
    /// Whose vocabulary `reason` is from.
    pub domain: &'a str,
    /// For people reading logs.
    pub message: &'a str,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
    /// Which field is wrong, and how.
    pub field: Option<(&'a str, &'a str)>,
    /// More for programs, such as which limit was reached.
    pub metadata: &'a [(&'a str, String)],
}

impl From<Failure<'_>> for Status {
    fn from(failure: Failure<'_>) -> Self {
        let metadata = failure.metadata.iter();
        let metadata: HashMap<_, _> =
            metadata.map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let mut details = ErrorDetails::with_error_info(failure.reason, failure.domain, metadata);
        if let Some(delay) = failure.retry_after {
            details.set_retry_info(Some(delay));
        }
        if let Some((field, description)) = failure.field {
            details.add_bad_request_violation(field, description);
        }
        Self::with_error_details(failure.code, failure.message, details)
    }
}

/// The reason of a status and the domain it is from, if it has one.
#[must_use]
pub fn reason(status: &Status) -> Option<(String, String)> {
    status.get_details_error_info().map(|info| (info.domain, info.reason))
}

/// When the callee thinks it is worth trying again.
#[must_use]
pub fn retry_after(status: &Status) -> Option<Duration> {
    status.get_details_retry_info().and_then(|info| info.retry_delay)
}

/// The wrong field and what is wrong with it, if the callee named one.
#[must_use]
pub fn field(status: &Status) -> Option<(String, String)> {
    let violation = status.get_details_bad_request()?.field_violations.into_iter().next()?;
    Some((violation.field, violation.description))
}

/// What else the callee told programs; empty if nothing.
#[must_use]
pub fn metadata(status: &Status) -> HashMap<String, String> {
    status.get_details_error_info().map(|info| info.metadata).unwrap_or_default()
}
