//! Registrations that are repeated: by a client that heard no answer, or by one that errs.

use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
use tonic::Code;

use super::harness::{Service, refused, registration};

const PASSWORD: &str = "correct horse";

/// The account that a registration led to, and whether it was there before.
fn outcome(answer: proto::auth::v1::RegisterResponse) -> (i64, bool) {
    (answer.account.unwrap().id, answer.replayed)
}

#[tokio::test]
async fn whoever_heard_no_answer_asks_again_and_is_logged_in() {
    let service = Service::start().await;
    let first = service.register_as("try-1", "\u{e9}mile", PASSWORD).await.unwrap();
    // The same name, typed on another keyboard.
    let again = service.register_as("try-1", "e\u{301}mile", PASSWORD).await.unwrap();
    assert_eq!(again.account, first.account);
    assert!(again.replayed && !first.replayed);

    let (first, again) = (first.tokens.unwrap(), again.tokens.unwrap());
    assert_ne!(first.access, again.access, "a login of its own");
    assert_eq!(service.verify(&again.access).await.unwrap(), 1);
    assert!(service.refresh(&again.refresh).await.is_ok());

    for other in ["", "try-2"] {
        let taken = service.register_as(other, "\u{e9}mile", PASSWORD).await;
        refused(taken, Code::AlreadyExists, "USERNAME_TAKEN");
    }
    assert_eq!(service.count_accounts().await, 1);
}

#[tokio::test]
async fn a_request_id_that_comes_with_anything_else_is_refused_and_says_nothing() {
    let service = Service::start().await;
    service.register_as("try-1", "ada", PASSWORD).await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("ada", "another password"),
        ("ada", "short"),
        ("Ada", PASSWORD),
        ("grace", PASSWORD),
        ("a b", PASSWORD),
        ("", ""),
    ] {
        let status = service.register_as("try-1", name, password).await.unwrap_err();
        answers.push((status.code(), status.message().to_owned(), status.details().to_vec()));
        refused::<()>(Err(status), Code::InvalidArgument, "REQUEST_ID_REUSED");
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(service.register_as("try-1", "ada", PASSWORD).await.unwrap().replayed);
    assert_eq!(service.count_accounts().await, 1);
}

#[tokio::test]
async fn a_registration_that_failed_leaves_its_request_id_free() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    let taken = service.register_as("try-1", "ada", PASSWORD).await;
    refused(taken, Code::AlreadyExists, "USERNAME_TAKEN");
    let weak = service.register_as("try-1", "grace", "password1").await;
    refused(weak, Code::InvalidArgument, "PASSWORD_INVALID");
    let better = service.register_as("try-1", "grace", PASSWORD).await.unwrap();
    let (id, replayed) = outcome(better);
    assert!(id > 1 && !replayed);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_registration_sent_twenty_times_at_once_makes_one_account() {
    let service = Service::roomy().await;
    let tries = (0..20).map(|_| service.register_as("try-1", "racer", PASSWORD));
    let answers = join_all(tries).await.into_iter().map(|answer| outcome(answer.unwrap()));
    let (new, replayed): (Vec<_>, Vec<_>) = answers.partition(|(_, replayed)| !replayed);
    assert_eq!(new, [(1, false)]);
    assert_eq!(replayed, [(1, true); 19]);
    assert_eq!(service.count_accounts().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_one_name_one_gets_it_and_the_others_hear_why() {
    let service = Service::roomy().await;
    let tries = (0..20).map(|number| {
        let (mut client, id) = (service.client.clone(), format!("try-{number}"));
        async move { client.register(registration(&id, "racer", PASSWORD)).await }
    });
    let (won, lost): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for outcome in lost {
        refused(outcome, Code::AlreadyExists, "USERNAME_TAKEN");
    }
}

#[tokio::test]
async fn a_request_id_counts_after_a_restart() {
    let service = Service::start().await;
    service.register_as("try-1", "ada", PASSWORD).await.unwrap();
    let service = Service::on(service.stop().await).await;
    assert_eq!(outcome(service.register_as("try-1", "ada", PASSWORD).await.unwrap()), (1, true));
    let other = service.register_as("try-1", "grace", PASSWORD).await;
    refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn an_account_that_is_inactive_or_gone_is_not_made_again() {
    let service = Service::start().await;
    service.register_as("try-1", "ada", PASSWORD).await.unwrap();
    let database = scratch::connect(service.data.path(), "auth").await;
    for end in ["update users set is_active = false", "delete from users"] {
        database.execute_unprepared(end).await.unwrap();
        let again = service.register_as("try-1", "ada", PASSWORD).await;
        refused(again, Code::InvalidArgument, "REQUEST_ID_REUSED");
    }
}

#[tokio::test]
async fn a_request_id_that_will_not_do_registers_nothing() {
    let service = Service::start().await;
    for bad in [" ", "a b", "a\n", "nul\0", "\u{7f}", "\u{e9}", &"x".repeat(256)] {
        let outcome = service.register_as(bad, "ada", PASSWORD).await;
        refused(outcome, Code::InvalidArgument, "REQUEST_ID_INVALID");
    }
    assert_eq!(service.count_accounts().await, 0);
    service.register_as(&"~".repeat(255), "ada", PASSWORD).await.unwrap();
}
