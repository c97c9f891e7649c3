//! Words written in advance, where no model can answer somebody in danger.

use std::time::Duration;

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::safety::{Display, Tier};
use tonic::Code;

use super::{DANGER, shown};
use crate::service::harness::{Service, impatient, patient, refused};
use crate::service::reader::Reader;

/// Whoever reads this was given help first, and then words written in advance that name it.
fn assert_is_written(reader: &Reader, help: &str) {
    assert_eq!(reader.told[0], "safety");
    assert_eq!(reader.done().finish_reason, "written", "{}", reader.text);
    assert!(reader.text.contains(help), "{}", reader.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_model_does_somebody_in_danger_is_answered_in_their_language() {
    let text = || "I hear you, and I am here for you.".to_owned();
    let failures = [
        Behaviour::server_error(),
        Behaviour::unauthorized(),
        Behaviour::insufficient_quota(),
        Behaviour::bad_gateway_page(),
        Behaviour::Silence,
        Behaviour::SilenceAfterHeaders,
        Behaviour::Drop,
        Behaviour::Garbage,
        Behaviour::EmptyReply,
        Behaviour::NullContent,
        Behaviour::Refusal,
        Behaviour::ToolCall,
        Behaviour::FinishReason { text: text(), reason: "content_filter".into() },
        Behaviour::DropAfter { text: text(), tokens: 3 },
        Behaviour::StallAfter { text: text(), tokens: 3 },
        Behaviour::NeverEnding,
    ];
    let people = [
        ("en-US", "I want to die", ["en", "US", "988"]),
        ("es-ES", "Quiero morir", ["es", "ES", "112"]),
        ("de-DE", "Ich will sterben", ["de", "DE", "112"]),
        ("fr-FR", "Je veux mourir", ["fr", "FR", "3114"]),
        ("pt-BR", "Quero morrer", ["pt", "BR", "188"]),
    ];
    for (failure, person) in failures.into_iter().zip(people.into_iter().cycle()) {
        let (languages, said, [language, code, help]) = person;
        let stub = Stub::start().await.unwrap();
        stub.always(failure.clone());
        let mut config = impatient(&stub);
        config.turns.crisis_patience = Duration::from_millis(1_500);
        let service = Service::start(config).await;
        let ada = service.person(1).speaking(languages);
        let answered = tokio::time::timeout(Duration::from_secs(6), ada.tell(said)).await;
        let reader = answered.unwrap_or_else(|_| panic!("{failure:?} kept somebody waiting"));
        assert_is_written(&reader, help);
        let (safety, session) = (&reader.safety[0], reader.accepted.clone().unwrap().session_id);
        assert_eq!((safety.language.as_str(), super::region(safety)), (language, code));
        let kept = ada.messages(session).await.pop().unwrap().1;
        assert_eq!(kept, reader.text, "{failure:?}: nothing of the model's words is kept");
        assert!(!kept.contains("I hear you"), "{failure:?}: {kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_already_is_answered_with_an_ambulance() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::unauthorized());
    let service = Service::start(patient(&stub)).await;
    let reader = service.person(1).speaking("en-GB").tell("I took all the pills an hour ago").await;
    assert_is_written(&reader, "999");
    assert_eq!(shown(&reader), Some((Tier::Imminent, Display::Card)));
    assert!(reader.text.contains("ambulance"), "{}", reader.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_in_danger_is_not_met_with_an_error_a_turn_later() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    ada.tell(DANGER).await;
    stub.always(Behaviour::unauthorized());
    let replies = [ada.tell("no").await, ada.tell("nobody is here").await];
    for reader in &replies {
        assert_is_written(reader, "");
        assert_eq!(shown(reader), Some((Tier::High, Display::Pointer)));
    }
    assert_ne!(replies[0].text, replies[1].text, "and not with the same words each time");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_danger_is_told_to_be_brief() {
    let stub = Stub::start().await.unwrap();
    let mut config = patient(&stub);
    config.max_text_characters = 40;
    let service = Service::start(config).await;
    let ada = service.person(1).speaking("en-US");
    let long = "It rained all day and I cooked soup. ".repeat(10);
    let refusal = ada.say_in(None, &long).await;
    assert!(!refusal.as_ref().unwrap_err().metadata().contains_key("safety-bin"));
    refused(refusal, Code::InvalidArgument, "TEXT_TOO_LONG");
    for text in [format!("{DANGER}. {long}"), format!("{long}{DANGER}.")] {
        let reader = ada.tell(&text).await;
        assert_eq!(reader.told[0], "safety");
        assert_eq!(reader.done().finish_reason, "stop", "the model answers it");
        let session = reader.accepted.clone().unwrap().session_id;
        let said = ada.messages(session).await;
        assert_eq!(said[said.len() - 2].1, text, "all of it is kept");
    }
    assert_eq!(stub.heard().pop().unwrap().messages.last().unwrap().1.len(), long.len() + 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_stands_between_a_person_and_help() {
    let stub = Stub::start().await.unwrap();
    let mut config = patient(&stub);
    config.turns.person.daily = Some(1);
    let service = Service::start(config).await;
    let ada = service.person(1).speaking("en-US");
    ada.say("one").await;
    refused(ada.say_in(None, "two").await, Code::ResourceExhausted, "DAILY_LIMIT");
    assert_is_written(&ada.tell(DANGER).await, "988");
    assert_is_written(&ada.tell("no, I am not safe").await, "");

    stub.always(Behaviour::Silence);
    let mut config = patient(&stub);
    config.turns.at_once = 1;
    let service = Service::start(config).await;
    let mut waiting = service.person(1).stream("hello?").await;
    waiting.read().await;
    let bob = service.person(2).speaking("en-GB");
    refused(bob.say_in(None, "hello?").await, Code::Unavailable, "OVERLOADED");
    assert_is_written(&bob.tell(DANGER).await, "116 123");
}
