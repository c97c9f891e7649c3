//! Services that are not there, go away, or answer nonsense.

use std::future::pending;
use std::time::{Duration, Instant};

use proto::auth::v1::{LogInResponse, RegisterResponse};
use proto::chat::v1::SendMessageResponse;
use serde_json::json;

use super::answer::Answer;
use super::world::{World, answer};

fn is_unavailable(answer: &Answer) {
    assert_eq!(answer.says(), (503, "unavailable".to_owned()), "{}", answer.text);
    assert_eq!(answer.header("retry-after"), "2");
}

#[tokio::test]
async fn services_that_are_not_there_are_unavailable_at_once() {
    let world = World::alone().await;
    let started = Instant::now();
    let name = json!({"username": "ada", "password": "a good long one"});
    is_unavailable(&world.post("/api/register/", &name).await);
    is_unavailable(&world.post("/api/login/", &name).await);
    is_unavailable(&world.post("/api/refresh/", &json!({"refresh": "a.b.c"})).await);
    // Without keys nobody can say whether a token is good: that is not the caller's fault.
    is_unavailable(&world.get("/api/get-messages/?session_id=1").await);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_caller_without_a_token_is_told_so_even_if_nothing_is_there() {
    let world = World::alone().await;
    let answer = answer(world.request("GET", "/api/get-messages/?session_id=1")).await;
    assert_eq!(answer.says(), (401, "not_authenticated".to_owned()));
}

#[tokio::test]
async fn services_that_come_late_are_found() {
    let mut world = World::alone().await;
    is_unavailable(&world.get("/api/get-messages/?session_id=1").await);
    world.start_auth();
    world.auth.keys.called(1).await;
    // The keys are there, chat is not.
    is_unavailable(&world.get("/api/get-messages/?session_id=1").await);
    world.start_chat();
    let answer = world.get("/api/get-messages/?session_id=1").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"messages":[]}"#));
}

#[tokio::test]
async fn a_service_that_dies_in_the_middle_of_a_call_is_unavailable() {
    let mut world = World::start().await;
    world.auth.log_in.plays(|_| pending());
    world.chat.send.plays(|_| pending());

    let body = json!({"text": "hello"});
    let sending = world.request_as_user("POST", "/api/send-message/").json(&body);
    let chat = world.chat.clone();
    let dies = async {
        chat.send.called(1).await;
        world.chat_backend.die();
    };
    let (sent, ()) = tokio::join!(answer(sending), dies);
    is_unavailable(&sent);

    let body = json!({"username": "ada", "password": "a good long one"});
    let login = world.request("POST", "/api/login/").json(&body);
    let auth = world.auth.clone();
    let dies = async {
        auth.log_in.called(1).await;
        world.auth_backend.die();
    };
    let (logged_in, ()) = tokio::join!(answer(login), dies);
    is_unavailable(&logged_in);

    // Keys that were fetched once still serve; what is missing is chat.
    is_unavailable(&world.get("/api/get-messages/?session_id=1").await);
}

#[tokio::test]
async fn an_answer_with_a_hole_in_it_is_our_fault() {
    let world = World::start().await;
    world.auth.register.answers(|_| Ok(RegisterResponse::default()));
    world.auth.log_in.answers(|_| Ok(LogInResponse::default()));
    world.chat.send.answers(|_| Ok(SendMessageResponse::default()));
    let name = json!({"username": "ada", "password": "a good long one"});
    let send = world.request_as_user("POST", "/api/send-message/").json(&json!({"text": "hi"}));
    for answer in [
        world.post("/api/register/", &name).await,
        world.post("/api/login/", &name).await,
        answer(send).await,
    ] {
        assert_eq!(answer.says(), (500, "internal".to_owned()), "{}", answer.text);
    }
}
