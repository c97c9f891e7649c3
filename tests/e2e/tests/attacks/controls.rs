//! Frames that control a connection, said again and again: cheap to say, and each asks for work.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::floods::{ASKING, attacked, streams};
use super::frames::{
    ACK, AWAY, DATA, END_HEADERS, END_STREAM, HEADERS, Link, PING, PRIORITY, RESET, SETTINGS,
    WINDOW, block, flood, frame,
};
use super::{LET_IN, MEMORY, Scene};

/// How long somebody else may wait while it goes on.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than anybody is waited for who takes nothing.
const LONG: Duration = Duration::from_mins(1);
/// How often it is said at once.
const AT_ONCE: usize = 1_000;
/// The largest window that there is.
const LARGEST: u32 = (1 << 31) - 1;
/// The setting of how large a window new streams have.
pub(super) const INITIAL_WINDOW: u16 = 4;

pub(super) fn setting(name: u16, value: u32) -> Vec<u8> {
    let payload = [name.to_be_bytes().as_slice(), &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &payload)
}

/// Floods all ports while somebody else uses the product: they are answered, and no memory is lost
/// meanwhile. Each port hangs up.
async fn others_are_served_during(scene: &Scene, what: &str, begin: &[u8], more: &[u8]) {
    let stop = CancellationToken::new();
    let mut floods = JoinSet::new();
    for port in scene.ports() {
        let (begin, more) = (begin.to_vec(), more.repeat(AT_ONCE));
        floods.spawn(flood(port, begin, more, stop.clone()));
    }
    let bearer = format!("Bearer {}", scene.ada.access);
    let mut most = 0;
    for _ in 0..3 {
        let served = tokio::time::timeout(PATIENCE, scene.knock(&[&bearer])).await;
        assert_eq!(served.ok(), Some(LET_IN), "{what}");
        most = most.max(scene.process.resident_memory());
    }
    stop.cancel();
    let hung_up = tokio::time::timeout(LONG, floods.join_all()).await;
    assert!(hung_up.is_ok(), "{what}: somebody is heard without end");
    let grown = most.saturating_sub(scene.memory);
    assert!(grown < MEMORY, "{what}: {grown} bytes more were in use");
}

/// E13
#[tokio::test(flavor = "multi_thread")]
async fn floods_of_frames_about_a_connection_keep_nobody_else_waiting() {
    let scene = Scene::open().await;
    let asking = frame(HEADERS, END_HEADERS, 1, &block(&ASKING));
    for (what, begin, more) in [
        ("pings", &[][..], frame(PING, 0, 0, b"are u ok")),
        ("answers to pings that nobody sent", &[], frame(PING, ACK, 0, b"are u ok")),
        ("settings", &[], frame(SETTINGS, 0, 0, &[])),
        (
            "settings that go up and down",
            &asking,
            [setting(INITIAL_WINDOW, 0), setting(INITIAL_WINDOW, LARGEST)].concat(),
        ),
        ("answers to settings that nobody sent", &[], frame(SETTINGS, ACK, 0, &[])),
        ("priorities", &[], frame(PRIORITY, 0, 3, &[0, 0, 0, 0, 16])),
        ("priorities of the stream itself", &[], frame(PRIORITY, 0, 3, &[0, 0, 0, 3, 16])),
        ("a window that grows by one", &asking, frame(WINDOW, 0, 1, &1_u32.to_be_bytes())),
        ("a connection's that grows by one", &[], frame(WINDOW, 0, 0, &1_u32.to_be_bytes())),
        ("data without data", &asking, frame(DATA, 0, 1, &[])),
        ("farewells", &[], frame(AWAY, 0, 0, &[0; 8])),
        ("frames of a kind that there is not", &[], frame(0x42, 0, 0, b"what is it?")),
    ] {
        others_are_served_during(&scene, what, begin, &more).await;
    }
    scene.ends_unharmed().await;
}

/// E13: an answer is owed to each of them, and nobody takes it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_pings_on_and_hears_no_answer_is_let_go() {
    let scene = Scene::open().await;
    let pings = frame(PING, 0, 0, b"are u ok").repeat(AT_ONCE);
    let deaf = join_all(scene.ports().map(async |port| {
        let mut link = Link::open(&port).await;
        let ended = tokio::time::timeout(LONG, link.talk_on(&pings)).await;
        (port, ended.is_ok())
    }));
    let ended = deaf.await;
    assert!(ended.iter().all(|(_, ended)| *ended), "{ended:?}");
    scene.ends_unharmed().await;
}

/// E13: what is malformed, or more than a window can be.
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_make_no_sense_end_their_connection() {
    let scene = Scene::open().await;
    let asking = frame(HEADERS, END_HEADERS, 1, &block(&ASKING));
    let zero = |stream| frame(WINDOW, 0, stream, &[0; 4]);
    for (what, attack) in [
        ("a connection's window that grows by nothing", zero(0)),
        ("a window that grows by nothing", [asking.clone(), zero(1)].concat()),
        ("a window of no stream", frame(WINDOW, 0, 1, &[0, 0, 0, 1])),
        ("a connection's window that is too large", frame(WINDOW, 0, 0, &LARGEST.to_be_bytes())),
        ("a setting of a window that is too large", setting(INITIAL_WINDOW, LARGEST + 1)),
        ("half a setting", frame(SETTINGS, 0, 0, &[0; 5])),
        ("settings of a stream", frame(SETTINGS, 0, 1, &[])),
        ("a ping of a stream", frame(PING, 0, 1, &[0; 8])),
        ("a short ping", frame(PING, 0, 0, &[0; 7])),
        ("a short window", frame(WINDOW, 0, 0, &[0; 3])),
        ("a priority of no stream", frame(PRIORITY, 0, 0, &[0, 0, 0, 3, 16])),
    ] {
        for port in scene.ports() {
            let (lives, frames) = Link::open(&port).await.outlives(&attack).await;
            assert!(!lives, "{what}, {port}: {frames:?}");
        }
    }
    scene.ends_unharmed().await;
}

/// E13: each of them is reset by us, and none of them counts as open any more.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_us_reset_thousands_of_streams_is_hung_up_on() {
    let scene = Scene::open().await;
    let asking = block(&ASKING);
    for (what, flags, reason) in [
        ("a window that is too large", END_STREAM, (WINDOW, LARGEST.to_be_bytes().to_vec())),
        ("data after the end", END_STREAM, (DATA, b"more".to_vec())),
    ] {
        let attack: Vec<u8> = streams(6_000)
            .flat_map(|stream| {
                let asked = frame(HEADERS, END_HEADERS | flags, stream, &asking);
                [asked, frame(reason.0, 0, stream, &reason.1)].concat()
            })
            .collect();
        for port in scene.ports() {
            let (lives, frames) = attacked(&scene, &port, &attack).await;
            let resets = frames.iter().filter(|frame| frame.kind == RESET).count();
            println!("{what}, {port}: {resets} resets, lives: {lives}");
            assert!(!lives && resets < 2_000, "{what}, {port}: {resets}");
        }
    }
    scene.ends_unharmed().await;
}
