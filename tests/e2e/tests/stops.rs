//! Stop stops, and keeps what was seen.

use std::time::Duration;

use e2e::{Product, Reader};
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};

const REPLY: &str = "Eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn.";

fn word_by_word(milliseconds: u64) -> Behaviour {
    Behaviour::TokenDelay { text: REPLY.into(), every: Duration::from_millis(milliseconds) }
}

/// Goes on for longer than any test.
fn on_and_on() -> Behaviour {
    Behaviour::TokenDelay { text: REPLY.repeat(50), every: Duration::from_millis(60) }
}

fn session_of(reader: &Reader) -> i64 {
    reader.events[0].data["session_id"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_first_word_there_is_no_reply() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut reader = ada.stream("hello").await;
    reader.read().await;
    stub.heard_at_least(1).await;
    let stopped = ada.stop(reader.turn, Some(&reader.last_event_id)).await;
    assert_eq!(
        (&stopped["turn"]["state"], &stopped["ai_message"]),
        (&json!("cancelled"), &Value::Null)
    );
    stub.hung_up_at_least(1).await;
    reader.read_on().await;
    let done = reader.done();
    assert_eq!((&done["finish_reason"], &done["message_id"]), (&json!("cancelled"), &Value::Null));
    assert_eq!((reader.text.as_str(), &done["usage"]), ("", &Value::Null));
    let said = ada.messages(session_of(&reader)).await;
    assert_eq!(said, [("USER".to_owned(), "hello".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_between_two_words_it_keeps_what_was_seen() {
    let stub = Stub::start().await.unwrap();
    stub.always(on_and_on());
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    for (round, bytes) in [1, 12, 28].into_iter().enumerate() {
        let mut reader = ada.stream("count").await;
        reader.read_words(bytes).await;
        let seen = reader.text.clone();
        // Meanwhile more comes than was seen.
        let mut ahead = ada.watch(reader.turn, "").await;
        ahead.read_words(seen.len() + 1).await;
        let stopped = ada.stop(reader.turn, Some(&reader.last_event_id)).await;
        assert_eq!(stopped["ai_message"]["text"], seen);
        assert_eq!(stopped["turn"]["finish_reason"], "cancelled");
        stub.hung_up_at_least(round + 1).await;
        let said = ada.messages(session_of(&reader)).await;
        assert_eq!(said.last().unwrap(), &("AI".to_owned(), seen.clone()));
        ahead.read_on().await;
        assert_eq!((&ahead.text, ahead.count("reset")), (&seen, 1), "whoever read more resets");
        assert_eq!(ahead.done()["message_id"], stopped["ai_message"]["id"]);
        // What was on its way when they stopped is taken back.
        reader.read_on().await;
        assert_eq!(reader.text, seen);
        let again = ada.stop(reader.turn, None).await;
        assert_eq!(again, stopped, "stopping twice is stopping once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_after_the_end_everything_stays() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut first = ada.stream("hello").await;
    first.read_on().await;
    // A stop that comes late must not hit the turn that is at work by then.
    stub.always(word_by_word(30));
    let mut later = ada.stream("and again").await;
    later.read_words(3).await;
    for id in [None, Some("1.2"), Some(first.last_event_id.as_str())] {
        let stopped = ada.stop(first.turn, id).await;
        assert_eq!(stopped["turn"]["state"], "completed");
        assert_eq!(stopped["ai_message"]["text"], openai_stub::DEFAULT_REPLY);
    }
    later.read_on().await;
    assert_eq!((later.text.as_str(), &later.done()["finish_reason"]), (REPLY, &json!("stop")));
    let said = ada.messages(session_of(&first)).await;
    assert_eq!((&said[1].1, &said[3].1), (&first.text, &later.text));

    let path = format!("/api/turns/{}/cancel/", first.turn);
    let wrong = ada.post(&path, &json!({"last_event_id": "once"})).await;
    assert_eq!(wrong.says(), (400, "invalid".to_owned()));
    let bob = product.register("bob").await;
    assert_eq!(bob.post(&path, &json!({})).await.says(), (404, "turn_not_found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_the_whole_gets_what_was_kept() {
    let stub = Stub::start().await.unwrap();
    stub.always(on_and_on());
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let stopping = async {
        stub.heard_at_least(1).await;
        let session = ada.see("/api/sessions/").await["sessions"][0].clone();
        let mut reader = ada.watch(session["active_turn"].as_i64().unwrap(), "").await;
        reader.read_words(8).await;
        ada.stop(reader.turn, None).await["ai_message"]["text"].clone()
    };
    let (answer, kept) = tokio::join!(ada.try_to_say("count"), stopping);
    assert_eq!((answer.status, &answer.json()["ai_response"]), (201, &kept));
    assert!(
        kept.as_str().is_some_and(|kept| kept.len() >= 8 && REPLY.repeat(50).starts_with(kept))
    );

    stub.always(Behaviour::Silence);
    let stopping = async {
        stub.heard_at_least(2).await;
        ada.stop(answer.turn() + 1, None).await
    };
    let (answer, _) = tokio::join!(ada.try_to_say("silence"), stopping);
    assert_eq!(answer.says(), (409, "cancelled".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_is_stopped_everybody_agrees_on_what_was_said() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word(4));
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    for events in (1..4).cycle().take(15) {
        let mut reader = ada.stream("count").await;
        for _ in 0..events {
            reader.read().await;
        }
        let stopped = ada.stop(reader.turn, Some(&reader.last_event_id)).await;
        let kept = stopped["ai_message"]["text"].as_str().unwrap_or_default().to_owned();
        reader.read_on().await;
        assert_eq!(reader.text, kept);
        let turn = ada.see(&format!("/api/turns/{}/", reader.turn)).await;
        assert_eq!(turn, stopped["turn"]);
        let (who, last) = ada.messages(session_of(&reader)).await.pop().unwrap();
        let expected = if kept.is_empty() { ("USER", "count") } else { ("AI", kept.as_str()) };
        assert_eq!((who.as_str(), last.as_str()), expected);
    }
}
