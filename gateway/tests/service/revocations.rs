//! Tokens that are good by themselves, and what the auth service says of them.

use proto::auth::v1::revocation::{AccountTokens, Which};
use proto::auth::v1::{Revocation, VerifyTokenResponse};
use tonic::{Code, Status};

use super::world::World;

/// Takes something back for long enough.
async fn take_back(world: &World, which: Which) {
    let until = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
    world.auth.revocations.take_back(Revocation { which: Some(which), until }).await;
}

#[tokio::test]
async fn what_was_taken_back_is_refused_and_nothing_else() {
    let world = World::start().await;
    assert_eq!(world.get("/api/account/").await.status, 200);
    let others = AccountTokens { user_id: 8, token_version: 9 };
    let older = AccountTokens { user_id: 7, token_version: 0 };
    for which in [Which::Sid("another".to_owned()), Which::Account(others), Which::Account(older)] {
        take_back(&world, which).await;
        assert_eq!(world.get("/api/account/").await.status, 200);
    }
    take_back(&world, Which::Account(AccountTokens { user_id: 7, token_version: 1 })).await;
    assert_eq!(world.get("/api/account/").await.says(), (401, "token_not_valid".to_owned()));

    let world = World::start().await;
    assert_eq!(world.get("/api/account/").await.status, 200);
    take_back(&world, Which::Sid("login".to_owned())).await;
    assert_eq!(world.get("/api/account/").await.says(), (401, "token_not_valid".to_owned()));
    assert!(world.auth.verify.calls().is_empty(), "nobody had to be asked");
}

#[tokio::test]
async fn a_verifier_that_hears_nothing_asks_and_never_guesses() {
    let mut world = World::alone().await;
    world.auth.revocations.fall_silent();
    let _auth = world.start_auth();
    world.auth.verify.answers(|_| Err(Status::unavailable("not now")));
    let answer = world.get("/api/account/").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"), "{}", answer.text);
    world.auth.verify.answers(|_| Err(Status::new(Code::Unauthenticated, "it has ended")));
    assert_eq!(world.get("/api/account/").await.says(), (401, "token_not_valid".to_owned()));
    world.auth.verify.answers(|_| Ok(VerifyTokenResponse::default()));
    assert_eq!(world.get("/api/account/").await.status, 200);
    assert_eq!(world.auth.verify.calls().len(), 3, "about each token by itself");
}
