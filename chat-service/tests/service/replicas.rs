//! Several services over one database are one.

use std::time::Duration;

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::turn::State;
use proto::chat::v1::{CancelTurnRequest, ErrorReason, Sender};
use sea_orm::ConnectionTrait as _;

use super::harness::{Service, patient};
use super::reader::End;

const REPLY: &str = "One two three four five six seven eight nine ten.";

fn word_by_word() -> Behaviour {
    Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(60) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_can_be_read_and_stopped_anywhere() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word());
    let here = Service::start(patient(&stub)).await;
    let there = here.beside(patient(&stub)).await;
    let (ada, ada_there) = (here.person(1), there.person(1));
    let mut reader = ada.stream("hello").await;
    reader.read_words(4).await;
    let mut far = ada_there.resume(reader.turn_id, reader.cursor, &reader.text).await.unwrap();
    far.read_on().await;
    assert_eq!((far.text.as_str(), far.resets), (REPLY, 0));

    // One that cannot be over before it is stopped, however slow the machine is.
    stub.next([Behaviour::StallAfter { text: REPLY.into(), tokens: 5 }]);
    let mut reader = ada.stream("and again").await;
    reader.read_words(8).await;
    let mut far = ada_there.watch(reader.turn_id).await;
    far.read_words(8).await;
    let (turn_id, (attempt, offset)) = (far.turn_id, far.cursor);
    let request = CancelTurnRequest { turn_id, attempt, offset: Some(offset) };
    let stopped = ada_there.client.clone().cancel_turn(ada_there.asks(request)).await.unwrap();
    let kept = stopped.into_inner().ai_message.unwrap().text;
    assert!(REPLY.starts_with(&kept) && kept.len() >= 8, "{kept:?}");
    stub.hung_up_at_least(1).await;
    reader.read_on().await;
    assert_eq!((reader.done().state(), reader.text), (State::Cancelled, kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_is_one_request_wherever_it_arrives() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Slow { delay: Duration::from_millis(200), text: "Once.".into() });
    let here = Service::start(patient(&stub)).await;
    let there = here.beside(patient(&stub)).await;
    let people = [here.person(1), there.person(1)];
    let sent = (0..20).map(async |number| {
        let mut reader = people[number % 2].stream_in(None, "once", "try-1").await.unwrap();
        reader.read_on().await;
        reader.text
    });
    let read = futures_util::future::join_all(sent).await;
    assert!(read.iter().all(|text| text == "Once."), "{read:?}");
    assert_eq!(stub.heard().len(), 1);
    assert_eq!(people[0].messages(1).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_leaves_behind_another_picks_up() {
    let stub = Stub::start().await.unwrap();
    stub.next([Behaviour::StallAfter { text: REPLY.into(), tokens: 3 }]);
    let here = Service::start(patient(&stub)).await;
    let there = here.beside(patient(&stub)).await;
    let ada = there.person(1);
    let mut reader = here.person(1).stream("hello").await;
    reader.read_words(4).await;
    let mut in_line = here.person(1).stream("and more").await;
    in_line.read().await;
    // Stops in an orderly way, which it does not wait for the model to do.
    let (turn_id, cursor, text) = (reader.turn_id, reader.cursor, reader.text.clone());
    let waiting = async {
        let mut back = ada.resume(turn_id, cursor, &text).await.unwrap();
        back.read_on().await;
        back
    };
    drop((reader, in_line));
    let (_data, back) = tokio::join!(here.stop(), waiting);
    assert_eq!((back.text.as_str(), back.resets), (openai_stub::DEFAULT_REPLY, 1));
    let mut second = ada.watch(turn_id + 1).await;
    second.read_on().await;
    let said: Vec<_> = ada.messages(1).await.into_iter().map(|(who, _)| who).collect();
    assert_eq!(said, [Sender::User, Sender::Ai].repeat(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stops_sends_its_readers_on_however_fast_the_reply_grows_elsewhere() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::StallAfter { text: REPLY.into(), tokens: 3 });
    let here = Service::start(patient(&stub)).await;
    let there = here.beside(patient(&stub)).await;
    let mut reader = here.person(1).stream("hello").await;
    reader.read_words(4).await;
    let mut far = there.person(1).watch(reader.turn_id).await;
    far.read_words(4).await;
    // As on a machine where it takes longer to look than the reply to grow: there is more whenever somebody looks.
    let database = here.database().await;
    let growing = async {
        loop {
            database
                .execute_unprepared("UPDATE turns SET partial = partial || 'more '")
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let reading = async {
        let have = far.text.len();
        far.read_words(have + 100).await;
        there.begin_to_stop();
        far.read_on().await;
    };
    tokio::select! {
        () = reading => {}
        () = growing => {}
    }
    assert_eq!(far.end, Some(End::Failed(ErrorReason::Interrupted)));
}
