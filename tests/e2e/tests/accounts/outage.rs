//! What tokens are worth while the auth service is away.

use std::time::Duration;

use e2e::{Apart, Product};
use openai_stub::Stub;
use serde_json::json;

use super::{log_in, log_out};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_auth_service_a_good_token_is_good_for_a_while_and_an_ended_one_never_again() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let (_gateway, _chat) = (apart.start("gateway"), apart.start("chat-service"));
    let mut auth = apart.start("auth-service");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    let ended = log_in(&product, &ada).await;
    let (session, _) = ada.say("hello").await;

    // Killed right behind the answer.
    assert_eq!(log_out(&product, &ended.refresh).await.status, 200);
    auth.kill().await;
    assert_eq!(ended.get("/api/sessions/").await.says(), (401, "token_not_valid".into()));
    let login = json!({"username": ada.name, "password": ada.password});
    assert_eq!(product.post("/api/login/", &login).await.status, 503);
    assert_eq!(ada.say("still there?").await.0, session);

    // After a while nobody can know whether she has logged out elsewhere.
    let closed = async {
        loop {
            let answer = ada.get("/api/sessions/").await;
            assert_eq!(ended.get("/api/sessions/").await.status / 100, 4, "never again");
            match answer.status {
                200 => tokio::task::yield_now().await,
                503 => return answer,
                _ => panic!("{}", answer.text),
            }
        }
    };
    let closed = tokio::time::timeout(Duration::from_secs(40), closed).await.unwrap();
    assert!(!closed.header("retry-after").is_empty(), "{}", closed.text);

    let _auth = apart.start("auth-service");
    let open = async { while ada.get("/api/sessions/").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), open).await.unwrap();
    assert_eq!(ended.get("/api/sessions/").await.says(), (401, "token_not_valid".into()));
}
