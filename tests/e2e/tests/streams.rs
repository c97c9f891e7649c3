//! Replies, told while they are made.

use std::time::Duration;

use e2e::{Answer, Product, Reader, User};
use futures_util::future::join_all;
use openai_stub::{Behaviour, Stub};
use serde_json::json;

const REPLY: &str = "Schön, dass du schreibst – 你好, ich höre dir zu. 😀 Erzähl mir mehr.";

fn word_by_word(text: &str) -> Behaviour {
    Behaviour::TokenDelay { text: text.into(), every: Duration::from_millis(45) }
}

fn said(words: &[(&str, &str)]) -> Vec<(String, String)> {
    words.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_kept_as_it_was_told() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word(REPLY));
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut reader = ada.stream("hello").await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
        ("ratelimit-policy", "\"turns\";q=2;qu=\"concurrent-requests\""),
        ("ratelimit", "\"turns\";r=1"),
    ] {
        assert_eq!(reader.headers[name], value, "{name}");
    }
    assert!(!reader.headers.contains_key("idempotent-replayed"));
    reader.read_on().await;
    assert_eq!(reader.text, REPLY);
    assert!(reader.count("delta") > 1, "word by word: {:?}", reader.events);
    let accepted = reader.events[0].clone();
    assert_eq!((accepted.name.as_str(), accepted.id.as_str()), ("accepted", "0.0"));

    let done = reader.done();
    assert_eq!(done["finish_reason"], "stop");
    assert_eq!(done["usage"]["estimated"], false);
    assert_eq!(reader.end.as_ref().unwrap().id, format!("1.{}.end", REPLY.len()));
    let session = accepted.data["session_id"].as_i64().unwrap();
    assert_eq!(ada.messages(session).await, said(&[("USER", "hello"), ("AI", REPLY)]));
    let kept = ada.see(&format!("/api/get-messages/?session_id={session}")).await;
    let ids = [&kept["messages"][0]["id"], &kept["messages"][1]["id"]];
    assert_eq!(ids, [&accepted.data["user_message_id"], &done["message_id"]]);
    let turn = ada.see(&format!("/api/turns/{}/", reader.turn)).await;
    assert_eq!((&turn["state"], &turn["usage"]), (&json!("completed"), &done["usage"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_after_every_event_has_every_byte_once() {
    let stub = Stub::start().await.unwrap();
    stub.always(word_by_word(REPLY));
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut reader = ada.stream("hello").await;
    while reader.read().await && reader.end.is_none() {
        reader = reader.come_back().await;
    }
    assert_eq!((reader.text.as_str(), reader.count("reset")), (REPLY, 0));
    assert_eq!(reader.done()["finish_reason"], "stop");
    assert!(reader.count("delta") > 1, "{:?}", reader.events);
    assert_eq!((stub.heard().len(), stub.hang_ups()), (1, 0), "hanging up is not stopping");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_over_is_told_again_from_any_place() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::reply(REPLY));
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut first = ada.stream("hello").await;
    first.read_on().await;
    let (turn, end) = (first.turn, first.end.clone().unwrap());
    for start in (0..=REPLY.len()).filter(|start| REPLY.is_char_boundary(*start)) {
        let mut again = ada.watch(turn, &format!("1.{start}")).await;
        again.read_on().await;
        let told = again.end.as_ref().unwrap();
        assert_eq!((again.text.as_str(), again.count("reset")), (&REPLY[start..], 0));
        assert_eq!((&told.id, &told.data), (&end.id, &end.data));
    }
    let mut all = ada.watch(turn, "").await;
    all.read_on().await;
    assert_eq!((&all.text, &all.end.unwrap().data), (&first.text, &end.data));

    let path = format!("/api/turns/{turn}/events/");
    let over = Answer::to(ada.request("GET", &path).header("last-event-id", &end.id)).await;
    assert_eq!((over.status, over.text.as_str()), (204, ""));
    assert_eq!(ada.get(&format!("{path}?last_event_id={}", end.id)).await.status, 204);
    let both = format!("{path}?last_event_id={}", end.id);
    let both = ada.request("GET", &both).header("last-event-id", "1.0").send().await.unwrap();
    let mut both = Reader::of(&ada, both, "1.0").await;
    both.read_on().await;
    assert_eq!(both.text, REPLY, "the header wins");
    let wrong = Answer::to(ada.request("GET", &path).header("last-event-id", "once")).await;
    assert_eq!(wrong.says(), (400, "invalid".to_owned()));
    let bob = product.register("bob").await;
    assert_eq!(bob.get(&path).await.says(), (404, "turn_not_found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_by_on_the_wire_does_not_tell_the_words_by_their_size() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let long = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz ".repeat(4);
    let odd =
        "a \"quoted\" \\ back\tslash\r\nline\n\nblank \u{1} \u{2028} 😀 data: x\n\nid: 7\n\n end";
    for text in [REPLY, odd, long.as_str()] {
        stub.always(word_by_word(text));
        let mut reader = ada.stream("hello").await;
        reader.read_on().await;
        assert_eq!(reader.text, text);
        for event in reader.events.iter().filter(|event| event.name == "delta") {
            assert_eq!(event.size % 128, 0, "{event:?}");
            let id = event.id.strip_suffix(".end").unwrap_or(&event.id);
            assert_eq!(id, event.id, "words are never the last event");
        }
    }
}

/// Reads a turn, leaving after every so many events and coming back.
async fn come_and_go(ada: &User, turn: i64, stay: usize) -> Reader {
    let mut reader = ada.watch(turn, "").await;
    while reader.end.is_none() {
        for _ in 0..stay {
            if !reader.read().await || reader.end.is_some() {
                return reader;
            }
        }
        reader = reader.come_back().await;
    }
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_who_come_and_go_all_read_the_same() {
    let stub = Stub::start().await.unwrap();
    let text = REPLY.repeat(3);
    stub.always(word_by_word(&text));
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut first = ada.stream("hello").await;
    first.read().await;
    let viewers = (0..200).map(|number| come_and_go(&ada, first.turn, 1 + number % 7));
    let (viewers, ()) = tokio::join!(join_all(viewers), first.read_on());
    assert_eq!(first.text, text);
    for viewer in viewers {
        assert_eq!((&viewer.text, viewer.count("reset")), (&text, 0));
        assert_eq!(viewer.done(), first.done());
    }
    assert_eq!(stub.heard().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_fails_is_forgotten_and_the_next_is_told() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    stub.next([
        Behaviour::DropAfter { text: REPLY.into(), tokens: 4 },
        Behaviour::reply("Here I am."),
    ]);
    let mut reader = ada.stream("are you there?").await;
    reader.read_on().await;
    assert_eq!(reader.text, "Here I am.");
    assert!(reader.count("reset") <= 1, "and none if it failed before they looked");
    let session = reader.done()["session_id"].as_i64().unwrap();
    assert_eq!(ada.messages(session).await[1].1, "Here I am.");
    let mut late = ada.watch(reader.turn, "1.6").await;
    late.read_on().await;
    assert_eq!((late.text.as_str(), late.count("reset")), ("Here I am.", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_first_is_an_error_and_later_an_event() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let tell = async |token: &str, body: serde_json::Value| {
        let request = product.request("POST", "/api/send-message/").bearer_auth(token);
        Answer::to(request.header("accept", "text/event-stream").json(&body)).await
    };
    for (token, body, says) in [
        (&ada.access, json!({"text": " "}), (400, "text_required")),
        (&ada.access, json!({"text": "hi", "session_id": 99}), (404, "session_not_found")),
        (&ada.refresh, json!({"text": "hi"}), (401, "token_not_valid")),
    ] {
        let answer = tell(token, body).await;
        assert_eq!(answer.says(), (says.0, says.1.to_owned()));
        assert_eq!(answer.header("content-type"), "application/json");
    }
    stub.always(Behaviour::unauthorized());
    let mut reader = ada.stream("hello").await;
    reader.read_on().await;
    let names: Vec<_> = reader.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(
        (reader.error(), names),
        ("model_unavailable", vec!["accepted", "disclosure", "error"])
    );
    assert!(reader.is_at_the_end(), "there is no more of it");
    assert!(reader.end.as_ref().unwrap().data["retry_after"].is_u64());

    stub.always(Behaviour::reply(REPLY));
    let mut again = ada.listen(&format!("/api/turns/{}/retry/", reader.turn), &json!({})).await;
    again.read_on().await;
    assert_eq!((again.text.as_str(), again.done()["turn_id"].as_i64()), (REPLY, Some(reader.turn)));
    let retried = ada.post(&format!("/api/turns/{}/retry/", reader.turn), &json!({})).await;
    assert_eq!(retried.says(), (409, "nothing_to_retry".to_owned()));
}
