//! The public keys: told to anybody, asked for seldom.

use std::sync::Arc;

use auth_client::Verifier;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::identity::{Identity, Secret};
use chassis::tasks::Tasks;
use proto::auth::v1 as pb;
use serde_json::{Value, json};
use token::keys::{PublicKey, SigningKey};
use tokio_util::sync::CancellationToken;

use super::backend::Backend;
use super::rpc::PATIENCE;
use super::services::Auth;
use super::world::{ORIGIN, World, answer};

const PATH: &str = "/.well-known/jwks.json";

/// The answer of an auth service with these keys.
fn told(keys: &[PublicKey]) -> pb::GetSigningKeysResponse {
    let keys = keys.iter().map(|key| pb::SigningKey {
        kid: key.kid().to_owned(),
        public_key: key.as_bytes().to_vec(),
    });
    pb::GetSigningKeysResponse { keys: keys.collect() }
}

#[tokio::test]
async fn the_public_keys_are_told_to_anybody_sorted_and_may_be_kept() {
    let mut world = World::alone().await;
    let mut keys: Vec<_> =
        (0..3).map(|_| SigningKey::generate().unwrap().public().clone()).collect();
    let answers = told(&keys);
    world.auth.keys.answers(move |_| Ok(answers.clone()));
    world.start_auth();
    let known = async {
        loop {
            let answer = answer(world.request("GET", PATH).header("origin", ORIGIN)).await;
            if answer.status == 200 {
                return answer;
            }
            assert_eq!(answer.status, 503);
        }
    };
    let answer = tokio::time::timeout(PATIENCE, known).await.expect("the keys in time");
    keys.sort_by(|one, other| one.kid().cmp(other.kid()));
    let expected = keys.iter().map(|key| {
        let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
        json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.kid(), "x": x,
        })
    });
    assert_eq!(answer.json(), json!({"keys": expected.collect::<Vec<Value>>()}));
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    let wrong = super::world::answer(world.request("POST", PATH)).await;
    assert_eq!(wrong.says(), (405, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn no_keys_are_an_error_and_never_an_empty_set() {
    let world = World::alone().await;
    let answer = answer(world.request("GET", PATH)).await;
    assert_eq!(answer.says(), (503, "unavailable".to_owned()));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.json()["keys"], Value::Null);
}

#[tokio::test]
async fn ten_thousand_unknown_keys_are_at_most_two_questions() {
    let key = SigningKey::generate().unwrap();
    let auth = Arc::new(Auth::new(key.public()));
    let mut backend = Backend::absent();
    backend.start_auth(auth.clone());
    let verifier = Verifier::new(chassis::grpc::connect_lazily(
        backend.endpoint(),
        &Identity::in_process("gateway", &Secret::generate().unwrap()),
        "auth-service",
    ));
    let (stop, fresh) = (CancellationToken::new(), verifier.clone());
    let (tasks, stopped) = (Tasks::new(), stop.clone());
    tasks.spawn(async move { fresh.keep_fresh(stopped).await });
    verifier.ready().await;

    let strangers = (0..10_000u32).map(|number| {
        let kid = format!("{:043}", u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}).to_string();
        let token = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header));
        let verifier = verifier.clone();
        async move { verifier.verify(&token, 1_800_000_000).await }
    });
    for verdict in futures_util::future::join_all(strangers).await {
        assert_eq!(verdict.unwrap_err(), auth_client::TokenError::Invalid.into());
    }
    assert!(auth.keys.calls().len() <= 2, "{} questions", auth.keys.calls().len());
    stop.cancel();
    assert!(tasks.drain(PATIENCE).await);
}
