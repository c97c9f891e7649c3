//! Looking after what is kept: whether it is whole.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use openai_stub::{Behaviour, Stub};
use scratch::Verdict;
use tokio::process::Command;

use super::harness::{Service, patient};

async fn check(data: &Path) -> Verdict {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-service"));
    command.env_clear().env("CHAT_DATABASE_URL", scratch::address(data, "chat")).arg("check");
    Verdict::of(command.stdin(Stdio::null()).output().await.unwrap())
}

async fn change(data: &Path, statement: &str) {
    scratch::change(data, "chat", statement).await;
}

/// A service in which two people have said something, one of them twice.
async fn talked(stub: &Stub) -> Service {
    let service = Service::start(patient(stub)).await;
    for (person, text) in [(1, "hello"), (1, "are you there"), (2, "good evening")] {
        service.person(person).say(text).await;
    }
    service
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_whole_passes_every_check_while_the_service_runs() {
    let stub = Stub::start().await.unwrap();
    let service = talked(&stub).await;
    service.person(3).stream("hello").await.read_on().await;
    stub.always(Behaviour::Silence);
    let mut waiting = service.person(3).stream("and one that is still at work").await;
    waiting.read().await;
    check(service.data.path()).await.must_be_well(&[
        "file of conversations: for its owner alone, and whole",
        "schema of conversations: of this version",
        "turns: 5, each with what was said and its reply, but for 1 still to be answered",
        "owners: whatever is in a conversation",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_missing_or_in_the_wrong_place_fails_a_check_and_is_named() {
    let stub = Stub::start().await.unwrap();
    let data = talked(&stub).await.stop().await;
    let data = data.path();
    for (wrong, right, what) in [
        (
            "UPDATE turns SET user_id = 2 WHERE id = 1",
            "UPDATE turns SET user_id = 1 WHERE id = 1",
            "owners: 3 turns and messages are in conversations of somebody else, or in none",
        ),
        (
            "UPDATE messages SET user_id = 2 WHERE id = 4",
            "UPDATE messages SET user_id = 1 WHERE id = 4",
            "owners: 1 turns and messages",
        ),
        ("DELETE FROM messages WHERE id = 4", "SELECT 1", "turns: of 3, 1 lack what was said"),
        ("DELETE FROM messages WHERE id = 1", "SELECT 1", "turns: of 3, 2 lack what was said"),
        (
            "INSERT INTO departed (user_id, departed_at) VALUES (1, '2026-01-01 00:00:00+00:00')",
            "DELETE FROM chat_migrations WHERE version LIKE 'm0005%'",
            "",
        ),
    ] {
        change(data, wrong).await;
        match what {
            "" => assert!(check(data).await.is_well, "{wrong}"),
            what => assert!(check(data).await.failure().contains(what), "{wrong}"),
        }
        change(data, right).await;
    }
    let verdict = check(data).await;
    let line = verdict.failure();
    assert!(
        line.contains("schema of conversations: of an earlier version, without m0005_departed;"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_others_can_read_or_that_is_damaged_fails_a_check_and_is_named() {
    if scratch::has_no_files() {
        return;
    }
    let data = talked(&Stub::start().await.unwrap()).await.stop().await;
    let file = data.path().join("chat.db");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    // Last: who looks at a database leaves files beside it with its mode, until somebody writes.
    for (mode, why) in [(0o600, "malformed"), (0o640, "others have access to")] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let Verdict { is_well, lines } = check(data.path()).await;
        let line = lines.iter().find(|line| line.contains("file of conversations")).unwrap();
        assert!(!is_well && line.starts_with("FAILED") && line.contains(why), "{line}");
    }
}
