//! The shape of answers: spellings of a path, unknown paths and methods, `Accept`, headers.

use serde_json::json;

use super::raw::exchange;
use super::world::{World, answer};

/// The last needs a token.
const PATHS: [(&str, &str); 5] = [
    ("POST", "/api/register"),
    ("POST", "/api/login"),
    ("POST", "/api/refresh"),
    ("POST", "/api/send-message"),
    ("GET", "/api/get-messages"),
];

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    let world = World::start().await;
    let token = world.token();
    let body = r#"{"username":"ada","password":"a good long one","refresh":"a","text":"hi"}"#;
    for (method, path) in PATHS {
        for (query, body) in [("?session_id=1", body), ("", "{}")] {
            let say = |path: &str| {
                format!(
                    "{method} {path}{query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                     x-request-id: same\r\nauthorization: Bearer {token}\r\n\
                     content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            let without = exchange(world.address, &say(path)).await;
            let with = exchange(world.address, &say(&format!("{path}/"))).await;
            assert_eq!(without, with, "{path}");
            let expected = if query.is_empty() { "HTTP/1.1 400 " } else { "HTTP/1.1 20" };
            assert!(with.starts_with(expected), "{path}: {with}");
        }
    }
}

/// All of these need a token, and most a body.
const OTHERS: [(&str, &str); 21] = [
    ("POST", "/api/messages/8/edit"),
    ("POST", "/api/messages/8/feedback"),
    ("DELETE", "/api/messages/8/feedback"),
    ("GET", "/api/search"),
    ("GET", "/api/turns/5"),
    ("GET", "/api/turns/5/events"),
    ("POST", "/api/turns/5/cancel"),
    ("POST", "/api/turns/5/retry"),
    ("POST", "/api/turns/5/regenerate"),
    ("POST", "/api/turns/5/select"),
    ("GET", "/api/sessions"),
    ("POST", "/api/sessions"),
    ("GET", "/api/sessions/3"),
    ("PATCH", "/api/sessions/3"),
    ("DELETE", "/api/sessions/3"),
    ("GET", "/api/sessions/3/messages"),
    ("GET", "/api/sessions/3/context"),
    ("GET", "/api/account/export"),
    ("GET", "/api/account/usage"),
    ("GET", "/api/account/preferences"),
    ("PATCH", "/api/account/preferences"),
];

#[tokio::test]
async fn every_path_is_there_in_both_spellings_and_for_those_with_a_token_only() {
    let world = World::start().await;
    for (method, path) in OTHERS {
        let mut statuses = Vec::new();
        for path in [path.to_owned(), format!("{path}/")] {
            let known = answer(world.request_as_user(method, &path)).await;
            assert!(![401, 404, 405].contains(&known.status), "{method} {path}: {}", known.text);
            statuses.push(known.status);
            let stranger = answer(world.request(method, &path)).await;
            assert_eq!(stranger.says(), (401, "not_authenticated".to_owned()), "{method} {path}");
            let other = answer(world.request_as_user("PUT", &path)).await;
            assert_eq!(other.says(), (405, "method_not_allowed".to_owned()), "{path}");
            assert!(other.header("allow").split(',').any(|allowed| allowed == method), "{path}");
        }
        assert_eq!(statuses[0], statuses[1], "{method} {path}");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let world = World::start().await;
    for path in ["/", "/api", "/api/", "/api/logins", "/api/login//", "/API/login/", "/livez/"] {
        let request = world.request("POST", path).header("x-request-id", "lost");
        let answer = answer(request).await;
        let body = json!({"detail": "Not found.", "code": "not_found", "request_id": "lost"});
        assert_eq!((answer.status, answer.json()), (404, body), "{path}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_told_which_are() {
    let world = World::start().await;
    let paths = PATHS.into_iter().chain([("GET", "/livez"), ("GET", "/readyz")]);
    for (right, path) in paths {
        let (wrong, allowed) = if right == "POST" { ("GET", "POST") } else { ("POST", "GET,HEAD") };
        for method in [wrong, "DELETE", "PUT"] {
            let answer = answer(world.request(method, path).header("x-request-id", "a")).await;
            let detail = format!("Method \"{method}\" not allowed.");
            let body = json!({"detail": detail, "code": "method_not_allowed", "request_id": "a"});
            assert_eq!((answer.status, answer.json()), (405, body), "{method} {path}");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn who_cannot_read_json_is_told_before_anything_happens() {
    let world = World::start().await;
    let body = json!({"username": "ada", "password": "a good long one"});
    for accept in ["image/png", "application/xml, text/plain"] {
        let request = world.request("POST", "/api/register/").header("accept", accept);
        let answer = answer(request.json(&body)).await;
        assert_eq!(answer.says(), (406, "not_acceptable".to_owned()), "{accept}");
        assert_eq!(answer.header("content-type"), "application/json", "{accept}");
    }
    assert!(world.auth.register.calls().is_empty());
    for accept in ["*/*", "application/json", "text/html", "application/problem+json"] {
        let request = world.request("POST", "/api/register/").header("accept", accept);
        let answer = answer(request.json(&body)).await;
        assert_eq!(answer.status, 201, "{accept}");
        assert_eq!(answer.header("content-type"), "application/json", "{accept}");
    }
}

#[tokio::test]
async fn errors_are_problems_for_those_who_ask() {
    let world = World::start().await;
    let ask = |method: &str, path: &str| {
        let request = world.request(method, path).header("x-request-id", "p");
        answer(request.header("accept", "application/problem+json, application/json"))
    };
    let unauthorized = ask("GET", "/api/get-messages/").await;
    assert_eq!(unauthorized.header("content-type"), "application/problem+json");
    let expected = json!({
        "type": "about:blank", "title": "Unauthorized", "status": 401,
        "detail": "User must be logged in.", "error": "User must be logged in.",
        "code": "not_authenticated", "request_id": "p",
    });
    assert_eq!((unauthorized.status, unauthorized.json()), (401, expected));
    for (path, status, title) in
        [("/nowhere", 404, "Not Found"), ("/api/login/", 405, "Method Not Allowed")]
    {
        let answer = ask("GET", path).await;
        let problem = answer.json();
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!((&problem["status"], &problem["title"]), (&json!(status), &json!(title)));
        assert_eq!(problem["type"], "about:blank");
    }
}

#[tokio::test]
async fn every_answer_is_kept_out_of_caches_frames_and_guesses() {
    let world = World::start().await;
    let body = json!({"username": "ada", "password": "a good long one"});
    let too_large = "x".repeat(300 * 1024);
    for (request, status) in [
        (world.request("POST", "/api/login/").json(&body), 200),
        (world.request_as_user("GET", "/api/get-messages/?session_id=1"), 200),
        (world.request("GET", "/livez"), 200),
        (world.request("POST", "/api/login/").json(&json!({})), 400),
        (world.request("GET", "/api/get-messages/"), 401),
        (world.request("GET", "/nowhere"), 404),
        (world.request("GET", "/api/login/"), 405),
        (world.request("GET", "/livez").header("accept", "image/png"), 406),
        (world.request("POST", "/api/login/").body(too_large), 413),
    ] {
        let answer = answer(request).await;
        assert_eq!(answer.status, status);
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{status}");
        }
    }
}
