//! A list of messages, which the gateway reads page by page.

use std::future::Future;

use chassis::status::Failure;
use prost_types::Timestamp;
use proto::chat::v1::{ListMessagesRequest, ListMessagesResponse, Message, Sender};
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::world::{World, answer};

fn message(id: i64) -> Message {
    let sender = if id % 2 == 1 { Sender::User } else { Sender::Ai };
    Message {
        id,
        user_id: 7,
        session_id: 3,
        sender: sender.into(),
        text: format!("\"{id}\" \u{e4}"),
        create_time: Some(Timestamp { seconds: 1_735_689_600 + id, nanos: 120_000_000 }),
        ..Message::default()
    }
}

fn page(ids: impl IntoIterator<Item = i64>, next: &str) -> ListMessagesResponse {
    let messages = ids.into_iter().map(message).collect();
    let next_page_token = next.to_owned();
    ListMessagesResponse { messages, next_page_token, ..ListMessagesResponse::default() }
}

/// Messages 1 to 5 on three pages, and an empty one in between.
fn pages(request: &ListMessagesRequest) -> ListMessagesResponse {
    match request.page_token.as_str() {
        "" => page([1, 2], "second"),
        "second" => page([3], "third"),
        "third" => page([], "last"),
        _ => page([4, 5], ""),
    }
}

const PATH: &str = "/api/get-messages/?session_id=3";

#[tokio::test]
async fn pages_become_one_list_in_order() {
    let world = World::start().await;
    world.chat.list.answers(|request| Ok(pages(&request)));
    let answer = world.get(PATH).await;
    let expected: Vec<Value> = (1..=5)
        .map(|id| {
            json!({
                "id": id, "user": 7, "session": 3,
                "sender": if id % 2 == 1 { "USER" } else { "AI" },
                "text": format!("\"{id}\" \u{e4}"),
                "created_at": format!("2025-01-01T00:00:0{id}.120000Z"),
            })
        })
        .collect();
    assert_eq!((answer.status, answer.json()), (200, json!({"messages": expected})));
    assert_eq!(answer.header("content-type"), "application/json");
    let asked: Vec<_> = world.chat.list.calls().into_iter().map(|call| call.message).collect();
    let tokens = ["", "second", "third", "last"].map(str::to_owned);
    assert_eq!(asked.iter().map(|asked| asked.page_token.clone()).collect::<Vec<_>>(), tokens);
    assert!(asked.iter().all(|asked| asked.session_id == 3));
}

#[tokio::test]
async fn a_session_in_which_nothing_was_said_is_an_empty_list() {
    let world = World::start().await;
    let answer = world.get(PATH).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"messages":[]}"#));
}

#[tokio::test]
async fn every_page_is_asked_for_under_the_same_id_and_token() {
    let world = World::start().await;
    world.chat.list.answers(|request| Ok(pages(&request)));
    let token = world.token();
    let request = world.request("GET", PATH).bearer_auth(&token);
    assert_eq!(answer(request.header("x-request-id", "long-list")).await.status, 200);
    let calls = world.chat.list.calls();
    assert_eq!(calls.len(), 4);
    for call in calls {
        assert_eq!(call.metadata("x-request-id"), "long-list", "{}", call.message.page_token);
        assert_eq!(call.metadata("authorization"), format!("Bearer {token}"));
        assert_ne!(call.metadata("grpc-timeout"), "");
    }
}

/// Reads a list of which a later page does whatever `later` does, and returns what a client makes
/// of it: the bytes that came, and whether they are all.
async fn list_with<F>(later: impl Fn() -> F + Send + Sync + 'static) -> (Vec<u8>, bool)
where
    F: Future<Output = Result<ListMessagesResponse, Status>> + Send + 'static,
{
    let world = World::start().await;
    world.chat.list.plays(move |request| {
        let first = request.page_token.is_empty();
        let later = later();
        async move { if first { Ok(page([1, 2], "second")) } else { later.await } }
    });
    let mut response = world.request_as_user("GET", PATH).send().await.unwrap();
    assert_eq!(response.status(), 200, "the first page was fine");
    let mut heard = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => heard.extend_from_slice(&chunk),
            Ok(None) => return (heard, true),
            Err(_) => return (heard, false),
        }
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_is_never_taken_for_the_whole() {
    let failures = [
        Status::unavailable(""),
        Status::internal(""),
        Status::cancelled(""),
        Failure {
            code: Code::NotFound,
            domain: proto::chat::DOMAIN,
            reason: "SESSION_NOT_FOUND",
            message: "",
            retry_after: None,
            field: None,
            metadata: &[],
        }
        .into(),
    ];
    for failure in failures {
        let code = failure.code();
        let (heard, whole) = list_with(move || std::future::ready(Err(failure.clone()))).await;
        assert!(!whole, "{code:?}");
        assert!(serde_json::from_slice::<Value>(&heard).is_err(), "{code:?}");
    }
}

#[tokio::test]
async fn nobody_can_tell_a_foreign_session_from_a_missing_one() {
    let world = World::start().await;
    let mut heard = Vec::new();
    for message in ["session 3 belongs to bob", "there is no session 3"] {
        let status = move || -> Status {
            let (domain, reason) = (proto::chat::DOMAIN, "SESSION_NOT_FOUND");
            let (code, retry_after, field) = (Code::NotFound, None, None);
            Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into()
        };
        world.chat.list.answers(move |_| Err(status()));
        world.chat.send.answers(move |_| Err(status()));
        let say = json!({"text": "hi", "session_id": 3});
        for request in [
            world.request_as_user("GET", PATH),
            world.request_as_user("POST", "/api/send-message/").json(&say),
        ] {
            let answer = answer(request.header("x-request-id", "same")).await;
            let mut headers = answer.headers;
            headers.remove("date");
            heard.push((answer.status, headers, answer.text));
        }
    }
    assert!(heard.iter().all(|answer| *answer == heard[0]), "{heard:?}");
    assert_eq!(heard[0].0, 404);
}

#[tokio::test]
async fn a_session_is_named_by_its_number_or_not_at_all() {
    let world = World::start().await;
    let invalid = "A valid integer above zero is required.";
    let required = "This field is required.";
    for (query, problem) in [
        ("", required),
        ("?session_id=", required),
        ("?session=3", required),
        ("?session_id=abc", invalid),
        ("?session_id=0", invalid),
        ("?session_id=-1", invalid),
        ("?session_id=1.0", invalid),
        ("?session_id=%2B1", invalid),
        ("?session_id=%FF", invalid),
        ("?session_id=3&session_id=abc", invalid),
    ] {
        let answer = world.get(&format!("/api/get-messages/{query}")).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{query}");
        assert_eq!(answer.json()["session_id"], json!([problem]), "{query}");
    }
    assert!(world.chat.list.calls().is_empty());
    for (query, id) in
        [("?session_id=1&session_id=3", 3), ("?session_id=99999999999999999999", i64::MAX)]
    {
        assert_eq!(world.get(&format!("/api/get-messages/{query}")).await.status, 200);
        assert_eq!(world.chat.list.last().message.session_id, id, "{query}");
    }
}
