//! Peers that ask for much and take a byte of it.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;

use super::calls::{Call, framed};
use super::controls::{INITIAL_WINDOW, setting};
use super::floods::streams;
use super::frames::{
    ACK, DATA, END_HEADERS, END_STREAM, HEADERS, Link, PING, RESET, WINDOW, block, frame,
};
use super::{LET_IN, MEMORY, Scene};

/// Between two answers that are asked to go on.
const MOMENT: Duration = Duration::from_millis(100);
/// More than a connection may take nothing for.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often a connection asks: as often as the gateway lets it.
const STREAMS: u32 = 100;
/// How often it asks at once who takes what comes.
const AT_ONCE: u32 = 10;
const LIST: &str = "/aibuddy.chat.v1.ChatService/ListMessages";
const ACCOUNT: &str = "/aibuddy.auth.v1.AuthService/GetAccount";

/// A product in which somebody has said a lot, and has all of it read often: what that costs is no attack.
struct Library {
    scene: Scene,
    bearer: String,
    /// All that was said, as a path of the API and as a request of the chat service's.
    path: String,
    page: [u8; 4],
}

impl Library {
    async fn open(messages: usize) -> Self {
        let mut scene = Scene::open().await;
        let long = "word ".repeat(3_100);
        for number in 0..messages {
            scene.ada.say(&format!("number {number}: {long}")).await;
        }
        let bearer = format!("Bearer {}", scene.ada.access);
        let path = format!("/api/get-messages/?session_id={}", scene.session);
        let page = [8, u8::try_from(scene.session).unwrap(), 16, 100];
        let listing = Call::to(LIST).with("authorization", &bearer).saying(&page);
        for _ in 0..STREAMS / AT_ONCE {
            join_all((0..AT_ONCE).map(|_| scene.ada.see(&path))).await;
            join_all((0..AT_ONCE).map(|_| listing.clone().sent(&scene.chat))).await;
        }
        scene.memory = scene.process.resident_memory();
        Self { scene, bearer, path, page }
    }

    /// Each port, and a connection to it that has asked for much, with as many bytes of room for each
    /// answer.
    async fn asked(&self, window: u32) -> [(String, Link); 3] {
        let [gateway, auth, chat] = self.scene.ports();
        let page = framed(0, &self.page);
        let get = self.asking("GET", &self.path, None);
        let account = self.asking("POST", ACCOUNT, Some(&framed(0, &[])));
        let list = self.asking("POST", LIST, Some(&page));
        let open = async |port: String, all: Vec<u8>| {
            let mut link = Link::open(&port).await;
            link.say(&[setting(INITIAL_WINDOW, window), all].concat()).await;
            (port, link)
        };
        let (gateway, auth, chat) =
            tokio::join!(open(gateway, get), open(auth, account), open(chat, list));
        [gateway, auth, chat]
    }

    /// What a connection says that asks for the same on each stream.
    fn asking(&self, method: &str, path: &str, message: Option<&[u8]>) -> Vec<u8> {
        let mut headers =
            vec![(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")];
        headers.push(("authorization", &self.bearer));
        if message.is_some() {
            headers.extend([("content-type", "application/grpc"), ("te", "trailers")]);
        }
        let asking = block(&headers);
        let ask = |stream| match message {
            None => frame(HEADERS, END_HEADERS | END_STREAM, stream, &asking),
            Some(message) => {
                let begin = frame(HEADERS, END_HEADERS, stream, &asking);
                [begin, frame(DATA, END_STREAM, stream, message)].concat()
            }
        };
        streams(STREAMS).flat_map(ask).collect()
    }

    /// How much more memory is in use than was, in bytes.
    fn grown(&self, from: u64) -> u64 {
        self.scene.process.resident_memory().saturating_sub(from)
    }
}

/// Waits until all is answered, or the connection has ended.
async fn answered(link: &mut Link) {
    let mut answered = HashSet::new();
    while answered.len() < STREAMS as usize {
        let Some(heard) = link.hear().await else { return };
        if heard.kind == HEADERS {
            answered.insert(heard.stream);
        }
    }
}

/// Says that the connection is well, whenever it is asked, until it is hung up on.
async fn hung_up_on(what: String, mut link: Link) {
    let ended = async {
        while let Some(heard) = link.hear().await {
            if heard.kind == PING {
                link.say(&frame(PING, ACK, 0, &heard.payload)).await;
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, ended).await;
    assert!(ended.is_ok(), "{what}");
}

/// E13: they cost no more than those who ask as much and take it, and all ports hang up on them, unless what
/// they were told is so small that it left at once.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_much_and_takes_one_byte_of_it_or_none_gets_little_of_us() {
    let library = Library::open(3).await;
    let [_, auth, _] = library.scene.ports();
    let mut deaf = Vec::new();
    for window in [0, 1] {
        let before = library.scene.process.resident_memory();
        for (port, mut link) in library.asked(window).await {
            answered(&mut link).await;
            assert_eq!(library.scene.knock(&[&library.bearer]).await, LET_IN, "{port}");
            let grown = library.grown(before);
            println!("{port}, {window} bytes each: {} KiB more", grown / 1024);
            assert!(grown < MEMORY, "{port}: {grown} bytes more are in use");
            // What is so small is out of our hands, and its connection rests like any other.
            if window == 1 && port == auth {
                continue;
            }
            deaf.push(hung_up_on(format!("{port}, {window} bytes each"), link));
        }
    }
    join_all(deaf).await;
    library.scene.ends_unharmed().await;
}

/// Whether what lies there of an answer is broken off soon: each time there is room for a little more than
/// what is out of our hands, the next one is asked to go on.
async fn breaks_off(link: &mut Link) -> bool {
    let room = 16 * 1024 + 1;
    for stream in streams(STREAMS) {
        let more = |stream| frame(WINDOW, 0, stream, &u32::to_be_bytes(room));
        link.say(&[more(0), more(stream)].concat()).await;
        let mut taken = 0;
        while taken < room as usize {
            let Some(heard) = link.hear().await else { return false };
            if heard.stream == stream && heard.kind == RESET {
                return true;
            }
            taken += if heard.kind == DATA { heard.payload.len() } else { 0 };
        }
        tokio::time::sleep(MOMENT).await;
    }
    false
}

/// E04: where more lies untaken than there is room for, who takes nothing of an answer is not waited for as
/// long as otherwise, and who takes something reads on.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_broken_off_soon_where_there_is_no_room_and_others_read_on() {
    let library = Library::open(20).await;
    let stop = CancellationToken::new();
    let reading = async {
        let mut pages = 0;
        while !stop.is_cancelled() {
            library.scene.ada.see(&library.path).await;
            pages += 1;
        }
        pages
    };
    let attacking = async {
        let mut links = Vec::new();
        for _ in 0..3 {
            for (_, mut link) in library.asked(0).await {
                answered(&mut link).await;
                links.push(link);
            }
        }
        let grown = library.grown(library.scene.memory);
        let [gateway, _, chat, ..] = &mut links[..] else { panic!("three ports") };
        let broken_off = tokio::join!(breaks_off(gateway), breaks_off(chat));
        stop.cancel();
        (grown, broken_off)
    };
    let (pages, (grown, broken_off)) = tokio::join!(reading, attacking);
    println!("{} KiB more, and {pages} pages were read meanwhile", grown / 1024);
    assert_eq!(broken_off, (true, true));
    assert!(pages > 0);
    let Library { mut scene, .. } = library;
    // What was there before it was broken off, the allocator keeps.
    scene.memory += grown;
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
