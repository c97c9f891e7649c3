//! What an operator does to accounts, beside a service that is running.

mod refusals;

use std::path::Path;
use std::process::{Output, Stdio};

use proto::auth::v1::TokenPair;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tonic::Code;

use super::harness::{Service, refused, until};

/// In every password here, so that none is told by anything.
const PASSWORD: &str = "canary horse 5e1d";
const OTHER: &str = "canary staple 77ab";

/// Runs a command on the accounts in `data`, with something on its standard input.
async fn run(data: &Path, words: &str, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth-service"))
        .env_clear()
        .env("AUTH_DATABASE_URL", scratch::address(data, "auth"))
        .env("AUTH_KEYS_DIR", data.join("keys"))
        .env("AUTH_BCRYPT_COST", "10")
        .env("RUST_LOG", "trace")
        .args(words.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = command.stdin.take().unwrap();
    // A command that asks for nothing may be gone already.
    let _written_or_not = pipe.write_all(input.as_bytes()).await;
    drop(pipe);
    let output = command.wait_with_output().await.unwrap();
    let told = [output.stdout.as_slice(), &output.stderr].concat();
    assert!(!String::from_utf8(told).unwrap().contains("canary"), "{words}: {output:?}");
    output
}

/// What a command said that worked.
async fn said(service: &Service, words: &str, input: &str) -> String {
    let output = run(service.data.path(), words, input).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The first column of every row, as the database has it.
async fn rows(data: &Path, query: &str) -> Vec<String> {
    scratch::texts(&scratch::connect(data, "auth").await, query).await
}

/// What was done to anybody, in order: who, what and to whom.
async fn notes(data: &Path) -> Vec<String> {
    rows(data, "select actor || ' ' || act || ' ' || user_id from audit order by id").await
}

/// Waits until neither token of a login is good.
async fn is_over(service: &Service, pair: &TokenPair) {
    until(async || service.verify(&pair.access).await.err()).await;
    until(async || service.refresh(&pair.refresh).await.err()).await;
}

#[tokio::test]
async fn whom_an_operator_makes_can_log_in() {
    let service = Service::start().await;
    assert!(!service.told().await.is_empty(), "it answers, so it has made its database");
    let made = said(&service, "users create Ada", &format!("{PASSWORD}\n")).await;
    assert_eq!(made, "Ada is account 1.\n");
    assert!(rows(service.data.path(), "select sid from logins").await.is_empty());
    let pair = service.log_in("Ada", PASSWORD).await.unwrap();
    assert_eq!(service.verify(&pair.access).await.unwrap(), 1);
    assert_eq!(notes(service.data.path()).await, ["operator create 1"]);
    let taken = service.register("ADA", PASSWORD).await;
    refused(taken, Code::AlreadyExists, "USERNAME_TAKEN");
}

#[tokio::test]
async fn a_password_that_an_operator_sets_ends_all_logins() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    service.register("grace", PASSWORD).await.unwrap();
    let pair = service.log_in("ada", PASSWORD).await.unwrap();
    let hers = service.log_in("grace", PASSWORD).await.unwrap();
    let text = said(&service, "users set-password ada", &format!("{OTHER}\n")).await;
    assert!(text.starts_with("ada (account 1) has another password"), "{text}");
    is_over(&service, &pair).await;
    let old = service.log_in("ada", PASSWORD).await;
    refused(old, Code::Unauthenticated, "INVALID_CREDENTIALS");
    let new = service.log_in("ada", OTHER).await.unwrap();
    assert_eq!(service.verify(&new.access).await.unwrap(), 1);
    assert_eq!(notes(service.data.path()).await, ["operator change_password 1"]);
    assert_eq!(service.verify(&hers.access).await.unwrap(), 2, "nobody else is touched");
    assert!(service.refresh(&hers.refresh).await.is_ok());
}

#[tokio::test]
async fn whoever_is_shut_out_is_out_within_a_moment_and_can_come_back() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    let pair = service.log_in("ada", PASSWORD).await.unwrap();
    let text = said(&service, "users deactivate 1", "").await;
    assert_eq!(text, "ada (account 1) is inactive, and all its logins have ended.\n");
    is_over(&service, &pair).await;
    let shut_out = service.log_in("ada", PASSWORD).await;
    refused(shut_out, Code::Unauthenticated, "INVALID_CREDENTIALS");
    let again = said(&service, "users deactivate ada", "").await;
    assert_eq!(again, "ada (account 1) is inactive already; nothing was changed.\n");

    assert_eq!(said(&service, "users activate ada", "").await, "ada (account 1) is active.\n");
    let again = said(&service, "users activate ada", "").await;
    assert_eq!(again, "ada (account 1) is active already; nothing was changed.\n");
    let new = service.log_in("ada", PASSWORD).await.unwrap();
    assert_eq!(service.verify(&new.access).await.unwrap(), 1);
    // What had ended does not begin again.
    assert!(service.verify(&pair.access).await.is_err());
    assert!(service.refresh(&pair.refresh).await.is_err());
    let expected = ["operator deactivate 1", "operator activate 1"];
    assert_eq!(notes(service.data.path()).await, expected);
}

#[tokio::test]
async fn whom_an_operator_deletes_is_refused_and_goes_elsewhere_too() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    service.register("grace", PASSWORD).await.unwrap();
    let pair = service.log_in("ada", PASSWORD).await.unwrap();
    let text = said(&service, "users delete ada --yes", "").await;
    assert!(text.contains("goes within seconds where the service runs"), "{text}");
    is_over(&service, &pair).await;
    let gone = service.log_in("ada", PASSWORD).await;
    refused(gone, Code::Unauthenticated, "INVALID_CREDENTIALS");
    // The chat service cannot be reached here: it is still to be told.
    let data = service.data.path();
    assert_eq!(rows(data, "select cast(user_id as text) from deletions").await, ["1"]);
    assert_eq!(notes(data).await, ["operator delete 1"]);
    let tried = "select cast(attempts as text) from deletions where attempts > 0";
    until(async || (!rows(data, tried).await.is_empty()).then_some(())).await;
    let taken = service.register("ada", PASSWORD).await;
    refused(taken, Code::AlreadyExists, "USERNAME_TAKEN");
    assert!(service.log_in("grace", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn accounts_are_listed_and_shown_without_their_secrets() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    service.log_in("ada", PASSWORD).await.unwrap();
    said(&service, "users create 7", &format!("{PASSWORD}\n")).await;
    said(&service, "users deactivate 7 --name", "").await;
    said(&service, "users create gone", &format!("{PASSWORD}\n")).await;
    said(&service, "users delete 3 --yes", "").await;
    let list = said(&service, "users list", "").await;
    let lines: Vec<Vec<_>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0].join(" "), "id state created (UTC) logins name");
    let told: Vec<_> =
        lines[1..].iter().map(|line| [line[0], line[1], line[4], line[5]].join(" ")).collect();
    assert_eq!(told, ["1 active 2 ada", "2 inactive 0 7", "3 deleted 0 gone"]);
    assert!(!list.contains("ab1") && !list.contains("more"), "{list}");
    assert_eq!(said(&service, "users list --after 2", "").await.lines().count(), 2);

    let card = said(&service, "users show 7 --name", "").await;
    assert!(card.contains("inactive") && !card.contains("ab1"), "{card}");
    // The newest first.
    let acts: Vec<_> = card.lines().filter(|line| line.contains("operator")).collect();
    assert!(acts[0].ends_with("deactivate") && acts[1].ends_with("create"), "{card}");
    assert_eq!(acts.len(), 2);
}
