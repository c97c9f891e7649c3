//! A reply, told as it is made.

use proto::chat::v1::turn::State;
use proto::chat::v1::{ErrorReason, Turn};
use reqwest::RequestBuilder;
use serde_json::json;

use super::services::{Events, turn};
use super::telling::{accepted, blocks, delta, done, done_as, failed, reset, tells};
use super::world::{World, answer};

const EVENTS: &str = "text/event-stream";

fn say(world: &World) -> RequestBuilder {
    let request = world.request_as_user("POST", "/api/send-message/");
    request.header("accept", EVENTS).json(&json!({"text": "hi"}))
}

/// What a client hears when the service tells this.
async fn heard(tell: impl Fn() -> Events + Send + Sync + 'static) -> String {
    let world = World::start().await;
    world.chat.stream.answers(move |_| Ok(tell()));
    let answer = answer(say(&world)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

#[tokio::test]
async fn a_reply_is_told_event_by_event() {
    let world = World::start().await;
    let events = || vec![accepted(), delta(2, "he"), reset(2), delta(5, "hello"), done()];
    world.chat.stream.answers(move |_| Ok(tells(events())));
    let answer = answer(say(&world)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, EVENTS));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-accel-buffering"), "no");
    assert!(answer.text.starts_with("retry: 1000\n\nevent: accepted\n"), "{}", answer.text);
    let heard = blocks(&answer.text);
    let ids: Vec<_> = heard.iter().map(|block| (block.name.as_str(), block.id.as_str())).collect();
    let expected = [
        ("accepted", "1.0"),
        ("delta", "1.2"),
        ("reset", "2.0"),
        ("delta", "1.5"),
        ("done", "1.5.end"),
    ];
    assert_eq!(ids, expected);
    assert_eq!(heard[0].data, json!({"turn_id": 5, "session_id": 1, "user_message_id": 8}));
    assert_eq!(heard[1].data["text"], "he");
    assert_eq!(heard[2].data, json!({"attempt": 2}));
    let usage = json!({"prompt_tokens": 30, "reply_tokens": 2, "estimated": true});
    let done = json!({
        "turn_id": 5, "session_id": 1, "message_id": 9, "finish_reason": "stop", "usage": usage,
    });
    assert_eq!(heard[4].data, done);
    let asked = world.chat.stream.last();
    assert_eq!(asked.message.text, "hi");
    // It takes as long as it takes.
    assert_eq!(asked.metadata("grpc-timeout"), "");
    assert!(world.chat.send.calls().is_empty());
}

#[tokio::test]
async fn only_who_asks_for_events_gets_them() {
    let world = World::start().await;
    for accept in ["", "*/*", "application/json", "text/event-stream;q=0, */*"] {
        let request = world.request_as_user("POST", "/api/send-message/").header("accept", accept);
        let answer = answer(request.json(&json!({"text": "hi"}))).await;
        assert_eq!((answer.status, answer.header("location")), (201, "/api/turns/5/"), "{accept}");
        let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["ai_response", "message", "session_id"], "{accept}");
    }
    assert!(world.chat.stream.calls().is_empty());
}

#[tokio::test]
async fn the_size_of_an_event_does_not_tell_its_words() {
    let words = || {
        let letters = (0..300).map(|length| "a".repeat(length));
        letters.chain(
            ["\"quoted\"\n\r\n\t\\", "\u{e4}\u{1f9e1}\u{0}", "data: \n\nevent: done"]
                .map(str::to_owned),
        )
    };
    let heard = heard(move || {
        let deltas = words().enumerate().map(|(at, text)| delta(at as u64 * 999, &text));
        tells([accepted()].into_iter().chain(deltas).chain([done()]).collect())
    })
    .await;
    let heard: Vec<_> = blocks(&heard).into_iter().filter(|block| block.name == "delta").collect();
    assert_eq!(heard.len(), words().count());
    for (block, text) in heard.iter().zip(words()) {
        assert_eq!(block.data["text"], text);
        assert_eq!(block.bytes % 128, 0, "{text:?}");
        assert!(block.data["padding"].as_str().unwrap().is_ascii());
    }
    // A word more or less does not show.
    assert!(heard.iter().take(40).all(|block| block.bytes == 128));
}

#[tokio::test]
async fn a_reply_that_was_stopped_before_its_first_word_is_done_and_not_there() {
    let stopped = || Turn { state: State::Cancelled.into(), ..turn() };
    let heard = heard(move || tells(vec![accepted(), done_as(stopped())])).await;
    let done = json!({
        "turn_id": 5, "session_id": 1, "message_id": null, "finish_reason": "cancelled",
        "usage": null,
    });
    assert_eq!(blocks(&heard)[1].data, done);
}

#[tokio::test]
async fn a_failure_is_told_as_everywhere_else() {
    let busy = ErrorReason::ModelUnavailable;
    let heard = heard(move || tells(vec![accepted(), failed(busy, Some(8))])).await;
    let last = blocks(&heard).pop().unwrap();
    assert_eq!((last.name.as_str(), last.id.as_str()), ("error", "1.5.end"));
    let detail = "Your message is saved, but the buddy cannot answer at the moment. Please try again \
                  shortly.";
    let mut data = last.data;
    let help = data.as_object_mut().unwrap().remove("help");
    assert!(help.is_some_and(|help| help["crisis_resources"] == "/api/crisis-resources/"));
    let expected = json!({"code": "model_unavailable", "detail": detail, "retry_after": 8});
    assert_eq!(data, expected);
}

#[tokio::test]
async fn what_will_not_get_better_says_nothing_of_coming_back() {
    for (reason, code) in [
        (ErrorReason::Cancelled, "cancelled"),
        (ErrorReason::GivenUp, "given_up"),
        (ErrorReason::Internal, "internal"),
        (ErrorReason::Unspecified, "internal"),
    ] {
        let heard = heard(move || tells(vec![accepted(), failed(reason, None)])).await;
        let last = blocks(&heard).pop().unwrap();
        assert_eq!((last.id.as_str(), &last.data["code"]), ("1.5.end", &json!(code)));
        assert_eq!(last.data.get("retry_after"), None, "{code}");
    }
}

#[tokio::test]
async fn who_is_interrupted_may_go_on_where_it_was() {
    let reason = ErrorReason::Interrupted;
    let heard = heard(move || tells(vec![accepted(), failed(reason, Some(2))])).await;
    let last = blocks(&heard).pop().unwrap();
    assert_eq!((last.id.as_str(), &last.data["code"]), ("1.5", &json!("interrupted")));
    assert_eq!(last.data["retry_after"], 2);
}

#[tokio::test]
async fn nothing_comes_after_the_end() {
    let heard = heard(|| tells(vec![accepted(), done(), delta(9, "more"), done()])).await;
    let names: Vec<_> = blocks(&heard).into_iter().map(|block| block.name).collect();
    assert_eq!(names, ["accepted", "done"]);
}

#[tokio::test]
async fn an_event_from_a_later_version_is_passed_over() {
    let unknown = || proto::chat::v1::TurnEvent { event: None, ..delta(3, "") };
    let heard = heard(move || tells(vec![accepted(), unknown(), done()])).await;
    let names: Vec<_> = blocks(&heard).into_iter().map(|block| block.name).collect();
    assert_eq!(names, ["accepted", "done"]);
}
