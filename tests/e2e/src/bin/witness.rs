//! Talks with a running product as people do whose line is bad, and remembers every word that was
//! acknowledged; later, looks whether all of it is there.
//!
//! `witness speak FILE URL...` until it is told to stop; `witness check FILE URL`.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot go on should stop and say so"
)]

use std::time::{Duration, Instant};

use e2e::{Answer, Product, User};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many people talk at once.
const PEOPLE: usize = 8;
/// For an answer; whoever gets none asks again.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the same words to be acknowledged at last, however often they have to be said.
const LONGEST: Duration = Duration::from_mins(2);

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [act, file, urls @ ..] = arguments.as_slice() else {
        panic!("witness speak|check FILE URL...");
    };
    match act.as_str() {
        "speak" => {
            let said = speak(urls).await;
            std::fs::write(file, said.to_string()).expect("the file should be written");
        }
        "check" => {
            let said = std::fs::read_to_string(file).expect("the file should be there");
            let said: Value = serde_json::from_str(&said).expect("it should be whole");
            check(&said, &urls[0]).await;
        }
        _ => panic!("witness speak|check FILE URL..."),
    }
}

/// Everybody talks until a signal comes. Returns who said what, and what was answered.
async fn speak(urls: &[String]) -> Value {
    let (stop, stopped) = watch::channel(false);
    let mut people = JoinSet::new();
    let products: Vec<_> = urls.iter().map(|url| product(url)).collect();
    for number in 0..PEOPLE {
        let person = products[0].register(&format!("witness{number}")).await;
        let lines = products.iter().map(|product| product.returning(person.clone())).collect();
        people.spawn(talk(lines, stopped.clone()));
    }
    let mut terminate = signal(SignalKind::terminate()).expect("signals");
    tokio::select! {
        _ = terminate.recv() => {}
        Some(ended) = people.join_next() => panic!("somebody stopped talking: {ended:?}"),
    }
    stop.send_replace(true);
    let all = people.join_all().await;
    let (mut people, mut repeats, mut longest) = (Vec::new(), 0, Duration::ZERO);
    for (person, of_theirs, wait) in all {
        repeats += of_theirs;
        longest = longest.max(wait);
        people.push(person);
    }
    let said: usize = people.iter().map(|it| it["said"].as_array().map_or(0, Vec::len)).sum();
    println!(
        "witness: {said} messages acknowledged, {repeats} repeats, {longest:.1?} at most for one"
    );
    json!(people)
}

fn product(url: &str) -> Product {
    Product::at(url.trim_start_matches("http://"))
}

/// One person talks over any of several lines, and says the same again until it is acknowledged.
async fn talk(lines: Vec<User>, stopped: watch::Receiver<bool>) -> (Value, usize, Duration) {
    let (mut said, mut repeats, mut longest) = (Vec::new(), 0, Duration::ZERO);
    while !*stopped.borrow() {
        let (text, begun) = (format!("number-{}", said.len()), Instant::now());
        loop {
            let line = &lines[(said.len() + repeats) % lines.len()];
            if let Some(answer) = try_to_say(line, &text).await {
                said.push(json!([answer["session_id"], text, answer["ai_response"]]));
                break;
            }
            repeats += 1;
            assert!(begun.elapsed() < LONGEST, "{} is not heard: {text}", line.name);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        longest = longest.max(begun.elapsed());
    }
    let (name, password) = (&lines[0].name, &lines[0].password);
    (json!({"name": name, "password": password, "said": said}), repeats, longest)
}

/// What was answered, if it was acknowledged.
async fn try_to_say(line: &User, text: &str) -> Option<Value> {
    let request = line.request("POST", "/api/send-message/").header("idempotency-key", text);
    let sent = request.json(&json!({"text": text})).timeout(PATIENCE).send().await.ok()?;
    let status = sent.status().as_u16();
    let body = sent.text().await.ok()?;
    match status {
        201 => serde_json::from_str(&body).ok(),
        409 | 429 | 500..=599 => None,
        other => panic!("{}: {other}: {body}", line.name),
    }
}

/// Every message that was acknowledged is there once, in order, with the one reply that was told, and
/// nothing else is.
async fn check(people: &Value, url: &str) {
    let product = product(url);
    let mut rows = 0;
    for person in people.as_array().expect("people") {
        let login = json!({"username": person["name"], "password": person["password"]});
        let answer = product.post("/api/login/", &login).await;
        assert_eq!(answer.status, 200, "{}: {}", person["name"], answer.text);
        let access = answer.json()["access"].as_str().unwrap_or_default().to_owned();
        let said = person["said"].as_array().expect("words");
        let Some(session) = said.first().map(|message| &message[0]) else {
            continue;
        };
        let request = product.request("GET", &format!("/api/get-messages/?session_id={session}"));
        let answer = Answer::to(request.bearer_auth(access)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let found = answer.json();
        let found = found["messages"].as_array().expect("messages");
        let found: Vec<_> =
            found.iter().map(|row| [&row["session"], &row["sender"], &row["text"]]).collect();
        let (user, ai) = (json!("USER"), json!("AI"));
        let expected = said.iter().flat_map(|message| {
            [[&message[0], &user, &message[1]], [&message[0], &ai, &message[2]]]
        });
        assert_eq!(found, expected.collect::<Vec<_>>(), "of {}", person["name"]);
        rows += found.len();
    }
    println!("witness: {rows} rows are as they were told");
}
