//! Streams that do not come to their end: the service breaks off, the client hangs up or does not
//! read, the gateway stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::status::Failure;
use futures_util::stream::{self, StreamExt as _};
use proto::chat::v1::{ErrorReason, ExportItem, Message, export_item};
use reqwest::RequestBuilder;
use serde_json::json;
use tokio::sync::watch;
use tonic::{Code, Status};

use super::answer::Answer;
use super::raw::Raw;
use super::rpc::PATIENCE;
use super::services::Events;
use super::telling::{Live, accepted, blocks, breaks, delta, done, failed, stays, tells};
use super::world::{World, answer};

fn say(world: &World) -> RequestBuilder {
    let request = world.request_as_user("POST", "/api/send-message/");
    request.header("accept", "text/event-stream").json(&json!({"text": "hi"}))
}

async fn answer_to(tell: impl Fn() -> Result<Events, Status> + Send + Sync + 'static) -> Answer {
    let world = World::start().await;
    world.chat.stream.answers(move |_| tell());
    answer(say(&world)).await
}

fn session_busy() -> Status {
    let (code, domain, reason) = (Code::ResourceExhausted, proto::chat::DOMAIN, "SESSION_BUSY");
    let (message, field) = ("", None);
    let retry_after = Some(Duration::from_secs(3));
    Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into()
}

#[tokio::test]
async fn before_the_first_event_an_error_is_like_any_other() {
    for at_once in [true, false] {
        let answer = answer_to(move || {
            if at_once { Err(session_busy()) } else { Ok(breaks(vec![], session_busy())) }
        })
        .await;
        assert_eq!(answer.says(), (429, "session_busy".to_owned()));
        assert_eq!(answer.header("retry-after"), "3");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let answer = answer_to(|| Ok(tells(vec![]))).await;
    assert_eq!(answer.says(), (503, "unavailable".to_owned()));
}

#[tokio::test]
async fn a_stream_that_breaks_off_can_be_taken_up_again() {
    let status = |code| Status::new(code, "canary");
    let cases: [(Option<Status>, &str); 6] = [
        (None, "unavailable"),
        (Some(status(Code::Unavailable)), "unavailable"),
        (Some(status(Code::Internal)), "unavailable"),
        (Some(status(Code::Cancelled)), "unavailable"),
        (Some(status(Code::Unknown)), "unavailable"),
        (Some(session_busy()), "session_busy"),
    ];
    for (broken, code) in cases {
        let answer = answer_to(move || {
            let told = vec![accepted(), delta(2, "he")];
            Ok(match broken.clone() {
                Some(status) => breaks(told, status),
                None => tells(told),
            })
        })
        .await;
        let heard = blocks(&answer.text);
        assert_eq!(heard.len(), 3, "{}", answer.text);
        let last = &heard[2];
        assert_eq!((last.name.as_str(), last.id.as_str()), ("error", "1.2"));
        assert_eq!(last.data["code"], code);
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
}

#[tokio::test]
async fn where_a_stream_breaks_off_another_replica_goes_on_and_the_client_does_not_notice() {
    let world = World::start().await;
    for cut in [None, Some(failed(ErrorReason::Interrupted, Some(1)))] {
        let told: Vec<_> = [accepted(), delta(2, "he")].into_iter().chain(cut).collect();
        world.chat.stream.answers(move |_| Ok(tells(told.clone())));
        world.chat.watch.answers(|request| {
            let place = (request.turn_id, request.attempt, request.offset, request.from_start);
            assert_eq!(place, (5, 1, 2, false));
            Ok(tells(vec![delta(5, "llo"), done()]))
        });
        let answer = answer(say(&world)).await;
        let heard = blocks(&answer.text);
        let names: Vec<_> = heard.iter().map(|block| block.name.as_str()).collect();
        assert_eq!(names, ["accepted", "delta", "delta", "done"]);
        assert_eq!(heard[2].data["text"], "llo");
    }
}

#[tokio::test]
async fn a_service_that_dies_while_it_tells_is_unavailable() {
    let mut world = World::start().await;
    world.chat.stream.answers(|_| Ok(stays(vec![accepted(), delta(2, "he")])));
    let mut live = Live::new(say(&world).send().await.unwrap());
    live.until("event: delta", 1).await;
    world.chat_backend.die();
    let last = blocks(&live.rest().await).pop().unwrap();
    assert_eq!((last.name.as_str(), last.id.as_str()), ("error", "1.2"));
    assert_eq!(last.data["code"], "unavailable");
}

#[tokio::test]
async fn while_nothing_happens_there_are_signs_of_life() {
    let often =
        |config: &mut gateway::Config| config.streams.keep_alive = Duration::from_millis(20);
    let world = World::start_with(often).await;
    world.chat.stream.answers(|_| Ok(stays(vec![accepted()])));
    world.chat.watch.answers(|_| Ok(stays(vec![])));
    for request in [say(&world), world.request_as_user("GET", "/api/turns/5/events/")] {
        let mut live = Live::new(request.send().await.unwrap());
        live.until("\n:\n\n", 3).await;
    }
}

#[tokio::test]
async fn a_stream_does_not_keep_the_gateway_from_stopping() {
    let soon = |config: &mut gateway::Config| config.streams.drain = Duration::from_millis(50);
    let world = World::start_with(soon).await;
    world.chat.stream.answers(|_| Ok(stays(vec![accepted(), delta(2, "he")])));
    let mut live = Live::new(say(&world).send().await.unwrap());
    live.until("event: delta", 1).await;
    world.stop.cancel();
    let last = blocks(&live.rest().await).pop().unwrap();
    assert_eq!((last.name.as_str(), last.id.as_str()), ("error", "1.2"));
    let detail = "The service is being restarted; the reply goes on. Reconnect to read it.";
    let told = ["code", "detail", "retry_after"].map(|key| last.data[key].clone());
    assert_eq!(told, [json!("interrupted"), json!(detail), json!(5)]);
    world.stopped().await;
}

#[tokio::test]
async fn a_reply_that_ends_in_time_is_told_to_its_end_though_the_gateway_stops() {
    let world = World::start().await;
    let go_on = watch::Sender::new(false);
    let waits = go_on.clone();
    world.chat.stream.answers(move |_| {
        let mut waits = waits.subscribe();
        let rest = stream::once(async move {
            let _went_on = waits.wait_for(|go_on| *go_on).await;
            Ok(done())
        });
        Ok(tells(vec![accepted()]).chain(rest).boxed())
    });
    let mut live = Live::new(say(&world).send().await.unwrap());
    live.until("event: accepted", 1).await;
    world.stop.cancel();
    go_on.send_replace(true);
    assert_eq!(blocks(&live.rest().await).pop().unwrap().name, "done");
    world.stopped().await;
}

/// Says when it is dropped.
struct Guard(Arc<watch::Sender<bool>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

async fn is_let_go(dropped: &watch::Sender<bool>) {
    let mut dropped = dropped.subscribe();
    let dropped = dropped.wait_for(|dropped| *dropped);
    let _seen = tokio::time::timeout(PATIENCE, dropped).await.expect("an end in time").unwrap();
}

#[tokio::test]
async fn whoever_hangs_up_is_told_no_more() {
    let world = World::start().await;
    let dropped = Arc::new(watch::Sender::new(false));
    let guarded = dropped.clone();
    world.chat.stream.answers(move |_| {
        let guard = Guard(guarded.clone());
        let rest = stream::poll_fn(move |_| {
            let _here = &guard;
            std::task::Poll::Pending
        });
        Ok(tells(vec![accepted()]).chain(rest).boxed())
    });
    let mut live = Live::new(say(&world).send().await.unwrap());
    live.until("event: accepted", 1).await;
    drop(live);
    is_let_go(&dropped).await;
}

/// Asks for a reply without end, and hears nothing of it.
async fn ask_deaf(world: &World) -> Raw {
    let mut deaf = Raw::connect(world.address).await;
    let body = r#"{"text": "hi"}"#;
    let head = format!(
        "POST /api/send-message/ HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         accept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        world.token(),
        body.len()
    );
    deaf.say(head + body).await;
    deaf
}

const PIECE: usize = 64 * 1024;

#[tokio::test]
async fn what_nobody_reads_is_not_fetched() {
    let stall = |config: &mut gateway::Config| config.limits.write_stall = Duration::from_secs(1);
    let world = World::start_with(stall).await;
    let (fetched, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(watch::Sender::new(false)));
    let (counted, guarded) = (fetched.clone(), dropped.clone());
    world.chat.stream.answers(move |_| {
        let (counted, guard) = (counted.clone(), Guard(guarded.clone()));
        let text = "a".repeat(PIECE);
        let endless = stream::repeat_with(move || {
            let _here = &guard;
            counted.fetch_add(PIECE, Ordering::Relaxed);
            Ok(delta(1, &text))
        });
        Ok(tells(vec![accepted()]).chain(endless).boxed())
    });
    let deaf = ask_deaf(&world).await;
    is_let_go(&dropped).await;
    drop(deaf);
    // As much as the buffers on the way can hold.
    let fetched = fetched.load(Ordering::Relaxed);
    assert!(fetched < 32 * 1024 * 1024, "{fetched}");
}

#[tokio::test]
async fn those_who_do_not_read_do_not_stand_in_the_way_of_others() {
    let world = World::start().await;
    let text = "a".repeat(PIECE);
    world.chat.stream.answers(move |_| {
        let text = text.clone();
        Ok(tells(vec![accepted()]).chain(stream::repeat_with(move || Ok(delta(1, &text)))).boxed())
    });
    let mut deaf = Vec::new();
    for _ in 0..4 {
        deaf.push(ask_deaf(&world).await);
    }
    world.chat.stream.called(4).await;
    // Much, on the same connection to the service.
    let item = |_| {
        let text = "a".repeat(PIECE);
        let message = Message { text, ..Message::default() };
        Ok(ExportItem { item: Some(export_item::Item::Message(message)) })
    };
    world.chat.export.answers(move |_| Ok(stream::iter((0..200).map(item)).boxed()));
    let export = world.get("/api/account/export/").await;
    assert!(export.text.ends_with("{\"items\":200,\"type\":\"end\"}\n"));
}
