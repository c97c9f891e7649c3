//! Requests that may be sent again without being done again.

use proto::auth::v1::{Account, RegisterResponse, TokenPair};
use proto::chat::v1::turn_event::Accepted;
use proto::chat::v1::{CreateSessionResponse, SendMessageResponse, Session};
use reqwest::RequestBuilder;
use serde_json::json;

use super::services::{Events, turn};
use super::telling::{accepted_as, delta, done, tells};
use super::world::{World, answer};

/// Answers everywhere, as if for the first time or not.
fn answers(world: &World, replayed: bool) {
    let told = move || -> Events {
        let accepted = Accepted { replayed, ..Accepted::default() };
        tells(vec![accepted_as(accepted), delta(2, "hi"), done()])
    };
    world.chat.stream.answers(move |_| Ok(told()));
    world.chat.regenerate.answers(move |_| Ok(told()));
    world.chat.edit.answers(move |_| Ok(told()));
    world.chat.send.answers(move |_| {
        let (turn, ai_message) = (Some(turn()), Some(<_>::default()));
        Ok(SendMessageResponse { turn, ai_message, replayed, ..Default::default() })
    });
    world.chat.create.answers(move |_| {
        Ok(CreateSessionResponse { session: Some(Session::default()), replayed })
    });
    world.auth.register.answers(move |_| {
        let (account, tokens) = (Some(Account::default()), Some(TokenPair::default()));
        Ok(RegisterResponse { account, tokens, replayed })
    });
}

const BODY: &str =
    r#"{"username":"ada","password":"a good long one","text":"hi","title":"A walk"}"#;

/// All requests that take a key.
fn requests(world: &World) -> Vec<RequestBuilder> {
    let post = |path: &str| {
        let request = world.request_as_user("POST", path);
        request.header("content-type", "application/json").body(BODY)
    };
    let told = |path: &str| post(path).header("accept", "text/event-stream");
    vec![
        post("/api/register/"),
        post("/api/sessions/"),
        post("/api/send-message/"),
        told("/api/send-message/"),
        post("/api/turns/5/regenerate/"),
        told("/api/turns/5/regenerate/"),
        post("/api/messages/8/edit/"),
        told("/api/messages/8/edit/"),
    ]
}

/// The keys that came with the last calls.
fn keys(world: &World) -> [String; 6] {
    [
        world.auth.register.last().message.request_id,
        world.chat.create.last().message.request_id,
        world.chat.send.last().message.request_id,
        world.chat.stream.last().message.request_id,
        world.chat.regenerate.last().message.request_id,
        world.chat.edit.last().message.request_id,
    ]
}

#[tokio::test]
async fn the_key_goes_to_the_service_which_says_whether_it_knows_it() {
    let world = World::start().await;
    let long = "k".repeat(255);
    for (key, replayed) in [("a-key", false), ("\"quoted;~!\"", true), (&long, true)] {
        answers(&world, replayed);
        for request in requests(&world) {
            let answer = answer(request.header("idempotency-key", key)).await;
            assert!([200, 201].contains(&answer.status), "{}", answer.text);
            let expected = if replayed { "true" } else { "" };
            assert_eq!(answer.header("idempotent-replayed"), expected);
        }
        assert!(keys(&world).iter().all(|sent| *sent == key), "{key}");
    }
}

#[tokio::test]
async fn without_a_key_every_request_is_a_new_one() {
    let world = World::start().await;
    answers(&world, false);
    for request in requests(&world) {
        assert!(answer(request).await.status < 300);
    }
    assert!(keys(&world).iter().all(String::is_empty));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_before_anything_happens() {
    let world = World::start().await;
    let long = "k".repeat(256);
    for bad in ["", "a key", "a\tkey", "k\u{e4}y", &long] {
        for request in requests(&world) {
            let answer = answer(request.header("idempotency-key", bad)).await;
            assert_eq!(answer.says(), (400, "idempotency_key_invalid".to_owned()), "{bad}");
        }
    }
    for request in requests(&world) {
        let twice = request.header("idempotency-key", "a").header("idempotency-key", "b");
        assert_eq!(answer(twice).await.says(), (400, "idempotency_key_invalid".to_owned()));
    }
    assert!(world.auth.register.calls().is_empty() && world.chat.send.calls().is_empty());
    assert!(world.chat.stream.calls().is_empty() && world.chat.create.calls().is_empty());
}

#[tokio::test]
async fn whoever_needs_no_key_is_not_asked_about_it() {
    let world = World::start().await;
    let login = json!({"username": "ada", "password": "a good long one"});
    let request = world.request("POST", "/api/login/").header("idempotency-key", "not valid");
    assert_eq!(answer(request.json(&login)).await.status, 200);
}
