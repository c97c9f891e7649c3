//! Settings of the gateway.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use chassis::ending::{self, MOST_NOTICE};
use chassis::grpc::Address;
use chassis::http::Limits;
use chassis::identity::{Identity, Secret};
use chassis::settings::Settings;

use crate::client_address::TrustedProxies;

/// Settings of the gateway.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen for HTTP.
    pub listen: SocketAddr,
    /// What it shows to the services, and what they must show.
    pub identity: Identity,
    /// Where the auth service is.
    pub auth_endpoint: Address,
    /// Where the chat service is.
    pub chat_endpoint: Address,
    /// Which web pages may call.
    pub origins: Origins,
    /// Which proxies are believed about where somebody calls from.
    pub trusted_proxies: TrustedProxies,
    /// What a client may take.
    pub limits: Limits,
    /// How replies are told while they are made.
    pub streams: Streams,
    /// Between saying that it is not ready any more and taking no more requests.
    pub notice: Duration,
}

/// Longest time between saying that it stops and stopping, in seconds, where others stop only after it.
const MOST_NOTICE_OF_MANY: u64 = 2;

/// How replies are told while they are made.
#[derive(Debug, Clone)]
pub struct Streams {
    /// Between two signs of life.
    pub keep_alive: Duration,
    /// For replies to end once a shutdown has begun. Less than the drain of all requests: whoever
    /// still listens is told before the connection closes.
    pub drain: Duration,
    /// For another replica, or the same one once it is back, to be asked to go on with a reply that broke off, before
    /// the client is told. Who is asked last has as long to answer as for any read.
    pub resume: Duration,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(10),
            drain: Duration::from_secs(7),
            resume: Duration::from_secs(10),
        }
    }
}

/// Which web pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Any page served from this machine.
    Localhost,
    /// Exactly these.
    Listed(Vec<String>),
}

impl FromStr for Origins {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "localhost" {
            return Ok(Self::Localhost);
        }
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let origins: Vec<String> =
            origins.map(|origin| origin.trim_end_matches('/').into()).collect();
        let whole =
            |origin: &String| origin.starts_with("https://") || origin.starts_with("http://");
        if !origins.iter().all(whole) {
            return Err(
                "must be localhost, or origins such as https://example.org with commas between",
            );
        }
        Ok(Self::Listed(origins))
    }
}

impl Config {
    /// What the services know it by.
    pub const NAME: &str = proto::services::GATEWAY;
    /// Where the gateway listens unless told otherwise.
    pub const LISTEN: &str = "127.0.0.1:8000";

    /// Reads the settings. `None`: `settings` knows what is wrong.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let listen = Self::read_listen(settings);
        let identity = Identity::read(settings, "GATEWAY_TLS_DIR", Self::NAME, &[]);
        let auth = settings.required::<Address>(
            "GATEWAY_AUTH_URL",
            "the auth service, https://HOST:PORT, or several",
        );
        let chat = settings.required::<Address>(
            "GATEWAY_CHAT_URL",
            "the chat service, https://HOST:PORT, or several",
        );
        let origins = Origins::read(settings, "");
        let trusted_proxies = TrustedProxies::read(settings);
        let notice = ending::read_notice(settings, "GATEWAY", MOST_NOTICE);
        Some(Self {
            listen: listen?,
            identity: identity?,
            auth_endpoint: auth?,
            chat_endpoint: chat?,
            origins: origins?,
            trusted_proxies: trusted_proxies?,
            limits: Limits::default(),
            streams: Streams::default(),
            notice: notice?,
        })
    }

    /// Reads where it listens. `None`: `settings` knows what is wrong.
    pub fn read_listen(settings: &mut Settings) -> Option<SocketAddr> {
        settings.value("GATEWAY_LISTEN", Self::LISTEN, "address of the HTTP server")
    }

    /// Reads what a process that chooses the addresses by itself leaves to set. Its services know each
    /// other by `secret`. Pages of this machine may call.
    pub fn read_embedded(
        settings: &mut Settings,
        listen: SocketAddr,
        auth_endpoint: Address,
        chat_endpoint: Address,
        secret: &Secret,
    ) -> Option<Self> {
        let origins = Origins::read(settings, "localhost");
        let trusted_proxies = TrustedProxies::read(settings);
        let notice = ending::read_notice(settings, "GATEWAY", MOST_NOTICE_OF_MANY);
        Some(Self {
            listen,
            identity: Identity::in_process(Self::NAME, secret),
            auth_endpoint,
            chat_endpoint,
            origins: origins?,
            trusted_proxies: trusted_proxies?,
            limits: Limits::default(),
            streams: Streams::default(),
            notice: notice?,
        })
    }
}

impl Origins {
    fn read(settings: &mut Settings, default: &str) -> Option<Self> {
        let help = "web pages that may call: origins with commas between, or localhost for any";
        settings.value("GATEWAY_CORS_ORIGINS", default, help)
    }
}

impl TrustedProxies {
    fn read(settings: &mut Settings) -> Option<Self> {
        let help = "proxies whose X-Forwarded-For is believed: networks with commas between";
        settings.value("GATEWAY_TRUSTED_PROXIES", "", help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_listed_or_local_and_never_everybody() {
        assert_eq!("localhost".parse(), Ok(Origins::Localhost));
        assert_eq!("".parse(), Ok(Origins::Listed(Vec::new())));
        let listed = vec!["https://a.example".to_owned(), "http://b.example:3000".to_owned()];
        assert_eq!(
            "https://a.example/, http://b.example:3000".parse(),
            Ok(Origins::Listed(listed))
        );
        assert!("*".parse::<Origins>().is_err());
        assert!("a.example".parse::<Origins>().is_err());
    }
}
