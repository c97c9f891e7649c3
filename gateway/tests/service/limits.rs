//! What is too much.

use futures_util::stream;
use reqwest::Body;
use serde_json::json;

use super::raw::{Raw, exchange};
use super::world::{World, answer};

const LIMIT: usize = 256 * 1024;

/// A body of JSON of exactly this many bytes.
fn body_of(bytes: usize) -> String {
    let frame = json!({"refresh": ""}).to_string().len();
    json!({"refresh": "r".repeat(bytes - frame)}).to_string()
}

/// The same, in pieces whose sum nobody has told beforehand.
fn in_pieces(body: &str) -> Body {
    let piece = |piece: &[u8]| Ok::<_, std::io::Error>(piece.to_vec());
    let pieces: Vec<_> = body.as_bytes().chunks(16 * 1024).map(piece).collect();
    Body::wrap_stream(stream::iter(pieces))
}

#[tokio::test]
async fn a_body_of_256_kib_is_taken_and_one_byte_more_is_not() {
    let world = World::start().await;
    let fits = body_of(LIMIT);
    let start =
        || world.request("POST", "/api/refresh/").header("content-type", "application/json");
    assert_eq!(answer(start().body(fits.clone())).await.status, 200);
    assert_eq!(answer(start().body(in_pieces(&fits))).await.status, 200);
    let taken = world.auth.refresh.calls().len();
    for bytes in [LIMIT + 1, 2 * LIMIT, 16 * LIMIT] {
        let too_large = body_of(bytes);
        for body in [in_pieces(&too_large), Body::from(too_large.clone())] {
            let answer = answer(start().body(body)).await;
            assert_eq!(answer.says(), (413, "too_large".to_owned()), "{bytes}");
            assert_eq!(answer.json()["detail"], "The request body is larger than 256 KiB.");
        }
    }
    assert_eq!(world.auth.refresh.calls().len(), taken);
}

#[tokio::test]
async fn a_body_announced_as_too_large_is_not_waited_for() {
    let world = World::start().await;
    let mut raw = Raw::connect(world.address).await;
    raw.say("POST /api/refresh/ HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n").await;
    raw.say("content-length: 1000000000\r\nexpect: 100-continue\r\n\r\n").await;
    let heard = raw.hear_the_end().await;
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard}");
}

#[tokio::test]
async fn who_sends_all_of_a_large_body_before_listening_still_hears_why() {
    let world = World::start().await;
    let mut raw = Raw::connect(world.address).await;
    let body = body_of(16 * LIMIT);
    raw.say("POST /api/refresh/ HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n").await;
    raw.say(&format!("connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    let heard = raw.hear_the_end().await;
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard}");
}

#[tokio::test]
async fn a_request_has_a_hundred_headers_at_most() {
    let world = World::start().await;
    let with_headers = |count: usize| {
        // Beside these two.
        let others = "x-other: 1\r\n".repeat(count - 2);
        format!("GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{others}\r\n")
    };
    let heard = exchange(world.address, &with_headers(100)).await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    let heard = exchange(world.address, &with_headers(101)).await;
    assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let world = World::start_with(|config| config.limits.max_connections = 1).await;
    let get = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut first = Raw::connect(world.address).await;
    first.say(get).await;
    first.hear_until("ok").await;
    let mut second = Raw::connect(world.address).await;
    second.say(get).await;
    // The first has the only place, and is still served.
    first.say(get).await;
    first.hear_until("ok").await;
    assert!(second.is_silent());
    drop(first);
    second.hear_until("ok").await;
}
