//! A PostgreSQL server that crashes again and again under two of each service, which nobody starts again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use e2e::{Kept, Server, Twins, crash_again_and_again};
use openai_stub::{DEFAULT_REPLY, Stub};

/// Reads and named messages a second.
const READS: u32 = 100;
const SENDS: u32 = 10;
/// From one crash to the next, three minutes long.
const BETWEEN: Duration = Duration::from_secs(20);
const CRASHES: usize = 9;
/// Within this time after the server is back, people are answered again.
const BACK: Duration = Duration::from_secs(10);

/// A server that syncs what it keeps.
pub(crate) fn server() -> anyhow::Result<Server> {
    Server::start().context("there is no PostgreSQL here (apt-get install postgresql)")
}

pub(crate) async fn measure() -> anyhow::Result<()> {
    let stub = Stub::start().await?;
    let twins = Twins::on(Some(server()?), &stub.base_url()).await;
    println!(
        "{READS} reads and {SENDS} named messages a second; pg_ctl restart -m immediate every {BETWEEN:?}"
    );
    let (crashes, seen, kept) =
        crash_again_and_again(&twins, (CRASHES, BETWEEN), (READS, SENDS), DEFAULT_REPLY).await;
    for (number, crash) in crashes.iter().enumerate() {
        let (read, send) = seen.first_since(crash.back);
        // What fails later does so because of the next crash.
        let until = crash.back + BETWEEN / 2;
        let is_later = |begun: &Instant| (crash.back..until).contains(begun);
        let failed = seen.reads.iter().filter(|read| read.2 != 200 && is_later(&read.0)).count();
        println!(
            "{}: the server was gone for {:.0?}; after it was back the first read was answered within {:.0?}, \
             the first message within {:.0?}, and {failed} reads failed",
            number + 1,
            crash.gone,
            read.unwrap_or_default(),
            send.unwrap_or_default(),
        );
        for first in [read, send] {
            ensure!(first.is_some_and(|first| first < BACK), "it took longer than {BACK:?}");
        }
    }
    let (failed, longest) = (seen.failed.len(), seen.sends.iter().map(|send| send.1).max());
    let slowest = seen.reads.iter().map(|read| read.1).max().unwrap_or_default();
    println!(
        "{} reads, {failed} failed in all, the slowest took {slowest:.1?}; {} messages answered, the longest took \
         {:.1?}",
        seen.reads.len(),
        seen.sends.len(),
        longest.unwrap_or_default(),
    );
    ensure!(seen.lost.is_empty(), "messages were never answered: {:?}", seen.lost);
    tell_of_kept(&kept, &seen.acknowledged)
}

/// Says what became of messages whose answer somebody got. One that is not there, or is there twice, is an
/// error.
pub(crate) fn tell_of_kept(kept: &Kept, acknowledged: &[String]) -> anyhow::Result<()> {
    let (lost, twice) = (kept.lost(acknowledged), kept.twice());
    println!("acknowledged {}, lost {lost}, answered twice {twice}", acknowledged.len());
    ensure!((lost, twice) == (0, 0), "something is lost or there twice");
    Ok(())
}
