//! One request in three encodings, and what cannot be read in any.

use proto::auth::v1::RegisterRequest;
use proto::chat::v1::SendMessageRequest;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use super::world::{World, answer};

/// As hard as words get: a quote, a plus, an ampersand, white space at the ends, more than ASCII.
const TEXT: &str = " Ada's \"plan\" + 100 % & more = \u{e4}\u{1f9e1}\n ";

#[tokio::test]
async fn json_forms_and_multipart_forms_are_the_same_request() {
    let world = World::start().await;
    let start = || world.request("POST", "/api/register/");
    let fields = [("username", "ada"), ("password", TEXT)];
    let parts = Form::new().text("username", "ada").text("password", TEXT);
    for request in [
        start().json(&json!({"username": "ada", "password": TEXT})),
        start().form(&fields),
        start().multipart(parts),
    ] {
        assert_eq!(answer(request).await.status, 201);
        let (username, password) = ("ada".to_owned(), TEXT.to_owned());
        let request_id = String::new();
        let expected = RegisterRequest { username, password, request_id };
        assert_eq!(world.auth.register.last().message, expected);
    }
    assert_eq!(world.auth.register.calls().len(), 3);

    let start = || world.request_as_user("POST", "/api/send-message/");
    for request in [
        start().json(&json!({"text": TEXT, "session_id": 3})),
        start().json(&json!({"text": TEXT, "session_id": "3"})),
        start().form(&[("text", TEXT), ("session_id", "3")]),
        start().multipart(Form::new().text("text", TEXT).text("session_id", "3")),
    ] {
        assert_eq!(answer(request).await.status, 201);
        let (text, request_id) = (TEXT.to_owned(), String::new());
        let expected = SendMessageRequest { session_id: Some(3), text, request_id };
        assert_eq!(world.chat.send.last().message, expected);
    }
}

#[tokio::test]
async fn the_media_type_is_read_in_any_spelling() {
    let world = World::start().await;
    for (media_type, body) in [
        ("APPLICATION/JSON", r#"{"refresh":"a.b.c"}"#),
        ("application/json; charset=\"UTF-8\"", r#"{"refresh":"a.b.c"}"#),
        ("application/x-www-form-urlencoded;charset=utf-8", "refresh=a.b.c"),
        ("multipart/form-data; boundary=xx", MULTIPART),
        ("Multipart/Form-Data; boundary=\"xx\"", MULTIPART),
    ] {
        let request = world.request("POST", "/api/refresh/").header("content-type", media_type);
        assert_eq!(answer(request.body(body)).await.status, 200, "{media_type}");
        assert_eq!(world.auth.refresh.last().message.refresh, "a.b.c", "{media_type}");
    }
}

const MULTIPART: &str =
    "--xx\r\nContent-Disposition: form-data; name=\"refresh\"\r\n\r\na.b.c\r\n--xx--\r\n";

#[tokio::test]
async fn of_a_name_that_comes_twice_the_last_counts() {
    let world = World::start().await;
    let start = || world.request("POST", "/api/refresh/");
    for request in [
        start().header("content-type", "application/json").body(r#"{"refresh":"1","refresh":"2"}"#),
        start().form(&[("refresh", "1"), ("refresh", "2")]),
        start().multipart(Form::new().text("refresh", "1").text("refresh", "2")),
    ] {
        assert_eq!(answer(request).await.status, 200);
        assert_eq!(world.auth.refresh.last().message.refresh, "2");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_and_not_quoted() {
    let world = World::start().await;
    let json = "application/json";
    let dictionary = "non_field_errors: Invalid data. Expected a dictionary, but got";
    for (media_type, body, status, code, detail) in [
        (json, "{", 400, "parse_error", "JSON parse error - EOF while parsing"),
        (json, "{\"refresh\": canary}", 400, "parse_error", "JSON parse error - expected value"),
        (json, "\u{feff}{}", 400, "parse_error", "JSON parse error - expected value"),
        (json, "[]", 400, "invalid", &format!("{dictionary} list.")),
        (json, "\"canary\"", 400, "invalid", &format!("{dictionary} str.")),
        (json, "1", 400, "invalid", &format!("{dictionary} int.")),
        (json, "1.5", 400, "invalid", &format!("{dictionary} float.")),
        (json, "true", 400, "invalid", &format!("{dictionary} bool.")),
        (json, "null", 400, "invalid", "non_field_errors: No data provided"),
        (json, "", 400, "invalid", "refresh: This field is required."),
        ("multipart/form-data", "canary", 400, "parse_error", "Multipart form parse error - Inv"),
        ("multipart/form-data; boundary=x", "canary", 400, "parse_error", "Multipart form parse"),
        ("text/plain", "canary", 415, "unsupported_media_type", "Unsupported media type \"text/"),
        ("", "canary", 415, "unsupported_media_type", "Unsupported media type \"\""),
        ("application/json; charset=latin1", "{}", 415, "unsupported_media_type", "Unsupported"),
    ] {
        let request = world.request("POST", "/api/refresh/").header("content-type", media_type);
        let answer = answer(request.body(body)).await;
        assert_eq!(answer.says(), (status, code.to_owned()), "{media_type} {body}");
        let said = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(said.starts_with(detail), "{media_type} {body}: {said}");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    assert!(world.auth.refresh.calls().is_empty());
}

#[tokio::test]
async fn a_deeply_nested_body_is_refused_like_any_other_nonsense() {
    let world = World::start().await;
    let deep = "[".repeat(200_000);
    let request = world.request("POST", "/api/refresh/").header("content-type", "application/json");
    assert_eq!(answer(request.body(deep)).await.says(), (400, "parse_error".to_owned()));
}

#[tokio::test]
async fn what_the_services_answer_is_told_under_the_documented_names() {
    let world = World::start().await;
    let name = json!({"username": "ada", "password": "a good long one"});
    let user = json!({"id": 7, "username": "ada"});
    let cases: [(&str, &Value, u16, Value); 4] = [
        (
            "/api/register/",
            &name,
            201,
            json!({"user": user, "token": "an-access", "refresh": "a-refresh"}),
        ),
        ("/api/login/", &name, 200, json!({"access": "an-access", "refresh": "a-refresh"})),
        ("/api/refresh/", &json!({"refresh": "a.b.c"}), 200, json!({"access": "an-access"})),
        (
            "/api/send-message/",
            &json!({"text": "hi", "session_id": 3}),
            201,
            json!({
                "message": "Message successfully processed.", "session_id": 3,
                "ai_response": "hello",
            }),
        ),
    ];
    for (path, body, status, reply) in cases {
        let answer = answer(world.request_as_user("POST", path).json(body)).await;
        assert_eq!((answer.status, answer.json()), (status, reply), "{path}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
    }
}
