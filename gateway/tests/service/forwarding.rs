//! What of a request reaches the services, and what does not.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tonic::metadata::{KeyRef, MetadataMap};

use super::world::{World, answer};

/// What any call has: its transport's own, the id, its place in a trace, the deadline, and what shows that the
/// gateway calls.
const ALWAYS: [&str; 7] = [
    "content-type",
    "te",
    "x-request-id",
    "traceparent",
    "grpc-timeout",
    "x-service",
    "x-service-secret",
];

fn names(metadata: &MetadataMap) -> BTreeSet<String> {
    let name = |key: KeyRef<'_>| match key {
        KeyRef::Ascii(key) => key.as_str().to_owned(),
        KeyRef::Binary(key) => key.as_str().to_owned(),
    };
    metadata.keys().map(name).collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// What a call said about its deadline, read as the gRPC specification has it.
fn deadline(header: &str) -> Duration {
    let (amount, unit) = header.split_at(header.len() - 1);
    let amount = amount.parse().unwrap();
    match unit {
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => Duration::ZERO,
    }
}

#[tokio::test]
async fn chat_gets_the_callers_token_and_nothing_else_of_the_headers() {
    let world = World::start().await;
    let header = format!("bearer  {}", world.token());
    for request in [
        world.request("POST", "/api/send-message/").json(&json!({"text": "hi"})),
        world.request("GET", "/api/get-messages/?session_id=1"),
    ] {
        let request = request
            .header("authorization", &header)
            .header("x-user-id", "1")
            .header("x-forwarded-for", "192.0.2.1")
            .header("cookie", "session=1")
            .header("grpc-timeout", "1n")
            .header("user-agent", "Mozilla");
        assert!(answer(request).await.status < 300);
    }
    let (sent, listed) = (world.chat.send.last(), world.chat.list.last());
    for metadata in [&sent.metadata, &listed.metadata] {
        assert_eq!(metadata.get("authorization").unwrap(), header.as_str());
        assert_eq!(names(metadata), set(ALWAYS.into_iter().chain(["authorization"])));
        assert!(metadata.get("user-agent").is_none(), "it is nobody's business");
    }
}

#[tokio::test]
async fn chat_is_told_which_languages_the_caller_reads() {
    let world = World::start().await;
    let (fits, too_long) = ("a".repeat(256), "a".repeat(257));
    for (header, told) in [
        ("de-AT, de;q=0.9, *;q=0.1", "de-AT, de;q=0.9, *;q=0.1"),
        (fits.as_str(), fits.as_str()),
        (too_long.as_str(), ""),
        ("de, \u{e4}", ""),
        ("de,\ten", ""),
        ("", ""),
    ] {
        let send = world.request_as_user("POST", "/api/send-message/").json(&json!({"text": "hi"}));
        let list = world.request_as_user("GET", "/api/get-messages/?session_id=1");
        let watch = world.request_as_user("GET", "/api/turns/5/events/");
        for request in [send, list, watch] {
            assert!(answer(request.header("accept-language", header)).await.status < 300);
        }
        assert_eq!(world.chat.send.last().metadata("accept-language"), told, "{header}");
        assert_eq!(world.chat.list.last().metadata("accept-language"), told, "{header}");
        assert_eq!(world.chat.watch.last().metadata("accept-language"), told, "{header}");
    }
}

#[tokio::test]
async fn auth_gets_the_callers_address_and_no_header() {
    let world = World::start().await;
    let name = json!({"username": "ada", "password": "a good long one"});
    let refresh = json!({"refresh": "a.b.c"});
    let calls = [("/api/register/", &name), ("/api/login/", &name), ("/api/refresh/", &refresh)];
    for (path, body) in calls {
        let request = world.request_as_user("POST", path).header("x-user-id", "1").json(body);
        assert!(answer(request).await.status < 300, "{path}");
    }
    for metadata in [
        world.auth.register.last().metadata,
        world.auth.log_in.last().metadata,
        world.auth.refresh.last().metadata,
    ] {
        let address = metadata.get("x-client-address").unwrap();
        assert_eq!(address, "127.0.0.1");
        assert_eq!(names(&metadata), set(ALWAYS.into_iter().chain(["x-client-address"])));
    }
}

#[tokio::test]
async fn every_call_tells_how_long_it_is_waited_for() {
    let world = World::start().await;
    let name = json!({"username": "ada", "password": "a good long one"});
    world.post("/api/register/", &name).await;
    world.post("/api/login/", &name).await;
    world.post("/api/refresh/", &json!({"refresh": "a.b.c"})).await;
    world.get("/api/get-messages/?session_id=1").await;
    for (method, path, body) in [
        ("POST", "/api/send-message/", json!({"text": "hi"})),
        ("POST", "/api/change-password/", json!({"current_password": "a", "new_password": "b"})),
        ("DELETE", "/api/account/", json!({"password": "a"})),
    ] {
        answer(world.request_as_user(method, path).json(&body)).await;
    }
    let (short, long) = (Duration::from_secs(5), Duration::from_mins(1));
    // Two hashes and what is told afterwards: it must not be called undone when it is done.
    let proof = Duration::from_secs(15);
    for (waited, header) in [
        (short, world.auth.register.last().metadata("grpc-timeout")),
        (short, world.auth.log_in.last().metadata("grpc-timeout")),
        (short, world.auth.refresh.last().metadata("grpc-timeout")),
        (proof, world.auth.change_password.last().metadata("grpc-timeout")),
        (proof, world.auth.delete_account.last().metadata("grpc-timeout")),
        (short, world.chat.list.last().metadata("grpc-timeout")),
        (long, world.chat.send.last().metadata("grpc-timeout")),
    ] {
        assert_eq!(deadline(header), waited, "{header}");
    }
}

#[tokio::test]
async fn a_call_that_tells_a_reply_has_a_token_and_no_deadline() {
    let world = World::start().await;
    let token = world.token();
    for (method, path) in [
        ("POST", "/api/send-message/"),
        ("POST", "/api/turns/5/regenerate/"),
        ("POST", "/api/turns/5/retry/"),
        ("POST", "/api/messages/8/edit/"),
        ("GET", "/api/turns/5/events/"),
        ("GET", "/api/account/export/"),
    ] {
        let request = world.request(method, path).bearer_auth(&token).json(&json!({"text": "hi"}));
        let request = request.header("accept", "text/event-stream");
        answer(request.header("x-request-id", "told").header("grpc-timeout", "1n")).await;
    }
    let chat = &world.chat;
    for metadata in [
        chat.stream.last().metadata,
        chat.regenerate.last().metadata,
        chat.retry.last().metadata,
        chat.edit.last().metadata,
        chat.watch.last().metadata,
        chat.export.last().metadata,
    ] {
        let expected = ALWAYS.into_iter().filter(|name| *name != "grpc-timeout");
        assert_eq!(names(&metadata), set(expected.chain(["authorization"])));
        assert_eq!(metadata.get("authorization").unwrap(), format!("Bearer {token}").as_str());
        assert_eq!(metadata.get("x-request-id").unwrap(), "told");
    }
}

#[tokio::test]
async fn a_token_that_is_no_good_never_reaches_chat() {
    let world = World::start().await;
    let good = world.token();
    let cut = &good[..good.len() - 4];
    for header in ["", "Basic YTpi", "Bearer", "Bearer a b", "Bearer a.b.c"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("Bearer {cut}"), format!("Bearer {good} {good}")])
    {
        for request in [
            world.request("POST", "/api/send-message/").json(&json!({"text": "hi"})),
            world.request("GET", "/api/get-messages/?session_id=1"),
        ] {
            let answer = answer(request.header("authorization", &header)).await;
            assert_eq!(answer.status, 401, "{header}");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"api\"", "{header}");
        }
    }
    assert!(world.chat.send.calls().is_empty() && world.chat.list.calls().is_empty());
}
