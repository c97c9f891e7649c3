//! That a machine is talking.

use proto::chat::v1::turn_event::Disclosure;
use proto::chat::v1::{ErrorReason, Message, SendMessageResponse};
use serde_json::{Value, json};

use super::services::turn;
use super::telling::{accepted, blocks, delta, disclosed, done, done_as, failed, tells};
use super::world::{World, answer};

const ENCODED: &str = "Ich%20bin%20eine%20KI%2C%20kein%20Mensch%20%E2%80%93%20wirklich.";

fn words() -> Disclosure {
    let text = "Ich bin eine KI, kein Mensch \u{2013} wirklich.".to_owned();
    Disclosure { text, language: "de".to_owned() }
}

#[tokio::test]
async fn a_stream_tells_it_before_the_first_word() {
    let world = World::start().await;
    for (language, told) in [("de", json!("de")), ("", Value::Null)] {
        let told = json!({"text": words().text, "language": told});
        world.chat.stream.answers(move |_| {
            let said = disclosed(Disclosure { language: language.to_owned(), ..words() });
            Ok(tells(vec![said, accepted(), delta(2, "he"), done()]))
        });
        let request = world.request_as_user("POST", "/api/send-message/");
        let request = request.header("accept", "text/event-stream").json(&json!({"text": "hi"}));
        let answer = answer(request).await;
        let first = blocks(&answer.text).remove(0);
        assert_eq!((first.name.as_str(), first.id.as_str()), ("disclosure", "0.0"));
        assert_eq!((first.data, answer.header("ai-disclosure")), (told, ""));
    }
}

#[tokio::test]
async fn a_whole_reply_has_it_in_a_header_and_never_in_its_body() {
    let world = World::start().await;
    for (disclosure, header) in [(Some(words()), ENCODED), (None, "")] {
        let said = disclosure.clone();
        world.chat.send.answers(move |_| {
            let (turn, ai_message) = (Some(turn()), Some(Message::default()));
            let disclosure = disclosure.clone();
            Ok(SendMessageResponse { turn, ai_message, disclosure, ..Default::default() })
        });
        world.chat.edit.answers(move |_| {
            let events = said.clone().map(disclosed).into_iter().chain([accepted(), done()]);
            Ok(tells(events.collect()))
        });
        for path in ["/api/send-message/", "/api/messages/8/edit/"] {
            let request = world.request_as_user("POST", path).json(&json!({"text": "hi"}));
            let answer = answer(request).await;
            assert_eq!((answer.status, answer.header("ai-disclosure")), (201, header), "{path}");
            let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
            assert_eq!(keys, ["ai_response", "message", "session_id"], "{path}");
        }
    }
}

#[tokio::test]
async fn whoever_gets_no_reply_is_told_it_all_the_same() {
    let world = World::start().await;
    for (end, status) in
        [(failed(ErrorReason::ModelUnavailable, None), 503), (done_as(turn()), 409)]
    {
        world
            .chat
            .edit
            .answers(move |_| Ok(tells(vec![accepted(), disclosed(words()), end.clone()])));
        let request = world.request_as_user("POST", "/api/messages/8/edit/");
        let answer = answer(request.json(&json!({"text": "hi"}))).await;
        assert_eq!((answer.status, answer.header("ai-disclosure")), (status, ENCODED));
    }
}
