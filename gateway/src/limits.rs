//! What is left of a person's limits, in the headers of the IETF's `RateLimit` draft.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use proto::chat::v1 as pb;
use serde::Serialize;

/// The limits as such.
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of them.
pub(crate) const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// A limit, and how much of it is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Limit {
    policy: String,
    quota: i64,
    remaining: i64,
    /// Seconds until all are there again; `None` for a limit without a window.
    reset: Option<i64>,
}

impl Limit {
    /// Reads what a service tells beside a refusal.
    pub(crate) fn of_metadata(metadata: &HashMap<String, String>) -> Option<Self> {
        let number = |name| metadata.get(name).and_then(|value| value.parse().ok());
        let policy = metadata.get("policy")?.clone();
        let (quota, remaining) = (number("quota")?, number("remaining")?);
        Some(Self { policy, quota, remaining, reset: number("reset") })
    }

    fn policy(&self) -> String {
        let unit = match self.policy.as_str() {
            "daily" => ";w=86400",
            "turns" => ";qu=\"concurrent-requests\"",
            _ => "",
        };
        format!("\"{}\";q={}{unit}", self.policy, self.quota)
    }

    fn left(&self) -> String {
        let reset = self.reset.map(|seconds| format!(";t={seconds}")).unwrap_or_default();
        format!("\"{}\";r={}{reset}", self.policy, self.remaining)
    }
}

impl From<pb::RateLimit> for Limit {
    fn from(limit: pb::RateLimit) -> Self {
        // Rounded up: whoever comes back then does not come too early.
        let reset = limit.reset.map(|reset| reset.seconds + i64::from(reset.nanos > 0));
        Self { policy: limit.policy, quota: limit.quota, remaining: limit.remaining, reset }
    }
}

/// Writes the headers; none if there is nothing to tell.
pub(crate) fn write(headers: &mut HeaderMap, limits: &[Limit]) {
    let mut insert = |name, line: Vec<String>| {
        if let Ok(value) = HeaderValue::from_str(&line.join(", ")) {
            headers.insert(name, value);
        }
    };
    if !limits.is_empty() {
        insert(POLICY, limits.iter().map(Limit::policy).collect());
        insert(LEFT, limits.iter().map(Limit::left).collect());
    }
}
