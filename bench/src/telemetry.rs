//! What it costs to tell about oneself: reading a conversation without a collector, with one, and with one that
//! takes connections and says nothing.

use std::time::{Duration, Instant};

use anyhow::ensure;
use e2e::{Collector, User, free_address};
use futures_util::future::try_join_all;
use tokio::net::TcpListener;

use crate::installation::Installation;
use crate::times::Times;

/// All take turns: a machine is not the same all the time.
const ROUNDS: usize = 5;
/// How long each is asked in a round.
const SPAN: Duration = Duration::from_secs(4);
/// Whoever reads again at once.
const READERS: usize = 4;
/// Messages and replies in the conversation.
const TURNS: usize = 10;

/// One way to run the product.
struct Way {
    name: &'static str,
    installation: Installation,
    ada: User,
    path: String,
    times: Times,
    /// Of the product, for all of them.
    processor: Duration,
}

pub(crate) async fn measure() -> anyhow::Result<()> {
    let collector = Collector::start().await;
    // The system takes connections by itself.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let (told, hole) = (collector.url(), format!("http://{}", silent.local_addr()?));
    let (numbers, endpoint) = (free_address(), "OTEL_EXPORTER_OTLP_ENDPOINT");
    let mut ways = vec![
        Way::of("nothing is told", &[]).await?,
        Way::of("numbers", &[("AI_BUDDY_METRICS_LISTEN", &numbers)]).await?,
        Way::of("a collector", &[(endpoint, &told)]).await?,
        Way::of("a black hole", &[(endpoint, &hole)]).await?,
    ];
    for _ in 0..ROUNDS {
        for way in &mut ways {
            way.ask().await?;
        }
    }
    println!("get-messages of {} messages, {READERS} readers:", TURNS * 2);
    let seconds = (SPAN * u32::try_from(ROUNDS)?).as_secs_f64();
    for Way { name, times, processor, .. } in &ways {
        let count = u32::try_from(times.count())?;
        println!(
            "{name:16} p50 {:.2?}, p99 {:.2?}, {:.0} a second, {:.0?} of a processor each",
            times.median(),
            times.percentile(99),
            f64::from(count) / seconds,
            *processor / count,
        );
    }
    println!("the collector was told of {} spans", collector.spans().len());
    Ok(())
}

impl Way {
    async fn of(name: &'static str, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let installation = Installation::start(settings).await?;
        let ada = installation.product.register("ada").await;
        let (session, _) = ada.say("hello").await;
        for _ in 1..TURNS {
            ada.say("and more").await;
        }
        let path = format!("/api/get-messages/?session_id={session}");
        Ok(Self {
            name,
            installation,
            ada,
            path,
            times: Times::default(),
            processor: Duration::ZERO,
        })
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        let (started, before) = (Instant::now(), self.installation.processor_time());
        let (ada, path) = (&self.ada, &self.path);
        let read = || async move {
            let mut times = Vec::new();
            while started.elapsed() < SPAN {
                let asked = Instant::now();
                let answer = ada.get(path).await;
                ensure!(answer.status == 200, "{}", answer.text);
                times.push(asked.elapsed());
            }
            Ok(times)
        };
        let times = try_join_all((0..READERS).map(|_| read())).await?;
        times.into_iter().flatten().for_each(|time| self.times.push(time));
        self.processor += self.installation.processor_time().saturating_sub(before);
        Ok(())
    }
}
