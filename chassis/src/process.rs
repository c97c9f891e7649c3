//! The life of a process: help, commands, settings, logs, signals, a hard end, an exit code.

mod command;
pub(crate) mod descriptors;
mod dumps;

use std::fmt::Display;
use std::future::Future;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::OptionFuture;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;
use crate::telemetry::metrics::{Measure, Port};
use crate::telemetry::traces::Traces;
use crate::telemetry::{self, Telling};

pub use command::{Arguments, Command, Work};

/// After this long a shutdown is over, whatever is still running.
pub const SHUTDOWN_LIMIT: Duration = Duration::from_secs(20);

/// Exit code for settings that cannot be used (`EX_CONFIG` of sysexits.h).
const EXIT_CONFIG: u8 = 78;
/// Exit code after a second signal: 128 + SIGINT, as shells count.
const EXIT_IMPATIENT: u8 = 130;

/// What a binary is called and what it says about itself.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The binary's name.
    pub name: &'static str,
    /// One sentence.
    pub what: &'static str,
    /// How the names of its own settings begin, beside those that all services share.
    pub prefixes: &'static [&'static str],
    /// The setting that says where its numbers are asked for.
    pub metrics_setting: &'static str,
    /// What it measures beside what every process does.
    pub measures: fn() -> Vec<Measure>,
}

/// As [`run_with`], for a binary that only serves.
pub fn run<C, F, E>(
    about: About,
    read: impl Fn(&mut Settings) -> Option<C>,
    serve: impl FnOnce(C, CancellationToken) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    run_with(about, &[], read, serve)
}

/// Runs a service from `main`: reads its settings, runs it until it ends or a signal comes. If the
/// arguments name one of `commands`, that is done instead.
///
/// `read` names every setting; `serve` gets what it returned and a token that is cancelled by
/// SIGTERM or Ctrl-C. A second signal, or [`SHUTDOWN_LIMIT`], ends the process at once.
pub fn run_with<C, F, E>(
    about: About,
    commands: &[Command],
    read: impl Fn(&mut Settings) -> Option<C>,
    serve: impl FnOnce(C, CancellationToken) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    let read = |settings: &mut Settings| {
        let (telling, config) = (Telling::read(settings, about), read(settings));
        Some((telling?, config?))
    };
    let mut arguments = Arguments::from_process();
    if let Some(command) = commands.iter().find(|command| arguments.take(command.name)) {
        return carry_out(about, command, arguments);
    }
    let group: Vec<_> = commands.iter().filter(|command| arguments.begin(command.name)).collect();
    if !group.is_empty() {
        return tell_of(about.name, &group, arguments);
    }
    if arguments.flag("--help") || arguments.flag("-h") {
        let commands: Vec<_> = commands.iter().map(|command| command.help(about.name)).collect();
        let commands = commands.concat();
        let text = format!("{}: {}\n\n{commands}{}", about.name, about.what, settings_of(read));
        return tell(about.name, &text);
    }
    if arguments.flag("--version") || arguments.flag("-V") {
        return tell(about.name, &format!("{} {}", about.name, env!("CARGO_PKG_VERSION")));
    }
    let _of_a_group = commands.iter().any(|command| arguments.enter(command.name));
    let read = |_: &mut Arguments, settings: &mut Settings| {
        let (config, unknown) = (read(settings), settings.unknown(about.prefixes));
        if config.is_none() {
            // What is missing may be there under a name that is spelt wrong.
            for name in &unknown {
                settings.problem(name, "is no setting; see --help");
            }
        }
        Some((config?, unknown))
    };
    let (telemetry, ((telling, config), unknown)) = match ready(about.name, &mut arguments, read) {
        Ok(ready) => ready,
        Err(code) => return code,
    };
    block_on(about.name, async {
        let (traces, measured) = match tell_while_serving(&telemetry, telling, about).await {
            Ok(told) => told,
            Err(error) => return failed(about.name, error),
        };
        for name in unknown {
            tracing::warn!(name, "no setting is called so: it is ignored; see --help");
        }
        dumps::forbid();
        descriptors::raise();
        let shutdown = CancellationToken::new();
        tokio::select! {
            outcome = serve(config, shutdown.clone()) => {
                if let Some(traces) = traces {
                    traces.stop();
                }
                match outcome {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(error) => failed(about.name, error),
                }
            }
            code = interrupted(&shutdown) => code,
            Some(never) = OptionFuture::from(measured.map(Port::serve)) => match never {},
        }
    })
}

/// Logs, traces and numbers, as far as they are wanted.
async fn tell_while_serving(
    telemetry: &telemetry::Config,
    telling: Telling,
    about: About,
) -> anyhow::Result<(Option<Traces>, Option<Port>)> {
    let traces = telling.traces.as_ref().map(Traces::start).transpose()?;
    telemetry::start(telemetry, about.name, traces.as_ref());
    let numbers = match telling.numbers {
        Some(address) => Some(Port::open(address, about).await?),
        None => None,
    };
    Ok((traces, numbers))
}

/// Tells of the commands that begin with the same word: who did not ask for that has said too little.
#[expect(clippy::print_stderr, reason = "this is the command line")]
fn tell_of(name: &str, group: &[&Command], mut arguments: Arguments) -> ExitCode {
    let text: String = group.iter().map(|command| command.help(name)).collect();
    if arguments.flag("--help") || arguments.flag("-h") {
        return tell(name, &text);
    }
    eprintln!("{name}: which of these?\n\n{}", text.trim_end());
    ExitCode::from(EXIT_CONFIG)
}

/// Does something else than serving.
fn carry_out(about: About, command: &Command, mut arguments: Arguments) -> ExitCode {
    if arguments.flag("--help") || arguments.flag("-h") {
        let settings = settings_of(|settings| (command.read)(&mut arguments, settings));
        return tell(about.name, &(command.help(about.name) + &settings));
    }
    let name = format!("{} {}", about.name, command.name);
    let (telemetry, work) = match ready(&name, &mut arguments, command.read) {
        Ok(ready) => ready,
        Err(code) => return code,
    };
    telemetry::start(&telemetry, about.name, None);
    dumps::forbid();
    block_on(&name, async {
        match work.await {
            Ok(text) => tell(&name, &text),
            Err(error) => failed(&name, error),
        }
    })
}

/// What can be set, for somebody who asked.
fn settings_of<C>(read: impl FnOnce(&mut Settings) -> Option<C>) -> String {
    let mut settings = Settings::from_pairs([]);
    // Only asked so that it documents itself.
    let _unused = (telemetry::Config::read(&mut settings), read(&mut settings));
    format!("Settings, from the environment:\n{}", settings.help())
}

/// How to log, and what `read` makes of arguments and settings, if all of them are good.
#[expect(clippy::print_stderr, reason = "this is the command line")]
fn ready<C>(
    name: &str,
    arguments: &mut Arguments,
    read: impl FnOnce(&mut Arguments, &mut Settings) -> Option<C>,
) -> Result<(telemetry::Config, C), ExitCode> {
    let mut settings = Settings::from_process();
    let config = (telemetry::Config::read(&mut settings), read(arguments, &mut settings));
    if let Some(other) = arguments.first() {
        eprintln!("{name}: unknown argument {other:?}; see --help");
        return Err(ExitCode::from(EXIT_CONFIG));
    }
    let (Some(telemetry), Some(config), None) = (config.0, config.1, settings.problems()) else {
        let problems = settings.problems().unwrap_or_else(|| "settings are incomplete".to_owned());
        eprintln!("{name} cannot start:\n{problems}");
        return Err(ExitCode::from(EXIT_CONFIG));
    };
    Ok((telemetry, config))
}

fn block_on(name: &str, work: impl Future<Output = ExitCode>) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(name, error),
    };
    let code = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

/// Tells what was asked for. Whoever stops reading, as `head` does, is no reason to panic.
fn tell(name: &str, text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => failed(name, error),
    }
}

#[expect(clippy::print_stderr, reason = "this is the command line")]
fn failed(name: &str, error: impl Display) -> ExitCode {
    eprintln!("{name}: {error:#}");
    ExitCode::FAILURE
}

/// Binds `address`, which came from the setting `name`; a failure says what to do about it.
///
/// # Errors
/// One sentence for the person who started the process.
pub async fn listen(address: SocketAddr, name: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is taken; set {name} to another address")
        }
        _ => anyhow::anyhow!("cannot listen on {address} ({error}); set {name} to another address"),
    })?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
}

/// Where to reach from this machine what listens on `address`.
#[must_use]
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Waits for the first signal, asks for a shutdown, and returns when that takes too long.
async fn interrupted(shutdown: &CancellationToken) -> ExitCode {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received; only a kill will stop this process");
        return std::future::pending().await;
    };
    let mut next = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    next().await;
    tracing::info!("stopping");
    shutdown.cancel();
    tokio::select! {
        () = next() => {
            tracing::warn!("stopping at once");
            ExitCode::from(EXIT_IMPATIENT)
        }
        () = tokio::time::sleep(SHUTDOWN_LIMIT) => {
            tracing::error!("not everything stopped in time");
            ExitCode::FAILURE
        }
    }
}
