//! Where a call comes from.

use std::net::IpAddr;

use chassis::identity::{Caller, Peer};
use tonic::Request;

use crate::limits::Origin;

/// Metadata in which those who stand between say for whom they ask.
const CLIENT: &str = "x-client-address";
/// The services that stand between people and this one.
const BETWEEN: [&str; 1] = ["gateway"];

/// Where a call comes from. What it says of that itself counts only if it shows that it is from a service
/// that stands between; otherwise it comes from where its connection does.
pub(super) fn of<T>(request: &Request<T>) -> Origin {
    let told = || {
        let address = request.metadata().get(CLIENT)?.to_str().ok()?;
        address.parse::<IpAddr>().ok()
    };
    let told = if Caller::of(request).is_one_of(&BETWEEN) { told() } else { None };
    told.or_else(|| Peer::address_of(request)).into()
}
