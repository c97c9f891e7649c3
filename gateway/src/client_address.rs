//! From which address somebody calls.
//!
//! It is the one at the other end of the connection, unless that is a proxy of ours: then it is what our
//! proxies say, and nothing that came with the request to them.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// To which each proxy adds the address it was called from, at the end.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that are believed when they say for whom they ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl FromStr for TrustedProxies {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
        let networks = networks.map(|network| {
            let address = || network.parse::<IpAddr>().map(IpNet::from);
            network.parse::<IpNet>().or_else(|_| address())
        });
        let networks = networks.collect::<Result<_, _>>();
        networks.map(Self).map_err(|_| "must be networks such as 10.0.0.0/8 with commas between")
    }
}

impl TrustedProxies {
    /// Where they are.
    pub(crate) fn networks(&self) -> &[IpNet] {
        &self.0
    }

    /// Where a request comes from; `None` where not even its connection says that.
    pub(crate) fn client_of(&self, parts: &Parts) -> Option<IpAddr> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(self.nearest(peer.ip().to_canonical(), &parts.headers))
    }

    /// The nearest address that is no proxy of ours. What somebody claims beyond it means nothing.
    fn nearest(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut nearest = peer;
        for hop in hops {
            if !self.include(nearest) {
                break;
            }
            let Some(address) = read(hop) else { break };
            nearest = address;
        }
        nearest
    }

    fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Reads an address; some proxies write the port beside it.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let beside_port = || text.parse().map(|address: SocketAddr| address.ip());
    let address: IpAddr = text.parse().or_else(|_| beside_port()).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(text: &str) -> TrustedProxies {
        text.parse().unwrap()
    }

    /// Whom somebody with this connection and these lines of the header is taken for.
    fn nearest(trusted: &str, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        proxies(trusted).nearest(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn proxies_are_networks_or_addresses() {
        assert_eq!(proxies(""), TrustedProxies::default());
        let listed = proxies("10.0.0.0/8, 192.0.2.1,fd00::/8 , ::1");
        for inside in ["10.255.0.1", "192.0.2.1", "fd12::1", "::1"] {
            assert!(listed.include(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.2", "fe80::1", "::2", "127.0.0.1"] {
            assert!(!listed.include(outside.parse().unwrap()), "{outside}");
        }
        for wrong in ["*", "10.0.0.0/33", "proxy.example", "10.0.0.0/8 192.0.2.1", "10.0.0.1:80"] {
            assert!(wrong.parse::<TrustedProxies>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nobody_but_a_proxy_of_ours_is_believed() {
        let forged = ["198.51.100.1", "198.51.100.2, 127.0.0.1"];
        assert_eq!(nearest("", "203.0.113.9", &forged), "203.0.113.9");
        assert_eq!(nearest("", "127.0.0.1", &forged), "127.0.0.1");
        assert_eq!(nearest("10.0.0.0/8", "203.0.113.9", &forged), "203.0.113.9");
    }

    #[test]
    fn the_right_most_hop_that_is_no_proxy_of_ours_counts() {
        let ours = |lines: &[&str]| nearest("10.0.0.0/8", "10.0.0.1", lines);
        assert_eq!(ours(&["203.0.113.9"]), "203.0.113.9");
        assert_eq!(ours(&["198.51.100.1, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(ours(&["198.51.100.1", "203.0.113.9", "10.0.0.2,10.0.0.3"]), "203.0.113.9");
        assert_eq!(ours(&["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(ours(&["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(ours(&["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn where_the_word_of_a_proxy_ends_the_proxy_is_what_is_known() {
        let ours = |lines: &[&str]| nearest("10.0.0.0/8", "10.0.0.1", lines);
        assert_eq!(ours(&[]), "10.0.0.1");
        assert_eq!(ours(&["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        for garbage in ["unknown", "", "203.0.113.9,", "203.0.113.9, _hidden", "203.0.113.9, 1"] {
            assert_eq!(ours(&[garbage]), "10.0.0.1", "{garbage}");
        }
        assert_eq!(ours(&["203.0.113.9, unknown, 10.0.0.2"]), "10.0.0.2");
    }
}
