//! The life of a process: help, settings, logs, signals, a hard end, an exit code.

use std::fmt::Display;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;
use crate::telemetry;

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
}

/// Runs a service from `main`: reads its settings, runs it until it ends or a signal comes.
///
/// `read` names every setting; `serve` gets what it returned and a token that is cancelled by
/// SIGTERM or Ctrl-C. A second signal, or [`SHUTDOWN_LIMIT`], ends the process at once.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the command line")]
pub fn run<C, F, E>(
    about: About,
    read: impl Fn(&mut Settings) -> Option<C>,
    serve: impl FnOnce(C, CancellationToken) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => {
            let mut settings = Settings::from_pairs([]);
            // Only asked so that it documents itself.
            let _unused = (telemetry::Config::read(&mut settings), read(&mut settings));
            println!("{}: {}\n\nSettings, from the environment:", about.name, about.what);
            print!("{}", settings.help());
            return ExitCode::SUCCESS;
        }
        Some("--version" | "-V") => {
            println!("{} {}", about.name, env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("{}: unknown argument {other:?}; see --help", about.name);
            return ExitCode::from(EXIT_CONFIG);
        }
    }
    let mut settings = Settings::from_process();
    let config = (telemetry::Config::read(&mut settings), read(&mut settings));
    let (Some(telemetry), Some(config), None) = (config.0, config.1, settings.problems()) else {
        let problems = settings.problems().unwrap_or_else(|| "settings are incomplete".to_owned());
        eprintln!("{} cannot start:\n{problems}", about.name);
        return ExitCode::from(EXIT_CONFIG);
    };
    telemetry::start(&telemetry);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{} cannot start: {error}", about.name);
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        tokio::select! {
            outcome = serve(config, shutdown.clone()) => match outcome {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("{}: {error:#}", about.name);
                    ExitCode::FAILURE
                }
            },
            code = interrupted(&shutdown) => code,
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
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
