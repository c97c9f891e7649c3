//! People often send three short messages in a row, and some send too many.

use std::time::Duration;

use chassis::status;
use openai_stub::{Behaviour, Stub};
use proto::chat::v1::{GetUsageRequest, Sender};
use tonic::{Code, Response};

use super::harness::{Service, patient, refused};

#[tokio::test(flavor = "multi_thread")]
async fn three_messages_at_once_get_three_replies_in_order() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Echo);
    stub.next([Behaviour::Slow { delay: Duration::from_millis(150), text: "first".into() }]);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let (one, two, three) =
        tokio::join!(ada.say_in(None, "one"), ada.say_in(None, "two"), ada.say_in(None, "three"));
    for answer in [one, two, three] {
        answer.unwrap();
    }
    let said = ada.messages(1).await;
    let who: Vec<_> = said.iter().map(|(who, _)| *who).collect();
    assert_eq!(who, [Sender::User, Sender::Ai].repeat(3), "each reply after its own message");
    let page = ada.page(1, 500, "").await.unwrap().messages;
    assert!(page.is_sorted_by(|one, two| one.id < two.id));
    // What each prompt knew is what stands before its reply.
    let heard = stub.heard();
    assert_eq!(heard.len(), 3);
    for (number, heard) in heard.iter().enumerate() {
        let told: Vec<_> = heard.messages.iter().skip(1).map(|(_, text)| text.clone()).collect();
        let stands: Vec<_> = said.iter().map(|(_, text)| text.clone()).collect();
        assert_eq!(told, stands[..=number * 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_not_endless_and_another_session_has_its_own() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut readers = Vec::new();
    for number in 0..5 {
        readers.push(ada.stream(&format!("number {number}")).await);
    }
    let refusal = ada.say_in(Some(1), "one too many").await.unwrap_err();
    assert!(status::retry_after(&refusal).is_some());
    refused::<()>(Err(refusal), Code::ResourceExhausted, "SESSION_BUSY");
    assert_eq!(ada.messages(1).await.len(), 5, "nothing was written");

    let limits = readers[0].read().await.then(|| readers[0].accepted.clone().unwrap().limits);
    let left: Vec<_> =
        limits.unwrap().into_iter().map(|left| (left.policy, left.remaining)).collect();
    assert_eq!(left, [("turns".to_owned(), 1)]);
    let second = ada.new_session("").await;
    let mut elsewhere = ada.stream_in(Some(second), "hello", "").await.unwrap();
    elsewhere.read().await;
    assert_eq!(elsewhere.accepted.unwrap().limits[0].remaining, 0);
    let third = ada.new_session("").await;
    let refusal = ada.say_in(Some(third), "and here").await.unwrap_err();
    let metadata = status::metadata(&refusal);
    assert_eq!((metadata["policy"].as_str(), metadata["quota"].as_str()), ("turns", "2"));
    refused::<()>(Err(refusal), Code::ResourceExhausted, "TOO_MANY_TURNS");
    // Nobody else is held up by that.
    service.person(2).stream("hello").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_has_so_many_turns_and_deleting_gives_none_back() {
    let stub = Stub::start().await.unwrap();
    let mut config = patient(&stub);
    config.turns.person.daily = Some(2);
    let service = Service::start(config).await;
    let ada = service.person(1);
    ada.say("one").await;
    let answer = ada.say_in(None, "two").await.unwrap();
    let daily = answer.limits.iter().find(|left| left.policy == "daily").unwrap();
    assert_eq!((daily.quota, daily.remaining), (2, 0));
    assert!(daily.reset.is_some());
    let refusal = ada.say_in(None, "three").await.unwrap_err();
    assert_eq!(status::metadata(&refusal)["policy"], "daily");
    refused::<()>(Err(refusal), Code::ResourceExhausted, "DAILY_LIMIT");
    ada.delete_session(1).await.unwrap();
    refused(ada.say_in(None, "three").await, Code::ResourceExhausted, "DAILY_LIMIT");
    let usage = ada.client.clone().get_usage(ada.asks(GetUsageRequest::default())).await;
    let usage = usage.map(Response::into_inner).unwrap();
    assert_eq!((usage.days[0].turns, usage.limits[1].remaining), (2, 0));

    let help = ada.say_in(None, "I want to die").await.unwrap();
    assert!(help.ai_message.unwrap().text.contains("emergency number"), "help has no quota");
    assert_eq!(help.turn.unwrap().finish_reason, "written");
    assert_eq!(stub.heard().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_in_danger_does_not_stand_in_line() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut readers = Vec::new();
    for number in 0..5 {
        readers.push(ada.stream(&format!("number {number}")).await);
    }
    let help = ada.say_in(None, "I want to die").await.unwrap();
    assert!(help.ai_message.unwrap().text.contains("emergency number"));
    let mut reader = ada.stream("I am going to kill myself").await;
    reader.read_on().await;
    // The second time in other words, which name a line.
    assert!(reader.text.contains("findahelpline.com"), "{}", reader.text);
    assert_eq!(reader.told[0], "safety", "and help is not behind them either");
}
