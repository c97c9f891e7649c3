//! What is refused: with a sentence, and nothing is changed.

use std::path::Path;

use tempfile::TempDir;

use super::super::harness::Service;
use super::{OTHER, PASSWORD, notes, rows, run, said};

/// Why a command did nothing.
async fn complaint(data: &Path, words: &str, input: &str) -> (Option<i32>, String) {
    let output = run(data, words, input).await;
    assert!(output.stdout.is_empty(), "{words}: {output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// All that there is of accounts.
async fn state(data: &Path) -> Vec<String> {
    let accounts = "select username || password_hash || cast(is_active as text) || token_version || \
                    coalesce(cast(deleted_at as text), '') from users order by id";
    let mut state = rows(data, accounts).await;
    state.extend(notes(data).await);
    for query in [
        "select cast(seq as text) from revocations",
        "select sid from logins order by sid",
        "select cast(user_id as text) from deletions",
    ] {
        state.extend(rows(data, query).await);
    }
    state
}

#[tokio::test]
async fn what_an_operator_cannot_do_is_said_in_a_sentence_and_nothing_is_changed() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    said(&service, "users create gone", PASSWORD).await;
    said(&service, "users delete gone --yes", "").await;
    let before = state(service.data.path()).await;
    for (words, input, code, sentence) in [
        ("users create <b>", PASSWORD, 1, "user name: Enter a valid username"),
        ("users create admin", PASSWORD, 1, "user name: This username is reserved"),
        ("users create ADA", PASSWORD, 1, "the user name is taken"),
        ("users create gone", PASSWORD, 1, "the user name is taken"),
        ("users create grace", "canary", 1, "password: This password is too short"),
        ("users create grace", "password123", 1, "password: This password is too easy"),
        ("users create grace", "\n", 1, "password: This field may not be blank"),
        ("users create grace", "", 1, "no password came from standard input"),
        ("users create grace canary-password", PASSWORD, 78, "never an argument"),
        ("users create", PASSWORD, 78, "NAME is missing"),
        ("users set-password ada", "canary", 1, "password: This password is too short"),
        ("users set-password ada canary-password", "", 78, "never an argument"),
        ("users set-password grace", OTHER, 1, "there is no account of this name"),
        ("users set-password gone", OTHER, 1, "account 2 is deleted"),
        ("users deactivate 99", "", 1, "there is no account 99"),
        ("users deactivate 1 --name", "", 1, "there is no account of this name"),
        ("users activate gone", "", 1, "account 2 is deleted"),
        ("users delete ada", "ada\n", 1, "add --yes"),
        ("users delete gone --yes", "", 1, "account 2 is deleted"),
        ("users delete --yes", "", 78, "NAME|ID is missing"),
        ("users list --after ada", "", 78, "--after"),
        ("users show 99", "", 1, "there is no account 99"),
        ("users dance", "", 78, "unknown argument \"dance\""),
    ] {
        let (found, why) = complaint(service.data.path(), words, input).await;
        assert!(found == Some(code) && why.contains(sentence), "{words}: {found:?} {why}");
    }
    assert_eq!(state(service.data.path()).await, before);
    assert!(service.log_in("ada", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn nothing_is_made_where_no_service_has_been() {
    if scratch::has_no_files() {
        return;
    }
    let data = TempDir::new().unwrap();
    for words in ["users list", "users create ada", "users delete ada --yes"] {
        let (code, why) = complaint(data.path(), words, PASSWORD).await;
        assert!(code == Some(1) && why.contains("there is no database at"), "{why}");
    }
    let (code, why) = complaint(data.path(), "check", "").await;
    assert!(code == Some(1) && why.contains("keys.json cannot be read"), "{why}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn no_pepper_is_made_where_no_service_has_been() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    let data = service.stop().await;
    let (keys, elsewhere) = (data.path().join("keys"), data.path().join("elsewhere"));
    std::fs::rename(&keys, &elsewhere).unwrap();
    for words in ["users create grace", "users set-password ada"] {
        let (code, why) = complaint(data.path(), words, OTHER).await;
        assert!(code == Some(1) && why.contains("keys/pepper.key yet"), "{why}");
        assert!(!keys.exists(), "{words}");
    }
    std::fs::rename(&elsewhere, &keys).unwrap();
    let service = Service::on(data).await;
    assert!(service.log_in("ada", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn passwords_are_not_hashed_with_the_pepper_of_another_installation() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    let before = state(service.data.path()).await;
    std::fs::write(service.keys_dir().join("pepper.key"), [7; 48]).unwrap();
    for words in ["users create grace", "users set-password ada"] {
        let (code, why) = complaint(service.data.path(), words, OTHER).await;
        assert!(code == Some(1) && why.contains("neither pepper.key"), "{why}");
    }
    assert_eq!(state(service.data.path()).await, before);
}
