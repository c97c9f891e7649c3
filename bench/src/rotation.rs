//! Signing keys that change while everybody uses their tokens.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;
use e2e::{Answer, Product, User};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::installation::Installation;

const SPAN: Duration = Duration::from_mins(1);
/// From one change to the next.
const BETWEEN: Duration = Duration::from_secs(5);
/// From one request to the next: 200 a second.
const PACE: Duration = Duration::from_millis(5);
/// From one fresh token to the next.
const FRESH: Duration = Duration::from_millis(500);
/// What a token opens: something of the auth service, and something of the chat service.
const DOORS: [&str; 2] = ["/api/account/", "/api/sessions/"];

pub(crate) async fn measure() -> anyhow::Result<()> {
    let installation = Installation::start(&[]).await?;
    let ada = installation.product.register("ada").await;
    // One for each key that ever signed, and many of each.
    let tokens = Mutex::new(vec![ada.access.clone()]);
    let started = Instant::now();
    let (changes, refreshed, answers) = tokio::try_join!(
        change_keys(&installation, started),
        refresh(&installation.product, &ada, &tokens, started),
        use_tokens(&ada, &tokens, started),
    )?;
    let requests: usize = answers.values().sum();
    println!(
        "{requests} requests in {:.0?} with {} tokens, {changes} changes of keys, {refreshed} \
         refreshes: {answers:?}",
        started.elapsed(),
        tokens.lock().unwrap_or_else(PoisonError::into_inner).len(),
    );
    ensure!(answers.keys().all(|status| *status == 200), "a valid token was refused");
    Ok(())
}

async fn change_keys(installation: &Installation, started: Instant) -> anyhow::Result<usize> {
    let (mut ticks, mut changes) = (interval(BETWEEN), 0);
    ticks.tick().await;
    while started.elapsed() < SPAN {
        installation.command(&["keys", "rotate", "--now"]).await?;
        changes += 1;
        ticks.tick().await;
    }
    Ok(changes)
}

/// Takes new tokens, which the latest key signs.
async fn refresh(
    product: &Product,
    ada: &User,
    tokens: &Mutex<Vec<String>>,
    started: Instant,
) -> anyhow::Result<usize> {
    let (mut ticks, mut refreshed) = (interval(FRESH), 0);
    while started.elapsed() < SPAN {
        let answer = product.post("/api/refresh/", &json!({"refresh": ada.refresh})).await;
        ensure!(answer.status == 200, "a refresh: {}", answer.text);
        let access = answer.json()["access"].as_str().unwrap_or_default().to_owned();
        tokens.lock().unwrap_or_else(PoisonError::into_inner).push(access);
        refreshed += 1;
        ticks.tick().await;
    }
    Ok(refreshed)
}

/// Opens doors at a steady pace, whether or not the last ones were opened already: how many answers
/// there were of each status.
async fn use_tokens(
    ada: &User,
    tokens: &Mutex<Vec<String>>,
    started: Instant,
) -> anyhow::Result<BTreeMap<u16, usize>> {
    let (mut ticks, mut asking, mut answers) = (interval(PACE), JoinSet::new(), BTreeMap::new());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for request in 0.. {
        ticks.tick().await;
        if started.elapsed() >= SPAN {
            break;
        }
        let access = {
            let tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
            // The latest one half of the time, and all the others in turn.
            let place = if request % 4 < 2 { tokens.len() - 1 } else { request / 4 % tokens.len() };
            tokens[place].clone()
        };
        let (mut ada, door) = (ada.clone(), DOORS[request % DOORS.len()]);
        ada.access = access;
        asking.spawn(async move { Answer::to(ada.request("GET", door)).await.status });
        while let Some(answered) = asking.try_join_next() {
            *answers.entry(answered?).or_default() += 1;
        }
    }
    while let Some(answered) = asking.join_next().await {
        *answers.entry(answered?).or_default() += 1;
    }
    Ok(answers)
}
