//! Settings of the auth service.

mod tries;
mod verifiers;

use std::net::SocketAddr;
use std::path::PathBuf;

use chassis::ending::Ending;
use chassis::grpc::{Address, Loopback};
use chassis::identity::{Identity, Secret};
use chassis::settings::Settings;
use database::Url;
use proto::services;

pub use tries::Tries;
pub use verifiers::Verifiers;

/// Settings of the auth service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen for gRPC.
    pub listen: SocketAddr,
    /// What it shows to other services, and what they must show.
    pub identity: Identity,
    /// Where the accounts are kept.
    pub database_url: Url,
    /// The folder of the signing keys; made on first start.
    pub keys_dir: PathBuf,
    /// Where the chat service is: what it keeps of a deleted account must go too.
    pub chat_endpoint: Address,
    /// How it goes away.
    pub ending: Ending,
    /// Which services verify tokens.
    pub verifiers: Verifiers,
    /// Whether refresh tokens always change with each use.
    pub rotate_refresh_tokens: bool,
    /// bcrypt's cost: each step doubles the work.
    pub bcrypt_cost: u32,
    /// Password hashes computed at once.
    pub hashing_threads: usize,
    /// How often passwords may be tried, accounts registered, logins refreshed.
    pub tries: Tries,
}

impl Config {
    /// What other services know it by.
    pub const NAME: &str = services::AUTH;
    /// What its settings of the database begin with.
    pub const DATABASE: &str = "AUTH_DATABASE";
    /// Where the auth service listens unless told otherwise.
    pub const LISTEN: &str = "127.0.0.1:50051";

    /// Reads the settings. `None`: `settings` knows what is wrong.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let listen = Self::read_listen(settings);
        let verifiers = Verifiers::read(settings);
        // Whoever else has a certificate of ours is nobody in particular.
        let callers = verifiers.clone().unwrap_or_default();
        let identity = Self::read_identity(settings, &callers.names());
        let url = Url::read(settings, Self::DATABASE, "accounts");
        let keys = settings.required("AUTH_KEYS_DIR", "folder of the signing keys, made if absent");
        let chat = settings.required::<Address>(
            "AUTH_CHAT_URL",
            "the chat service, https://HOST:PORT, or several",
        );
        let ending = Ending::read(settings, "AUTH");
        let (hashing, rotate) = (Self::read_hashing(settings), Self::read_rotation(settings));
        let tries = Tries::read(settings);
        let (bcrypt_cost, hashing_threads) = hashing?;
        Some(Self {
            listen: listen?,
            identity: identity?,
            database_url: url?,
            keys_dir: keys?,
            chat_endpoint: chat?,
            ending: ending?,
            verifiers: verifiers?,
            rotate_refresh_tokens: rotate?,
            bcrypt_cost,
            hashing_threads,
            tries: tries?,
        })
    }

    /// Reads what a process that chooses database and folder by itself leaves to set. Its services know
    /// each other by `secret`. Unless told otherwise, any free port of this machine will do.
    pub fn read_embedded(
        settings: &mut Settings,
        database_url: Url,
        keys_dir: PathBuf,
        chat_endpoint: Address,
        secret: &Secret,
    ) -> Option<Self> {
        let help = "address of its gRPC server, on this machine only";
        let listen = settings.value::<Loopback>("AUTH_LISTEN", "127.0.0.1:0", help);
        let (hashing, rotate) = (Self::read_hashing(settings), Self::read_rotation(settings));
        let tries = Tries::read(settings);
        let (bcrypt_cost, hashing_threads) = hashing?;
        Some(Self {
            listen: listen?.0,
            identity: Identity::in_process(Self::NAME, secret),
            database_url,
            keys_dir,
            chat_endpoint,
            ending: Ending::default(),
            verifiers: Verifiers::default(),
            rotate_refresh_tokens: rotate?,
            bcrypt_cost,
            hashing_threads,
            tries: tries?,
        })
    }

    /// Reads where it listens.
    pub(crate) fn read_listen(settings: &mut Settings) -> Option<SocketAddr> {
        settings.value("AUTH_LISTEN", Self::LISTEN, "address of the gRPC server")
    }

    /// Reads what it shows to others. `callers` are those that it tells apart.
    pub(crate) fn read_identity(settings: &mut Settings, callers: &[&str]) -> Option<Identity> {
        Identity::read(settings, "AUTH_TLS_DIR", Self::NAME, callers)
    }

    fn read_rotation(settings: &mut Settings) -> Option<bool> {
        let help = "true: a refresh token is good once, and its answer brings the next";
        settings.value("AUTH_ROTATE_REFRESH_TOKENS", "false", help)
    }

    /// Reads what hashing a password costs.
    pub(crate) fn read_cost(settings: &mut Settings) -> Option<u32> {
        // OWASP's password storage cheat sheet: at least 10; 12 takes a quarter of a second.
        let cost = settings.number("AUTH_BCRYPT_COST", 12, 10..=14, "work factor of passwords");
        u32::try_from(cost?).ok()
    }

    fn read_hashing(settings: &mut Settings) -> Option<(u32, usize)> {
        let cost = Self::read_cost(settings);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // One core stays free for everybody who is not logging in.
        let threads = u64::try_from(cores.saturating_sub(1).max(1)).unwrap_or(1);
        let help = "passwords hashed at once";
        let threads = settings.number("AUTH_HASHING_THREADS", threads, 1..=256, help);
        Some((cost?, usize::try_from(threads?).ok()?))
    }
}
