//! The chat service is killed again and again while people talk, and nobody notices afterwards.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use e2e::{Apart, Dice, Kept, Product, User, free_address};
use openai_stub::{Behaviour, Stub};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// How often it is killed.
const KILLS: u64 = 100;
/// Who talks meanwhile.
const PEOPLE: usize = 10;
const REPLY: &str = "I am still here with you.";

/// What the product said that it has.
type Accepted = tokio::sync::watch::Sender<Vec<String>>;

/// Somebody who talks until `stop`: waits for whole answers, or reads along; some of what fails is
/// tried again under its name.
async fn talk(person: User, number: usize, accepted: Accepted, stop: CancellationToken) {
    let mut count = 0;
    while !stop.is_cancelled() {
        count += 1;
        let text = format!("message {count} of person {number}");
        let key = format!("key-{number}-{count}");
        let streams = count % 2 == 0;
        for _ in 0..20 {
            let mut request = person
                .request("POST", "/api/send-message/")
                .header("idempotency-key", &key)
                .json(&json!({"text": text}));
            if streams {
                request = request.header("accept", "text/event-stream");
            }
            let taken = match request.send().await {
                Ok(answer) if streams && answer.status() == 200 => read(answer).await,
                Ok(answer) => answer.status() == 201,
                Err(_) => false,
            };
            if taken {
                accepted.send_modify(|all| all.push(text));
                break;
            }
            if stop.is_cancelled() || count % 3 == 0 {
                break;
            }
            // Nobody asks again at once.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Reads a stream to wherever it ends. True if it said that the message is stored.
async fn read(mut answer: reqwest::Response) -> bool {
    let mut told = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        told.extend_from_slice(&chunk);
    }
    String::from_utf8_lossy(&told).contains("event: accepted")
}

/// Says how it went and nothing else, like every measurement.
#[expect(clippy::print_stdout, reason = "what is counted is what people want to see")]
fn tell(replicas: usize, accepted: usize, lost: usize, twice: usize) {
    println!(
        "kills of one of {replicas}: {KILLS}, accepted {accepted}, lost {lost}, duplicated {twice}"
    );
}

/// One of so many chat services is killed, whichever it is, and started again, a hundred times.
async fn a_hundred_kills(replicas: usize) {
    let stub = Stub::start().await.unwrap();
    let every = Duration::from_millis(20);
    stub.always(Behaviour::TokenDelay { text: REPLY.into(), every });
    let apart = Apart::new(&stub.base_url());
    let addresses: Vec<_> = (0..replicas).map(|_| free_address()).collect();
    let urls: Vec<_> = addresses.iter().map(|address| format!("https://{address}")).collect();
    let urls = urls.join(",");
    let _auth = apart.start_set("auth-service", &[("AUTH_CHAT_URL", &urls)]);
    let _gateway = apart.start_set("gateway", &[("GATEWAY_CHAT_URL", &urls)]);
    let mut chats = Vec::new();
    for address in &addresses {
        chats.push(apart.start_set("chat-service", &[("CHAT_LISTEN", address)]));
    }
    let product = Product::at(&apart.gateway);
    product.ready().await;

    let (accepted, stop) = (Accepted::default(), CancellationToken::new());
    let mut talking = tokio::task::JoinSet::new();
    for number in 0..PEOPLE {
        let person = product.register(&format!("person{number}")).await;
        talking.spawn(talk(person, number, accepted.clone(), stop.clone()));
    }
    let mut dice = Dice::new(2026);
    for kill in 0..KILLS {
        // The moment is what is tested: any will do, and all of them should.
        tokio::time::sleep(Duration::from_millis(dice.below(500))).await;
        let which = dice.one_of(&addresses);
        chats[which].kill().await;
        chats[which] = apart.start_set("chat-service", &[("CHAT_LISTEN", &addresses[which])]);
        // Most are killed again before they have read their rules, the others while people talk.
        if kill % 3 > 0 {
            chats[which].line_with("listening").await;
        } else {
            chats[which].line_with("chat service is ready").await;
            // On a machine that is busy with other things nobody would ever be answered.
            let before = accepted.borrow().len();
            let mut all = accepted.subscribe();
            let more = all.wait_for(|all| all.len() > before);
            tokio::time::timeout(Duration::from_mins(1), more).await.unwrap().unwrap();
        }
    }
    stop.cancel();
    while talking.join_next().await.is_some() {}

    let (kept, accepted) = (Kept::in_the_end(&apart, REPLY).await, accepted.borrow().clone());
    let (lost, twice) = (kept.lost(&accepted), kept.twice());
    tell(replicas, accepted.len(), lost, twice);
    assert_eq!((lost, twice), (0, 0));
    assert!(accepted.len() > 100, "people should have talked: {}", accepted.len());
    let (said, answered) = kept.counts();
    assert_eq!(answered, said, "what was stored and not confirmed is answered too");
    if scratch::server().is_none() {
        let well = "SELECT integrity_check FROM pragma_integrity_check";
        assert_eq!(scratch::texts(&apart.connect("chat").await, well).await, ["ok"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_kills_lose_nothing_and_answer_nothing_twice() {
    a_hundred_kills(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_kills_of_one_of_two_lose_nothing_and_answer_nothing_twice() {
    a_hundred_kills(2).await;
}

/// What a reader saw when.
async fn watch(person: User, seen: Arc<Mutex<Vec<(Instant, usize)>>>) {
    let request = person.request("POST", "/api/send-message/").json(&json!({"text": "tell me"}));
    let mut answer = request.header("accept", "text/event-stream").send().await.unwrap();
    let mut told = String::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        told.push_str(&String::from_utf8_lossy(&chunk));
        let last = told.rmatches("\nid: 1.").count().checked_sub(1);
        let offset = last.and_then(|_| told.rsplit("\nid: 1.").next());
        let offset = offset.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        seen.lock().unwrap().extend(offset.map(|offset| (Instant::now(), offset)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_no_more_than_the_last_moment_of_what_was_told() {
    let stub = Stub::start().await.unwrap();
    let text = "word ".repeat(2_000);
    stub.always(Behaviour::TokenDelay { text, every: Duration::from_millis(5) });
    let apart = Apart::new(&stub.base_url());
    let (_auth, _gateway) = (apart.start("auth-service"), apart.start("gateway"));
    let mut chat = apart.start("chat-service");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let (mut worst, mut dice) = (Duration::ZERO, Dice::new(7));
    for round in 0..10 {
        let person = product.register(&format!("reader{round}")).await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reading = watch(person, seen.clone());
        let killing = async {
            let enough = 400 + usize::try_from(dice.below(800)).unwrap();
            while seen.lock().unwrap().last().is_none_or(|(_, offset)| *offset < enough) {
                // Between two looks at what the reader has seen by now.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            chat.kill().await;
            Instant::now()
        };
        let ((), killed) = tokio::join!(reading, killing);
        let database = scratch::connect(apart.data(), "chat").await;
        let kept = "SELECT CAST(LENGTH(partial) AS bigint) FROM turns ORDER BY id DESC LIMIT 1";
        let kept = usize::try_from(scratch::number(&database, kept).await).unwrap();
        database.close().await.unwrap();
        // The first moment at which more was told than was kept.
        let seen = seen.lock().unwrap().clone();
        let lost = seen.iter().find(|(_, offset)| *offset > kept);
        worst = worst.max(lost.map_or(Duration::ZERO, |(told, _)| killed - *told));
        chat = apart.start("chat-service");
        product.ready().await;
    }
    println!("the most that 10 kills lost of what was told: {worst:?} of text");
    // A quarter of a second is the aim; a machine that is busy with other tests gets some more.
    assert!(worst < Duration::from_secs(1), "{worst:?}");
}
