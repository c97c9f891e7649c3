//! Requests that come again are not done again.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::{Answer, Product, Reader};
use futures_util::future::join_all;
use openai_stub::{Behaviour, Stub};
use serde_json::json;

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_with_one_key_are_one_message_and_one_reply() {
    let stub = Stub::start().await.unwrap();
    let delay = Duration::from_millis(200);
    stub.always(Behaviour::Slow { delay, text: "I hear you.".into() });
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let answers = join_all((0..50).map(|_| ada.say_as("one-and-the-same", "hello"))).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.json()), (201, answers[0].json()), "{}", answer.text);
        assert_eq!(answer.turn(), answers[0].turn());
    }
    assert_eq!(answers.iter().filter(|answer| is_replayed(answer)).count(), 49);
    let session = answers[0].json()["session_id"].as_i64().unwrap();
    assert_eq!((ada.messages(session).await.len(), stub.heard().len()), (2, 1));

    let other = ada.say_as("one-and-the-same", "something else").await;
    assert_eq!(other.says(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!((ada.messages(session).await.len(), stub.heard().len()), (2, 1));
    let bob = product.register("bob").await;
    let his = bob.say_as("one-and-the-same", "something else").await;
    assert!(his.status == 201 && !is_replayed(&his), "a key is of one person: {}", his.text);
    let new = ada.say_as("another", "hello").await;
    assert!(new.status == 201 && !is_replayed(&new), "{}", new.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again_and_said_once() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    stub.always(Behaviour::unauthorized());
    for _ in 0..2 {
        let failed = ada.say_as("again", "are you there?").await;
        assert_eq!(failed.says(), (503, "model_unavailable".to_owned()));
        let turn = failed.json()["turn_id"].as_i64().unwrap();
        assert_eq!(failed.header("location"), format!("/api/turns/{turn}/"), "where it will be");
        assert!(!failed.header("retry-after").is_empty());
    }
    stub.always(Behaviour::reply("Here I am."));
    let answer = ada.say_as("again", "are you there?").await;
    assert_eq!((answer.status, is_replayed(&answer)), (201, true), "{}", answer.text);
    let session = answer.json()["session_id"].as_i64().unwrap();
    let expected = [("USER", "are you there?"), ("AI", "Here I am.")];
    let expected = expected.map(|(who, what)| (who.to_owned(), what.to_owned()));
    assert_eq!(ada.messages(session).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_was_lost_on_the_way_is_told_again() {
    let stub = Stub::start().await.unwrap();
    let text = "All of this is told twice and made once.";
    stub.always(Behaviour::TokenDelay { text: text.into(), every: Duration::from_millis(30) });
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let tell = async || {
        let request = ada.request("POST", "/api/send-message/").header("idempotency-key", "lost");
        let request = request.header("accept", "text/event-stream").json(&json!({"text": "hello"}));
        Reader::of(&ada, request.send().await.unwrap(), "").await
    };
    let mut lost = tell().await;
    lost.read_words(5).await;
    drop(lost);
    for _ in 0..2 {
        let mut again = tell().await;
        assert_eq!(again.headers["idempotent-replayed"], "true");
        again.read_on().await;
        assert_eq!((again.text.as_str(), again.count("accepted")), (text, 1));
    }
    let whole = ada.say_as("lost", "hello").await;
    assert_eq!((whole.status, &whole.json()["ai_response"]), (201, &json!(text)));
    assert_eq!((stub.heard().len(), stub.hang_ups()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_edits_and_other_replies_are_made_once_too() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let session = json!({"title": "a walk"});
    let made = join_all((0..10).map(|_| ada.post_as("key", "/api/sessions/", &session))).await;
    for answer in &made {
        assert_eq!((answer.status, &answer.json()["id"]), (201, &made[0].json()["id"]));
    }
    assert_eq!(made.iter().filter(|answer| is_replayed(answer)).count(), 9);
    assert_eq!(ada.see("/api/sessions/").await["sessions"].as_array().unwrap().len(), 1);

    let said = ada.say_as("key", "hello").await;
    assert_eq!((said.status, is_replayed(&said)), (201, false), "a key is of one endpoint");
    let turn = ada.see(&format!("/api/turns/{}/", said.turn())).await;
    let edit = format!("/api/messages/{}/edit/", turn["user_message"]);
    let again = format!("/api/turns/{}/regenerate/", said.turn());
    for (path, body) in [(edit, json!({"text": "good morning"})), (again, json!({}))] {
        let first = ada.post_as("key", &path, &body).await;
        assert_eq!((first.status, is_replayed(&first)), (201, false), "{path}: {}", first.text);
        let second = ada.post_as("key", &path, &body).await;
        assert_eq!((second.status, is_replayed(&second)), (201, true), "{path}: {}", second.text);
        assert_eq!((second.turn(), second.json()), (first.turn(), first.json()), "{path}");
    }
    assert_eq!(stub.heard().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_registrations_with_one_key_are_one_account() {
    let product = Product::start().await;
    let (name, key) = (product.name("ada"), product.name("mine"));
    let register = async |password: &str| {
        let account = json!({"username": name, "password": password});
        let request = product.request("POST", "/api/register/").header("idempotency-key", &key);
        Answer::to(request.json(&account)).await
    };
    let answers = join_all((0..20).map(|_| register("correct horse battery"))).await;
    let (mut counts, mut ids) = (BTreeMap::new(), Vec::new());
    for answer in &answers {
        *counts.entry(answer.status).or_insert(0) += 1;
        match answer.status {
            201 => ids.push(answer.json()["user"]["id"].as_i64().unwrap()),
            // More passwords at once than this machine hashes.
            503 => assert!(!answer.header("retry-after").is_empty(), "{}", answer.text),
            other => panic!("{other}: {}", answer.text),
        }
    }
    println!("20 registrations with one key: {counts:?}");
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let again = register("correct horse battery").await;
    assert_eq!((again.status, is_replayed(&again)), (201, true), "{}", again.text);
    assert_eq!(again.json()["user"]["id"], ids[0]);
    let token = again.json()["token"].as_str().unwrap().to_owned();
    let request = product.request("GET", "/api/sessions/").bearer_auth(token);
    assert_eq!(Answer::to(request).await.status, 200, "the token of a repeat is as good");
    let other = register("another long password").await;
    assert_eq!(other.says(), (422, "idempotency_key_reused".to_owned()));
}
