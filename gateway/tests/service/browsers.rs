//! Which web pages may call, and what they may see of the answer.

use gateway::Origins;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::answer::Answer;
use super::world::{ORIGIN, World, answer};

fn list<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let header = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.split(',').map(str::trim).collect()
}

async fn preflight(world: &World, origin: &str) -> Answer {
    let request = world
        .request("OPTIONS", "/api/sessions/3/")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-request-id");
    answer(request).await
}

#[tokio::test]
async fn a_listed_page_may_call() {
    let world = World::start().await;
    let answer = preflight(&world, ORIGIN).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    let methods = list(&answer.headers, "access-control-allow-methods");
    assert_eq!(methods, ["GET", "POST", "PATCH", "DELETE"]);
    let headers = list(&answer.headers, "access-control-allow-headers");
    for header in [
        "authorization",
        "content-type",
        "x-request-id",
        "idempotency-key",
        "last-event-id",
        "if-none-match",
    ] {
        assert!(headers.contains(&header), "{headers:?}");
    }
    // Tokens come in a header; a cookie of the browser's own accord never counts.
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn any_other_page_may_not() {
    let world = World::start().await;
    for origin in [
        "https://evil.example",
        "http://buddy.example",
        "https://buddy.example:8443",
        "https://buddy.example.evil.example",
        "http://localhost:3000",
        "null",
    ] {
        let before = preflight(&world, origin).await;
        assert_eq!(before.header("access-control-allow-origin"), "", "{origin}");
        // It can send a simple request all the same, but not read the answer.
        let anyway = answer(world.request("GET", "/livez").header("origin", origin)).await;
        assert_eq!(anyway.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn pages_of_this_machine_may_call_where_that_is_the_setting() {
    let world = World::start_with(|config| config.origins = Origins::Localhost).await;
    for origin in ["http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:5173"] {
        let answer = preflight(&world, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
    let answer = preflight(&world, ORIGIN).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_page_can_read_errors_their_ids_and_when_to_come_back() {
    let world = World::start().await;
    world.auth.log_in.answers(|_| Err(tonic::Status::unavailable("")));
    let body = json!({"username": "ada", "password": "a good long one"});
    for (request, status) in [
        (world.request("POST", "/api/login/").json(&body), 503),
        (world.request("POST", "/api/login/").json(&json!({})), 400),
        (world.request("GET", "/api/get-messages/"), 401),
        (world.request("GET", "/nowhere"), 404),
        (world.request("GET", "/api/login/"), 405),
        (world.request("POST", "/api/login/").body("x".repeat(300 * 1024)), 413),
    ] {
        let answer = answer(request.header("origin", ORIGIN)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN, "{status}");
        let exposed = list(&answer.headers, "access-control-expose-headers");
        for header in [
            "x-request-id",
            "retry-after",
            "etag",
            "location",
            "ai-disclosure",
            "idempotent-replayed",
            "ratelimit",
            "ratelimit-policy",
        ] {
            assert!(exposed.contains(&header), "{status} {header}");
        }
        assert!(list(&answer.headers, "vary").contains(&"origin"), "{status}");
    }
}
