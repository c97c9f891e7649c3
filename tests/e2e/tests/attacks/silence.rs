//! Peers who hold a connection and say nothing, or say it drop by drop.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::floods::ASKING;
use super::frames::{
    CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, block, frame,
};
use super::{LET_IN, Scene};

/// What a machine with much to do may add to a limit.
const GRACE: Duration = Duration::from_secs(5);
/// For the first request of a connection to the gateway, and for the headers of each; and for the first
/// byte on any port.
const REQUEST: Duration = Duration::from_secs(10);
/// For a sign of life, and an answer to it, once HTTP/2 is spoken.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30 + 10);
/// For anything, while nothing is spoken yet.
const SILENCE: Duration = Duration::from_secs(90);
/// Between two drops.
const DROP: Duration = Duration::from_millis(500);

/// What somebody says at once, what follows drop by drop, and how long they may take for it.
struct Slow {
    what: &'static str,
    port: String,
    said: Vec<u8>,
    drops: Vec<Vec<u8>>,
    limit: Duration,
}

impl Slow {
    /// They are hung up on in time: what was wrong, if not.
    async fn cut(self) -> Option<String> {
        let started = Instant::now();
        let (mut from, mut to) = TcpStream::connect(&self.port).await.unwrap().into_split();
        let talking = async {
            // To whoever has hung up, in vain.
            let mut ended = to.write_all(&self.said).await;
            for drop in &self.drops {
                if ended.is_ok() {
                    tokio::time::sleep(DROP).await;
                    ended = to.write_all(drop).await;
                }
            }
        };
        let mut heard = Vec::new();
        let hearing = async {
            let (_ended, ()) = tokio::join!(from.read_to_end(&mut heard), talking);
        };
        let ended = tokio::time::timeout(self.limit + GRACE, hearing).await;
        let (held, heard) = (started.elapsed(), String::from_utf8_lossy(&heard));
        let answered = heard.contains(" 200 ");
        let said = || format!("{}, {}: {held:?}, answered: {answered}", self.what, self.port);
        (ended.is_err() || answered).then(said)
    }
}

/// All of them at once, and somebody who means it beside them.
async fn are_cut_while_others_are_served(scene: &Scene, slow: Vec<Slow>) {
    let bearer = format!("Bearer {}", scene.ada.access);
    let mut slow = pin!(join_all(slow.into_iter().map(Slow::cut)));
    let held = loop {
        let others = async {
            tokio::time::sleep(DROP).await;
            assert_eq!(scene.knock(&[&bearer]).await, LET_IN);
        };
        tokio::select! {
            held = &mut slow => break held,
            () = others => {}
        }
    };
    let held: Vec<_> = held.into_iter().flatten().collect();
    assert!(held.is_empty(), "{held:#?}");
}

/// What begins a connection of HTTP/2.
fn greeting() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// E01: a line, or a part of one, or of a frame, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn headers_drop_by_drop_are_not_waited_for_on_any_port() {
    let scene = Scene::open().await;
    let gateway = scene.gateway();
    let asking = block(&ASKING);
    // A frame that is longer than all that will ever come of it.
    let whole = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[("x", "a")]).repeat(1_000));
    let begun = frame(HEADERS, END_STREAM, 1, &asking);
    let mut slow = Vec::new();
    let line = b"GET /livez HTTP/1.1\r\n".to_vec();
    for (what, drop) in [("lines", &b"x-more: 1\r\n"[..]), ("letters", b"x")] {
        let (said, drops) = (line.clone(), vec![drop.to_vec(); 200]);
        slow.push(Slow { what, port: gateway.clone(), said, drops, limit: REQUEST });
    }
    for port in scene.ports() {
        let limit = if port == gateway { REQUEST } else { SIGN_OF_LIFE };
        let (head, rest) = whole.split_at(9);
        let bytes = rest.iter().take(200).map(|byte| vec![*byte]).collect();
        let frames = vec![frame(CONTINUATION, 0, 1, &block(&[("x", "a")])); 200];
        for (what, begun, drops) in
            [("bytes of a frame", head, bytes), ("small frames", begun.as_slice(), frames)]
        {
            let said = [greeting().as_slice(), begun].concat();
            slow.push(Slow { what, port: port.clone(), said, drops, limit });
        }
    }
    are_cut_while_others_are_served(&scene, slow).await;
    scene.ends_unharmed().await;
}

/// E01: and then nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_falls_silent_is_hung_up_on_by_every_port() {
    let scene = Scene::open().await;
    let gateway = scene.gateway();
    let half = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&ASKING));
    let half = [greeting().as_slice(), &half[..12]].concat();
    let mut slow = Vec::new();
    let mut say = |what, port: &str, said: &[u8], limit| {
        let (port, said) = (port.to_owned(), said.to_vec());
        slow.push(Slow { what, port, said, drops: Vec::new(), limit });
    };
    for said in ["G", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        say("half of HTTP/1.1", &gateway, said.as_bytes(), REQUEST);
    }
    for port in scene.ports() {
        let is_gateway = port == gateway;
        let later = |limit| if is_gateway { REQUEST } else { limit };
        for _ in 0..20 {
            say("nothing", &port, b"", REQUEST);
        }
        say("half a preface", &port, &PREFACE[..10], later(SILENCE));
        say("a preface", &port, PREFACE, later(SIGN_OF_LIFE));
        say("a greeting", &port, &greeting(), later(SIGN_OF_LIFE));
        say("half a frame", &port, &half, later(SIGN_OF_LIFE));
    }
    are_cut_while_others_are_served(&scene, slow).await;
    scene.ends_unharmed().await;
}
