//! What goes wrong around a turn, and does not end it.

use std::time::{Duration, Instant};

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::turn::State;
use proto::chat::v1::{CancelTurnRequest, GetTurnRequest, RetryTurnRequest, Turn};
use tonic::Code;

use super::harness::{Person, Service, impatient, patient, refused};

const REPLY: &str = "One two three four five six seven eight nine ten.";

impl Person {
    pub(crate) async fn turn(&self, turn_id: i64) -> Turn {
        let request = self.asks(GetTurnRequest { turn_id });
        self.client.clone().get_turn(request).await.unwrap().into_inner().turn.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_cannot_be_written_leaves_no_turn_behind() {
    let stub = Stub::start().await.unwrap();
    stub.next([Behaviour::Silence]);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut reader = ada.stream("hello").await;
    reader.read().await;
    stub.heard_at_least(1).await;
    // Somebody else writes, for longer than anybody waits.
    let other = scratch::hold(&service.database().await, "turns").await;
    let request = CancelTurnRequest { turn_id: reader.turn_id, ..Default::default() };
    let stopped = ada.client.clone().cancel_turn(ada.asks(request)).await;
    assert!(stopped.is_err(), "it is not said to be stopped");
    other.rollback().await.unwrap();
    reader.read_on().await;
    assert_eq!(reader.text, openai_stub::DEFAULT_REPLY, "it is answered after all");
    assert_eq!(ada.turn(reader.turn_id).await.state(), State::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_it_is_tried_a_turn_is_not_given_up() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::unauthorized());
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    for _ in 0..25 {
        let mut reader = ada.stream_in(None, "are you there?", "again").await.unwrap();
        reader.read_on().await;
    }
    stub.always(Behaviour::reply("Here I am."));
    let mut reader = ada.stream_in(None, "are you there?", "again").await.unwrap();
    reader.read_on().await;
    assert_eq!((reader.text.as_str(), stub.heard().len()), ("Here I am.", 26));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_one_attempt_never_fits_into_another() {
    let stub = Stub::start().await.unwrap();
    stub.next([
        Behaviour::DropAfter { text: REPLY.into(), tokens: 2 },
        Behaviour::StallAfter { text: "Another reply, which falls silent".into(), tokens: 4 },
    ]);
    let service = Service::start(impatient(&stub)).await;
    let ada = service.person(1);
    let mut reader = ada.stream("hello").await;
    let (mut cursor, mut text) = (reader.cursor, String::new());
    while reader.read().await {
        if reader.end.is_none() {
            (cursor, text) = (reader.cursor, reader.text.clone());
        }
    }
    assert!(text.starts_with("Another"), "{text}");
    stub.next([Behaviour::reply("This is what it says in the end, and it is longer than that.")]);
    let request = ada.asks(RetryTurnRequest { turn_id: reader.turn_id });
    let mut retried = ada.client.clone().retry_turn(request).await.unwrap().into_inner();
    while retried.message().await.unwrap().is_some() {}
    let mut back = ada.resume(reader.turn_id, cursor, &text).await.unwrap();
    back.read_on().await;
    assert_eq!(back.text, "This is what it says in the end, and it is longer than that.");
    assert_eq!(back.resets, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_in_danger_gets_help_also_from_a_service_that_stops() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let waiting = async { ada.say_in(None, "I want to die").await };
    let stopping = async {
        stub.heard_at_least(1).await;
        service.begin_to_stop();
    };
    let since = Instant::now();
    let (help, ()) = tokio::join!(waiting, stopping);
    assert!(help.unwrap().ai_message.unwrap().text.contains("emergency number"));
    assert!(since.elapsed() < Duration::from_secs(7), "before it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_leaves_room_for_those_who_read() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(30) });
    let service = Service::start(patient(&stub)).await;
    // A line of five for each of eighty people, and turns that end all the time.
    let crowd = (2..82).flat_map(|user| (0..5).map(move |_| user));
    let people = crowd.map(|user| service.person(user)).collect::<Vec<_>>();
    let talking = people.iter().map(|person| person.say_in(None, "hello"));
    let talking = futures_util::future::join_all(talking);
    let ada = service.person(1);
    ada.say("hello").await;
    let reading = async {
        for _ in 0..100 {
            ada.page(1, 100, "").await.unwrap();
        }
    };
    let (talked, ()) = tokio::join!(talking, reading);
    for answer in talked {
        answer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_model_will_not_say_to_one_person_shuts_out_nobody_else() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (eve, ada) = (service.person(6), service.person(1));
    for bad in [Behaviour::Refusal, Behaviour::EmptyReply, Behaviour::NullContent] {
        stub.always(bad);
        for _ in 0..4 {
            eve.say_in(None, "say it!").await.unwrap_err();
        }
    }
    stub.always(Behaviour::reply("Hello, Ada."));
    assert_eq!(ada.say("hello").await.1, "Hello, Ada.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_fail_is_not_tried_again() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    ada.say("hello").await;
    let again = ada.client.clone().retry_turn(ada.asks(RetryTurnRequest { turn_id: 1 })).await;
    refused(again.map(drop), Code::FailedPrecondition, "NOTHING_TO_RETRY");
    let missing = ada.client.clone().retry_turn(ada.asks(RetryTurnRequest { turn_id: 9 })).await;
    refused(missing.map(drop), Code::NotFound, "TURN_NOT_FOUND");
}
