//! The chat service as a process of its own.

use std::process::ExitCode;

use anyhow::Context as _;
use chassis::process::{self, About};
use chat_service::{Config, report, serve};

const ABOUT: About = About {
    name: Config::NAME,
    what: "conversations of AI Buddy",
    metrics_setting: "CHAT_METRICS_LISTEN",
    measures: chat_service::measures,
};

fn main() -> ExitCode {
    process::run_with(ABOUT, &[report::COMMAND], Config::read, |config, shutdown| async move {
        let listener = process::listen(config.listen, "CHAT_LISTEN").await?;
        serve(listener, config, shutdown).await.context("chat service")
    })
}
