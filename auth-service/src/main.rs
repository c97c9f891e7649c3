//! The auth service as a process of its own.

use std::process::ExitCode;

use anyhow::Context as _;
use auth_service::{Config, commands, serve};
use chassis::process::{self, About};

const ABOUT: About = About {
    name: Config::NAME,
    what: "accounts and tokens of AI Buddy",
    prefixes: &["AUTH_"],
    metrics_setting: "AUTH_METRICS_LISTEN",
    measures: auth_service::measures,
};

fn main() -> ExitCode {
    process::run_with(ABOUT, &commands::COMMANDS, Config::read, |config, shutdown| async move {
        let listener = process::listen(config.listen, "AUTH_LISTEN").await?;
        serve(listener, config, shutdown).await.context("auth service")
    })
}
