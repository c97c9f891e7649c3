//! Clients that hold a connection and say too little.

use std::time::Duration;

use proto::chat::v1::{ListMessagesResponse, Message};

use super::raw::{Raw, exchange};
use super::world::World;

async fn impatient() -> World {
    World::start_with(|config| config.limits.header_timeout = Duration::from_millis(200)).await
}

const GET: &str = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";
const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
const SETTINGS: &str = "\0\0\0\x04\0\0\0\0\0";
/// A HEADERS frame that announces more of them and ends there: 16 bytes, of which none come.
const HALF_OF_HEADERS: &str = "\0\0\x10\x01\0\0\0\0\x01";

/// Whether somebody who comes now and does not dawdle is served.
async fn is_served(world: &World) -> bool {
    let request = "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    exchange(world.address, request).await.ends_with("ok")
}

#[tokio::test]
async fn whoever_does_not_finish_a_request_is_hung_up_on() {
    let world = impatient().await;
    for said in [
        String::new(),
        "G".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: a\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: a\r\nx-slow: ".to_owned(),
        "PRI * HTTP/2".to_owned(),
        PREFACE.to_owned(),
        format!("{PREFACE}{SETTINGS}"),
        format!("{PREFACE}{SETTINGS}{HALF_OF_HEADERS}"),
    ] {
        let mut slow = Raw::connect(world.address).await;
        slow.say(&said).await;
        let heard = slow.hear_the_end().await;
        assert!(!heard.contains("200 OK"), "{said:?}: {heard}");
        // Meanwhile, everybody else is served.
        assert!(is_served(&world).await, "{said:?}");
    }
}

#[tokio::test]
async fn drop_by_drop_is_no_faster() {
    let world = impatient().await;
    let mut slow = Raw::connect(world.address).await;
    slow.say("GET /livez HTTP/1.1\r\n").await;
    let heard = slow.drip("x-more: 1\r\n", Duration::from_millis(20)).await;
    assert!(!heard.contains("200 OK"), "{heard}");
}

#[tokio::test]
async fn the_second_request_of_a_connection_has_no_more_time_than_the_first() {
    let world = impatient().await;
    let mut slow = Raw::connect(world.address).await;
    slow.say(GET).await;
    slow.hear_until("ok").await;
    slow.say("GET /livez HTTP/1.1\r\n").await;
    assert!(!slow.hear_the_end().await.contains("200 OK"));
}

/// People think before they answer.
#[tokio::test]
async fn between_two_requests_there_is_more_time_than_for_one() {
    let world = impatient().await;
    let mut thoughtful = Raw::connect(world.address).await;
    for _ in 0..2 {
        thoughtful.say("POST /api/login/ HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n").await;
        thoughtful.say("{}").await;
        thoughtful.hear_until("}").await;
        // Longer than a request may take: time is what is tried.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    thoughtful.say(GET).await;
    thoughtful.hear_until("ok").await;
}

#[tokio::test]
async fn slow_clients_do_not_stand_in_the_way_of_others() {
    let world = impatient().await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut one = Raw::connect(world.address).await;
        one.say("POST /api/login/ HTTP/1.1\r\n").await;
        slow.push(one);
    }
    assert!(is_served(&world).await);
    for mut one in slow {
        one.hear_the_end().await;
    }
    assert!(is_served(&world).await);
}

#[tokio::test]
async fn who_asks_and_does_not_read_is_let_go() {
    let world = World::start_with(|config| {
        config.limits.write_stall = Duration::from_millis(200);
        config.limits.max_connections = 1;
    })
    .await;
    // A list without end, so that no buffer on the way can hold it.
    world.chat.list.answers(|request| {
        let id = request.page_token.parse().unwrap_or(1);
        let text = "a".repeat(100_000);
        let message = Message { id, session_id: 3, user_id: 7, text, ..Message::default() };
        let next_page_token = (id + 1).to_string();
        let messages = vec![message];
        Ok(ListMessagesResponse { messages, next_page_token, ..Default::default() })
    });
    let mut deaf = Raw::connect(world.address).await;
    let token = world.token();
    deaf.say("GET /api/get-messages/?session_id=3 HTTP/1.1\r\nhost: a\r\n").await;
    deaf.say(format!("authorization: Bearer {token}\r\n\r\n")).await;
    world.chat.list.called(1).await;
    // There is one place only: this waits until it is free.
    assert!(is_served(&world).await);
}
