//! One id per request: taken or made, sent to the services, sent back.

use serde_json::json;

use super::answer::Answer;
use super::world::{World, answer};

async fn log_in(world: &World, id: Option<&str>) -> Answer {
    let body = json!({"username": "ada", "password": "a good long one"});
    let mut request = world.request("POST", "/api/login/").json(&body);
    if let Some(id) = id {
        request = request.header("x-request-id", id);
    }
    answer(request).await
}

fn is_uuid(id: &str) -> bool {
    let shape = id.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    shape && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn the_id_of_a_request_goes_to_the_service_and_comes_back() {
    let world = World::start().await;
    for id in ["ada-1", "0197.abc_DEF", &"a".repeat(128)] {
        let answer = log_in(&world, Some(id)).await;
        assert_eq!(answer.header("x-request-id"), id);
        assert_eq!(world.auth.log_in.last().metadata("x-request-id"), id);
    }
}

#[tokio::test]
async fn an_error_names_the_id_of_its_request() {
    let world = World::start().await;
    world.auth.log_in.answers(|_| Err(tonic::Status::unavailable("")));
    for (method, path, status) in [
        ("POST", "/api/login/", 400),
        ("GET", "/api/login/", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/api/get-messages/", 401),
    ] {
        let request = world.request(method, path).header("x-request-id", "ada-2");
        let answer = answer(request).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.json()["request_id"], "ada-2", "{method} {path}");
        assert_eq!(answer.header("x-request-id"), "ada-2", "{method} {path}");
    }
    let answer = log_in(&world, Some("ada-3")).await;
    assert_eq!((answer.status, &answer.json()["request_id"]), (503, &json!("ada-3")));
}

#[tokio::test]
async fn an_id_that_could_forge_a_log_line_is_replaced() {
    let world = World::start().await;
    let too_long = "a".repeat(129);
    for bad in ["", "a b", "a\tb", "{\"level\":\"error\"}", "a/b", "a%0Ab", "a;b", &too_long] {
        let answer = log_in(&world, Some(bad)).await;
        let id = answer.header("x-request-id");
        assert!(is_uuid(id), "{bad:?} became {id:?}");
        assert_eq!(world.auth.log_in.last().metadata("x-request-id"), id);
    }
}

#[tokio::test]
async fn a_request_without_an_id_gets_one_of_its_own() {
    let world = World::start().await;
    let (one, other) = (log_in(&world, None).await, log_in(&world, None).await);
    let ids = [one.header("x-request-id"), other.header("x-request-id")];
    assert!(ids.iter().all(|id| is_uuid(id)), "{ids:?}");
    assert_ne!(ids[0], ids[1]);
    let heard: Vec<_> = world.auth.log_in.calls();
    assert_eq!(ids, [heard[0].metadata("x-request-id"), heard[1].metadata("x-request-id")]);
}
