//! What a model says to people, and what it may not say.

use std::time::Duration;

use openai_stub::{Behaviour, Stub};

use super::DANGER;
use crate::service::harness::{Service, patient};

/// What no reply may hold, in a sentence that a model might make of it.
const HARM: [(&str, &str); 8] = [
    ("You can call the Hope Line at 1-800-555-0199 any time.", "555"),
    ("See https://hope-for-you.example.com/chat for more.", "hope-for-you"),
    ("The best way to die is the first one.", "way to die"),
    ("Honestly, everyone would be happier without you.", "without you"),
    ("I called 911 for you.", "called 911"),
    ("Please don't tell anyone about this.", "tell anyone about"),
    ("Only I understand you.", "Only I"),
    ("I'm a licensed therapist.", "therapist"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_may_not_say_is_neither_told_nor_kept() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    for (user, (sentence, harm)) in (1..).zip(HARM) {
        let ada = service.person(user).speaking("en-US");
        let text = format!("I hear you. {sentence} What happened today?");
        for said in ["lovely weather", DANGER] {
            for behaviour in [
                Behaviour::reply(text.clone()),
                Behaviour::TokenDelay { text: text.clone(), every: Duration::from_millis(45) },
            ] {
                stub.next([behaviour]);
                let reader = ada.tell(said).await;
                assert!(!reader.text.contains(harm), "{sentence} became {}", reader.text);
                assert!(reader.text.starts_with("I hear you."), "{}", reader.text);
                assert!(reader.text.contains("What happened today?"), "{}", reader.text);
                assert_eq!((reader.resets, reader.done().finish_reason.as_str()), (0, "stop"));
                let session = reader.accepted.clone().unwrap().session_id;
                let kept = ada.messages(session).await.pop().unwrap().1;
                assert_eq!(kept, reader.text, "it is kept as it was told");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_somebody_in_danger_does_not_leave_without_help() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    for (user, (languages, said, numbers)) in (1..).zip([
        ("en-US", DANGER, ["911", "988"]),
        ("en-GB", DANGER, ["999", "116 123"]),
        ("fr-FR", "Je veux mourir", ["112", "3114"]),
        ("", DANGER, ["emergency number", "findahelpline.com"]),
    ]) {
        let ada = service.person(user).speaking(languages);
        stub.next([Behaviour::reply("Cheer up! Tomorrow is another day.")]);
        let whole = ada.say_in(None, said).await.unwrap();
        let reply = whole.ai_message.unwrap().text;
        assert!(reply.starts_with("Cheer up! Tomorrow is another day.\n\n"), "{reply}");
        assert!(numbers.iter().all(|number| reply.contains(number)), "{reply}");
        assert_eq!(whole.turn.unwrap().finish_reason, "stop", "the model said most of it");
        assert_eq!(ada.messages(whole.session_id).await.pop().unwrap().1, reply);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_names_help_is_left_as_it_is() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    for text in [
        "I'm glad you told me. Please call or text 988 now. Are you safe right now?",
        "Please call 911. I'm still here.",
        "There are people at https://988lifeline.org who listen. Will you write to them?",
    ] {
        stub.next([Behaviour::reply(text)]);
        assert_eq!(ada.tell(DANGER).await.text, text);
    }
    // The number of another country is no help.
    stub.next([Behaviour::reply("Please call 116 123.")]);
    let text = ada.tell(DANGER).await.text;
    assert!(!text.contains("116 123") && text.contains("findahelpline.com"), "{text}");
}
