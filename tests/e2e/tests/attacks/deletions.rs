//! Accounts that are deleted while something is made for them.

use std::time::Duration;

use e2e::Answer;
use openai_stub::{Behaviour, Stub};
use serde_json::json;

use super::logins::bearer;
use super::{REFUSED, Scene};

/// In every part of the reply.
const REPLY: &str = "canary-of-a-reply ";

/// B23
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_whoever_is_deleted_meanwhile_is_written_nowhere() {
    let stub = Stub::start().await.unwrap();
    let mut scene = Scene::with_model(&stub, &[]).await;
    scene.canaries.add(REPLY.trim());
    let bob = scene.product.register("bob").await;
    let every = Duration::from_millis(50);
    stub.always(Behaviour::TokenDelay { text: REPLY.repeat(400), every });
    let mut reader = bob.stream("tell me everything").await;
    reader.read_words(REPLY.len()).await;
    let password = json!({"password": bob.password});
    let deleted = Answer::to(bob.request("DELETE", "/api/account/").json(&password)).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    reader.read_on().await;
    assert_eq!(reader.error(), "token_not_valid");
    stub.hung_up_at_least(1).await;
    assert_eq!(scene.knock(&[&bearer(&bob)]).await, REFUSED);
    scene.process.line_with("an account is deleted everywhere").await;

    let database = scratch::connect(scene.product.data(), "chat").await;
    for table in ["messages", "turns", "sessions"] {
        let query = format!("SELECT COUNT(*) FROM {table} WHERE user_id = {}", bob.id);
        assert_eq!(scratch::number(&database, &query).await, 0, "{table}");
    }
    database.close().await.unwrap();
    stub.always(Behaviour::default());
    scene.ends_unharmed().await;
}
