//! What a service says is wrong, and what the API makes of it: every row of the table.

use std::time::Duration;

use chassis::status::Failure;
use proto::{auth, chat};
use serde_json::json;
use tonic::{Code, Status, TimeoutExpired};

use super::answer::Answer;
use super::expected::{REQUEST_ID, internal, of_auth, of_chat, of_code};
use super::world::{World, answer};

/// What services say to each other is not for everybody's eyes.
const INSIDE: &str = "canary: SELECT * FROM account";
/// Told by the service, and what becomes of it: whole seconds.
const TOLD: (Duration, &str) = (Duration::from_millis(7_200), "8");

/// A status with a reason. Its code says nothing: the reason alone decides.
fn failure(domain: &str, reason: &str, retry_after: Option<Duration>) -> Status {
    let field = Some(("username", "Too wonderful."));
    let (code, message) = (Code::DataLoss, INSIDE);
    Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into()
}

/// What the API answers when the auth service says `status`.
async fn when_auth_says(world: &World, status: Status) -> Answer {
    world.auth.log_in.answers(move |_| Err(status.clone()));
    let body = json!({"username": "ada", "password": "a good long one"});
    let request = world.request("POST", "/api/login/").json(&body);
    answer(request.header("x-request-id", REQUEST_ID)).await
}

/// What the API answers when the chat service says `status`, whether to a message or to a list.
async fn when_chat_says(world: &World, status: Status) -> Answer {
    let sending = status.clone();
    world.chat.send.answers(move |_| Err(sending.clone()));
    world.chat.list.answers(move |_| Err(status.clone()));
    let send = world.request_as_user("POST", "/api/send-message/").json(&json!({"text": "hi"}));
    let list = world.request_as_user("GET", "/api/get-messages/?session_id=1");
    let to_message = answer(send.header("x-request-id", REQUEST_ID)).await;
    let to_list = answer(list.header("x-request-id", REQUEST_ID)).await;
    let mut told = to_message.json();
    // Whoever said something may need it; whoever reads a list has said nothing.
    told.as_object_mut().unwrap().remove("help");
    assert_eq!((to_message.status, told), (to_list.status, to_list.json()));
    to_list
}

#[tokio::test]
async fn every_reason_of_the_auth_service_has_its_answer() {
    let world = World::start().await;
    let reasons: Vec<_> =
        (0..256).filter_map(|n| auth::v1::ErrorReason::try_from(n).ok()).collect();
    assert_eq!(reasons.len(), 21);
    for reason in reasons {
        for (told, wait) in [(Some(TOLD.0), TOLD.1), (None, "5")] {
            let status = failure(auth::DOMAIN, reason.as_reason(), told);
            of_auth(reason, wait).is(&when_auth_says(&world, status).await, reason.as_reason());
        }
    }
}

#[tokio::test]
async fn every_reason_of_the_chat_service_has_its_answer() {
    let world = World::start().await;
    let reasons: Vec<_> =
        (0..256).filter_map(|n| chat::v1::ErrorReason::try_from(n).ok()).collect();
    assert_eq!(reasons.len(), 36);
    for reason in reasons {
        for (told, wait) in [(Some(TOLD.0), TOLD.1), (None, "5")] {
            let status = failure(chat::DOMAIN, reason.as_reason(), told);
            of_chat(reason, wait).is(&when_chat_says(&world, status).await, reason.as_reason());
        }
    }
}

#[tokio::test]
async fn a_wrong_field_that_is_not_named_is_our_fault() {
    let world = World::start().await;
    let unnamed = |domain, reason| -> Status {
        let (code, message) = (Code::InvalidArgument, INSIDE);
        let (retry_after, field) = (None, None);
        Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into()
    };
    for reason in ["USERNAME_INVALID", "PASSWORD_INVALID"] {
        let answer = when_auth_says(&world, unnamed(auth::DOMAIN, reason)).await;
        internal().is(&answer, reason);
    }
    for reason in [
        "TEXT_TOO_LONG",
        "PAGE_INVALID",
        "TITLE_INVALID",
        "FEEDBACK_INVALID",
        "QUERY_INVALID",
        "REGION_INVALID",
    ] {
        let answer = when_chat_says(&world, unnamed(chat::DOMAIN, reason)).await;
        internal().is(&answer, reason);
    }
}

/// All codes but OK, with which nothing fails.
fn codes() -> impl Iterator<Item = Code> {
    (1..17).map(Code::from_i32)
}

#[tokio::test]
async fn without_a_reason_the_code_decides() {
    let world = World::start().await;
    for code in codes() {
        let case = format!("{code:?}");
        of_code(code).is(&when_auth_says(&world, Status::new(code, INSIDE)).await, &case);
        of_code(code).is(&when_chat_says(&world, Status::new(code, INSIDE)).await, &case);
    }
    // A call that was cut off before it began is told like one that took too long, but for its words.
    let late = Status::cancelled(TimeoutExpired(()).to_string());
    of_code(Code::DeadlineExceeded).is(&when_chat_says(&world, late).await, "a timeout of tonic's");
}

#[tokio::test]
async fn a_reason_that_is_not_known_counts_as_none() {
    let world = World::start().await;
    let foreign = [
        (auth::DOMAIN, "FROM_A_LATER_VERSION"),
        (chat::DOMAIN, "USERNAME_TAKEN"),
        ("proxy.example", "OVERLOADED"),
        (auth::DOMAIN, "ERROR_REASON_OVERLOADED"),
    ];
    for (domain, reason) in foreign {
        for code in codes() {
            let (message, retry_after) = (INSIDE, Some(TOLD.0));
            let field = None;
            let status =
                Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into();
            let case = format!("{domain} {reason} {code:?}");
            of_code(code).is(&when_auth_says(&world, status).await, &case);
        }
    }
}
