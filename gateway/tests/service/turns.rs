//! A turn: looked at, watched, stopped, tried again, and answered otherwise.

use chassis::status::Failure;
use prost_types::Timestamp;
use proto::chat::v1::turn::State;
use proto::chat::v1::{
    CancelTurnResponse, ErrorReason, GetTurnResponse, Message, RegenerateReplyRequest,
    SelectTurnResponse, Sender, Session, Turn, Usage,
};
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::services::{Events, turn};
use super::telling::{accepted, blocks, delta, done, done_as, failed, help, reset, tells};
use super::world::{World, answer};

const TIME: Timestamp = Timestamp { seconds: 1_735_689_600, nanos: 120_000_000 };

fn not_found(reason: &str) -> Status {
    let (code, domain) = (Code::NotFound, proto::chat::DOMAIN);
    let (message, retry_after, field) = ("", None, None);
    Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into()
}

#[tokio::test]
async fn a_turn_is_shown_as_it_is() {
    let world = World::start().await;
    world.chat.turn.answers(|_| Ok(GetTurnResponse { turn: Some(turn()) }));
    let mut expected = json!({
        "id": 5, "session": 1, "parent": null, "user_message": 8, "ai_message": null,
        "state": "queued", "attempt": 0, "failure": null, "finish_reason": null, "usage": null,
        "shown": false, "created_at": "", "ended_at": null, "safety": null,
    });
    let answer = world.get("/api/turns/5/").await;
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    assert_eq!(world.chat.turn.last().message.turn_id, 5);

    let full = Turn {
        parent_turn_id: Some(4),
        ai_message_id: Some(9),
        state: State::Completed.into(),
        attempt: 2,
        finish_reason: "stop".to_owned(),
        usage: Some(Usage { prompt_tokens: 30, reply_tokens: 2, is_estimated: false }),
        shown: true,
        create_time: Some(TIME),
        end_time: Some(TIME),
        ..turn()
    };
    world.chat.turn.answers(move |_| Ok(GetTurnResponse { turn: Some(full.clone()) }));
    expected["parent"] = json!(4);
    expected["ai_message"] = json!(9);
    expected["state"] = json!("completed");
    expected["attempt"] = json!(2);
    expected["finish_reason"] = json!("stop");
    expected["usage"] = json!({"prompt_tokens": 30, "reply_tokens": 2, "estimated": false});
    expected["shown"] = json!(true);
    expected["created_at"] = json!("2025-01-01T00:00:00.120000Z");
    expected["ended_at"] = json!("2025-01-01T00:00:00.120000Z");
    assert_eq!(world.get("/api/turns/5").await.json(), expected);
}

#[tokio::test]
async fn every_state_and_every_failure_has_a_name() {
    let world = World::start().await;
    for (state, failure, names) in [
        (State::Queued, ErrorReason::Unspecified, ["queued", "", ""]),
        (State::Running, ErrorReason::Unspecified, ["running", "", ""]),
        (State::Failed, ErrorReason::ModelTimeout, ["failed", "model_timeout", ""]),
        (State::Failed, ErrorReason::GivenUp, ["failed", "given_up", ""]),
        (State::Cancelled, ErrorReason::Unspecified, ["cancelled", "", "cancelled"]),
    ] {
        let turn = Turn { state: state.into(), failure: failure.into(), ..turn() };
        world.chat.turn.answers(move |_| Ok(GetTurnResponse { turn: Some(turn.clone()) }));
        let seen = world.get("/api/turns/5/").await.json();
        let seen = ["state", "failure", "finish_reason"].map(|key| seen[key].clone());
        assert_eq!(seen.map(|name| name.as_str().unwrap_or_default().to_owned()), names);
    }
}

#[tokio::test]
async fn a_turn_that_is_not_there_is_not_found_however_it_is_written() {
    let world = World::start().await;
    world.chat.turn.answers(|_| Err(not_found("TURN_NOT_FOUND")));
    let missing = answer(world.request_as_user("GET", "/api/turns/6/").header("x-request-id", "a"));
    let missing = missing.await;
    assert_eq!(missing.says(), (404, "turn_not_found".to_owned()));
    for path in ["0", "-1", "abc", "1.0", "%2B1", "%FF", "99999999999999999999"] {
        let request = world.request_as_user("GET", &format!("/api/turns/{path}/"));
        let answer = answer(request.header("x-request-id", "a")).await;
        assert_eq!((answer.status, &answer.text), (404, &missing.text), "{path}");
    }
    for (method, path) in [
        ("POST", "/api/turns/x/cancel/"),
        ("POST", "/api/turns/x/retry/"),
        ("POST", "/api/turns/x/regenerate/"),
        ("POST", "/api/turns/x/select/"),
        ("GET", "/api/turns/x/events/"),
    ] {
        let stranger = answer(world.request(method, path)).await;
        assert_eq!(stranger.says(), (401, "not_authenticated".to_owned()), "{path}");
        let known = answer(world.request_as_user(method, path)).await;
        assert_eq!(known.says(), (404, "turn_not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_reply_is_watched_from_where_it_was_read_to() {
    let world = World::start().await;
    world.chat.watch.answers(|_| Ok(tells(vec![delta(5, "lo"), done()])));
    for (header, query, from) in [
        (None, "", (0, 0)),
        (Some(""), "", (0, 0)),
        (Some("1.3"), "", (1, 3)),
        (None, "?last_event_id=2.44", (2, 44)),
        (Some(""), "?last_event_id=2.44", (2, 44)),
        (Some("1.3"), "?last_event_id=2.44", (1, 3)),
    ] {
        let mut request = world.request_as_user("GET", &format!("/api/turns/5/events/{query}"));
        if let Some(id) = header {
            request = request.header("last-event-id", id);
        }
        let answer = answer(request.header("accept", "application/json")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
        let names: Vec<_> = blocks(&answer.text).into_iter().map(|block| block.name).collect();
        assert_eq!(names, ["delta", "done"]);
        let asked = world.chat.watch.last();
        assert_eq!((asked.message.attempt, asked.message.offset), from, "{header:?} {query}");
        assert_eq!((asked.message.turn_id, asked.metadata("grpc-timeout")), (5, ""));
    }
}

#[tokio::test]
async fn who_has_read_the_end_is_told_to_stop_and_who_read_nonsense_to_ask_properly() {
    let world = World::start().await;
    let watch = |id: &str| {
        let request = world.request_as_user("GET", "/api/turns/5/events/");
        answer(request.header("last-event-id", id))
    };
    let stands = |state: State, attempt: u32| {
        world.chat.turn.answers(move |_| {
            let turn = Turn { state: state.into(), attempt, ..turn() };
            Ok(GetTurnResponse { turn: Some(turn) })
        });
    };
    for (state, attempt, id) in [
        (State::Completed, 1, "1.42.end"),
        (State::Cancelled, 2, "2.7.end"),
        (State::Failed, 1, "0.0.end"),
    ] {
        stands(state, attempt);
        let over = watch(id).await;
        assert_eq!((over.status, over.text.as_str()), (204, ""), "{id}");
    }
    for nonsense in ["1", "a.b", "1.2.3", "-1.2", "1.99999999999999999999", "\u{e4}"] {
        let answer = watch(nonsense).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{nonsense}");
        assert_eq!(answer.json()["last_event_id"], json!(["No event has this id."]));
    }
    assert!(world.chat.watch.calls().is_empty());
    // What had failed then has been tried again since.
    for (state, attempt) in [(State::Running, 2), (State::Completed, 2)] {
        stands(state, attempt);
        assert_eq!(watch("0.0.end").await.status, 200);
    }
    world.chat.turn.answers(|_| Err(not_found("TURN_NOT_FOUND")));
    assert_eq!(watch("1.42.end").await.says(), (404, "turn_not_found".to_owned()));
    world.chat.watch.answers(|_| Err(not_found("TURN_NOT_FOUND")));
    assert_eq!(watch("1.42").await.says(), (404, "turn_not_found".to_owned()));
}

#[tokio::test]
async fn stopping_keeps_what_was_seen() {
    let world = World::start().await;
    let said =
        Message { id: 9, sender: Sender::Ai.into(), text: "he".into(), ..Default::default() };
    world.chat.cancel.answers(move |_| {
        let turn = Turn { state: State::Cancelled.into(), ..turn() };
        Ok(CancelTurnResponse { turn: Some(turn), ai_message: Some(said.clone()) })
    });
    let stop = || world.request_as_user("POST", "/api/turns/5/cancel/");
    for (request, attempt, offset) in [
        (stop(), 0, None),
        (stop().json(&json!({})), 0, None),
        (stop().json(&json!({"last_event_id": null})), 0, None),
        (stop().json(&json!({"last_event_id": "1.42"})), 1, Some(42)),
        (stop().json(&json!({"last_event_id": "1.42.end"})), 1, Some(42)),
        (stop().form(&[("last_event_id", "2.0")]), 2, Some(0)),
    ] {
        let answer = answer(request).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["turn"]["state"]), (200, &json!("cancelled")));
        assert_eq!(
            (&body["ai_message"]["id"], &body["ai_message"]["text"]),
            (&json!(9), &json!("he"))
        );
        let asked = world.chat.cancel.last().message;
        assert_eq!((asked.turn_id, asked.attempt, asked.offset), (5, attempt, offset));
    }
    for wrong in [json!("abc"), json!(1.42)] {
        let answer = answer(stop().json(&json!({"last_event_id": wrong}))).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()));
    }
    world.chat.cancel.answers(|_| Ok(CancelTurnResponse { turn: Some(turn()), ai_message: None }));
    assert_eq!(answer(stop()).await.json()["ai_message"], Value::Null);
}

#[tokio::test]
async fn going_back_to_a_branch_shows_its_session() {
    let world = World::start().await;
    world.chat.select.answers(|_| {
        Ok(SelectTurnResponse {
            session: Some(Session { id: 1, version: 4, ..Session::default() }),
        })
    });
    let answer = answer(world.request_as_user("POST", "/api/turns/5/select/")).await;
    assert_eq!((answer.status, &answer.json()["version"]), (200, &json!(4)));
    assert_eq!(world.chat.select.last().message.turn_id, 5);
}

/// Has every way to a new reply tell this.
fn tell(world: &World, told: impl Fn() -> Events + Clone + Send + Sync + 'static) {
    let (edit, retry) = (told.clone(), told.clone());
    world.chat.regenerate.answers(move |_| Ok(told()));
    world.chat.edit.answers(move |_| Ok(edit()));
    world.chat.retry.answers(move |_| Ok(retry()));
}

const WAYS: [&str; 3] =
    ["/api/turns/5/regenerate/", "/api/messages/8/edit/", "/api/turns/5/retry/"];

#[tokio::test]
async fn another_reply_comes_as_a_whole_or_as_events() {
    let world = World::start().await;
    tell(&world, || {
        tells(vec![accepted(), delta(3, "oh"), reset(2), delta(2, "he"), delta(5, "llo"), done()])
    });
    let body = json!({"text": "hi"});
    for path in WAYS {
        let whole = answer(world.request_as_user("POST", path).json(&body)).await;
        let message = "Message successfully processed.";
        let expected = json!({"message": message, "session_id": 1, "ai_response": "hello"});
        assert_eq!((whole.status, whole.json()), (201, expected), "{path}");
        assert_eq!(whole.header("location"), "/api/turns/5/", "{path}");

        let request = world.request_as_user("POST", path).header("accept", "text/event-stream");
        let told = answer(request.json(&body)).await;
        assert_eq!((told.status, told.header("x-accel-buffering")), (200, "no"), "{path}");
        let names: Vec<_> = blocks(&told.text).into_iter().map(|block| block.name).collect();
        assert_eq!(names, ["accepted", "delta", "reset", "delta", "delta", "done"], "{path}");
    }
    let expected = RegenerateReplyRequest { turn_id: 5, request_id: String::new() };
    assert_eq!(world.chat.regenerate.last().message, expected);
    let edited = world.chat.edit.last().message;
    assert_eq!((edited.message_id, edited.text.as_str()), (8, "hi"));
    assert_eq!(world.chat.retry.last().message.turn_id, 5);
}

type Told = fn() -> Events;

#[tokio::test]
async fn a_whole_that_does_not_come_is_the_error_that_it_is() {
    let world = World::start().await;
    let place = "/api/turns/5/";
    let cases: [(Told, u16, &str, &str, &str); 5] = [
        (
            || tells(vec![accepted(), failed(ErrorReason::ModelTimeout, Some(9))]),
            504,
            "model_timeout",
            "9",
            place,
        ),
        (|| tells(vec![accepted(), done_as(turn())]), 409, "cancelled", "", place),
        (|| tells(vec![accepted(), delta(2, "he")]), 503, "unavailable", "2", place),
        (|| tells(vec![]), 503, "unavailable", "2", ""),
        // Help came first, and then nothing was stored.
        (
            || tells(vec![help(), failed(ErrorReason::NothingToRetry, None)]),
            409,
            "nothing_to_retry",
            "",
            "",
        ),
    ];
    for (told, status, code, retry_after, place) in cases {
        tell(&world, told);
        for path in WAYS {
            let request = world.request_as_user("POST", path).json(&json!({"text": "hi"}));
            let answer = answer(request).await;
            assert_eq!(answer.says(), (status, code.to_owned()), "{path}");
            assert_eq!(answer.header("retry-after"), retry_after, "{path}");
            assert_eq!(answer.header("location"), place, "{path}");
            assert_eq!(answer.json().get("turn_id").is_some(), !place.is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn an_edit_needs_words_and_a_message() {
    let world = World::start().await;
    let edit = |id: &str, body: Value| {
        let request = world.request_as_user("POST", &format!("/api/messages/{id}/edit/"));
        answer(request.json(&body))
    };
    assert_eq!(edit("8", json!({})).await.says(), (400, "text_required".to_owned()));
    assert_eq!(edit("8", json!({"text": 1})).await.says(), (400, "invalid".to_owned()));
    let nowhere = edit("x", json!({"text": "hi"})).await;
    assert_eq!(nowhere.says(), (404, "message_not_found".to_owned()));
    assert!(world.chat.edit.calls().is_empty());
}
