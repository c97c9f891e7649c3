//! Stop stops, and keeps what was seen.

use std::time::{Duration, Instant};

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::turn::State;
use proto::chat::v1::{CancelTurnRequest, CancelTurnResponse, Sender};
use tonic::{Code, Response, Status};

use super::harness::{Person, Service, patient, refused};

const REPLY: &str = "One two three four five six seven eight nine ten.";

impl Person {
    async fn stop(
        &self,
        turn_id: i64,
        seen: Option<(u32, u64)>,
    ) -> Result<CancelTurnResponse, Status> {
        let (attempt, offset) = (seen.map_or(0, |seen| seen.0), seen.map(|seen| seen.1));
        let request = self.asks(CancelTurnRequest { turn_id, attempt, offset });
        self.client.clone().cancel_turn(request).await.map(Response::into_inner)
    }
}

/// How soon the model notices that nobody listens.
async fn hung_up_soon(stub: &Stub, since: Instant) {
    stub.hung_up_at_least(1).await;
    let took = since.elapsed();
    println!("the connection to the model was closed after {took:?}");
    // A tenth of that on a machine that does nothing else.
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(stub.in_flight(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_first_word_there_is_no_reply() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut reader = ada.stream("hello").await;
    reader.read().await;
    stub.heard_at_least(1).await;
    let since = Instant::now();
    let stopped = ada.stop(reader.turn_id, None).await.unwrap();
    hung_up_soon(&stub, since).await;
    assert_eq!(stopped.turn.unwrap().state(), State::Cancelled);
    assert!(stopped.ai_message.is_none());
    reader.read_on().await;
    assert_eq!((reader.done().state(), reader.text.as_str()), (State::Cancelled, ""));
    assert_eq!(ada.messages(1).await, [(Sender::User, "hello".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_between_two_words_it_keeps_what_was_seen() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(60) });
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut reader = ada.stream("count").await;
    reader.read_words(8).await;
    let seen = reader.text.clone();
    // Meanwhile more comes than was seen.
    let mut ahead = ada.watch(reader.turn_id).await;
    ahead.read_words(seen.len() + 6).await;
    let since = Instant::now();
    let stopped = ada.stop(reader.turn_id, Some(reader.cursor)).await.unwrap();
    hung_up_soon(&stub, since).await;
    assert_eq!(stopped.ai_message.unwrap().text, seen);
    assert_eq!(stopped.turn.unwrap().finish_reason, "cancelled");
    assert_eq!(ada.messages(1).await[1], (Sender::Ai, seen.clone()));
    ahead.read_on().await;
    assert_eq!((ahead.text.as_str(), ahead.resets), (seen.as_str(), 1), "whoever read more resets");

    let again = ada.stop(reader.turn_id, None).await.unwrap();
    assert_eq!(again.ai_message.unwrap().text, seen, "stopping twice is stopping once");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_after_the_end_everything_stays() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut reader = ada.stream("hello").await;
    reader.read_on().await;
    let first = reader.turn_id;
    // A stop that comes late must not hit the turn that is at work by then.
    stub.always(Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(20) });
    let mut later = ada.stream("and again").await;
    later.read_words(3).await;
    let stopped = ada.stop(first, Some((1, 2))).await.unwrap();
    assert_eq!(stopped.turn.unwrap().state(), State::Completed);
    assert_eq!(stopped.ai_message.unwrap().text, openai_stub::DEFAULT_REPLY);
    later.read_on().await;
    assert_eq!((later.done().state(), later.text.as_str()), (State::Completed, REPLY));
    refused(service.person(2).stop(first, None).await, Code::NotFound, "TURN_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_the_whole_gets_what_was_kept() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(60) });
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let waiting = async { ada.say_in(None, "count").await };
    let stopping = async {
        stub.heard_at_least(1).await;
        let mut reader = ada.watch(1).await;
        reader.read_words(8).await;
        ada.stop(1, None).await.unwrap().ai_message.unwrap().text
    };
    let (answer, kept) = tokio::join!(waiting, stopping);
    assert!(REPLY.starts_with(&kept) && kept.len() >= 8, "{kept}");
    assert_eq!(answer.unwrap().ai_message.unwrap().text, kept);

    stub.always(Behaviour::Silence);
    let stopping = async {
        stub.heard_at_least(2).await;
        ada.stop(2, None).await.unwrap()
    };
    let (answer, _) = tokio::join!(ada.say_in(None, "silence"), stopping);
    refused(answer, Code::Aborted, "CANCELLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_next_in_line_is_answered_when_the_first_is_stopped() {
    let stub = Stub::start().await.unwrap();
    stub.next([Behaviour::Silence]);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut first = ada.stream("first").await;
    first.read().await;
    stub.heard_at_least(1).await;
    let mut second = ada.stream("second").await;
    second.read().await;
    let third = ada.stream("third").await;
    // One in line is stopped too, before it was ever asked.
    let mut third = third;
    third.read().await;
    let stopped = ada.stop(third.turn_id, None).await.unwrap();
    assert_eq!(stopped.turn.unwrap().state(), State::Cancelled);
    ada.stop(first.turn_id, None).await.unwrap();
    second.read_on().await;
    assert_eq!(second.text, openai_stub::DEFAULT_REPLY);
    third.read_on().await;
    assert_eq!(third.done().state(), State::Cancelled);
    assert_eq!(stub.heard().len(), 2);
}
