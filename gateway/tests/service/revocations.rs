//! Tokens that are good by themselves, and what the auth service says of them.

use auth_client::Verifier;
use chassis::clock;
use chassis::identity::{Identity, Secret};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use proto::auth::v1::revocation::{AccountTokens, Which};
use proto::auth::v1::{Revocation, VerifyTokenResponse};
use tonic::{Code, Status};

use super::world::World;

/// Long enough for every token there is.
const UNTIL: prost_types::Timestamp = prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 };

/// Takes something back for long enough.
async fn take_back(world: &World, which: Which) {
    let revocation = Revocation { which: Some(which), until: Some(UNTIL) };
    world.auth.revocations.take_back(revocation).await;
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
    world.auth.revocations.heard().await;
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

#[tokio::test]
async fn what_was_taken_back_stays_so_whoever_tells_the_rest() {
    let world = World::start().await;
    take_back(&world, Which::Sid("login".to_owned())).await;
    assert_eq!(world.get("/api/account/").await.status, 401);
    world.auth.revocations.forget();
    // Another process of the auth service, which has not read it yet.
    take_back(&world, Which::Sid("another".to_owned())).await;
    assert_eq!(world.get("/api/account/").await.says(), (401, "token_not_valid".to_owned()));
    assert!(world.auth.verify.calls().is_empty());
}

#[tokio::test]
async fn where_something_unknown_was_taken_back_each_token_is_asked_about() {
    let world = World::start().await;
    world.auth.revocations.heard().await;
    assert_eq!(world.get("/api/account/").await.status, 200);
    let revocations = &world.auth.revocations;
    revocations.take_back(Revocation { which: None, until: Some(UNTIL) }).await;
    world.auth.verify.answers(|_| Err(Status::new(Code::Unauthenticated, "it has ended")));
    assert_eq!(world.get("/api/account/").await.says(), (401, "token_not_valid".to_owned()));
    world.auth.verify.answers(|_| Ok(VerifyTokenResponse::default()));
    assert_eq!(world.get("/api/account/").await.status, 200);
    assert_eq!(world.auth.verify.calls().len(), 2);
}

#[tokio::test]
async fn of_many_who_bring_a_token_at_once_one_asks_for_all() {
    let mut world = World::alone().await;
    world.auth.revocations.fall_silent();
    let _auth = world.start_auth();
    let identity = Identity::in_process("gateway", &Secret::generate().unwrap());
    let endpoint = world.auth_backend.endpoint();
    let verifier =
        Verifier::new(chassis::grpc::connect_lazily(endpoint, &identity, "auth-service"));
    let (token, now) = (world.token(), clock::unix_seconds(clock::now()));
    // The keys come first, so that all of them ask at the same moment.
    world.auth.verify.answers(|_| Err(Status::unavailable("not now")));
    assert!(verifier.verify(&token, now).await.is_err());
    for refused in [false, true] {
        let asked = world.auth.verify.calls().len();
        world.auth.verify.answers(move |_| {
            let ended = refused.then(|| Status::new(Code::Unauthenticated, "it has ended"));
            ended.map_or_else(|| Ok(VerifyTokenResponse::default()), Err)
        });
        let many = (0..100).map(|_| verifier.verify(&token, now));
        let answers = join_all(many).await;
        assert!(answers.iter().all(|answer| answer.is_err() == refused));
        assert_eq!(world.auth.verify.calls().len(), asked + 1);
    }
    // Whoever hangs up takes the question along, if nobody else waits for the answer.
    assert!(verifier.verify(&token, now).now_or_never().is_none());
    world.auth.verify.answers(|_| Ok(VerifyTokenResponse::default()));
    assert!(verifier.verify(&token, now).await.is_ok());
}
