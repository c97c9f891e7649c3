//! Requests that come again.

use std::time::Duration;

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::{CreateSessionRequest, SendMessageRequest, SendMessageResponse, Sender};
use tonic::{Code, Response, Status};

use super::harness::{Person, Service, impatient, patient, refused};

impl Person {
    async fn say_as(&self, name: &str, text: &str) -> Result<SendMessageResponse, Status> {
        let (text, request_id) = (text.to_owned(), name.to_owned());
        let request = self.asks(SendMessageRequest { session_id: None, text, request_id });
        self.client.clone().send_message(request).await.map(Response::into_inner)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_of_one_name_are_one_message_one_answer_and_one_call() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Slow { delay: Duration::from_millis(100), text: "Once.".into() });
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let sent = (0..50).map(|_| ada.say_as("try-1", "only once, please"));
    let answers = futures_util::future::join_all(sent).await;
    let mut replayed = 0;
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.ai_message.unwrap().text, "Once.");
        replayed += usize::from(answer.replayed);
    }
    assert_eq!(replayed, 49);
    let said = [(Sender::User, "only once, please"), (Sender::Ai, "Once.")];
    assert_eq!(ada.messages(1).await, said.map(|(who, text)| (who, text.to_owned())));
    assert_eq!(stub.heard().len(), 1);

    let much_later = ada.say_as("try-1", "only once, please").await.unwrap();
    assert!(much_later.replayed);
    assert_eq!(much_later.user_message.unwrap().text, "only once, please");
    let mut reader = ada.stream_in(None, "only once, please", "try-1").await.unwrap();
    reader.read_on().await;
    assert!(reader.accepted.clone().unwrap().replayed, "a stream is the same request");
    assert_eq!((reader.text.as_str(), stub.heard().len()), ("Once.", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_means_one_thing_for_one_person() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, bob) = (service.person(1), service.person(2));
    ada.say_as("try-1", "hello").await.unwrap();
    refused(ada.say_as("try-1", "hello!").await, Code::InvalidArgument, "REQUEST_ID_REUSED");
    let elsewhere = ada.stream_in(Some(1), "hello", "try-1").await;
    refused(elsewhere.map(drop), Code::InvalidArgument, "REQUEST_ID_REUSED");
    assert_eq!(ada.messages(1).await.len(), 2, "nothing was written");
    assert!(!bob.say_as("try-1", "hello").await.unwrap().replayed, "names are one's own");
    for wrong in ["with space", "é", &"x".repeat(256)] {
        refused(ada.say_as(wrong, "hello").await, Code::InvalidArgument, "REQUEST_ID_INVALID");
    }
    assert_eq!(ada.messages(1).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again_under_its_name() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::server_error());
    let service = Service::start(impatient(&stub)).await;
    let ada = service.person(1);
    let failed = ada.say_as("try-1", "please keep this").await;
    refused(failed, Code::Unavailable, "MODEL_UNAVAILABLE");
    ada.say_as("other", "and this").await.unwrap_err();
    stub.always(Behaviour::reply("Here I am."));
    let answer = ada.say_as("try-1", "please keep this").await.unwrap();
    assert!(answer.replayed);
    assert_eq!(answer.ai_message.unwrap().text, "Here I am.");
    let said: Vec<_> = ada.messages(1).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(said, ["please keep this", "Here I am.", "and this"], "in its place");
    let heard = stub.heard().pop().unwrap();
    assert_eq!(heard.messages.last().unwrap().1, "please keep this");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_made_once_and_names_survive_a_restart() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let create = async |ada: &Person, title: &str| {
        let (title, request_id) = (title.to_owned(), "new-1".to_owned());
        let request = ada.asks(CreateSessionRequest { title, request_id });
        ada.client.clone().create_session(request).await.map(Response::into_inner)
    };
    let ada = service.person(1);
    let (first, again) = (create(&ada, "Mine").await.unwrap(), create(&ada, "Mine").await.unwrap());
    let id = first.session.unwrap().id;
    assert_eq!((first.replayed, again.replayed, again.session.unwrap().id), (false, true, id));
    refused(create(&ada, "Other").await, Code::InvalidArgument, "REQUEST_ID_REUSED");
    // What is asked for is part of the name.
    assert!(!ada.say_as("new-1", "hello").await.unwrap().replayed);

    let service = service.restart(patient(&stub)).await;
    let ada = service.person(1);
    assert_eq!(create(&ada, "Mine").await.unwrap().session.unwrap().id, id);
    assert!(ada.say_as("new-1", "hello").await.unwrap().replayed);
    assert_eq!(stub.heard().len(), 1);
}
