//! HTTP/2 connections that ask for much and take nothing.

use futures_util::future::join_all;

use super::frames::{
    ACK, AWAY, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, HEADERS, Link, PING, RESET,
    SETTINGS, block, frame,
};
use super::{LET_IN, Scene};

/// `ENHANCE_YOUR_CALM`
const CALM: [u8; 4] = [0, 0, 0, 11];
/// `CANCEL`
pub(super) const CANCEL: [u8; 4] = [0, 0, 0, 8];
/// The setting of how many streams there may be at once.
const STREAMS: [u8; 2] = [0, 3];

/// A request without a body.
pub(super) const ASKING: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":path", "/livez"), (":authority", "a")];

/// The numbers of so many streams of a client.
pub(super) fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

/// Whether the other side said that this is too much.
pub(super) fn is_calmed(frames: &[Frame]) -> bool {
    frames.iter().any(|frame| frame.kind == AWAY && frame.payload[4..8] == CALM)
}

/// Whether a connection to a port lives on after this, and what was said to it. Others are served meanwhile.
pub(super) async fn attacked(scene: &Scene, port: &str, attack: &[u8]) -> (bool, Vec<Frame>) {
    let bearer = format!("Bearer {}", scene.ada.access);
    let link = Link::open(port).await;
    let knocking = async { scene.knock(&[&bearer]).await };
    let (outcome, knocked) = tokio::join!(link.outlives(attack), knocking);
    assert_eq!(knocked, LET_IN, "{port}");
    outcome
}

/// E12: the gateway 100; the services what a gateway may need.
#[tokio::test(flavor = "multi_thread")]
async fn every_port_says_how_many_streams_there_may_be() {
    let scene = Scene::open().await;
    for (port, most) in scene.ports().into_iter().zip([100, 16_384, 16_384]) {
        let settings = loop {
            let heard = Link::open(&port).await.hear().await.unwrap();
            if heard.kind == SETTINGS {
                break heard.payload;
            }
        };
        let told = settings.chunks_exact(6).find(|setting| setting[..2] == STREAMS);
        let told = told.map(|setting| u32::from_be_bytes(setting[2..].try_into().unwrap()));
        assert!(told.is_some_and(|streams| streams <= most), "{port}: {told:?}");
    }
    scene.ends_unharmed().await;
}

/// E10
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_and_takes_it_back_six_thousand_times_is_hung_up_on() {
    let scene = Scene::open().await;
    let asking = block(&ASKING);
    let attack: Vec<u8> = streams(6_000)
        .flat_map(|stream| {
            let asked = frame(HEADERS, END_HEADERS | END_STREAM, stream, &asking);
            [asked, frame(RESET, 0, stream, &CANCEL)].concat()
        })
        .collect();
    for port in scene.ports() {
        let (lives, frames) = attacked(&scene, &port, &attack).await;
        assert!(!lives, "{port}: it took all of them");
        let answers = frames.iter().filter(|frame| frame.kind == HEADERS).count();
        assert!(answers < 1_000, "{port}: {answers}");
        // Whoever goes on talking may lose what was said to them last.
        let said = frames.iter().any(|frame| frame.kind == AWAY);
        assert!(!said || is_calmed(&frames), "{port}");
    }
    scene.ends_unharmed().await;
}

/// E10: what is malformed is reset by us, which costs us as much.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_us_refuse_thousands_of_requests_is_hung_up_on() {
    let scene = Scene::open().await;
    let mut headers = ASKING.to_vec();
    headers.push(("Upper-Case", "1"));
    let mut taken = Vec::new();
    for (what, malformed) in [
        ("an upper-case name", block(&headers)),
        ("no method", block(&ASKING[1..])),
        ("a header of a connection", block(&[&ASKING[..], &[("connection", "close")]].concat())),
    ] {
        let attack: Vec<u8> = streams(6_000)
            .flat_map(|stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, &malformed))
            .collect();
        for port in scene.ports() {
            let (lives, frames) = attacked(&scene, &port, &attack).await;
            if lives {
                let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
                taken.push((what, port, kinds));
            }
        }
    }
    assert!(taken.is_empty(), "{:?} {taken:#?}", scene.ports());
    scene.ends_unharmed().await;
}

/// E13
#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_cut_off() {
    let scene = Scene::open().await;
    let (asking, more) = (block(&ASKING), block(&[("x-more", &"a".repeat(100))]).repeat(140));
    let begin = frame(HEADERS, END_STREAM, 1, &asking);
    let many = frame(CONTINUATION, 0, 1, &more).repeat(200);
    let empty = frame(CONTINUATION, 0, 1, &[]).repeat(100_000);
    for port in scene.ports() {
        for flood in [&many, &empty] {
            let end = frame(CONTINUATION, END_HEADERS, 1, &[]);
            let attack = [begin.as_slice(), flood, &end].concat();
            let (lives, frames) = attacked(&scene, &port, &attack).await;
            let answered = frames.iter().any(|frame| frame.kind == HEADERS && frame.stream == 1);
            assert!(!lives && !answered, "{port}");
        }
    }
    scene.ends_unharmed().await;
}

/// E13: what cannot be unpacked ends its connection, whose table nobody knows any more.
#[tokio::test(flavor = "multi_thread")]
async fn headers_that_cannot_be_unpacked_end_their_connection() {
    let scene = Scene::open().await;
    for broken in [
        vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
        vec![0xff; 64],
        vec![0x80],
        vec![0xbe],
        vec![0, 0x7f, 0xff, 0xff, 0xff, 0x0f],
        // A larger table than was agreed on.
        vec![0x3f, 0xff, 0xff, 0xff, 0x0f],
        // Nothing but padding in Huffman's code.
        vec![0, 0x84, 0xff, 0xff, 0xff, 0xff, 1, b'a'],
    ] {
        let attack = frame(HEADERS, END_HEADERS | END_STREAM, 1, &broken);
        for port in scene.ports() {
            let (lives, frames) = Link::open(&port).await.outlives(&attack).await;
            assert!(!lives, "{port} {broken:?}: {frames:?}");
        }
    }
    scene.ends_unharmed().await;
}

/// E03: over gRPC. What keeps its connection alive and never ends what it says holds a place, for as long
/// as a call may take, and nobody else up.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_message_is_not_waited_for_without_end() {
    let scene = Scene::open().await;
    let [_, auth, chat] = scene.ports();
    let halves = [
        (auth, "aibuddy.auth.v1.AuthService/LogIn"),
        (chat, "aibuddy.chat.v1.ChatService/ListSessions"),
    ];
    let waiting = halves.map(|(port, method)| async move {
        let path = format!("/{method}");
        let asking = block(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":path", &path),
            (":authority", "a"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ]);
        let mut link = Link::open(&port).await;
        let half = frame(DATA, 0, 1, &[0, 0, 0, 0, 20, 10, 18]);
        link.say(&[frame(HEADERS, END_HEADERS, 1, &asking), half].concat()).await;
        while let Some(heard) = link.hear().await {
            match heard.kind {
                PING if heard.flags != ACK => link.say(&frame(PING, ACK, 0, &heard.payload)).await,
                HEADERS | RESET if heard.stream == 1 => return true,
                _ => {}
            }
        }
        false
    });
    let bearer = format!("Bearer {}", scene.ada.access);
    let knocking = async { scene.knock(&[&bearer]).await };
    let (ended, knocked) = tokio::join!(join_all(waiting), knocking);
    assert_eq!((ended, knocked), (vec![true, true], LET_IN));
    scene.ends_unharmed().await;
}
