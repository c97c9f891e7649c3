//! Passwords that are guessed from outside, with the limits that a product has unless told otherwise.

use std::net::IpAddr;
use std::time::Instant;

use e2e::{Answer, Product};
use reqwest::RequestBuilder;
use serde_json::json;

use super::{Scene, UNLIMITED, wait};

const WRONG: &str = "not the password";
/// Tries for one account from one network, and until there is one more.
const PER_PAIR: u64 = 10;
const PAIR: u64 = 6;
/// Tries from one network; there is one more each second.
const PER_ADDRESS: u64 = 120;

/// With the limits of a product that was told nothing about them.
async fn limited() -> Scene {
    Scene::with(&[]).await
}

fn guess(product: &Product, name: &str, password: &str) -> RequestBuilder {
    let body = json!({"username": name, "password": password});
    product.request("POST", "/api/login/").json(&body)
}

/// Whether a guess was one too many; otherwise it was wrong.
fn is_stopped(answer: &Answer) -> bool {
    if answer.status == 401 {
        return false;
    }
    assert_eq!(answer.says(), (429, "throttled".to_owned()), "{}", answer.text);
    let seconds = wait(answer).as_secs();
    assert!((1..=PAIR).contains(&seconds), "{seconds}");
    true
}

/// How many of some guesses were looked at. From the first that is stopped on, all are, but for what
/// came back in the time they took.
fn looked_at(stopped: &[bool]) -> u64 {
    stopped.iter().map(|stopped| u64::from(!stopped)).sum()
}

/// A19
#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_stopped_at_the_same_try_whether_or_not_there_is_such_a_name() {
    let scene = limited().await;
    let Scene { product, ada, .. } = &scene;
    let names = [ada.name.as_str(), "nobody-has-this", "nobody can have this", "\u{202e}ada"];
    let started = Instant::now();
    let mut stopped = names.map(|_| Vec::new());
    for _ in 0..15 {
        for (name, stopped) in names.iter().zip(&mut stopped) {
            stopped.push(is_stopped(&Answer::to(guess(product, name, WRONG)).await));
        }
    }
    let more = started.elapsed().as_secs() / PAIR;
    for (name, stopped) in names.iter().zip(&stopped) {
        let looked_at = looked_at(stopped);
        println!("{name:?}: {looked_at} of {} are looked at", stopped.len());
        assert!((PER_PAIR..=PER_PAIR + more).contains(&looked_at), "{name:?}: {stopped:?}");
        assert!(stopped[..10].iter().all(|stopped| !stopped), "{name:?}: {stopped:?}");
    }
    let said = async |name| {
        let answer = Answer::to(guess(product, name, WRONG).header("x-request-id", "same")).await;
        let mut headers = answer.headers.clone();
        for changes in ["date", "retry-after"] {
            headers.remove(changes);
        }
        (answer.says(), headers)
    };
    assert_eq!(said("ada").await, said("nobody-has-this").await);
    scene.ends_unharmed().await;
}

/// A20
#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_to_call_from_elsewhere_each_time_is_stopped_all_the_same() {
    let scene = limited().await;
    let Scene { product, ada, .. } = &scene;
    let started = Instant::now();
    let mut stopped = Vec::new();
    for number in 0..30 {
        let address = format!("198.51.{number}.1");
        let mut request = guess(product, &ada.name, WRONG);
        for name in ["x-forwarded-for", "x-real-ip", "true-client-ip", "cf-connecting-ip"] {
            request = request.header(name, &address);
        }
        request = request.header("forwarded", format!("for={address};proto=https"));
        request = request.header("x-client-address", &address);
        stopped.push(is_stopped(&Answer::to(request).await));
    }
    let more = started.elapsed().as_secs() / PAIR;
    let looked_at = looked_at(&stopped);
    println!("{looked_at} of 30 from 30 networks that are none");
    assert!((PER_PAIR..=PER_PAIR + more).contains(&looked_at), "{stopped:?}");
    scene.ends_unharmed().await;
}

/// A22
#[tokio::test(flavor = "multi_thread")]
async fn one_password_tried_on_five_hundred_names_is_stopped_and_another_network_is_not() {
    let scene = limited().await;
    let Scene { product, ada, .. } = &scene;
    let started = Instant::now();
    let mut stopped = Vec::new();
    for number in 0..500 {
        let name = format!("name{number}");
        stopped.push(is_stopped(&Answer::to(guess(product, &name, WRONG)).await));
    }
    let more = started.elapsed().as_secs();
    let looked_at = looked_at(&stopped);
    println!("{looked_at} of 500 in {:?}", started.elapsed());
    assert!((PER_ADDRESS..=PER_ADDRESS + more).contains(&looked_at), "{looked_at}");

    let elsewhere =
        reqwest::Client::builder().no_proxy().local_address(IpAddr::from([127, 9, 9, 1]));
    let elsewhere = elsewhere.build().unwrap();
    let body = json!({"username": ada.name, "password": ada.password});
    let login = elsewhere.post(product.url("/api/login/")).json(&body);
    let answer = Answer::to(login).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(ada.get("/api/sessions/").await.status, 200, "whoever is logged in goes on");
    scene.ends_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_as_long_as_they_are_told_may_try_once_more() {
    let scene =
        Scene::with(&[&UNLIMITED, [("AUTH_TRIES_PER_ADDRESS", "3")].as_slice()].concat()).await;
    let Scene { product, ada, .. } = &scene;
    // How many guesses are looked at before one is stopped, and that one.
    let hammer = async || {
        let mut looked_at = 0;
        loop {
            let asked = Instant::now();
            let answer = Answer::to(guess(product, &ada.name, WRONG)).await;
            if is_stopped(&answer) {
                return (looked_at, asked, answer);
            }
            looked_at += 1;
        }
    };
    let (_, mut asked, mut stopped) = hammer().await;
    for _ in 0..3 {
        let told = wait(&stopped);
        assert_eq!(told.as_secs(), 1);
        // This is the promise: who comes back then is not sent away again.
        tokio::time::sleep(told).await;
        let looked_at;
        let before = asked;
        (looked_at, asked, stopped) = hammer().await;
        assert!((1..=1 + before.elapsed().as_secs()).contains(&looked_at), "{looked_at}");
    }
    scene.ends_unharmed().await;
}
