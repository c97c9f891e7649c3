//! Looking after what is kept: whether it is whole.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use openai_stub::{Behaviour, Stub};
use sea_orm::ConnectionTrait as _;
use tokio::process::Command;

use super::harness::{Service, patient};

/// Whether a check went well, and each of its lines.
async fn check(data: &Path) -> (bool, Vec<String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_chat-service"))
        .env_clear()
        .env("CHAT_DATABASE_URL", scratch::address(data, "chat"))
        .arg("check")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let is_well = output.status.success();
    let text = String::from_utf8(if is_well { output.stdout } else { output.stderr }).unwrap();
    (is_well, text.lines().map(str::to_owned).collect())
}

/// The one line that tells of a failure.
async fn failure(data: &Path) -> String {
    let (is_well, lines) = check(data).await;
    let mut failed = lines.iter().filter(|line| line.starts_with("FAILED"));
    let first = failed.next().cloned();
    assert!(!is_well && first.is_some() && failed.next().is_none(), "{lines:?}");
    first.unwrap()
}

async fn change(data: &Path, statement: &str) {
    let database = scratch::connect(data, "chat").await;
    database.execute_unprepared(statement).await.unwrap();
    database.close().await.unwrap();
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
    let (is_well, lines) = check(service.data.path()).await;
    assert!(is_well, "{lines:?}");
    let looked_at: Vec<_> = [
        "file of conversations: for its owner alone, and whole",
        "schema of conversations: of this version",
        "turns: 5, each with what was said and its reply, but for 1 still to be answered",
        "owners: whatever is in a conversation",
    ]
    .into_iter()
    .filter(|what| scratch::server().is_none() || !what.starts_with("file"))
    .collect();
    assert_eq!(lines.len(), looked_at.len(), "{lines:?}");
    for (line, start) in lines.iter().zip(looked_at) {
        assert!(line.starts_with(&format!("ok      {start}")), "{line}");
    }
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
            "" => assert!(check(data).await.0, "{wrong}"),
            what => assert!(failure(data).await.contains(what), "{wrong}"),
        }
        change(data, right).await;
    }
    let line = failure(data).await;
    assert!(line.contains("schema of conversations: m0005_departed is to be done"), "{line}");
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
        let (is_well, lines) = check(data.path()).await;
        let line = lines.iter().find(|line| line.contains("file of conversations")).unwrap();
        assert!(!is_well && line.starts_with("FAILED") && line.contains(why), "{line}");
    }
}
