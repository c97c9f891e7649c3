//! A product that stops in the middle of a reply, and one that comes back to it.

use std::time::Duration;

use e2e::Product;
use openai_stub::{Behaviour, Stub};

const REPLY: &str = "I am still with you, and I was all the while.";

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_ends_in_time_is_told_to_its_end() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(50) });
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut reader = ada.stream("are you there?").await;
    reader.read_words(5).await;
    product.begin_to_stop();
    reader.read_on().await;
    assert_eq!((reader.text.as_str(), &reader.done()["finish_reason"]), (REPLY, &"stop".into()));
    let session = reader.done()["session_id"].as_i64().unwrap();
    let product = product.restart().await;
    let ada = product.returning(ada);
    assert_eq!(ada.messages(session).await[1].1, REPLY);
    assert_eq!(stub.heard().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_does_not_is_interrupted_and_goes_on_after_a_restart() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model_and(&stub, |config| {
        config.gateway.streams.drain = Duration::from_millis(100);
    })
    .await;
    let ada = product.register("ada").await;
    stub.next([Behaviour::StallAfter { text: REPLY.into(), tokens: 3 }]);
    stub.always(Behaviour::reply(REPLY));
    let mut reader = ada.stream("are you there?").await;
    reader.read_words(10).await;
    // In line behind it, and not even begun.
    let mut waiting = ada.stream("hello?").await;
    waiting.read().await;
    product.begin_to_stop();
    tokio::join!(reader.read_on(), waiting.read_on());
    for cut in [&reader, &waiting] {
        assert_eq!(cut.error(), "interrupted");
        assert!(!cut.is_at_the_end(), "coming back is worth it");
        assert!(cut.end.as_ref().unwrap().data["retry_after"].is_u64());
    }
    assert_eq!(waiting.last_event_id, "0.0");

    let product = product.restart().await;
    let ada = product.returning(ada);
    let mut back = ada.watch(reader.turn, &reader.last_event_id).await;
    back.read_on().await;
    assert_eq!((back.text.as_str(), back.count("reset")), (REPLY, 1), "it was made anew");
    let session = back.done()["session_id"].as_i64().unwrap();
    let mut next = ada.watch(waiting.turn, &waiting.last_event_id).await;
    next.read_on().await;
    assert_eq!((next.text.as_str(), next.count("reset")), (REPLY, 0));
    assert_eq!(next.done()["finish_reason"], "stop");
    let said = ada.messages(session).await;
    let said: Vec<_> = said.iter().map(|(who, what)| (who.as_str(), what.as_str())).collect();
    let expected = [("USER", "are you there?"), ("AI", REPLY), ("USER", "hello?"), ("AI", REPLY)];
    assert_eq!(said, expected);
    assert_eq!(stub.heard().len(), 3, "the first was asked for twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_cut_off_is_repeated_after_a_restart() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model_and(&stub, |config| {
        config.gateway.limits.drain = Duration::from_millis(100);
    })
    .await;
    let ada = product.register("ada").await;
    stub.next([Behaviour::Silence]);
    stub.always(Behaviour::reply(REPLY));
    let stopping = async {
        stub.heard_at_least(1).await;
        product.begin_to_stop();
    };
    let saying = ada.request("POST", "/api/send-message/").header("idempotency-key", "once");
    let saying = saying.json(&serde_json::json!({"text": "are you there?"})).send();
    // An error or a connection that closes: either way the client does not know.
    let (cut, ()) = tokio::join!(saying, stopping);
    assert!(cut.is_err() || cut.is_ok_and(|answer| answer.status() == 503));
    let product = product.restart().await;
    let ada = product.returning(ada);
    let answer = ada.say_as("once", "are you there?").await;
    assert_eq!((answer.status, answer.header("idempotent-replayed")), (201, "true"));
    assert_eq!((&answer.json()["ai_response"], stub.heard().len()), (&REPLY.into(), 2));
    let session = answer.json()["session_id"].as_i64().unwrap();
    assert_eq!(ada.messages(session).await.len(), 2);
}
