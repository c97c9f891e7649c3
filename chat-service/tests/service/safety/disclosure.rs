//! That people are told what it is they talk to.

use std::time::Duration;

use openai_stub::Stub;

use crate::service::harness::{Service, patient};

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_begins_with_what_is_speaking_and_does_not_repeat_it() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("de-DE");
    let first = ada.say_in(None, "hello").await.unwrap().disclosure.unwrap();
    assert!(first.text.contains("KI") && first.text.contains("112"), "{}", first.text);
    assert_eq!(first.language, "de");
    assert_eq!(ada.say_in(None, "it rained").await.unwrap().disclosure, None);
    let second = ada.tell("and then it stopped").await;
    assert_eq!((second.disclosure, second.told[0]), (None, "accepted"));

    ada.new_session("").await;
    let other = ada.tell("something else").await;
    assert_eq!(other.told[..2], ["accepted", "disclosure"], "each conversation begins with it");
    assert_eq!(other.disclosure, Some(first));
    let mut again = ada.regenerate(other.turn_id).await.unwrap();
    again.read_on().await;
    assert_eq!(again.disclosure, None, "another reply is no new beginning");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_reminded_after_a_while() {
    let stub = Stub::start().await.unwrap();
    let mut config = patient(&stub);
    config.turns.disclosure.every = Duration::from_millis(1);
    let service = Service::start(config).await;
    let ada = service.person(1);
    let first = ada.tell("hello").await.disclosure.unwrap();
    let reminder = ada.tell("and more").await.disclosure.unwrap();
    assert!(reminder.text.contains("AI") && reminder.text != first.text, "{}", reminder.text);
    assert_eq!(ada.say_in(None, "and more").await.unwrap().disclosure, Some(reminder));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_law_prescribes_the_words_they_are_these() {
    let stub = Stub::start().await.unwrap();
    let mut config = patient(&stub);
    config.turns.disclosure.statutory = true;
    config.turns.disclosure.every = Duration::from_millis(1);
    let service = Service::start(config).await;
    let ada = service.person(1).speaking("en-US");
    for text in ["hello", "and more"] {
        let told = ada.tell(text).await.disclosure.unwrap().text;
        assert!(told.contains("IS A COMPUTER PROGRAM AND NOT A HUMAN BEING"), "{told}");
        assert!(told.contains("UNABLE TO FEEL HUMAN EMOTION"), "{told}");
    }
}
