//! The chat service as a process of its own.

use std::process::ExitCode;

use anyhow::Context as _;
use chassis::healthcheck;
use chassis::process::{self, About, Command};
use chat_service::{Config, report, serve, upkeep};

const ABOUT: About = About {
    name: Config::NAME,
    what: "conversations of AI Buddy",
    prefixes: &["CHAT_", "OPENAI_"],
    metrics_setting: "CHAT_METRICS_LISTEN",
    measures: chat_service::measures,
};

const HEALTHCHECK: Command = healthcheck::command(|_, settings| {
    let (listen, identity) = (Config::read_listen(settings), Config::read_identity(settings));
    Some(healthcheck::of_grpc(listen?, identity?, Config::NAME))
});

fn main() -> ExitCode {
    let commands = [report::COMMAND, upkeep::MIGRATE, upkeep::CHECK, HEALTHCHECK];
    process::run_with(ABOUT, &commands, Config::read, |config, shutdown| async move {
        tracing::info!("{}", config.buddy);
        let listener = process::listen(config.listen, "CHAT_LISTEN").await?;
        serve(listener, config, shutdown).await.context("chat service")
    })
}
