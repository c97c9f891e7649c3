//! `/livez` and `/readyz`.

use serde_json::{Value, json};
use tonic_health::ServingStatus;

use super::answer::Answer;
use super::rpc::PATIENCE;
use super::world::{World, answer};

async fn readiness(world: &World) -> Answer {
    answer(world.request("GET", "/readyz")).await
}

/// Asks again and again until the answer has this status.
async fn readiness_is(world: &World, status: u16) -> Value {
    let asking = async {
        loop {
            let answer = readiness(world).await;
            if answer.status == status {
                return answer.json();
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("readiness in time")
}

fn all_is_well() -> Value {
    json!({"ready": true, "auth_service": "ok", "chat_service": "ok", "keys": "ok", "gateway": "ok"})
}

#[tokio::test]
async fn a_gateway_alone_is_alive_and_not_ready() {
    let world = World::alone().await;
    let alive = answer(world.request("GET", "/livez")).await;
    assert_eq!((alive.status, alive.text.as_str()), (200, "ok"));
    let answer = readiness(&world).await;
    let expected = json!({
        "ready": false, "auth_service": "unreachable", "chat_service": "unreachable",
        "keys": "not fetched yet", "gateway": "ok",
    });
    assert_eq!((answer.status, answer.json()), (503, expected));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn it_becomes_ready_with_its_services() {
    let mut world = World::alone().await;
    world.start_auth();
    world.auth.keys.called(1).await;
    let missing = readiness_is(&world, 503).await;
    assert_eq!(missing["auth_service"], "ok");
    assert_eq!(missing["chat_service"], "unreachable");
    world.start_chat();
    assert_eq!(readiness_is(&world, 200).await, all_is_well());
    world.chat_backend.die();
    let missing = readiness_is(&world, 503).await;
    assert_eq!((&missing["auth_service"], &missing["keys"]), (&json!("ok"), &json!("ok")));
    assert_eq!(missing["chat_service"], "unreachable");
    assert_eq!(answer(world.request("GET", "/livez")).await.status, 200);
}

#[tokio::test]
async fn a_service_that_says_it_is_not_serving_is_believed() {
    let mut world = World::alone().await;
    world.start_auth();
    let chat = world.start_chat();
    assert_eq!(readiness_is(&world, 200).await, all_is_well());
    chat.set_service_status("", ServingStatus::NotServing).await;
    let answer = readiness(&world).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["chat_service"], "not serving");
    chat.set_service_status("", ServingStatus::Serving).await;
    assert_eq!(readiness_is(&world, 200).await, all_is_well());
}

#[tokio::test]
async fn without_a_usable_key_it_is_not_ready() {
    let mut world = World::alone().await;
    world.auth.keys.answers(|_| Ok(proto::auth::v1::GetSigningKeysResponse::default()));
    world.start_auth();
    world.start_chat();
    world.auth.keys.called(1).await;
    let answer = readiness(&world).await;
    assert_eq!((answer.status, &answer.json()["keys"]), (503, &json!("not fetched yet")));
    assert_eq!(answer.json()["auth_service"], "ok");
}

#[tokio::test]
async fn health_is_told_to_anybody_who_asks_in_whatever_form() {
    let world = World::start().await;
    readiness_is(&world, 200).await;
    for path in ["/livez", "/readyz"] {
        for accept in ["*/*", "text/html", "text/plain, */*;q=0.1", "application/problem+json"] {
            let request = world.request("GET", path).header("accept", accept);
            assert_eq!(answer(request).await.status, 200, "{path} {accept}");
        }
        assert_eq!(answer(world.request("HEAD", path)).await.status, 200, "{path}");
    }
}
