//! Settings of the chat service.

mod base_url;
mod buddy;
mod safety;

use std::net::SocketAddr;
use std::time::Duration;

use chassis::ending::Ending;
use chassis::grpc::{self, Address, Loopback};
use chassis::identity::{Identity, Secret};
use chassis::settings::Settings;
use database::Url;
use proto::services;

use crate::buddy::limits::Limits;
use crate::limits::PersonLimits;
use crate::prompt::Window;

pub use buddy::{BuddyConfig, ModelConfig};
pub use safety::Disclosure;

/// Settings of the chat service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen for gRPC.
    pub listen: SocketAddr,
    /// What it shows to other services, and what they must show.
    pub identity: Identity,
    /// Where the conversations are kept.
    pub database_url: Url,
    /// Where the auth service is.
    pub auth_endpoint: Address,
    /// How it goes away.
    pub ending: Ending,
    /// Who answers.
    pub buddy: BuddyConfig,
    /// Longest message, in characters.
    pub max_text_characters: usize,
    /// How turns are run.
    pub turns: TurnsConfig,
}

/// How turns are run.
#[derive(Debug, Clone)]
pub struct TurnsConfig {
    /// Turns at work at once.
    pub at_once: usize,
    /// How long the model may take to answer somebody in danger, before the words written in advance
    /// are given.
    pub crisis_patience: Duration,
    /// How much the model takes at once.
    pub window: Window,
    /// What one person may have.
    pub person: PersonLimits,
    /// What people are told about what it is they talk to.
    pub disclosure: Disclosure,
    /// Whether the model is asked how grave a message is.
    pub verdict: bool,
}

/// Services that call it.
const CALLERS: [&str; 2] = [services::AUTH, services::GATEWAY];

impl Config {
    /// What other services know it by.
    pub const NAME: &str = services::CHAT;
    /// What its settings of the database begin with.
    pub const DATABASE: &str = "CHAT_DATABASE";
    /// Where the chat service listens unless told otherwise.
    pub const LISTEN: &str = "127.0.0.1:50052";

    /// Reads the settings. `None`: `settings` knows what is wrong.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let listen = Self::read_listen(settings);
        let identity = Self::read_identity(settings);
        let url = Url::read(settings, Self::DATABASE, "conversations");
        let auth = settings.required::<Address>(
            "CHAT_AUTH_URL",
            "the auth service, https://HOST:PORT, or several",
        );
        let ending = Ending::read(settings, "CHAT");
        let reply = reply_tokens(settings);
        let (buddy, rest) = (BuddyConfig::read(settings, reply), Rest::read(settings, reply));
        let Rest { max_text_characters, turns } = rest?;
        Some(Self {
            listen: listen?,
            identity: identity?,
            database_url: url?,
            auth_endpoint: auth?,
            ending: ending?,
            buddy: buddy?,
            max_text_characters,
            turns,
        })
    }

    /// Reads where it listens. `None`: `settings` knows what is wrong.
    pub fn read_listen(settings: &mut Settings) -> Option<SocketAddr> {
        settings.value("CHAT_LISTEN", Self::LISTEN, "address of the gRPC server")
    }

    /// Reads what it shows to others. `None`: `settings` knows what is wrong.
    pub fn read_identity(settings: &mut Settings) -> Option<Identity> {
        Identity::read(settings, "CHAT_TLS_DIR", Self::NAME, &CALLERS)
    }

    /// Reads what a process that chooses the database by itself leaves to set. Its services know each
    /// other by `secret`. Unless told otherwise, any free port of this machine will do, and with neither
    /// key nor base URL the offline buddy answers.
    pub fn read_embedded(
        settings: &mut Settings,
        database_url: Url,
        auth_endpoint: Address,
        secret: &Secret,
    ) -> Option<Self> {
        let help = "address of its gRPC server, on this machine only";
        let listen = settings.value::<Loopback>("CHAT_LISTEN", "127.0.0.1:0", help);
        let reply = reply_tokens(settings);
        let buddy = BuddyConfig::read_named(settings, reply);
        let Rest { max_text_characters, turns } = Rest::read(settings, reply)?;
        Some(Self {
            listen: listen?.0,
            identity: Identity::in_process(Self::NAME, secret),
            database_url,
            auth_endpoint,
            ending: Ending::default(),
            buddy: buddy?,
            max_text_characters,
            turns,
        })
    }
}

/// What every process sets alike.
struct Rest {
    max_text_characters: usize,
    turns: TurnsConfig,
}

/// The longest reply, which both the model and its window are told.
fn reply_tokens(settings: &mut Settings) -> Option<u64> {
    let help = "longest reply, in tokens";
    settings.number("OPENAI_REPLY_TOKENS", 1_000, 16..=100_000, help)
}

impl Rest {
    fn read(settings: &mut Settings, reply: Option<u64>) -> Option<Self> {
        let text = settings.number(
            "CHAT_MAX_TEXT_CHARACTERS",
            16_000,
            1..=100_000,
            "longest message, in characters",
        );
        // Fewer than a connection of a gateway carries, so that it is this limit that is met.
        let most = u64::from(grpc::MAX_STREAMS) / 8 * 7;
        let at_once = settings.number("CHAT_MAX_TURNS", 10_000, 1..=most, "turns at work at once");
        let patience = settings.seconds(
            "CHAT_CRISIS_SECONDS",
            Duration::from_secs(10),
            Duration::from_secs(30),
            "wait for the model when somebody is in danger",
        );
        let (window, person) = (Window::read(settings, reply), PersonLimits::read(settings));
        let disclosure = Disclosure::read(settings);
        let verdict = safety::verdict(settings);
        let size = |number: u64| usize::try_from(number).ok();
        let turns = TurnsConfig {
            at_once: size(at_once?)?,
            crisis_patience: patience?,
            window: window?,
            person: person?,
            disclosure: disclosure?,
            verdict: verdict?,
        };
        Some(Self { max_text_characters: size(text?)?, turns })
    }
}

impl Window {
    /// Room that is left free for every twenty tokens: that our estimates are so far off is rare.
    const RESERVE: usize = 20;

    /// `reply`: the longest reply, in tokens.
    fn read(settings: &mut Settings, reply: Option<u64>) -> Option<Self> {
        let help =
            "most tokens the model takes at once, its reply included; older messages are cut";
        let all = settings.number("OPENAI_WINDOW_TOKENS", 32_000, 2_000..=10_000_000, help);
        let (all, reply) = (all?, reply?);
        if reply > all / 2 {
            settings.problem("OPENAI_REPLY_TOKENS", "is more than half of OPENAI_WINDOW_TOKENS");
            return None;
        }
        let (all, reply) = (usize::try_from(all).ok()?, usize::try_from(reply).ok()?);
        Some(Self { all, reply, reserve: all / Self::RESERVE })
    }
}

impl PersonLimits {
    fn read(settings: &mut Settings) -> Option<Self> {
        let help = "turns of one person at work at once";
        let at_work = settings.number("CHAT_PERSON_TURNS", 2, 1..=1_000, help);
        let help = "messages of one session that may wait for their turn";
        let in_line = settings.number("CHAT_SESSION_LINE", 4, 0..=100, help);
        let help = "turns of one person a day, in UTC; 0 for as many as they like";
        let daily = settings.number("CHAT_PERSON_DAILY_TURNS", 0, 0..=1_000_000, help);
        let count = |number: u64| u32::try_from(number).ok();
        let daily = Some(count(daily?)?).filter(|turns| *turns > 0);
        Some(Self { at_work: count(at_work?)?, in_line: count(in_line?)?, daily })
    }
}

impl Limits {
    fn read(settings: &mut Settings) -> Option<Self> {
        let limits = Self::default();
        // Whoever waits for the answer gives up after a minute.
        let most = limits.total;
        let mut seconds =
            |name, default: Duration, help| settings.seconds(name, default, most, help);
        let connect =
            seconds("OPENAI_CONNECT_SECONDS", limits.connect, "wait for a connection to the model");
        let first =
            seconds("OPENAI_FIRST_TOKEN_SECONDS", limits.first_token, "wait for its first word");
        let silence =
            seconds("OPENAI_SILENCE_SECONDS", limits.silence, "wait between two of its words");
        let total = seconds("OPENAI_TOTAL_SECONDS", limits.total, "wait for a whole reply");
        let limits =
            Self { connect: connect?, first_token: first?, silence: silence?, total: total? };
        if limits.first_token > limits.total || limits.silence > limits.total {
            settings.problem("OPENAI_TOTAL_SECONDS", "is shorter than one of the waits in it");
            return None;
        }
        Some(limits)
    }
}
