//! How long each kind of refused login takes: a time must not tell what is wrong.

use std::time::Instant;

use anyhow::ensure;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::json;

use crate::installation::Installation;
use crate::times::Times;

/// Tries of each kind, one after the other.
const ROUNDS: usize = 60;

/// Kinds of refused logins, by the names of those who log in.
const KINDS: [&str; 6] = ["unknown", "wrong", "inactive", "malformed", "empty", "cheaper"];

pub(crate) async fn measure() -> anyhow::Result<()> {
    // Somebody whose password was hashed when that cost less.
    let installation = Installation::start(&[("AUTH_BCRYPT_COST", "10")]).await?;
    installation.product.register("cheaper").await;
    let installation = installation.restart(&[]).await?;
    for name in ["wrong", "inactive", "malformed", "empty"] {
        installation.product.register(name).await;
    }
    installation.command(&["users", "deactivate", "inactive"]).await?;
    let accounts = installation.accounts().await?;
    store(&accounts, "malformed", "$ab1$no hash at all").await?;
    store(&accounts, "empty", "").await?;

    let mut times: [Times; KINDS.len()] = Default::default();
    for round in 0..ROUNDS {
        for place in 0..KINDS.len() {
            // Whoever comes after whom changes, so that it cannot matter.
            let kind = (place + round) % KINDS.len();
            let password = match KINDS[kind] {
                "inactive" => "inactive's own password",
                _ => "not the right one",
            };
            let body = json!({"username": KINDS[kind], "password": password});
            let started = Instant::now();
            let answer = installation.product.post("/api/login/", &body).await;
            times[kind].push(started.elapsed());
            ensure!(answer.status == 401, "{}: {}", KINDS[kind], answer.text);
        }
    }
    let medians = times.each_ref().map(Times::median);
    for (kind, (median, times)) in KINDS.iter().zip(medians.iter().zip(&times)) {
        println!(
            "{kind:10} median {median:.1?}, 10th to 90th percentile {:.1?} to {:.1?}",
            times.percentile(10),
            times.percentile(90)
        );
    }
    let (least, most) = (medians.iter().min(), medians.iter().max());
    if let (Some(least), Some(most)) = (least, most) {
        let apart = (most.as_secs_f64() / least.as_secs_f64() - 1.0) * 100.0;
        println!("the medians of {ROUNDS} tries each are {apart:.1} % apart (goal: 10)");
    }
    Ok(())
}

async fn store(accounts: &DatabaseConnection, name: &str, hash: &str) -> anyhow::Result<()> {
    let sql = format!("update users set password_hash = '{hash}' where username = '{name}'");
    let changed = accounts.execute_unprepared(&sql).await?.rows_affected();
    ensure!(changed == 1, "{changed} accounts are called {name}");
    Ok(())
}
