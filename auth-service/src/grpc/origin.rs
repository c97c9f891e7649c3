//! Where a call comes from.

use std::net::IpAddr;

use chassis::identity::{Caller, Peer};
use proto::auth::CLIENT_METADATA;
use proto::services;
use tonic::Request;

use crate::limits::Origin;

/// The services that stand between people and this one.
const BETWEEN: [&str; 1] = [services::GATEWAY];

/// Where a call comes from. What it says of that itself counts only if it shows that it is from a service
/// that stands between; otherwise it comes from where its connection does.
pub(super) fn of<T>(request: &Request<T>) -> Origin {
    let told = || {
        let address = request.metadata().get(CLIENT_METADATA)?.to_str().ok()?;
        address.parse::<IpAddr>().ok()
    };
    let told = if Caller::of(request).is_one_of(&BETWEEN) { told() } else { None };
    told.or_else(|| Peer::address_of(request)).into()
}
