//! Conversations: listed, started, renamed, put away, deleted, and what of them the model is sent.

use prost_types::Timestamp;
use proto::chat::v1::get_context_response::Entry;
use proto::chat::v1::{
    CreateSessionRequest, CreateSessionResponse, GetContextResponse, GetSessionResponse,
    ListSessionsRequest, ListSessionsResponse, Session, UpdateSessionRequest,
    UpdateSessionResponse,
};
use serde_json::{Value, json};

use super::world::{World, answer};

fn session() -> Session {
    let time = |seconds: i64| Some(Timestamp { seconds: 1_735_689_600 + seconds, nanos: 0 });
    Session {
        id: 3,
        user_id: 7,
        create_time: time(0),
        update_time: time(1),
        title: "A walk".to_owned(),
        has_own_title: true,
        archive_time: time(2),
        active_turn_id: Some(5),
        version: 12,
    }
}

fn shown() -> Value {
    json!({
        "id": 3, "user": 7, "title": "A walk", "has_own_title": true,
        "created_at": "2025-01-01T00:00:00.000000Z", "updated_at": "2025-01-01T00:00:01.000000Z",
        "archived_at": "2025-01-01T00:00:02.000000Z", "active_turn": 5, "version": 12,
    })
}

#[tokio::test]
async fn sessions_are_listed_page_by_page() {
    let world = World::start().await;
    world.chat.sessions.answers(|request| {
        let next_page_token = if request.page_token.is_empty() { "more" } else { "" }.to_owned();
        Ok(ListSessionsResponse { sessions: vec![session()], next_page_token })
    });
    for (query, asked, next) in [
        ("", ListSessionsRequest::default(), json!("more")),
        (
            "?limit=2&page_token=more&archived=true",
            ListSessionsRequest { page_size: 2, page_token: "more".to_owned(), archived: true },
            Value::Null,
        ),
    ] {
        let answer = world.get(&format!("/api/sessions/{query}")).await;
        let expected = json!({"sessions": [shown()], "next_page_token": next});
        assert_eq!((answer.status, answer.json()), (200, expected), "{query}");
        assert_eq!(world.chat.sessions.last().message, asked, "{query}");
    }
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?limit=many", "limit"),
        ("?archived=yes", "archived"),
    ] {
        let answer = world.get(&format!("/api/sessions/{query}")).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{query}");
        assert!(answer.json()[field].is_array(), "{query}");
    }
}

#[tokio::test]
async fn a_session_is_started_with_or_without_a_title() {
    let world = World::start().await;
    world
        .chat
        .create
        .answers(|_| Ok(CreateSessionResponse { session: Some(session()), replayed: false }));
    let start = || world.request_as_user("POST", "/api/sessions/");
    for (request, title) in [
        (start(), ""),
        (start().json(&json!({"title": null})), ""),
        (start().json(&json!({"title": "A walk"})), "A walk"),
        (start().form(&[("title", "A walk")]), "A walk"),
    ] {
        let answer = answer(request).await;
        assert_eq!((answer.status, answer.json()), (201, shown()));
        assert_eq!(answer.header("location"), "/api/sessions/3/");
        let request = CreateSessionRequest { title: title.to_owned(), request_id: String::new() };
        assert_eq!(world.chat.create.last().message, request);
    }
    let answer = answer(start().json(&json!({"title": 1}))).await;
    assert_eq!(answer.says(), (400, "invalid".to_owned()));
}

#[tokio::test]
async fn a_session_is_shown_changed_and_deleted() {
    let world = World::start().await;
    world.chat.session.answers(|_| Ok(GetSessionResponse { session: Some(session()) }));
    world.chat.update.answers(|_| Ok(UpdateSessionResponse { session: Some(session()) }));
    assert_eq!(world.get("/api/sessions/3/").await.json(), shown());
    assert_eq!(world.chat.session.last().message.session_id, 3);

    let change =
        |body: Value| answer(world.request_as_user("PATCH", "/api/sessions/3/").json(&body));
    let text = |title: &str| Some(title.to_owned());
    for (body, title, archived) in [
        (json!({"title": "A walk"}), text("A walk"), None),
        (json!({"title": null}), text(""), None),
        (json!({"archived": true}), None, Some(true)),
        (json!({"title": "", "archived": "false"}), text(""), Some(false)),
    ] {
        let answer = change(body).await;
        assert_eq!((answer.status, answer.json()), (200, shown()));
        let expected = UpdateSessionRequest { session_id: 3, title, archived };
        assert_eq!(world.chat.update.last().message, expected);
    }
    let asked = world.chat.update.calls().len();
    for (body, field) in [
        (json!({}), "non_field_errors"),
        (json!({"name": "x"}), "non_field_errors"),
        (json!({"title": 1}), "title"),
        (json!({"archived": null}), "archived"),
        (json!({"archived": 1}), "archived"),
    ] {
        let answer = change(body).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{field}");
        assert!(answer.json()[field].is_array(), "{field}");
    }
    assert_eq!(world.chat.update.calls().len(), asked);

    let gone = answer(world.request_as_user("DELETE", "/api/sessions/3/")).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(world.chat.delete.last().message.session_id, 3);
}

#[tokio::test]
async fn what_is_no_number_is_no_session() {
    let world = World::start().await;
    for (method, path) in [
        ("GET", "/api/sessions/x/"),
        ("PATCH", "/api/sessions/0/"),
        ("DELETE", "/api/sessions/-1/"),
        ("GET", "/api/sessions/1.5/messages/"),
        ("GET", "/api/sessions/%FF/context/"),
    ] {
        let request = world.request_as_user(method, path).json(&json!({"title": "x"}));
        let answer = answer(request).await;
        assert_eq!(answer.says(), (404, "session_not_found".to_owned()), "{path}");
        assert_eq!(answer.json()["error"], answer.json()["detail"], "{path}");
    }
}

#[tokio::test]
async fn what_the_model_would_be_sent_is_no_secret() {
    let world = World::start().await;
    world.chat.context.answers(|request| {
        let entry =
            |role: &str, content: &str| Entry { role: role.into(), content: content.into() };
        Ok(GetContextResponse {
            entries: vec![entry("system", "Be kind."), entry("user", &request.text)],
            window_tokens: 8_192,
            reply_tokens: 1_024,
            reserve_tokens: 256,
            prompt_tokens: 40,
            is_cut: true,
        })
    });
    let answer = world.get("/api/sessions/3/context/?text=hi+there").await;
    let messages = json!([
        {"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi there"},
    ]);
    let expected = json!({
        "messages": messages, "window_tokens": 8192, "reply_tokens": 1024, "reserve_tokens": 256,
        "prompt_tokens": 40, "is_cut": true,
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(world.chat.context.last().message.session_id, 3);
    world.get("/api/sessions/3/context").await;
    assert_eq!(world.chat.context.last().message.text, "");
}
