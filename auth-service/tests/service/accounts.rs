//! Registering and logging in.

use proto::auth::v1::{GetAccountRequest, GetSigningKeysRequest};
use token::keys::PublicKey;
use tonic::{Code, Request};

use super::harness::{Service, now, refused, registration};

#[tokio::test]
async fn an_account_is_registered_logged_in_and_refreshed() {
    let service = Service::start().await;
    let registered = service.register("ada", "correct horse").await.unwrap();
    let account = registered.account.unwrap();
    assert_eq!((account.id, account.username.as_str()), (1, "ada"));
    assert!(account.create_time.unwrap().seconds > 1_700_000_000);

    let pair = service.log_in("ada", "correct horse").await.unwrap();
    assert_eq!(service.verify(&pair.access).await.unwrap(), 1);
    let renewed = service.refresh(&pair.refresh).await.unwrap();
    assert_eq!(service.verify(&renewed).await.unwrap(), 1);
    assert_ne!(renewed, pair.access);

    // What the keys say is what a verifier elsewhere needs.
    let keys = service.client.clone().get_signing_keys(GetSigningKeysRequest {}).await.unwrap();
    let keys = keys.into_inner().keys;
    let key = PublicKey::from_bytes(&keys[0].public_key).unwrap();
    assert_eq!(key.kid(), keys[0].kid);
    assert_eq!(token::access::verify(&key, &pair.access, now()).unwrap().subject.user_id, 1);

    let mut mine = Request::new(GetAccountRequest {});
    mine.metadata_mut().insert("authorization", format!("Bearer {renewed}").parse().unwrap());
    let account = service.client.clone().get_account(mine).await.unwrap().into_inner().account;
    assert_eq!(account.unwrap().username, "ada");
}

#[tokio::test]
async fn a_name_belongs_to_one_account_in_all_its_spellings() {
    let service = Service::start().await;
    service.register("Alice", "correct horse").await.unwrap();
    for again in ["Alice", "alice", "ALICE", "Ａlice"] {
        let outcome = service.register(again, "another password").await;
        refused(outcome, Code::AlreadyExists, "USERNAME_TAKEN");
    }
    assert!(service.log_in("Alice", "correct horse").await.is_ok());
    let other = service.log_in("alice", "correct horse").await;
    refused(other, Code::Unauthenticated, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn names_and_passwords_that_will_not_do_are_named() {
    let service = Service::start().await;
    for (name, password, field, reason) in [
        ("", "correct horse", "username", "USERNAME_INVALID"),
        ("a b", "correct horse", "username", "USERNAME_INVALID"),
        ("ada", "", "password", "PASSWORD_INVALID"),
        ("ada", "short", "password", "PASSWORD_INVALID"),
        ("ada", "password1", "password", "PASSWORD_INVALID"),
        ("ada", "nul\0in the middle", "password", "PASSWORD_INVALID"),
    ] {
        let status = service.register(name, password).await.unwrap_err();
        let (wrong, problem) = chassis::status::field(&status).unwrap();
        assert_eq!(wrong, field);
        assert!(problem.ends_with('.'), "{problem}");
        refused::<()>(Err(status), Code::InvalidArgument, reason);
    }
    refused(service.log_in("ada", "short").await, Code::Unauthenticated, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn what_is_wrong_with_a_login_cannot_be_told_from_the_answer() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("ada", "wrong password"),
        ("nobody", "correct horse"),
        ("Ada", "correct horse"),
        ("\0", "x"),
    ] {
        let status = service.log_in(name, password).await.unwrap_err();
        answers.push((status.code(), status.message().to_owned(), status.details().to_vec()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_registered_by_many_at_once_becomes_one_account() {
    let service = Service::start().await;
    let tries: Vec<_> = (0..20)
        .map(|number| {
            let mut client = service.client.clone();
            let name = if number % 2 == 0 { "racer" } else { "RACER" };
            let request = registration("", name, "correct horse");
            async move { client.register(request).await }
        })
        .collect();
    let mut won = 0;
    for outcome in futures_util::future::join_all(tries).await {
        match outcome {
            Ok(_) => won += 1,
            Err(status) if status.code() == Code::Unavailable => {
                assert!(chassis::status::retry_after(&status).is_some());
                refused::<()>(Err(status), Code::Unavailable, "OVERLOADED");
            }
            Err(status) => refused::<()>(Err(status), Code::AlreadyExists, "USERNAME_TAKEN"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(service.count_accounts().await, 1);
}
