//! What hashing passwords takes from others, and what its time tells.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::{Answer, User};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Scene, UNLIMITED};

/// Asks again and again until `stop`, and says how long each answer took.
async fn ask_again(ada: &User, path: &str, stop: &CancellationToken) -> Vec<Duration> {
    let mut times = Vec::new();
    while !stop.is_cancelled() {
        let started = Instant::now();
        let answer = ada.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        times.push(started.elapsed());
    }
    times
}

fn p99(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

/// A23
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_logins_at_once_do_not_keep_others_waiting() {
    // What is tried is how much can be hashed, not how often somebody may try.
    let costly = [UNLIMITED.as_slice(), &[("AUTH_BCRYPT_COST", "11")]].concat();
    let scene = Scene::with(&costly).await;
    let Scene { product, ada, session, .. } = &scene;
    let login = json!({"username": ada.name, "password": ada.password});

    let stop = CancellationToken::new();
    let path = format!("/api/get-messages/?session_id={session}");
    let logins = async {
        let answers = join_all((0..200).map(|_| product.post("/api/login/", &login))).await;
        stop.cancel();
        answers
    };
    let (answers, mut live, mut read) =
        tokio::join!(logins, ask_again(ada, "/livez", &stop), ask_again(ada, &path, &stop));
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_insert(0) += 1;
        match answer.status {
            200 => {}
            503 => assert!(!answer.header("retry-after").is_empty(), "{}", answer.text),
            other => panic!("{other}: {}", answer.text),
        }
    }
    let (slowest_live, slowest_read) = (p99(&mut live), p99(&mut read));
    let (live, read) = (live.len(), read.len());
    println!(
        "200 logins at once: {counts:?}; meanwhile p99 of {live} /livez {slowest_live:?}, of {read} \
         get-messages {slowest_read:?}"
    );
    assert!(counts[&200] > 0 && counts[&503] > 0);
    // Whoever waited in one line with the logins would have been answered about as often as they.
    assert!(live > 2 * counts[&200] && read > 2 * counts[&200]);
    scene.ends_unharmed().await;
}

/// Refusals of each kind.
const TRIES: usize = 25;

/// A16: how far apart they are is measured elsewhere, on a machine with nothing else to do. Here, none is
/// a refusal for which nothing was hashed.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_login_a_password_is_hashed_before_it_is_refused() {
    let scene = Scene::open().await;
    let product = &scene.product;
    let names = ["wrong", "empty", "inactive", "nobody-at-all"];
    for name in &names[..3] {
        product.register(name).await;
    }
    product.command("users deactivate inactive").await;
    let database = scratch::connect(product.data(), "auth").await;
    let empty = "UPDATE users SET password_hash = '' WHERE username = 'empty'";
    assert_eq!(database.execute_unprepared(empty).await.unwrap().rows_affected(), 1);
    database.close().await.unwrap();
    let mut times = names.map(|_| Vec::new());
    let mut said = Vec::new();
    // In turns, so that whatever else the machine does meets all of them.
    for _ in 0..TRIES {
        for (name, times) in names.iter().zip(&mut times) {
            let body = json!({"username": name, "password": "not the password"});
            let request = product.request("POST", "/api/login/").header("x-request-id", "same");
            let started = Instant::now();
            let answer = Answer::to(request.json(&body)).await;
            times.push(started.elapsed());
            said.push((answer.status, answer.text));
        }
    }
    assert!(said.iter().all(|answer| *answer == said[0] && answer.0 == 401), "{said:?}");
    let medians = times.map(|mut times| {
        times.sort();
        times[TRIES / 2]
    });
    println!("{names:?}: {medians:?}");
    let (shortest, longest) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(*shortest > *longest / 2, "{names:?}: {medians:?}");
    scene.ends_unharmed().await;
}
