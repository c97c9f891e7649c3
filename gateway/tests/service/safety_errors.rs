//! Somebody may be in danger, and something goes wrong: what was noticed stays with the error.

use chassis::status::Failure;
use prost::Message as _;
use proto::chat::SAFETY_METADATA;
use proto::chat::v1::{CrisisLine, CrisisResources, ErrorReason, Safety, Turn};
use serde_json::{Value, json};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use super::answer::Answer;
use super::safety::{WAYS, danger, in_json, tell};
use super::services::{Events, turn};
use super::telling::{Block, accepted, blocks, breaks, delta, done_as, failed, noticed, tells};
use super::world::{World, answer};

/// What a stream tells until it ends.
type Told = fn() -> Events;

/// A refusal that tells what was noticed.
fn refusal(code: Code, reason: &str, encoded: &[u8]) -> Status {
    let (domain, message) = (proto::chat::DOMAIN, "");
    let (retry_after, field) = (None, None);
    let mut status: Status =
        Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into();
    status.metadata_mut().insert_bin(SAFETY_METADATA, MetadataValue::from_bytes(encoded));
    status
}

async fn send(world: &World, accept: &str) -> Answer {
    ask(world, "POST", "/api/send-message/", accept).await
}

/// Asks for something, from a program that was set up in America.
async fn ask(world: &World, method: &str, path: &str, accept: &str) -> Answer {
    let request = world.request_as_user(method, path).header("accept", accept);
    answer(request.header("accept-language", "en-US").json(&json!({"text": "hi"}))).await
}

/// That the help in an error is for the same country as what was noticed.
fn assert_near(error: &Value, what: &str) {
    let there = &in_json()["resources"];
    let expected = json!({
        "region": "GB", "emergency": there["emergency"], "line": there["lines"][0],
        "directory": "https://findahelpline.com", "crisis_resources": "/api/crisis-resources/",
    });
    assert_eq!(error["help"], expected, "{what}");
}

#[tokio::test]
async fn an_error_brings_what_the_service_noticed() {
    let world = World::start().await;
    for (code, reason, expected) in [
        (Code::ResourceExhausted, "DAILY_LIMIT", (429, "daily_limit".to_owned())),
        (Code::InvalidArgument, "REQUEST_ID_INVALID", (400, "idempotency_key_invalid".to_owned())),
        (Code::Unavailable, "FROM_A_LATER_VERSION", (503, "unavailable".to_owned())),
    ] {
        let status = refusal(code, reason, &danger().encode_to_vec());
        let told = status.clone();
        world.chat.send.answers(move |_| Err(status.clone()));
        world.chat.stream.answers(move |_| Err(told.clone()));
        for accept in ["application/json", "text/event-stream", "application/problem+json"] {
            let answer = send(&world, accept).await;
            assert_eq!(answer.says(), expected, "{accept}");
            assert_eq!(answer.json()["safety"], in_json(), "{accept}");
        }
    }
    // Without a reason, too.
    let mut bare = Status::unavailable("");
    let encoded = MetadataValue::from_bytes(&danger().encode_to_vec());
    bare.metadata_mut().insert_bin(SAFETY_METADATA, encoded);
    world.chat.send.answers(move |_| Err(bare.clone()));
    assert_eq!(send(&world, "*/*").await.json()["safety"], in_json());
}

#[tokio::test]
async fn help_in_an_error_is_for_the_country_of_what_was_noticed() {
    let world = World::start().await;
    let status = refusal(Code::ResourceExhausted, "DAILY_LIMIT", &danger().encode_to_vec());
    let told = status.clone();
    world.chat.send.answers(move |_| Err(status.clone()));
    world.chat.stream.answers(move |_| Err(told.clone()));
    for accept in ["application/json", "text/event-stream"] {
        assert_near(&send(&world, accept).await.json(), accept);
    }
    let cases: [Told; 3] = [
        || {
            let reason = ErrorReason::ModelTimeout;
            tells(vec![noticed(danger()), accepted(), failed(reason, Some(9))])
        },
        || tells(vec![noticed(danger()), accepted(), delta(2, "he")]),
        || breaks(vec![noticed(danger()), accepted()], Status::unavailable("")),
    ];
    for told in cases {
        tell(&world, told);
        world.chat.watch.answers(move |_| Ok(told()));
        for path in WAYS {
            assert_near(&ask(&world, "POST", path, "*/*").await.json(), path);
        }
        for (method, path) in [("POST", "/api/send-message/"), ("GET", "/api/turns/5/events/")] {
            let answer = ask(&world, method, path, "text/event-stream").await;
            let Block { name, data, .. } = blocks(&answer.text).pop().unwrap();
            assert_eq!(name, "error");
            assert_near(&data, path);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_changes_nothing() {
    let world = World::start().await;
    for encoded in [b"\xff\xff\xff".as_slice(), b"", &Safety::default().encode_to_vec()] {
        let status = refusal(Code::ResourceExhausted, "DAILY_LIMIT", encoded);
        world.chat.send.answers(move |_| Err(status.clone()));
        let answer = send(&world, "*/*").await;
        assert_eq!(answer.says(), (429, "daily_limit".to_owned()));
        assert_eq!(answer.json().get("safety"), None);
    }
}

#[tokio::test]
async fn a_country_with_very_many_lines_still_fits_beside_an_error() {
    let world = World::start().await;
    let line = CrisisLine { name: "A line to talk to".repeat(8), ..CrisisLine::default() };
    let resources = CrisisResources { lines: vec![line; 200], ..CrisisResources::default() };
    let safety = Safety { resources: Some(resources), ..danger() };
    let status = refusal(Code::ResourceExhausted, "DAILY_LIMIT", &safety.encode_to_vec());
    world.chat.send.answers(move |_| Err(status.clone()));
    let answer = send(&world, "*/*").await;
    assert_eq!(answer.says(), (429, "daily_limit".to_owned()));
    let lines = answer.json()["safety"]["resources"]["lines"].as_array().map(Vec::len);
    assert_eq!(lines, Some(200));
}

#[tokio::test]
async fn a_whole_that_does_not_come_leaves_the_help_that_came() {
    let world = World::start().await;
    let cases: [(Told, &str); 5] = [
        (
            || {
                let reason = ErrorReason::ModelTimeout;
                tells(vec![noticed(danger()), accepted(), failed(reason, Some(9))])
            },
            "model_timeout",
        ),
        (|| tells(vec![noticed(danger()), accepted(), delta(2, "he")]), "unavailable"),
        (|| breaks(vec![noticed(danger())], Status::internal("")), "unavailable"),
        (|| tells(vec![noticed(danger()), accepted(), done_as(turn())]), "cancelled"),
        (
            || {
                let stopped = Turn { safety: Some(danger()), ..turn() };
                tells(vec![accepted(), done_as(stopped)])
            },
            "cancelled",
        ),
    ];
    for (told, code) in cases {
        tell(&world, told);
        for path in WAYS {
            let request = world.request_as_user("POST", path).json(&json!({"text": "hi"}));
            let body = answer(request).await.json();
            assert_eq!((&body["code"], &body["safety"]), (&json!(code), &in_json()), "{path}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_on_its_way_says_what_was_noticed() {
    let world = World::start().await;
    for (status, code) in [
        (refusal(Code::ResourceExhausted, "DAILY_LIMIT", &danger().encode_to_vec()), "daily_limit"),
        (Status::unavailable(""), "unavailable"),
    ] {
        world.chat.stream.answers(move |_| Ok(breaks(vec![accepted()], status.clone())));
        let answer = send(&world, "text/event-stream").await;
        let last = blocks(&answer.text).pop().unwrap();
        let safety = if code == "daily_limit" { in_json() } else { Value::Null };
        assert_eq!((&last.data["code"], &last.data["safety"]), (&json!(code), &safety));
    }
}
