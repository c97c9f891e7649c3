//! Two of each service on the same data, restarted one after the other, killed and held up under load.

use std::time::{Duration, Instant};

use anyhow::ensure;
use e2e::{Kept, Load, Seen, Twins};
use openai_stub::{DEFAULT_REPLY, Stub};

use crate::restarts;

/// Reads and named messages a second.
const READS: u32 = 100;
const SENDS: u32 = 10;
/// Where the chat service is among the twins.
const CHAT: usize = 1;
/// Between two restarts, as an operator does it.
const PAUSE: Duration = Duration::from_secs(2);
/// Within this time whoever does not answer is left.
const LEFT: Duration = Duration::from_secs(2);

/// With databases on a server of its own if `on_server`, otherwise in files.
pub(crate) async fn measure(on_server: bool) -> anyhow::Result<()> {
    let stub = Stub::start().await?;
    let server = if on_server { Some(restarts::server()?) } else { None };
    let mut twins = Twins::on(server, &stub.base_url()).await;
    let place = if on_server { "PostgreSQL" } else { "SQLite" };
    println!("{READS} reads and {SENDS} named messages a second, on {place}");
    let mut acknowledged = Vec::new();
    let load = Load::start(&twins.gateways.each_ref(), READS, SENDS).await;
    for (program, name) in Twins::PROGRAMS.into_iter().enumerate() {
        for which in 0..2 {
            let process = &mut twins.processes[program][which];
            process.signal("TERM").await;
            let told = Instant::now();
            let code = process.ended().await;
            ensure!(code == Some(0), "{name} ended with {code:?}");
            let ended = told.elapsed();
            twins.restart(program, which).await;
            println!("{name} {which}: ended after {ended:.1?}, ready after {:.1?}", told.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
    }
    let seen = load.end().await;
    tell("restarts", &seen, None)?;
    acknowledged.extend(seen.acknowledged);

    let load = Load::start(&[&twins.gateways[0]], READS, SENDS).await;
    tokio::time::sleep(PAUSE).await;
    twins.processes[CHAT][0].kill().await;
    let killed = Instant::now();
    tokio::time::sleep(PAUSE * 3).await;
    let seen = load.end().await;
    tell("kill -9 of a chat service", &seen, Some(killed))?;
    acknowledged.extend(seen.acknowledged);
    twins.restart(CHAT, 0).await;

    let load = Load::start(&[&twins.gateways[0]], READS, SENDS).await;
    tokio::time::sleep(PAUSE).await;
    twins.processes[CHAT][0].signal("STOP").await;
    let hung = Instant::now();
    tokio::time::sleep(PAUSE * 3).await;
    twins.processes[CHAT][0].signal("CONT").await;
    let seen = load.end().await;
    tell("a chat service hangs", &seen, Some(hung))?;
    acknowledged.extend(seen.acknowledged);
    let kept = Kept::in_the_end(&twins.apart, DEFAULT_REPLY).await;
    restarts::tell_of_kept(&kept, &acknowledged)
}

/// Says what people met with. A read that failed, and a message that was never answered, is an error.
fn tell(what: &str, seen: &Seen, since: Option<Instant>) -> anyhow::Result<()> {
    let tries: usize = seen.sends.iter().map(|send| send.2).sum();
    let longest = seen.sends.iter().map(|send| send.1).max().unwrap_or_default();
    let mut times: Vec<_> = seen.reads.iter().map(|read| read.1).collect();
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 1_000).copied().unwrap_or_default();
    let failed = &seen.failed;
    println!(
        "{what}: {} reads, {} failed, median {:.1?}, p99.9 {:.1?}, slowest {:.1?}; {} messages answered, sent \
         {tries} times, the longest took {longest:.1?}",
        seen.reads.len(),
        failed.len(),
        at(500),
        at(999),
        times.last().copied().unwrap_or_default(),
        seen.sends.len(),
    );
    if let Some(since) = since {
        let later = seen.slowest_since(since + LEFT);
        println!("  of the reads that began {LEFT:?} later, the slowest took {later:.1?}");
    }
    ensure!(failed.is_empty(), "reads failed: {failed:?}");
    ensure!(seen.lost.is_empty(), "messages were never answered: {:?}", seen.lost);
    Ok(())
}
