//! Many people at once.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use e2e::{Process, Product, User, free_address};
use serde_json::json;
use tempfile::TempDir;

async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_wanted_by_a_hundred_becomes_one_account() {
    let product = Product::start().await;
    let account = json!({"username": "racer", "password": "correct horse"});
    let answers = all((0..100).map(|_| product.post("/api/register/", &account))).await;
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_insert(0) += 1;
        match answer.status {
            201 => {}
            400 => assert_eq!(answer.json()["error"], "Username already taken"),
            503 => assert!(!answer.header("retry-after").is_empty(), "{}", answer.text),
            other => panic!("{other}: {}", answer.text),
        }
    }
    println!("100 registrations of one name: {counts:?}");
    assert_eq!(counts[&201], 1);
    let next = product.register("the-next-one").await;
    let login = product.post("/api/login/", &account).await;
    assert_eq!(login.status, 200);
    assert!(next.id > 1, "one row was used up for the hundred");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_first_messages_of_one_person_all_that_are_taken_are_kept() {
    let product = Product::start().await;
    let ada = product.register("hasty").await;
    let say = async |ada: User, number: i32| ada.try_to_say(&format!("number {number}")).await;
    let answers = all((0..50).map(|number| say(ada.clone(), number))).await;
    let (mut sessions, mut taken) = (HashSet::new(), 0);
    for answer in answers {
        match answer.status {
            201 => {
                sessions.insert(answer.json()["session_id"].as_i64().unwrap());
                taken += 1;
            }
            429 => {
                assert_eq!(answer.json()["code"], "session_busy");
                assert!(!answer.header("retry-after").is_empty());
            }
            other => panic!("{other}: {}", answer.text),
        }
    }
    assert_eq!(sessions.len(), 1);
    assert!(taken >= 5, "one at work and four in line");
    let said = ada.messages(*sessions.iter().next().unwrap()).await;
    let texts: HashSet<_> =
        said.iter().filter(|(who, _)| who == "USER").map(|said| &said.1).collect();
    assert_eq!((said.len(), texts.len()), (2 * taken, taken));
}

/// Asks again and again until `stop`, and says how long each answer took.
async fn ask_again(
    ada: &User,
    path: &str,
    stop: &tokio_util::sync::CancellationToken,
) -> Vec<Duration> {
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

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_logins_at_once_do_not_keep_others_waiting() {
    let data = TempDir::new().unwrap();
    let (address, folder) = (free_address(), data.path().display().to_string());
    // What is tried is how much can be hashed, not how often somebody may try.
    let settings = [
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("AI_BUDDY_DATA", &folder),
        ("AUTH_TRIES_PER_PAIR", "0"),
        ("AUTH_TRIES_PER_ACCOUNT", "0"),
        ("AUTH_TRIES_PER_ADDRESS", "0"),
    ];
    let _process = Process::start("ai-buddy", &settings);
    let product = Product::at(&address);
    product.ready().await;
    let ada = product.register("ada").await;
    let (session, _) = ada.say("hello").await;
    let login = json!({"username": ada.name, "password": ada.password});

    let stop = tokio_util::sync::CancellationToken::new();
    let path = format!("/api/get-messages/?session_id={session}");
    let logins = async {
        let answers = all((0..200).map(|_| product.post("/api/login/", &login))).await;
        stop.cancel();
        answers
    };
    let (answers, mut live, mut read) =
        tokio::join!(logins, ask_again(&ada, "/livez", &stop), ask_again(&ada, &path, &stop));
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
    assert!(live > 5 * counts[&200] && read > 5 * counts[&200]);
}
