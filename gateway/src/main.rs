//! The gateway as a process of its own.

use std::process::ExitCode;

use chassis::healthcheck;
use chassis::process::{self, About, Command};
use gateway::{Config, serve};

const ABOUT: About = About {
    name: Config::NAME,
    what: "the JSON API of AI Buddy",
    prefixes: &["GATEWAY_"],
    metrics_setting: "GATEWAY_METRICS_LISTEN",
    measures: Vec::new,
};

/// Whether it is ready, and not whether it lives: whoever waits for a container to be healthy wants to be
/// served by it.
const HEALTHCHECK: Command = healthcheck::command(|_, settings| {
    Some(healthcheck::of_http(Config::read_listen(settings)?, "/readyz"))
});

fn main() -> ExitCode {
    process::run_with(ABOUT, &[HEALTHCHECK], Config::read, |config, shutdown| async move {
        crisis_resources::check()?;
        let listener = process::listen(config.listen, "GATEWAY_LISTEN").await?;
        serve(listener, config, shutdown).await;
        anyhow::Ok(())
    })
}
