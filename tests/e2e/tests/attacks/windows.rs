//! Peers that ask for much and take a byte of it.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;

use super::calls::{Call, framed};
use super::controls::{INITIAL_WINDOW, setting};
use super::floods::streams;
use super::frames::{ACK, DATA, END_HEADERS, END_STREAM, HEADERS, Link, PING, block, frame};
use super::{LET_IN, MEMORY, Scene};

/// How often a connection asks: as often as the gateway lets it.
const STREAMS: u32 = 100;
const LIST: &str = "/aibuddy.chat.v1.ChatService/ListMessages";
const ACCOUNT: &str = "/aibuddy.auth.v1.AuthService/GetAccount";

/// E13: they cost no more than those who ask as much and take it, and the gateway hangs up on them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_much_and_takes_one_byte_of_it_gets_little_of_us() {
    let mut scene = Scene::open().await;
    let long = "word ".repeat(3_100);
    for number in 0..8 {
        scene.ada.say(&format!("number {number}: {long}")).await;
    }
    let bearer = format!("Bearer {}", scene.ada.access);
    let messages = format!("/api/get-messages/?session_id={}", scene.session);
    let page = [8, u8::try_from(scene.session).unwrap(), 16, 100];
    let listing = Call::to(LIST).with("authorization", &bearer).saying(&page);
    join_all((0..STREAMS).map(|_| scene.ada.see(&messages))).await;
    join_all((0..STREAMS).map(|_| listing.clone().sent(&scene.chat))).await;
    scene.memory = scene.process.resident_memory();

    let [gateway, auth, chat] = scene.ports();
    let mut links = Vec::new();
    for (port, method, path, message) in [
        (gateway, "GET", messages.as_str(), None),
        (auth, "POST", ACCOUNT, Some(framed(0, &[]))),
        (chat, "POST", LIST, Some(framed(0, &page))),
    ] {
        let mut headers =
            vec![(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")];
        headers.push(("authorization", &bearer));
        if message.is_some() {
            headers.extend([("content-type", "application/grpc"), ("te", "trailers")]);
        }
        let asking = block(&headers);
        let ask = |stream| match &message {
            None => frame(HEADERS, END_HEADERS | END_STREAM, stream, &asking),
            Some(message) => {
                let begin = frame(HEADERS, END_HEADERS, stream, &asking);
                [begin, frame(DATA, END_STREAM, stream, message)].concat()
            }
        };
        let all: Vec<u8> = streams(STREAMS).flat_map(ask).collect();
        let mut link = Link::open(&port).await;
        link.say(&[setting(INITIAL_WINDOW, 1), all].concat()).await;
        let mut answered = HashSet::new();
        while answered.len() < STREAMS as usize {
            let heard = link.hear().await.unwrap();
            if heard.kind == HEADERS {
                answered.insert(heard.stream);
            }
        }
        links.push(link);
        assert_eq!(scene.knock(&[&bearer]).await, LET_IN, "{path}");
        let grown = scene.process.resident_memory().saturating_sub(scene.memory);
        println!("{path}: {} KiB more", grown / 1024);
        assert!(grown < MEMORY, "{path}: {grown} bytes more are in use");
    }
    let mut deaf = links.swap_remove(0);
    let ended = async {
        while let Some(heard) = deaf.hear().await {
            if heard.kind == PING {
                // The connection is well, they say.
                deaf.say(&frame(PING, ACK, 0, &heard.payload)).await;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), ended).await.unwrap();
    drop(links);
    scene.ends_unharmed().await;
}

/// E04: over HTTP/1.1, where whoever is slow is noticed by what they leave unread.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_on_and_reads_nothing_is_hung_up_on() {
    let scene = Scene::open().await;
    let long = "word ".repeat(3_100);
    for number in 0..8 {
        scene.ada.say(&format!("number {number}: {long}")).await;
    }
    let (bearer, session) = (format!("Bearer {}", scene.ada.access), scene.session);
    let asking = format!(
        "GET /api/get-messages/?session_id={session} HTTP/1.1\r\nhost: a\r\n\
         authorization: {bearer}\r\n\r\n"
    );
    let socket = TcpSocket::new_v4().unwrap();
    // Little is on the way then.
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut deaf = socket.connect(scene.gateway().parse().unwrap()).await.unwrap();
    let talking = async { while deaf.write_all(asking.as_bytes()).await.is_ok() {} };
    let knocking = async { assert_eq!(scene.knock(&[&bearer]).await, LET_IN) };
    let both = async { tokio::join!(talking, knocking) };
    tokio::time::timeout(Duration::from_mins(1), both).await.unwrap();
    scene.ends_unharmed().await;
}
