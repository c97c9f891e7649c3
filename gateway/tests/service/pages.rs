//! Parts of a conversation, and what somebody knows of it already.

use proto::chat::v1::{
    Feedback, ListMessagesRequest, ListMessagesResponse, Message, Rating, Sender,
};
use serde_json::{Value, json};

use super::answer::Answer;
use super::world::{World, answer};

const NEWEST: i64 = 9_007_199_254_740_991;

fn reply() -> Message {
    let feedback = Feedback { rating: Rating::Down.into(), comment: "Too long.".to_owned() };
    Message {
        id: 9,
        user_id: 7,
        session_id: 3,
        sender: Sender::Ai.into(),
        text: "hello".to_owned(),
        turn_id: 5,
        shown: true,
        feedback: Some(feedback),
        ..Message::default()
    }
}

fn shown() -> Value {
    json!({
        "id": 9, "user": 7, "session": 3, "sender": "AI", "text": "hello", "created_at": "",
        "turn": 5, "shown": true, "feedback": {"rating": "down", "comment": "Too long."},
    })
}

/// A session of which version 12 is the current one.
fn answers(world: &World) {
    world.chat.list.answers(|request: ListMessagesRequest| {
        let not_modified = request.known_version == Some(12);
        let messages = if not_modified { vec![] } else { vec![reply()] };
        let forward = request.after_id.is_some();
        let next_page_token = if forward { "more".to_owned() } else { String::new() };
        let has_more_before = request.before_id.is_some_and(|id| id < NEWEST);
        let version = 12;
        Ok(ListMessagesResponse {
            messages,
            next_page_token,
            has_more_before,
            version,
            not_modified,
        })
    });
}

#[tokio::test]
async fn a_part_is_what_comes_before_or_after_a_message_or_the_newest() {
    let world = World::start().await;
    answers(&world);
    let asked = ListMessagesRequest {
        session_id: 3,
        page_size: 100,
        before_id: Some(NEWEST),
        ..ListMessagesRequest::default()
    };
    let after = |id| ListMessagesRequest { after_id: Some(id), before_id: None, ..asked.clone() };
    for (query, asked, has_more) in [
        ("", asked.clone(), false),
        ("?before=9", ListMessagesRequest { before_id: Some(9), ..asked.clone() }, true),
        ("?after=9", after(9), true),
        ("?after=0&limit=500", ListMessagesRequest { page_size: 500, ..after(0) }, true),
        (
            "?limit=1&branches=all",
            ListMessagesRequest { page_size: 1, all_branches: true, ..asked.clone() },
            false,
        ),
    ] {
        let answer = world.get(&format!("/api/sessions/3/messages/{query}")).await;
        let expected = json!({"messages": [shown()], "has_more": has_more});
        assert_eq!((answer.status, answer.json()), (200, expected), "{query}");
        assert_eq!(world.chat.list.last().message, asked, "{query}");
    }
}

#[tokio::test]
async fn a_part_that_makes_no_sense_is_refused() {
    let world = World::start().await;
    for (query, field) in [
        ("?after=1&before=2", "after"),
        ("?after=x", "after"),
        ("?before=0", "before"),
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?limit=1.5", "limit"),
        ("?branches=some", "branches"),
    ] {
        let answer = world.get(&format!("/api/sessions/3/messages/{query}")).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{query}");
        assert!(answer.json()[field].is_array(), "{query}");
    }
    assert!(world.chat.list.calls().is_empty());
}

async fn ask(world: &World, path: &str, known: &str) -> Answer {
    answer(world.request_as_user("GET", path).header("if-none-match", known)).await
}

const PATHS: [(&str, &str); 5] = [
    ("/api/get-messages/?session_id=3", "W/\"v12\""),
    ("/api/sessions/3/messages/", "W/\"v12-l100\""),
    ("/api/sessions/3/messages/?after=5", "W/\"v12-a5-l100\""),
    ("/api/sessions/3/messages/?before=9&limit=7", "W/\"v12-b9-l7\""),
    ("/api/sessions/3/messages/?branches=all", "W/\"v12-l100-all\""),
];

#[tokio::test]
async fn who_knows_it_all_is_told_so_and_nothing_else() {
    let world = World::start().await;
    answers(&world);
    for (path, tag) in PATHS {
        let first = world.get(path).await;
        assert_eq!((first.status, first.header("etag")), (200, tag), "{path}");
        assert_eq!(world.chat.list.last().message.known_version, None, "{path}");
        let strong = tag.trim_start_matches("W/");
        let list = format!("\"other\", {tag}");
        for known in [tag, strong, &list, "*"] {
            let again = ask(&world, path, known).await;
            assert_eq!((again.status, again.text.as_str()), (304, ""), "{path} {known}");
            assert_eq!(again.header("etag"), tag, "{path} {known}");
            assert_eq!(again.header("content-type"), "", "{path} {known}");
        }
    }
}

#[tokio::test]
async fn who_knows_something_else_is_told_everything() {
    let world = World::start().await;
    answers(&world);
    for (path, tag) in PATHS {
        let older = tag.replace("12", "11");
        let others = PATHS.into_iter().filter(|(other, _)| *other != path).map(|(_, tag)| tag);
        for known in others.chain([older.as_str(), "", "\"x\"", "v12"]) {
            let answer = ask(&world, path, known).await;
            assert_eq!(answer.status, 200, "{path} {known}");
            assert_eq!(answer.header("etag"), tag, "{path} {known}");
            assert_eq!(answer.json()["messages"].as_array().unwrap().len(), 1, "{path} {known}");
        }
        // Only the newest of those that are known can be current.
        let both = format!("{older}, {}", tag.replace("12", "10"));
        ask(&world, path, &both).await;
        assert_eq!(world.chat.list.last().message.known_version, Some(11), "{path}");
    }
}

#[tokio::test]
async fn every_page_of_a_long_list_is_written_whatever_was_known() {
    let world = World::start().await;
    world.chat.list.answers(|request: ListMessagesRequest| {
        let more = if request.page_token.is_empty() { "more" } else { "" };
        let (messages, next_page_token) = (vec![reply()], more.to_owned());
        Ok(ListMessagesResponse { messages, next_page_token, version: 12, ..Default::default() })
    });
    let answer = ask(&world, PATHS[0].0, "W/\"v11\"").await;
    assert_eq!(answer.json()["messages"].as_array().unwrap().len(), 2);
    let known: Vec<_> =
        world.chat.list.calls().iter().map(|call| call.message.known_version).collect();
    assert_eq!(known, [Some(11), None]);
}
