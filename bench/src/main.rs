//! `bench`: measures the product as people run it, a release build in a process of its own.
//!
//! Nothing here passes or fails for being slow: it prints what is compared, side by side. It fails when
//! somebody was answered wrongly.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

mod crowd;
mod hashing;
mod installation;
mod refusals;
mod restarts;
mod rolling;
mod rotation;
mod telemetry;
mod times;

use anyhow::bail;

const HELP: &str = "\
usage: bench [--postgres] MEASUREMENT...

  refusals   how long each kind of refused login takes
  hashing    logins a second, beside bare bcrypt on as many threads
  crowd      what 300 logins at once leave for everybody else
  rotation   signing keys that change under load: a minute
  telemetry  reading with and without a collector of traces, and with one that hangs: 80 seconds
  rolling    two of each service, restarted, killed and held up under load: a minute
  restarts   a PostgreSQL server that crashes every 20 s for 3 minutes under two of each service

--postgres: rolling keeps its databases on a PostgreSQL server of its own, not in files. That server, and the one
of restarts, syncs what it keeps.

It runs the programs beside itself: cargo build --release --workspace --bins";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (options, measurements): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if options.iter().any(|option| option != "--postgres") || measurements.is_empty() {
        bail!("{HELP}");
    }
    for measurement in measurements {
        println!("== {measurement}");
        match measurement.as_str() {
            "refusals" => refusals::measure().await?,
            "hashing" => hashing::measure().await?,
            "crowd" => crowd::measure().await?,
            "rotation" => rotation::measure().await?,
            "telemetry" => telemetry::measure().await?,
            "rolling" => rolling::measure(!options.is_empty()).await?,
            "restarts" => restarts::measure().await?,
            _ => bail!("{HELP}"),
        }
    }
    Ok(())
}
