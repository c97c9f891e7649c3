//! Where somebody calls from, as far as limits tell places apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network somebody calls from: what one person can easily have all addresses of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// The first 24 bits of an IPv4 address.
    V4([u8; 3]),
    /// The first 64 bits of an IPv6 address.
    V6([u16; 4]),
    /// All that have no address together.
    Unknown,
}

impl Origin {
    /// The network as it is written: `192.0.2.0/24`, `2001:db8:0:1::/64`.
    pub(crate) fn network(self) -> Option<String> {
        match self {
            Self::V4([a, b, c]) => Some(format!("{}/24", Ipv4Addr::new(a, b, c, 0))),
            Self::V6([a, b, c, d]) => Some(format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))),
            Self::Unknown => None,
        }
    }
}

impl From<Option<IpAddr>> for Origin {
    fn from(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
            None => Self::Unknown,
        }
    }
}
