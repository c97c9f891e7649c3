//! What is left of somebody's limits, and what happens when nothing is.

use std::time::Duration;

use chassis::status::Failure;
use proto::chat::v1::turn_event::Accepted;
use proto::chat::v1::{RateLimit, SendMessageResponse};
use reqwest::RequestBuilder;
use serde_json::json;
use tonic::{Code, Status};

use super::answer::Answer;
use super::services::turn;
use super::telling::{accepted_as, delta, done, tells};
use super::world::{World, answer};

const WAYS: [&str; 3] = ["/api/send-message/", "/api/turns/5/regenerate/", "/api/messages/8/edit/"];

fn ask(world: &World, path: &str, accept: &str) -> RequestBuilder {
    let request = world.request_as_user("POST", path).json(&json!({"text": "hi"}));
    request.header("accept", accept)
}

/// Answers everywhere with these limits.
fn leave(world: &World, limits: Vec<RateLimit>) {
    let told = {
        let limits = limits.clone();
        move || {
            let accepted = Accepted { limits: limits.clone(), ..Accepted::default() };
            Ok(tells(vec![accepted_as(accepted), delta(2, "hi"), done()]))
        }
    };
    let (edit, stream) = (told.clone(), told.clone());
    world.chat.regenerate.answers(move |_| told());
    world.chat.edit.answers(move |_| edit());
    world.chat.stream.answers(move |_| stream());
    world.chat.send.answers(move |_| {
        let (turn, ai_message, limits) = (Some(turn()), Some(<_>::default()), limits.clone());
        Ok(SendMessageResponse { turn, ai_message, limits, ..Default::default() })
    });
}

fn headers(answer: &Answer) -> [&str; 2] {
    [answer.header("ratelimit-policy"), answer.header("ratelimit")]
}

#[tokio::test]
async fn an_answer_tells_what_is_left() {
    let world = World::start().await;
    let reset = Some(prost_types::Duration { seconds: 3_600, nanos: 0 });
    let daily = RateLimit { policy: "daily".to_owned(), quota: 100, remaining: 42, reset };
    let turns = RateLimit { policy: "turns".to_owned(), quota: 2, remaining: 1, reset: None };
    for (limits, expected) in [
        (vec![], ["", ""]),
        (vec![daily.clone()], ["\"daily\";q=100;w=86400", "\"daily\";r=42;t=3600"]),
        (
            vec![daily, turns],
            [
                "\"daily\";q=100;w=86400, \"turns\";q=2;qu=\"concurrent-requests\"",
                "\"daily\";r=42;t=3600, \"turns\";r=1",
            ],
        ),
    ] {
        leave(&world, limits);
        for path in WAYS {
            for (accept, status) in [("application/json", 201), ("text/event-stream", 200)] {
                let answer = answer(ask(&world, path, accept)).await;
                assert_eq!(answer.status, status, "{path}: {}", answer.text);
                assert_eq!(headers(&answer), expected, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn who_has_had_enough_is_told_of_what_and_until_when() {
    let world = World::start().await;
    let refusal = |reason: &'static str, policy: &str, reset: Option<&str>| -> Status {
        let mut metadata =
            vec![("policy", policy.to_owned()), ("quota", "2".into()), ("remaining", "0".into())];
        metadata.extend(reset.map(|reset| ("reset", reset.to_owned())));
        let (code, domain) = (Code::ResourceExhausted, proto::chat::DOMAIN);
        let (message, field) = ("", None);
        let retry_after = Some(Duration::from_secs(30));
        let metadata = metadata.as_slice();
        Failure { code, domain, reason, message, retry_after, field, metadata }.into()
    };
    let concurrent = ["\"turns\";q=2;qu=\"concurrent-requests\"", "\"turns\";r=0"];
    let daily = ["\"daily\";q=2;w=86400", "\"daily\";r=0;t=7200"];
    for (status, code, expected) in [
        (refusal("TOO_MANY_TURNS", "turns", None), "too_many_turns", concurrent),
        (refusal("DAILY_LIMIT", "daily", Some("7200")), "daily_limit", daily),
        (
            refusal("SESSION_BUSY", "session", None),
            "session_busy",
            ["\"session\";q=2", "\"session\";r=0"],
        ),
    ] {
        let [send, stream, regenerate, edit] = std::array::from_fn(|_| status.clone());
        world.chat.send.answers(move |_| Err(send.clone()));
        world.chat.stream.answers(move |_| Err(stream.clone()));
        world.chat.regenerate.answers(move |_| Err(regenerate.clone()));
        world.chat.edit.answers(move |_| Err(edit.clone()));
        for path in WAYS {
            for accept in ["application/json", "text/event-stream"] {
                let answer = answer(ask(&world, path, accept)).await;
                assert_eq!(answer.says(), (429, code.to_owned()), "{path}");
                assert_eq!(answer.header("retry-after"), "30", "{path}");
                assert_eq!(headers(&answer), expected, "{path}");
            }
        }
    }
}
