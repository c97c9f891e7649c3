//! Settings of the chat service.

mod base_url;
mod safety;

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use chassis::ending::Ending;
use chassis::grpc::{self, Address, Loopback};
use chassis::identity::{Identity, Secret};
use chassis::settings::Settings;
use database::Url;
use proto::services;
use secrecy::{ExposeSecret as _, SecretString};

use self::base_url::BaseUrl;
use crate::buddy::limits::Limits;
use crate::limits::PersonLimits;
use crate::prompt::Window;

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

/// Who answers.
#[derive(Debug, Clone)]
pub enum BuddyConfig {
    /// Replies written in advance, no model.
    Offline,
    /// A language model.
    Model(ModelConfig),
}

/// Which language model, and how patiently it is asked.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Base address of the API, ending in `/v1` for most.
    pub base_url: String,
    /// The key, where the API wants one.
    pub api_key: Option<SecretString>,
    /// The model's name.
    pub model: String,
    /// Longest reply, in tokens.
    pub reply_tokens: u32,
    /// How long we wait for what.
    pub limits: Limits,
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
        let listen = settings.value("CHAT_LISTEN", Self::LISTEN, "address of the gRPC server");
        let identity = Identity::read(settings, "CHAT_TLS_DIR", Self::NAME, &CALLERS);
        let url = Url::read(settings, Self::DATABASE, "conversations");
        let auth = settings.required::<Address>(
            "CHAT_AUTH_URL",
            "the auth service, https://HOST:PORT, or several",
        );
        let ending = Ending::read(settings, "CHAT");
        let help = "who answers: model, or offline for replies written in advance";
        let offline = settings.value::<Choice>("CHAT_BUDDY", "model", help);
        let reply = reply_tokens(settings);
        let (model, rest) = (BuddyConfig::read(settings, reply), Rest::read(settings, reply));
        let buddy = match (offline?, model?) {
            (Choice::Offline, _) => BuddyConfig::Offline,
            (Choice::Model, BuddyConfig::Offline) => {
                settings.problem(
                    "OPENAI_API_KEY",
                    "is not set, and neither is OPENAI_BASE_URL: without one of them there is no \
                     model to ask (CHAT_BUDDY=offline does without)",
                );
                return None;
            }
            (Choice::Model, model) => model,
        };
        let Rest { max_text_characters, turns } = rest?;
        Some(Self {
            listen: listen?,
            identity: identity?,
            database_url: url?,
            auth_endpoint: auth?,
            ending: ending?,
            buddy,
            max_text_characters,
            turns,
        })
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
        let buddy = BuddyConfig::read(settings, reply);
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

enum Choice {
    Model,
    Offline,
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "model" => Ok(Self::Model),
            "offline" => Ok(Self::Offline),
            _ => Err("must be model or offline"),
        }
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

impl BuddyConfig {
    /// A model if there is a key or an address, else offline.
    fn read(settings: &mut Settings, reply: Option<u64>) -> Option<Self> {
        let key = settings.secret("OPENAI_API_KEY", "key of the language model's API");
        let url = settings.optional::<BaseUrl>(
            "OPENAI_BASE_URL",
            "base address of any OpenAI-compatible API [https://api.openai.com/v1]",
        );
        let model = settings.value("OPENAI_MODEL", "gpt-4o-mini", "name of the model");
        let limits = Limits::read(settings);
        let (key, url) = (key?, url?);
        let printable =
            |key: &SecretString| key.expose_secret().bytes().all(|b| b.is_ascii_graphic());
        if key.as_ref().is_some_and(|key| !printable(key)) {
            settings
                .problem("OPENAI_API_KEY", "has characters that no key has: spaces, line breaks");
            return None;
        }
        if key.is_none() && url.is_none() {
            return Some(Self::Offline);
        }
        let base_url = url.map_or_else(|| "https://api.openai.com/v1".to_owned(), |url| url.0);
        Some(Self::Model(ModelConfig {
            base_url,
            api_key: key,
            model: model?,
            reply_tokens: u32::try_from(reply?).ok()?,
            limits: limits?,
        }))
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
