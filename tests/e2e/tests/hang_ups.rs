//! People who hang up in the middle of whatever they asked for: nothing of it stays behind.

use std::sync::Arc;
use std::time::Duration;

use e2e::{Answer, Apart, Dice, Numbers, Product, Server, User, free_address};
use futures_util::stream::{self, StreamExt as _};
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Who hangs up, and who asks for something afterwards.
const TIMES: usize = 500;
/// How many of them at once: fewer than may wait for their password to be hashed.
const AT_ONCE: usize = 4;
const PEOPLE: usize = 20;
/// The latest moment for hanging up, in microseconds: some of what they ask for is done by then, and some not begun.
const LATEST: u64 = 40_000;
/// What a server says of connections that somebody was cut off on in the middle of something.
const LEFT_BEHIND: [&str; 3] =
    ["25P02", "current transaction is aborted", "already a transaction in progress"];

/// Somebody, and a session of theirs.
type Person = (User, i64);

/// All that people ask for, as they send it: method, path, header, body.
fn ask(
    kind: usize,
    (person, session): &Person,
    number: usize,
) -> (&'static str, String, String, Value) {
    let (name, password) = (&person.name, &person.password);
    let key = format!("idempotency-key: hang-up-{number}\r\n");
    let text = json!({"text": format!("message {number}")});
    let (method, path, headers, body) = match kind {
        0 => ("GET", "/api/sessions/", String::new(), Value::Null),
        1 => {
            let path = format!("/api/get-messages/?session_id={session}");
            return ("GET", path, String::new(), Value::Null);
        }
        2 => ("GET", "/api/account/", String::new(), Value::Null),
        3 => ("POST", "/api/send-message/", key, text),
        4 => ("POST", "/api/send-message/", key + "accept: text/event-stream\r\n", text),
        5 => ("POST", "/api/sessions/", String::new(), json!({})),
        6 => {
            let login = json!({"username": name, "password": password});
            ("POST", "/api/login/", String::new(), login)
        }
        _ => {
            let account = json!({"username": format!("left-{number}"), "password": password});
            ("POST", "/api/register/", String::new(), account)
        }
    };
    (method, path.to_owned(), headers, body)
}

/// Asks for something, and hangs up at some moment: between two bytes of the request, while it is worked on, or
/// when a part of the answer is there.
async fn hang_up(address: &str, person: &Person, number: usize) {
    let mut dice = Dice::new(u64::try_from(number).unwrap() * 7_919);
    let kind = usize::try_from(dice.below(8)).unwrap();
    let (method, path, headers, body) = ask(kind, person, number);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (access, length) = (&person.0.access, body.len());
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {access}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    let all = request.len();
    let sent = if dice.below(10) == 0 { dice.one_of(request.as_bytes()) } else { all };
    connection.write_all(&request.as_bytes()[..sent]).await.unwrap();
    if dice.below(8) == 0 {
        let mut some = [0; 64];
        let _answered = connection.read(&mut some).await.unwrap();
    } else {
        // The moment is what is tested: any will do, and all of them should.
        tokio::time::sleep(Duration::from_micros(dice.below(LATEST))).await;
    }
    if dice.below(2) == 0 {
        // Without a goodbye: the other end is told that the connection is broken.
        connection.set_zero_linger().unwrap();
    }
}

/// Asks for the same things as others do, and waits.
async fn ask_well(product: &Product, person: &Person, number: usize) {
    let (kind, number) = (number % 8, TIMES + number);
    let (method, path, headers, body) = ask(kind, person, number);
    let mut request = person.0.request(method, &path);
    for header in headers.lines() {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    if kind == 4 {
        let mut reader =
            e2e::Reader::of(&person.0, request.json(&body).send().await.unwrap(), "").await;
        reader.read_on().await;
        assert_eq!(reader.done()["finish_reason"], "stop");
        return;
    }
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = Answer::to(request).await;
    assert!([200, 201].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
    assert!(product.get("/readyz").await.status == 200);
}

/// Has writes wait for each other for moments, so that people hang up while theirs stand still, half done.
async fn get_in_the_way(apart: Arc<Apart>, stop: CancellationToken) {
    let (chat, auth) = (apart.connect("chat").await, apart.connect("auth").await);
    while !stop.is_cancelled() {
        for (database, tables) in [(&chat, "turns, messages"), (&auth, "users, logins")] {
            let holding = scratch::hold(database, tables).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            holding.rollback().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_who_hang_up_leave_nothing_behind() {
    let stub = Stub::start().await.unwrap();
    let every = Duration::from_millis(2);
    stub.always(Behaviour::TokenDelay { text: "I am still with you.".into(), every });
    let apart = Arc::new(Apart::on(Server::where_there_is_one(), &stub.base_url()));
    let numbers = [free_address(), free_address()];
    let unlimited = [
        "AUTH_TRIES_PER_PAIR",
        "AUTH_TRIES_PER_ACCOUNT",
        "AUTH_TRIES_PER_ADDRESS",
        "AUTH_REGISTRATIONS_PER_ADDRESS",
    ];
    let mut settings = unlimited.map(|name| (name, "0")).to_vec();
    settings.push(("AUTH_METRICS_LISTEN", &numbers[0]));
    let auth = apart.start_set("auth-service", &settings);
    let room = [
        ("CHAT_METRICS_LISTEN", numbers[1].as_str()),
        ("CHAT_PERSON_TURNS", "1000"),
        ("CHAT_SESSION_LINE", "100"),
    ];
    let chat = apart.start_set("chat-service", &room);
    let gateway = apart.start("gateway");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let person = product.register(&format!("person{number}")).await;
        let session = person.say("hello").await.0;
        people.push((person, session));
    }

    let stop = CancellationToken::new();
    let mut meddling = tokio::task::JoinSet::new();
    meddling.spawn(get_in_the_way(apart.clone(), stop.clone()));
    let person = |number: usize| &people[number % PEOPLE];
    let hanging_up = (0..TIMES).map(|number| hang_up(&apart.gateway, person(number), number));
    stream::iter(hanging_up).buffer_unordered(AT_ONCE * 8).collect::<Vec<_>>().await;
    stop.cancel();
    meddling.join_all().await;
    // What was begun for those who left is done first: nobody else should be told that it is too much.
    for address in &numbers {
        let in_use = |numbers: &Numbers| {
            numbers.sum("db_client_operations_in_use", &[])
                + numbers.sum("aibuddy_permits_in_use", &[])
        };
        Numbers::once(address, |numbers| in_use(numbers) < 0.5).await;
    }
    let asking = (0..TIMES).map(|number| ask_well(&product, person(number), number));
    stream::iter(asking).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;

    for address in &numbers {
        let nothing = |numbers: &Numbers| numbers.sum("db_client_operations_in_use", &[]) < 0.5;
        Numbers::once(address, nothing).await;
    }
    for program in [&auth, &chat, &gateway] {
        assert!(!program.output().contains("panicked"), "{}", program.output());
    }
    println!("{TIMES} hung up, {TIMES} were answered well");
    let Some(server) = apart.server() else { return };
    let log = server.log();
    let told: Vec<_> =
        log.lines().filter(|line| LEFT_BEHIND.iter().any(|words| line.contains(words))).collect();
    let standing = "SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
    let standing = scratch::number(&server.connect().await, standing).await;
    println!("told of by the server: {}, transactions that stand still: {standing}", told.len());
    assert_eq!((told, standing), (vec![], 0));
}
