//! How a gateway stops: nobody in the middle of something loses it, nobody else is waited for for long.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use proto::chat::v1::turn_event::Disclosure;
use proto::chat::v1::{ListMessagesResponse, Message, SendMessageResponse};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::raw::Raw;
use super::rpc::PATIENCE;
use super::services::turn;
use super::telling::{Live, accepted, blocks, disclosed, help, stays};
use super::world::{World, answer};

const GET: &str = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";

/// Returns once nobody listens any more.
async fn refused(world: &World) {
    let knocking = async {
        while TcpStream::connect(world.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, knocking).await.expect("nobody should listen any more");
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_a_new_connection_is_refused() {
    let world = World::start().await;
    let go_on = Arc::new(Notify::new());
    let waits = go_on.clone();
    world.chat.send.plays(move |_| {
        let go_on = waits.clone();
        async move {
            go_on.notified().await;
            let ai_message = Some(Message { text: "hello".to_owned(), ..Message::default() });
            Ok(SendMessageResponse {
                session_id: 1,
                turn: Some(turn()),
                ai_message,
                ..Default::default()
            })
        }
    });
    let body = json!({"text": "hello"});
    let sending = answer(world.request_as_user("POST", "/api/send-message/").json(&body));
    let stopping = async {
        world.chat.send.called(1).await;
        world.stop.cancel();
        refused(&world).await;
        go_on.notify_one();
    };
    let (sent, ()) = tokio::join!(sending, stopping);
    assert_eq!((sent.status, &sent.json()["ai_response"]), (201, &json!("hello")));
    world.stopped().await;
}

#[tokio::test]
async fn whoever_waits_for_a_whole_answer_is_told_that_it_will_come_later() {
    let soon = |config: &mut gateway::Config| config.streams.drain = Duration::ZERO;
    let world = World::start_with(soon).await;
    world.chat.send.plays(|_| pending());
    world.chat.edit.answers(|_| Ok(stays(vec![accepted(), disclosed(Disclosure::default())])));
    world.chat.stream.answers(|_| Ok(stays(Vec::new())));
    let say = async |path| {
        answer(world.request_as_user("POST", path).json(&json!({"text": "hello"}))).await
    };
    let stopping = async {
        world.chat.send.called(1).await;
        world.chat.edit.called(1).await;
        world.chat.stream.called(1).await;
        world.stop.cancel();
    };
    let streaming = world.request_as_user("POST", "/api/send-message/");
    let streaming = streaming.header("accept", "text/event-stream, application/json");
    let streaming = answer(streaming.json(&json!({"text": "hello"})));
    let (said, edited) = (say("/api/send-message/"), say("/api/messages/8/edit/"));
    let (said, edited, streamed, ()) = tokio::join!(said, edited, streaming, stopping);
    // Of the one it is known that it is stored.
    assert_eq!(said.says(), (503, "unavailable".to_owned()));
    assert_eq!(edited.says(), (503, "interrupted".to_owned()));
    assert_eq!((said.header("location"), edited.header("location")), ("", "/api/turns/5/"));
    for answer in [&said, &streamed, &edited] {
        assert_eq!(answer.header("retry-after"), "5");
    }
    assert_eq!(streamed.says(), (503, "unavailable".to_owned()));
    world.stopped().await;
}

#[tokio::test]
async fn whoever_is_answered_late_hears_first_which_turn_it_is() {
    let soon = |config: &mut gateway::Config| config.streams.drain = Duration::ZERO;
    for told in [vec![accepted()], vec![help(), accepted()]] {
        let world = World::start_with(soon).await;
        let (go_on, waits) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Some(told.clone()))));
        let gate = go_on.clone();
        world.chat.stream.answers(move |_| {
            let (gate, told) = (gate.clone(), waits.lock().unwrap().take().unwrap());
            let later = async move {
                gate.notified().await;
                stays(told)
            };
            Ok(stream::once(later).flatten().boxed())
        });
        let request = world.request_as_user("POST", "/api/send-message/");
        let request = request.header("accept", "text/event-stream").json(&json!({"text": "hi"}));
        let stopping = async {
            world.chat.stream.called(1).await;
            world.stop.cancel();
            refused(&world).await;
            go_on.notify_one();
        };
        let (answer, ()) = tokio::join!(request.send(), stopping);
        let heard = blocks(&Live::new(answer.unwrap()).rest().await);
        let names: Vec<_> = heard.iter().map(|block| block.name.as_str()).collect();
        assert_eq!(names[names.len() - 2..], ["accepted", "error"]);
        assert_eq!(names.len(), told.len() + 1, "{names:?}");
        assert_eq!(heard.last().unwrap().data["code"], "interrupted");
    }
}

#[tokio::test]
async fn a_list_in_flight_is_written_to_its_end() {
    let world = World::start().await;
    let go_on = Arc::new(Notify::new());
    let waits = go_on.clone();
    world.chat.list.plays(move |request| {
        let go_on = waits.clone();
        async move {
            let messages = vec![Message::default()];
            if request.page_token.is_empty() {
                let next_page_token = "more".to_owned();
                return Ok(ListMessagesResponse {
                    messages,
                    next_page_token,
                    ..Default::default()
                });
            }
            go_on.notified().await;
            Ok(ListMessagesResponse { messages, ..Default::default() })
        }
    });
    let listing = world.get("/api/get-messages/?session_id=1");
    let stopping = async {
        world.chat.list.called(2).await;
        world.stop.cancel();
        refused(&world).await;
        go_on.notify_one();
    };
    let (listed, ()) = tokio::join!(listing, stopping);
    assert_eq!(listed.json()["messages"].as_array().unwrap().len(), 2);
    world.stopped().await;
}

#[tokio::test]
async fn connections_on_which_nothing_happens_are_not_waited_for_for_long() {
    // Whoever is waited for is waited for longer than the test.
    let patient = |config: &mut gateway::Config| {
        config.limits.drain = 2 * PATIENCE;
        config.limits.header_timeout = 2 * PATIENCE;
    };
    let world = World::start_with(patient).await;
    let mut idle = Raw::connect(world.address).await;
    idle.say(GET).await;
    idle.hear_until("ok").await;
    let silent = Raw::connect(world.address).await;
    let mut half = Raw::connect(world.address).await;
    half.say("GET /livez HTTP/1.1\r\n").await;
    world.stop.cancel();
    world.stopped().await;
    for mut connection in [idle, silent, half] {
        connection.hear_the_end().await;
    }
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_at_the_end_of_the_drain() {
    let world = World::start_with(|config| config.limits.drain = Duration::from_millis(200)).await;
    world.chat.send.plays(|_| pending());
    let body = json!({"text": "hello"});
    let sending = world.request_as_user("POST", "/api/send-message/").json(&body).send();
    let (chat, stop) = (world.chat.clone(), world.stop.clone());
    let stopping = async {
        chat.send.called(1).await;
        stop.cancel();
        world.stopped().await;
    };
    // What becomes of the request does not matter: there is no answer to wait for.
    let given_up = async {
        let _nothing = sending.await;
        pending::<()>().await;
    };
    tokio::select! {
        () = stopping => {}
        () = given_up => {}
    }
}
