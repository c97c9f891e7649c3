//! Crowds on the gRPC ports, and callers who leave in the middle.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::Answer;
use futures_util::future::join_all;
use serde_json::json;
use tonic::Code;

use super::calls::{Call, framed, text};
use super::floods::{ASKING, CANCEL};
use super::frames::{DATA, END_HEADERS, END_STREAM, HEADERS, Link, RESET, block, frame};
use super::{MEMORY, Scene, address};

const ACCOUNT: &str = "/aibuddy.auth.v1.AuthService/GetAccount";
const LIST: &str = "/aibuddy.chat.v1.ChatService/ListSessions";
const LOG_IN: &str = "/aibuddy.auth.v1.AuthService/LogIn";
const REGISTER: &str = "/aibuddy.auth.v1.AuthService/Register";

/// How long somebody else may wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// F11
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_with_hundreds_of_connections_and_calls_keeps_nobody_from_logging_in() {
    let scene = Scene::open().await;
    let [_, auth, chat] = scene.ports();
    let mut links = Vec::new();
    for port in [&auth, &chat] {
        links.extend(join_all((0..200).map(|_| Link::open(port))).await);
    }
    let bearer = format!("Bearer {}", scene.ada.access);
    let with_token = |path| Call::to(path).with("authorization", &bearer);
    let guess = [text(1, b"nobody"), text(2, b"not the password")].concat();
    let login = json!({"username": scene.ada.name, "password": scene.ada.password});
    // Whoever is told to come back in a moment does.
    let enter = async || {
        let mut tries = 1;
        while scene.product.post("/api/login/", &login).await.status != 200 {
            tries += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tries
    };
    for (call, channel) in [
        (with_token(ACCOUNT), &scene.auth),
        (with_token(LIST), &scene.chat),
        (Call::to(LOG_IN).saying(&guess), &scene.auth),
    ] {
        let crowd = join_all((0..500).map(|_| call.clone().sent(channel)));
        let (answers, tries) = tokio::join!(crowd, tokio::time::timeout(PATIENCE, enter()));
        let mut counts = BTreeMap::new();
        for answer in answers {
            *counts.entry(format!("{:?}", answer.code())).or_insert(0) += 1;
            let expected =
                [Code::Ok, Code::Unauthenticated, Code::ResourceExhausted, Code::Unavailable];
            assert!(expected.contains(&answer.code()), "{answer:?}");
        }
        println!("{counts:?}; the other's login after {tries:?} tries");
        assert!(tries.is_ok(), "they waited for the crowd: {counts:?}");
        let grown = scene.process.resident_memory().saturating_sub(scene.memory);
        println!("{} KiB more", grown / 1024);
        assert!(grown < MEMORY, "{grown} bytes more are in use");
    }
    drop(links);
    scene.ends_unharmed().await;
}

/// F16
#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_while_they_are_registered_has_a_whole_account_or_none() {
    let scene = Scene::open().await;
    let port = address(&scene.product.auth_url());
    let [_, scheme, _, authority] = ASKING;
    let content = [("content-type", "application/grpc"), ("te", "trailers")];
    let way = [(":method", "POST"), scheme, (":path", REGISTER), authority];
    let asking = frame(HEADERS, END_HEADERS, 1, &block(&[way.as_slice(), &content].concat()));
    let password = "a fine password";
    let mut found = BTreeMap::new();
    // Milliseconds from the question to the leaving; at last, the answer is waited for.
    let waits = [0, 1, 2, 4, 8, 16, 32, 64, 96, 128, 160, 192, 224, 256, 384, 512];
    for wait in waits.map(Some).into_iter().chain([None]) {
        let name = wait.map_or("staying".to_owned(), |wait| format!("leaving-after-{wait}"));
        let message = [text(1, name.as_bytes()), text(2, password.as_bytes())].concat();
        let mut link = Link::open(&port).await;
        let asked = [asking.clone(), frame(DATA, END_STREAM, 1, &framed(0, &message))].concat();
        let leave = frame(RESET, 0, 1, &CANCEL);
        match wait {
            Some(0) => link.say(&[asked, leave].concat()).await,
            Some(wait) => {
                link.say(&asked).await;
                // Where in it they leave: that is what is tried.
                tokio::time::sleep(Duration::from_millis(wait)).await;
                link.say(&leave).await;
            }
            None => {
                link.say(&asked).await;
                while link.hear().await.unwrap().kind != HEADERS {}
                link.say(&leave).await;
            }
        }
        let account = json!({"username": name, "password": password});
        let again = scene.product.post("/api/register/", &account).await;
        let is_taken = again.says() == (400, "username_taken".to_owned());
        assert!(again.status == 201 || is_taken, "{name}: {}", again.text);
        *found.entry(again.status).or_insert(0) += 1;
        let login = scene.product.post("/api/login/", &account).await;
        assert_eq!(login.status, 200, "{name}: {}", login.text);
        let bearer = login.json()["access"].as_str().unwrap().to_owned();
        let own =
            Answer::to(scene.product.request("GET", "/api/account/").bearer_auth(bearer)).await;
        assert_eq!(own.json()["username"], name, "{name}: {}", own.text);
    }
    println!("{found:?}");
    assert_eq!(found.len(), 2, "some left before, some after: {found:?}");
    scene.ends_unharmed().await;
}
