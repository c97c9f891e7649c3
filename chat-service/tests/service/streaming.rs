//! Replies, told while they are made.

use std::time::Duration;

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::turn::State;
use proto::chat::v1::{ErrorReason, Sender};
use tonic::Code;

use super::harness::{Service, impatient, patient, refused};
use super::reader::{End, Reader};

const REPLY: &str = "Schön, dass du schreibst – 你好, ich höre dir zu. 😀";

fn word_by_word() -> Behaviour {
    Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(30) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_told_word_by_word_and_stored_as_it_was_told() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word());
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut reader = ada.stream("hello").await;
    reader.read_on().await;
    let accepted = reader.accepted.clone().unwrap();
    assert!(!accepted.replayed);
    assert_eq!(reader.text, REPLY);
    assert_eq!(reader.resets, 0);
    let turn = reader.done();
    assert_eq!((turn.state(), turn.finish_reason.as_str()), (State::Completed, "stop"));
    assert_eq!(turn.user_message_id, accepted.user_message_id);
    let said = ada.messages(accepted.session_id).await;
    assert_eq!(said[1], (Sender::Ai, REPLY.to_owned()));

    let mut late = ada.watch(turn.id).await;
    late.read_on().await;
    assert_eq!((late.text.as_str(), late.done().id), (REPLY, turn.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_is_not_stopping() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word());
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut reader = ada.stream("hello").await;
    reader.read_words(3).await;
    let (turn_id, cursor, text) = (reader.turn_id, reader.cursor, reader.text.clone());
    drop(reader);
    let mut back = ada.resume(turn_id, cursor, &text).await.unwrap();
    back.read_on().await;
    assert_eq!(back.text, REPLY);
    assert_eq!((back.resets, stub.hang_ups(), stub.heard().len()), (0, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_along_hears_the_end_also_of_the_last_reply_of_a_service_that_stops() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word());
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut first = ada.stream("hello").await;
    first.read_words(1).await;
    let watching = (0..20).map(|_| ada.watch(first.turn_id));
    let mut readers = futures_util::future::join_all(watching).await;
    readers.push(first);
    service.begin_to_stop();
    futures_util::future::join_all(readers.iter_mut().map(Reader::read_on)).await;
    for reader in readers {
        assert_eq!((reader.text.as_str(), reader.resets), (REPLY, 0));
        assert_eq!(reader.done().state(), State::Completed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_before_the_first_word_is_not_news() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(impatient(&stub)).await;
    let ada = service.person(1);
    for weak in [Behaviour::server_error(), Behaviour::Drop, Behaviour::Silence] {
        stub.next([weak, Behaviour::reply("Here I am.")]);
        let mut reader = ada.stream("are you there?").await;
        reader.read_on().await;
        assert_eq!((reader.text.as_str(), reader.resets), ("Here I am.", 0));
        reader.done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_after_it_resets_once_and_the_reply_is_right() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(impatient(&stub)).await;
    let ada = service.person(1);
    for weak in [
        Behaviour::DropAfter { text: REPLY.into(), tokens: 4 },
        Behaviour::ErrorChunk { text: REPLY.into(), tokens: 4 },
        Behaviour::NoFinish { text: REPLY.into() },
    ] {
        stub.next([weak, Behaviour::reply("Here I am.")]);
        let mut reader = ada.stream("are you there?").await;
        reader.read_on().await;
        assert_eq!((reader.text.as_str(), reader.resets), ("Here I am.", 1));
        let said = ada.messages(reader.accepted.clone().unwrap().session_id).await;
        assert_eq!(said.last().unwrap().1, "Here I am.");
        let mut late = ada.resume(reader.turn_id, (1, 5), "Schön").await;
        late.as_mut().unwrap().read_on().await;
        assert_eq!(late.unwrap().text, "Here I am.", "whoever comes back late is reset too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_badly_ends_once_and_in_time() {
    for (bad, reason) in [
        (Behaviour::NoFinish { text: REPLY.into() }, ErrorReason::ModelUnavailable),
        (Behaviour::StallAfter { text: REPLY.into(), tokens: 4 }, ErrorReason::ModelTimeout),
        (Behaviour::Trickle { every: Duration::from_millis(300) }, ErrorReason::ModelTimeout),
        (Behaviour::Silence, ErrorReason::ModelTimeout),
        (Behaviour::unauthorized(), ErrorReason::ModelUnavailable),
    ] {
        let stub = Stub::start().await.unwrap();
        stub.always(bad.clone());
        let service = Service::start(impatient(&stub)).await;
        let ada = service.person(1);
        let mut reader = ada.stream("are you there?").await;
        let patience = Duration::from_secs(6);
        tokio::time::timeout(patience, reader.read_on()).await.expect("an end in time");
        assert_eq!(reader.end, Some(End::Failed(reason)), "{bad:?}");
        let said = ada.messages(1).await;
        assert_eq!(said.len(), 1, "no part of a reply is stored as a reply: {bad:?}");
        let mut late = ada.watch(reader.turn_id).await;
        late.read_on().await;
        assert_eq!((late.text.as_str(), late.end), ("", Some(End::Failed(reason))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_of_others_cannot_be_watched() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word());
    let service = Service::start(patient(&stub)).await;
    let reader = service.person(1).stream("mine").await;
    let eve = service.person(2);
    for turn_id in [1, reader.turn_id, 99] {
        refused(eve.resume(turn_id, (0, 0), "").await.map(drop), Code::NotFound, "TURN_NOT_FOUND");
    }
}

/// People come and go as they like, and everybody has read the same in the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_viewers_who_come_and_go_read_every_byte_once() {
    let stub = Stub::start().await.unwrap();
    let text = ["Wört", "für ", "Wort. "].repeat(50).concat();
    stub.always(Behaviour::TokenDelay { text: text.clone(), every: Duration::from_millis(20) });
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut first = ada.stream("tell me a long story").await;
    first.read().await;
    let turn_id = first.turn_id;
    let viewer = async |number: u64| {
        let mut reader = ada.watch(turn_id).await;
        let mut returns = 0;
        // All leave at the first word, so that also whoever is late comes back; then after other numbers of
        // events each. They return with what they have.
        let mut patience = 1;
        while reader.end.is_none() {
            if patience == 0 {
                returns += 1;
                patience = (number * 31 + returns * 17) % 11 + 1;
                let (cursor, read) = (reader.cursor, std::mem::take(&mut reader.text));
                drop(reader);
                reader = ada.resume(turn_id, cursor, &read).await.unwrap();
            }
            patience -= 1;
            if !reader.read().await {
                break;
            }
        }
        assert_eq!(reader.resets, 0);
        (reader.text, returns)
    };
    let read = futures_util::future::join_all((0..1_000).map(viewer)).await;
    first.read_on().await;
    let wrong = read.iter().filter(|(read, _)| *read != text).count();
    let returns: u64 = read.iter().map(|(_, returns)| returns).sum();
    println!("1000 viewers, {returns} returns, {wrong} with gaps or duplicates");
    assert_eq!((wrong, first.text), (0, text));
    assert!(returns >= 1_000, "all should have come back");
    assert_eq!(stub.heard().len(), 1);
}
