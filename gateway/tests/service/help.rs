//! Nobody who wrote something reads an error without help beside it.

use chassis::status::Failure;
use proto::chat::v1::ErrorReason;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::answer::Answer;
use super::telling::{accepted, blocks, failed, tells};
use super::world::{World, answer};

const WAYS: [&str; 4] = [
    "/api/send-message/",
    "/api/messages/8/edit/",
    "/api/turns/5/regenerate/",
    "/api/turns/5/retry/",
];

/// What stands beside an error for somebody whose languages name this country, or none.
fn help_in(code: Option<&str>) -> Value {
    let region = code.map_or_else(crisis_resources::anywhere, |code| {
        crisis_resources::region(code).expect("a country with help")
    });
    let line = region.lines.first().map(|line| {
        json!({
            "name": line.name, "kind": line.kind, "phone": line.phone,
            "sms": line.sms.as_ref().map(|sms| json!({"to": sms.to, "keyword": sms.keyword})),
            "chat_url": line.chat, "url": line.url, "hours": line.hours,
            "languages": line.languages, "sources": line.sources, "verified_at": line.verified_at,
        })
    });
    json!({
        "region": code, "emergency": region.emergency, "line": line,
        "directory": "https://findahelpline.com", "crisis_resources": "/api/crisis-resources/",
    })
}

/// Has everything refused for this reason.
fn refuse(world: &World, code: Code, reason: &str) {
    let (domain, message) = (proto::chat::DOMAIN, "");
    let (retry_after, field) = (None, Some(("text", "Too long.")));
    let status: Status =
        Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into();
    let [send, stream, regenerate, edit, retry, list] = std::array::from_fn(|_| status.clone());
    world.chat.send.answers(move |_| Err(send.clone()));
    world.chat.stream.answers(move |_| Err(stream.clone()));
    world.chat.regenerate.answers(move |_| Err(regenerate.clone()));
    world.chat.edit.answers(move |_| Err(edit.clone()));
    world.chat.retry.answers(move |_| Err(retry.clone()));
    world.chat.list.answers(move |_| Err(list.clone()));
}

fn say(world: &World, path: &str) -> RequestBuilder {
    world.request_as_user("POST", path).json(&json!({"text": "hi"}))
}

fn help(answer: &Answer) -> Option<Value> {
    answer.json().get("help").cloned()
}

#[tokio::test]
async fn help_is_for_where_somebody_seems_to_be() {
    let world = World::start().await;
    refuse(&world, Code::Unavailable, "OVERLOADED");
    for (languages, code) in [
        ("en-GB, en;q=0.9", Some("GB")),
        ("de;q=0.5, en-US", Some("US")),
        ("de", None),
        ("nonsense \u{e4}", None),
        ("", None),
    ] {
        for path in WAYS.into_iter().chain(["/api/send-message"]) {
            for accept in ["application/json", "text/event-stream"] {
                let request = say(&world, path).header("accept", accept);
                let answer = answer(request.header("accept-language", languages)).await;
                assert_eq!(answer.status, 503, "{path}");
                assert_eq!(help(&answer), Some(help_in(code)), "{path} {languages}");
            }
        }
    }
}

#[tokio::test]
async fn errors_that_leave_somebody_alone_have_help_and_others_do_not() {
    let world = World::start().await;
    for (reason, status, has_help) in [
        ("DAILY_LIMIT", 429, true),
        ("TEXT_TOO_LONG", 400, true),
        ("GIVEN_UP", 500, true),
        ("MODEL_TIMEOUT", 504, true),
        ("REQUEST_ID_REUSED", 422, false),
        ("TITLE_INVALID", 400, false),
        ("SESSION_NOT_FOUND", 404, false),
        ("CANCELLED", 409, false),
        ("TOKEN_INVALID", 401, false),
    ] {
        refuse(&world, Code::DataLoss, reason);
        for path in WAYS {
            let answer = answer(say(&world, path)).await;
            assert_eq!((answer.status, help(&answer).is_some()), (status, has_help), "{reason}");
        }
        // Whoever reads has said nothing.
        let list = world.get("/api/get-messages/?session_id=1").await;
        assert_eq!((list.status, help(&list)), (status, None), "{reason}");
    }
}

#[tokio::test]
async fn what_the_gateway_refuses_itself_is_no_different() {
    let world = World::start().await;
    let too_large = "x".repeat(300 * 1024);
    let stranger = world.request("POST", "/api/send-message/").json(&json!({"text": "hi"}));
    for (request, status, has_help) in [
        (world.request_as_user("POST", "/api/send-message/").body(too_large.clone()), 413, true),
        (world.request_as_user("POST", "/api/messages/8/edit").body(too_large.clone()), 413, true),
        (world.request_as_user("PATCH", "/api/sessions/3/").body(too_large), 413, false),
        (world.request_as_user("POST", "/api/send-message/").json(&json!({})), 400, false),
        (stranger, 401, false),
        (world.request_as_user("GET", "/api/send-message/"), 405, false),
    ] {
        let answer = answer(request).await;
        assert_eq!((answer.status, help(&answer).is_some()), (status, has_help));
    }
}

#[tokio::test]
async fn help_is_there_when_nothing_else_is() {
    let world = World::alone().await;
    for path in WAYS {
        let answer = answer(say(&world, path).header("accept-language", "fr-FR")).await;
        assert_eq!(answer.says(), (503, "unavailable".to_owned()), "{path}");
        assert_eq!(help(&answer), Some(help_in(Some("FR"))), "{path}");
    }
    assert_eq!(help(&world.get("/api/get-messages/?session_id=1").await), None);
}

#[tokio::test]
async fn a_stream_that_ends_without_a_reply_ends_with_help() {
    let world = World::start().await;
    for (reason, has_help) in
        [(ErrorReason::ModelUnavailable, true), (ErrorReason::Cancelled, false)]
    {
        world.chat.stream.answers(move |_| Ok(tells(vec![accepted(), failed(reason, None)])));
        world.chat.watch.answers(move |_| Ok(tells(vec![accepted(), failed(reason, None)])));
        let send = say(&world, "/api/send-message/").header("accept", "text/event-stream");
        for request in [send, world.request_as_user("GET", "/api/turns/5/events/")] {
            let answer = answer(request.header("accept-language", "en-GB")).await;
            let last = blocks(&answer.text).pop().unwrap();
            let expected = has_help.then(|| help_in(Some("GB")));
            assert_eq!((last.name.as_str(), last.data.get("help")), ("error", expected.as_ref()));
        }
    }
    // It breaks off without a word.
    world.chat.watch.answers(|_| Ok(tells(vec![])));
    world.chat.stream.answers(|_| Ok(tells(vec![accepted()])));
    let send = say(&world, "/api/send-message/").header("accept", "text/event-stream");
    let last = blocks(&answer(send).await.text).pop().unwrap();
    assert_eq!((&last.data["code"], &last.data["help"]), (&json!("unavailable"), &help_in(None)));
}
