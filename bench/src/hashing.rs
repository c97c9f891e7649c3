//! Logins a second, beside what bare bcrypt does on as many threads.

use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures_util::future::try_join_all;
use serde_json::json;

use crate::installation::Installation;

/// The cost that passwords have unless somebody changes it.
const COST: u32 = 12;
/// How long each side is measured in a round.
const SPAN: Duration = Duration::from_secs(10);
/// The two sides take turns: a machine is not the same all the time.
const ROUNDS: usize = 3;
/// Whoever logs in again at once, for each thread that hashes.
const CALLERS: usize = 3;

pub(crate) async fn measure() -> anyhow::Result<()> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    for threads in [cores.saturating_sub(1).max(1), cores] {
        compare(threads).await?;
    }
    Ok(())
}

async fn compare(threads: usize) -> anyhow::Result<()> {
    let setting = threads.to_string();
    let installation = Installation::start(&[("AUTH_HASHING_THREADS", &setting)]).await?;
    installation.product.register("ada").await;
    let (mut bare, mut logins) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        bare += bare_rate(threads)?;
        logins += login_rate(&installation, threads).await?;
    }
    let rounds = f64::from(u32::try_from(ROUNDS)?);
    println!(
        "{threads} threads: bare bcrypt {:.2} a second, logins {:.2} a second: {:.1} % (goal: 95)",
        bare / rounds,
        logins / rounds,
        logins / bare * 100.0
    );
    Ok(())
}

/// Hashes a second.
fn bare_rate(threads: usize) -> anyhow::Result<f64> {
    let started = Instant::now();
    let hash = || {
        let mut hashes = 0_u32;
        while started.elapsed() < SPAN {
            bcrypt::hash_with_salt("not the right one", COST, [7; 16])?;
            hashes += 1;
        }
        // The last one ends after the span: each thread has a rate of its own.
        anyhow::Ok(f64::from(hashes) / started.elapsed().as_secs_f64())
    };
    thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(hash)).collect();
        let rates = working.into_iter().map(|thread| match thread.join() {
            Ok(rate) => rate,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        rates.sum()
    })
}

/// Logins a second, with always somebody in line.
async fn login_rate(installation: &Installation, threads: usize) -> anyhow::Result<f64> {
    let body = json!({"username": "ada", "password": "ada's own password"});
    let started = Instant::now();
    let come_again = || async {
        let mut logins = 0_u32;
        while started.elapsed() < SPAN {
            let answer = installation.product.post("/api/login/", &body).await;
            ensure!(answer.status == 200, "{}", answer.text);
            logins += 1;
        }
        anyhow::Ok(logins)
    };
    let logins = try_join_all((0..threads * CALLERS).map(|_| come_again())).await?;
    Ok(f64::from(logins.iter().sum::<u32>()) / started.elapsed().as_secs_f64())
}
