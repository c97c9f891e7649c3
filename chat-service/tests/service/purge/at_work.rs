//! What is at work for somebody stops when they are deleted, and whoever reads along is told.

use std::time::Duration;

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::ErrorReason;
use tonic::Code;

use super::remains::Remains;
use super::{ADA, GRACE};
use crate::service::harness::{Service, patient, refused};
use crate::service::reader::End;

const REPLY: &str = "One two three four five six seven eight nine ten.";
const GONE: Option<End> = Some(End::Failed(ErrorReason::AccountDeleted));

/// A reply that is never done.
fn endless() -> Behaviour {
    Behaviour::StallAfter { text: REPLY.into(), tokens: 5 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_in_the_making_is_broken_off_and_whoever_reads_it_is_told() {
    let stub = Stub::start().await.unwrap();
    stub.always(endless());
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(ADA);
    let mut reader = ada.stream("zugspitze").await;
    reader.read_words(8).await;
    let mut second = ada.watch(reader.turn_id).await;
    second.read_words(8).await;
    let session = ada.new_session("").await;
    let waiting = async { ada.say_in(Some(session), "watzmann").await };
    let deleting = async {
        stub.heard_at_least(2).await;
        service.purge(ADA).await.unwrap();
    };
    let (answer, ()) = tokio::join!(waiting, deleting);
    assert!(chassis::status::metadata(answer.as_ref().unwrap_err()).is_empty());
    refused(answer, Code::Unauthenticated, "ACCOUNT_DELETED");
    for reader in [&mut reader, &mut second] {
        reader.read_on().await;
        assert_eq!(reader.end, GONE);
    }
    stub.hung_up_at_least(2).await;
    let remains = Remains::of(&service).await;
    assert_eq!(remains.size_of(ADA).await, 0);
    for word in ["zugspitze", "watzmann", "three"] {
        assert!(remains.places_of(word).await.is_empty(), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_line_is_gone_and_never_asked() {
    let stub = Stub::start().await.unwrap();
    stub.next([Behaviour::Silence]);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(ADA);
    let mut readers = Vec::new();
    for text in ["first", "second", "third"] {
        let mut reader = ada.stream(text).await;
        reader.read().await;
        readers.push(reader);
    }
    stub.heard_at_least(1).await;
    let remains = Remains::of(&service).await;
    assert_eq!(remains.count("turns WHERE state = 'queued'").await, 2);
    service.purge(ADA).await.unwrap();
    for reader in &mut readers {
        reader.read_on().await;
        assert_eq!(reader.end, GONE);
    }
    stub.hung_up_at_least(1).await;
    // Somebody else's turn, begun later, comes to its end.
    service.person(GRACE).say("hello").await;
    assert_eq!((remains.size_of(ADA).await, stub.heard().len()), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_has_at_work_stops_as_well() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::TokenDelay { text: REPLY.repeat(40), every: Duration::from_millis(60) });
    let here = Service::start(patient(&stub)).await;
    let there = here.beside(patient(&stub)).await;
    let ada = here.person(ADA);
    let mut reader = ada.stream("hello").await;
    reader.read_words(8).await;
    let mut in_line = ada.stream("and more").await;
    in_line.read().await;
    let mut far = there.person(ADA).watch(reader.turn_id).await;
    far.read_words(8).await;
    there.purge(ADA).await.unwrap();
    for reader in [&mut reader, &mut in_line, &mut far] {
        reader.read_on().await;
        assert_eq!(reader.end, GONE);
    }
    stub.hung_up_at_least(1).await;
    // Both still answer others, and have written nothing of hers meanwhile.
    stub.always(Behaviour::Echo);
    for service in [&here, &there] {
        service.person(GRACE).say("hello").await;
    }
    assert_eq!(Remains::of(&here).await.size_of(ADA).await, 0);
    assert_eq!(stub.heard().len(), 3);
}
