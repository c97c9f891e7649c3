//! The gateway as a process of its own.

use std::process::ExitCode;

use chassis::process::{self, About};
use gateway::{Config, serve};

const ABOUT: About = About {
    name: Config::NAME,
    what: "the JSON API of AI Buddy",
    metrics_setting: "GATEWAY_METRICS_LISTEN",
    measures: Vec::new,
};

fn main() -> ExitCode {
    process::run(ABOUT, Config::read, |config, shutdown| async move {
        crisis_resources::check()?;
        let listener = process::listen(config.listen, "GATEWAY_LISTEN").await?;
        serve(listener, config, shutdown).await;
        anyhow::Ok(())
    })
}
