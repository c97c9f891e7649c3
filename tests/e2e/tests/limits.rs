//! What one person may have of us, and that help has no limit.

use e2e::{Answer, Product};
use openai_stub::{Behaviour, Stub};
use serde_json::json;

const DANGER: &str = "I want to die";
const HELP: &str = "emergency number";
/// What the words that are said the second time name.
const LINE: &str = "findahelpline.com";

fn assert_is_over(answer: &Answer) {
    assert_eq!(answer.says(), (429, "daily_limit".to_owned()));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit-policy"), "\"daily\";q=2;w=86400");
    let left = answer.header("ratelimit");
    assert!(left.starts_with("\"daily\";r=0;t="), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_day_is_used_up_there_is_still_help() {
    let stub = Stub::start().await.unwrap();
    let two_a_day = |config: &mut standalone::Config| config.chat.turns.person.daily = Some(2);
    let product = Product::with_model_and(&stub, two_a_day).await;
    let ada = product.register("ada").await;
    let first = ada.try_to_say("one").await;
    assert_eq!(first.status, 201, "{}", first.text);
    let policies = first.header("ratelimit-policy");
    assert!(policies.contains("\"daily\";q=2;w=86400"), "{policies}");
    assert!(policies.contains("\"turns\";q=2;qu=\"concurrent-requests\""), "{policies}");
    assert!(first.header("ratelimit").contains("\"daily\";r=1;t="), "{:?}", first.headers);
    let (session, _) = ada.say("two").await;

    assert_is_over(&ada.try_to_say("three").await);
    let told = ada.request("POST", "/api/send-message/").header("accept", "text/event-stream");
    assert_is_over(&Answer::to(told.json(&json!({"text": "three"}))).await);
    let again = format!("/api/turns/{}/regenerate/", first.turn());
    assert_is_over(&ada.post(&again, &json!({})).await);
    assert_is_over(&ada.say_as("a-key", "three").await);
    assert_eq!(ada.messages(session).await.len(), 4, "nothing was written");
    assert_eq!(stub.heard().len(), 2);

    let help = ada.try_to_say(DANGER).await;
    assert_eq!(help.status, 201, "{}", help.text);
    assert!(help.json()["ai_response"].as_str().unwrap().contains(HELP));
    let mut reader = ada.stream(DANGER).await;
    reader.read_on().await;
    assert!(reader.text.contains(LINE), "{}", reader.text);
    assert_eq!(reader.events[0].name, "safety");
    assert_eq!(reader.done()["finish_reason"], "written");
    assert_eq!(ada.messages(session).await.len(), 8);
    let usage = ada.see("/api/account/usage/").await;
    let daily = usage["limits"].as_array().unwrap().iter().find(|limit| limit["policy"] == "daily");
    assert_eq!(daily.unwrap()["remaining"], 0, "{usage}");
    let bob = product.register("bob").await;
    bob.say("one of my own").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_danger_nobody_stands_in_line() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut readers = Vec::new();
    for number in 0..5 {
        readers.push(ada.stream(&format!("number {number}")).await);
    }
    let busy = ada.try_to_say("one too many").await;
    assert_eq!(busy.says(), (429, "session_busy".to_owned()));
    assert!(!busy.header("retry-after").is_empty());
    let help = ada.try_to_say(DANGER).await;
    assert!(help.json()["ai_response"].as_str().unwrap().contains(HELP), "{}", help.text);
    let mut reader = ada.stream(DANGER).await;
    reader.read_on().await;
    assert!(reader.text.contains(LINE), "{}", reader.text);
    assert_eq!(reader.events[0].name, "safety");
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_turns_as_one_may_have_are_at_work_and_no_more() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Silence);
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let mut readers = Vec::new();
    for left in [1, 0] {
        ada.post("/api/sessions/", &json!({})).await;
        let reader = ada.stream("hello").await;
        assert_eq!(reader.headers["ratelimit"], format!("\"turns\";r={left}").as_str());
        readers.push(reader);
    }
    ada.post("/api/sessions/", &json!({})).await;
    let refused = ada.try_to_say("hello").await;
    assert_eq!(refused.says(), (429, "too_many_turns".to_owned()));
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(refused.header("ratelimit"), "\"turns\";r=0");
    readers[0].read().await;
    ada.stop(readers[0].turn, None).await;
    ada.stream("hello").await;
    let bob = product.register("bob").await;
    bob.stream("nobody else is held up").await;
}
