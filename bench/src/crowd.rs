//! What hundreds of logins at once leave for everybody else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use e2e::User;
use futures_util::future::join_all;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::installation::Installation;
use crate::times::Times;

/// Logins at once.
const CROWD: usize = 300;
/// After how long all of a crowd hang up.
const PATIENCE: Duration = Duration::from_millis(100);

pub(crate) async fn measure() -> anyhow::Result<()> {
    let installation = Installation::start(&[]).await?;
    let product = &installation.product;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("hello").await;
    let path = format!("/api/get-messages/?session_id={session}");
    let body = json!({"username": ada.name, "password": ada.password});
    let log_in = || product.post("/api/login/", &body);

    let alone = time(log_in()).await?;
    let stop = CancellationToken::new();
    let crowd = async {
        let started = Instant::now();
        let answers = join_all((0..CROWD).map(|_| log_in())).await;
        stop.cancel();
        (answers, started.elapsed())
    };
    let ((answers, lasted), live, read) =
        tokio::join!(crowd, ask_again(&ada, "/livez", &stop), ask_again(&ada, &path, &stop));
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_insert(0) += 1;
        let may_come_again = !answer.header("retry-after").is_empty();
        ensure!(answer.status == 200 || may_come_again, "{}: {}", answer.status, answer.text);
    }
    println!("{CROWD} logins at once, over in {lasted:.1?}: {counts:?}");
    for (path, times, goal) in [("/livez", live?, 50), ("get-messages", read?, 100)] {
        println!(
            "meanwhile {path}: median {:.1?}, p99 {:.1?} of {} (goal: {goal} ms)",
            times.median(),
            times.percentile(99),
            times.count()
        );
    }

    let hung_up = tokio::time::timeout(PATIENCE, join_all((0..CROWD).map(|_| log_in()))).await;
    ensure!(hung_up.is_err(), "all were answered before they could hang up");
    let behind = time(log_in()).await?;
    println!("a login takes {alone:.1?} alone, and {behind:.1?} when {CROWD} have just hung up");
    Ok(())
}

async fn time(login: impl Future<Output = e2e::Answer>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let answer = login.await;
    ensure!(answer.status == 200, "{}", answer.text);
    Ok(started.elapsed())
}

/// Asks again and again until `stop`.
async fn ask_again(ada: &User, path: &str, stop: &CancellationToken) -> anyhow::Result<Times> {
    let mut times = Times::default();
    while !stop.is_cancelled() {
        let started = Instant::now();
        let answer = ada.get(path).await;
        ensure!(answer.status == 200, "{path}: {}", answer.text);
        times.push(started.elapsed());
    }
    Ok(times)
}
