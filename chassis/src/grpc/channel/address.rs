//! Where a service is, as settings say it.

use std::net::SocketAddr;
use std::str::FromStr;

use tonic::transport::{Endpoint, Uri};

/// Where a service is, as a setting holds it: `https://HOST:PORT`, or several with commas between. A host
/// may have several addresses; behind each of them is a replica. What is not in this process is spoken with
/// over TLS only.
#[derive(Debug, Clone)]
pub struct Address {
    pub(super) urls: Vec<Uri>,
    pub(super) room: Room,
}

/// What is taken of a service at once, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Ahead of what was read of one answer.
    pub call: u32,
    /// Ahead of what was read of all answers of a connection.
    pub connection: u32,
    /// For the headers of an answer.
    pub headers: u32,
}

impl Default for Room {
    /// As hyper has it.
    fn default() -> Self {
        Self { call: 2 * 1024 * 1024, connection: 5 * 1024 * 1024, headers: 16 * 1024 }
    }
}

impl Address {
    /// With more room, or less.
    #[must_use]
    pub fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }
}

impl From<Endpoint> for Address {
    fn from(endpoint: Endpoint) -> Self {
        Self { urls: vec![endpoint.uri().clone()], room: Room::default() }
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let urls = text.split(',').map(|url| {
            let uri = url.trim().parse::<Uri>().map_err(|_| "it is not a URL")?;
            if uri.scheme_str() != Some("https") || uri.host().is_none_or(str::is_empty) {
                return Err("it must be https://HOST:PORT, or several with commas between");
            }
            Ok(uri)
        });
        Ok(Self { urls: urls.collect::<Result<_, _>>()?, room: Room::default() })
    }
}

/// An address that only this machine can reach, as a setting holds it.
#[derive(Debug, Clone, Copy)]
pub struct Loopback(pub SocketAddr);

impl FromStr for Loopback {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse::<SocketAddr>().map_err(|_| "it is not an address and a port")?;
        if !address.ip().is_loopback() {
            return Err("only this machine may reach it, as on 127.0.0.1: it is not encrypted");
        }
        Ok(Self(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_that_fits_and_a_host() {
        assert!("https://127.0.0.1:50051".parse::<Address>().is_ok());
        assert!("https://auth-service:50051/".parse::<Address>().is_ok());
        let several = "https://auth-1:50051, https://auth-2:50051".parse::<Address>().unwrap();
        assert_eq!(several.urls.len(), 2);
        let half = "https://auth:50051,http://auth:50051";
        for wrong in ["auth-service:50051", "http://auth:50051", "https://", "127.0.0.1", "", half]
        {
            assert!(wrong.parse::<Address>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_not_encrypted_stays_on_this_machine() {
        assert!("127.0.0.1:0".parse::<Loopback>().is_ok());
        assert!("[::1]:50051".parse::<Loopback>().is_ok());
        for wrong in ["0.0.0.0:0", "[::]:0", "192.168.0.1:50051", "localhost", ""] {
            assert!(wrong.parse::<Loopback>().is_err(), "{wrong:?}");
        }
    }
}
