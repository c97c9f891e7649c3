//! `send-message/`: the latest session of several.

use proto::chat::v1::CreateSessionRequest;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use tonic::Request;

use super::answers::REPLY;
use super::cases::Case;
use super::send::{bob, replied, with_a_session_of_alices};
use super::stage::Stage;

const fn carol(name: &'static str, body: &'static str, session: &'static str) -> Case {
    bob(name, body).authorization("Bearer <access:carol>").answered(201, REPLY).with(session)
}

/// While Carol has no session.
pub(super) const SAME_FIRST: &[Case] = &[carol("send/none-yet-carol", r#"{"text": "one"}"#, "3")];

/// When she has been given two more.
pub(super) const SAME_LATER: &[Case] = &[
    carol("send/several-sessions-latest-by-created_at", r#"{"text": "two"}"#, "5"),
    carol("send/several-sessions-explicit-old", r#"{"text": "three", "session_id": 4}"#, "4"),
    carol("send/several-sessions-after-using-old", r#"{"text": "four"}"#, "5"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_session_is_the_one_created_last() {
    let mut stage = with_a_session_of_alices().await;
    stage.judge(&[replied(bob("", r#"{"text": "hello"}"#))], &[]).await;
    stage.meet("carol", "a stable without a horse").await;
    stage.judge(SAME_FIRST, &[]).await;
    assert_eq!(another_session(&stage).await, 4);
    assert_eq!(another_session(&stage).await, 5);
    stage.judge(SAME_LATER, &[]).await;
}

/// The JSON API makes a session with the first message only.
async fn another_session(stage: &Stage) -> i64 {
    let mut chat = ChatServiceClient::connect(stage.product().chat_url()).await.unwrap();
    let mut request = Request::new(CreateSessionRequest::default());
    let token = format!("Bearer {}", stage.word("access:carol"));
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    chat.create_session(request).await.unwrap().into_inner().session.unwrap().id
}
