//! Where a model may be, and where none is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use tonic::transport::Uri;

/// Of Alibaba Cloud, Oracle Cloud and Azure, by their documentation.
const CREDENTIALS_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];
/// Of AWS, by its documentation.
const CREDENTIALS_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The address of an API, without a slash at its end.
pub(super) struct BaseUrl(pub(super) String);

impl FromStr for BaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri = text.parse::<Uri>().map_err(|_| "it is not a URL")?;
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme));
        if scheme.is_none() || uri.host().is_none_or(str::is_empty) {
            return Err("it must begin with http:// or https:// and a host");
        }
        // It is printed at start, and a password in it would be too.
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("it must not hold a user name or password; OPENAI_API_KEY is for secrets");
        }
        // What is asked is put behind it, and would be part of these.
        if text.contains(['?', '#', '\\']) {
            return Err("it must end with its path: nothing behind ? or #, and no backslash");
        }
        if is_for_credentials(text) {
            return Err("machines get their credentials there; no model answers");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// Whether its host is where a cloud tells its machines their credentials: an address of the link, in
/// whatever way the HTTP client reads numbers, or one that a cloud has besides.
fn is_for_credentials(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_link_local() || CREDENTIALS_V4.contains(&address),
        Ok(IpAddr::V6(address)) => address.is_unicast_link_local() || address == CREDENTIALS_V6,
        Err(_) => host.trim_end_matches('.') == "metadata.google.internal",
    }
}
