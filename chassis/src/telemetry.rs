//! What a process tells about itself: logs, to standard error, as text for people or as JSON lines for
//! machines; numbers ([`metrics`], [`room`]); and what a request did where ([`traces`]).

pub(crate) mod call;
mod lines;
pub mod metrics;
pub mod room;
pub mod traces;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::str::FromStr;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterExt as _, FilterFn, Targets};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::lines::Json;
use self::traces::Traces;
use crate::process::About;
use crate::settings::Settings;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json"),
        }
    }
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which lines, in the words of `RUST_LOG`.
    pub filter: Targets,
    /// How they look.
    pub format: Format,
}

impl Config {
    /// Reads `RUST_LOG` and `LOG_FORMAT`.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let filter =
            settings.value("RUST_LOG", "info", "which log lines: a level, or target=level");
        let format = settings.value("LOG_FORMAT", "text", "how log lines look: text or json");
        Some(Self { filter: filter?, format: format? })
    }
}

/// Crates of this workspace. Only these follow `RUST_LOG` below WARN.
const OURS: [&str; 8] = [
    "ai_buddy",
    "auth_client",
    "auth_service",
    "chassis",
    "chat_service",
    "database",
    "gateway",
    "standalone",
];

/// What a program tells while it serves.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    pub(crate) numbers: Option<SocketAddr>,
    pub(crate) traces: Option<traces::Config>,
}

impl Telling {
    pub(crate) fn read(settings: &mut Settings, about: About) -> Option<Self> {
        let help = "address for Prometheus, for operators only; without it nothing is measured";
        let numbers = settings.optional(about.metrics_setting, help);
        let traces = traces::Config::read(settings, about);
        Some(Self { numbers: numbers?, traces: traces?.0 })
    }
}

/// Starts logging for the whole process, and telling spans to `traces`; a second call changes nothing.
pub(crate) fn start(config: &Config, service: &'static str, traces: Option<&Traces>) {
    let allowed = FilterFn::new(|meta| may_log(meta.target(), *meta.level()));
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        Format::Text => lines.with_ansi(colours).boxed(),
        Format::Json => lines.fmt_fields(JsonFields::new()).event_format(Json { service }).boxed(),
    };
    let ready = tracing_subscriber::registry()
        .with(lines.with_filter(config.filter.clone().and(allowed)))
        .with(traces.map(Traces::layer))
        .try_init();
    if ready.is_err() {
        tracing::debug!("logging was already on");
    }
    // The words of a panic may quote what somebody wrote; the place never does.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
    }));
}

/// Libraries may print whatever passes through them when asked to be verbose: headers, statements,
/// bodies. People's words pass through ours, so a library is heard from WARN up, and the model's
/// client, which puts whole answers into its errors, not at all.
fn may_log(target: &str, level: Level) -> bool {
    let root = target.split("::").next().unwrap_or_default();
    if root == "async_openai" {
        return false;
    }
    OURS.contains(&root) || level <= LevelFilter::WARN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_heard_from_warn_up_and_the_model_client_never() {
        assert!(may_log("chat_service::turns", Level::TRACE));
        assert!(may_log("hyper::proto", Level::WARN));
        assert!(!may_log("h2::codec", Level::DEBUG));
        assert!(!may_log("async_openai::client", Level::ERROR));
    }
}
