//! What was said before, and what becomes of it.

use chassis::clock;
use chrono::TimeDelta;
use openai_stub::{Behaviour, Stub};
use proto::chat::v1::safety::{Display, Tier};
use sea_orm::ConnectionTrait as _;

use super::{DANGER, FRIEND, HINT, instructions, shown};
use crate::service::harness::{Service, patient};

const DISTRESS: &str = "I lost my job and my wife left me";
const MEANS: &str = "what is the tallest bridge in the city?";

#[tokio::test(flavor = "multi_thread")]
async fn help_is_shown_whole_once_then_in_a_line_and_whole_again_when_it_gets_worse() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    for (text, tier, display) in [
        ("I want to die", Tier::High, Display::Card),
        ("I really want to die", Tier::High, Display::Line),
        ("I took all the pills an hour ago", Tier::Imminent, Display::Card),
        ("I took all the pills", Tier::Imminent, Display::Line),
    ] {
        let reader = ada.tell(text).await;
        assert_eq!(shown(&reader), Some((tier, display)), "{text}");
        assert_eq!(reader.told[0], "safety", "{text}");
        assert!(reader.safety[0].message.contains("911") || text == "I want to die");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_denial_does_not_end_a_danger_and_quiet_turns_do() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    ada.tell(DANGER).await;
    let denied = ada.tell("forget it, I'm fine, I don't want to die").await;
    assert_eq!(shown(&denied), Some((Tier::High, Display::Pointer)));
    assert_eq!(denied.text, openai_stub::DEFAULT_REPLY, "nobody is lectured");
    let told = instructions(&stub);
    assert!(told.contains("does not mean that it is over"), "{told}");
    for quiet in 2..=12 {
        let reader = ada.tell("we made soup").await;
        assert_eq!(shown(&reader), Some((Tier::High, Display::Pointer)), "turn {quiet}");
    }
    let over = ada.tell("and there is some left").await;
    assert_eq!((shown(&over), over.text.as_str()), (None, openai_stub::DEFAULT_REPLY));
    // It still counts for what is graver after despair than without.
    assert_eq!(shown(&ada.tell(MEANS).await), Some((Tier::High, Display::Card)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_danger_follows_its_person_into_another_conversation_for_a_while() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    ada.tell(DANGER).await;
    ada.new_session("").await;
    let elsewhere = ada.tell("hello again").await;
    assert_eq!(shown(&elsewhere), Some((Tier::High, Display::Pointer)), "and without a wall");
    assert_eq!(elsewhere.text, openai_stub::DEFAULT_REPLY);
    assert!(instructions(&stub).contains("Earlier in this or a recent conversation"));
    ada.new_session("").await;
    assert_eq!(shown(&ada.tell(DANGER).await), Some((Tier::High, Display::Card)));
    let bob = service.person(2);
    assert_eq!(shown(&bob.tell("hello").await), None, "nobody else's danger");

    let database = service.database().await;
    for (hours, expected) in [(25, Some((Tier::High, Display::Card))), (49, None)] {
        let long_ago = format!(
            "UPDATE risks SET since = '{}'",
            (clock::now() - TimeDelta::hours(hours)).to_rfc3339()
        );
        database.execute_unprepared(&long_ago).await.unwrap();
        ada.new_session("").await;
        assert_eq!(shown(&ada.tell("good morning").await), None, "after {hours} hours");
        assert_eq!(shown(&ada.tell(MEANS).await), expected, "after {hours} hours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn distress_and_a_question_about_means_add_up() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, bob) = (service.person(1).speaking("en-US"), service.person(2));
    assert_eq!(shown(&bob.tell(MEANS).await), None, "a question is a question");
    assert_eq!(shown(&ada.tell(DISTRESS).await), None, "sorrow is no danger");
    ada.tell("it rained all day").await;
    let raised = ada.tell(MEANS).await;
    let (tier, _) = shown(&raised).unwrap();
    assert!([Tier::Elevated, Tier::High].contains(&tier), "{tier:?}");
    assert!(instructions(&stub).contains("Right now\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_after_despair_is_danger() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, bob) = (service.person(1).speaking("en-US"), service.person(2));
    assert_eq!(shown(&bob.tell("thank you for everything. goodbye").await), None);
    ada.tell(HINT).await;
    let goodbye = ada.tell("thank you for everything. goodbye").await;
    assert_eq!(shown(&goodbye), Some((Tier::High, Display::Card)));
    assert_eq!(goodbye.told[0], "safety");
    assert!(goodbye.text.contains("988"), "and the reply names help: {}", goodbye.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_worries_about_a_friend_is_not_in_danger_themselves() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    ada.tell(FRIEND).await;
    assert_eq!(shown(&ada.tell("we made soup").await), None);
    stub.always(Behaviour::unauthorized());
    ada.say_in(None, "and more soup").await.unwrap_err();
}
