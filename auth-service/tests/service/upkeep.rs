//! Looking after an installation: its schema, and whether all is as it should be.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use scratch::Verdict;
use tempfile::TempDir;
use tokio::process::Command;

use super::harness::{Service, active};

async fn run(data: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth-service"));
    command
        .env_clear()
        .env("AUTH_DATABASE_URL", scratch::address(data, "auth"))
        .env("AUTH_KEYS_DIR", data.join("keys"))
        .env("AUTH_BCRYPT_COST", "10")
        .args(words.split(' '));
    command.stdin(Stdio::null()).output().await.unwrap()
}

async fn check(data: &Path) -> Verdict {
    Verdict::of(run(data, "check").await)
}

async fn change(data: &Path, statement: &str) {
    scratch::change(data, "auth", statement).await;
}

#[tokio::test]
async fn a_service_as_it_should_be_passes_every_check_while_it_runs() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    check(service.data.path()).await.must_be_well(&[
        "signing keys: 4 in",
        "self-test: tokens",
        "peppers: 1,",
        "folder of keys:",
        "file of accounts: for its owner alone, and whole",
        "schema of accounts: of this version",
        "names and numbers: names are unique, numbers are never used again",
        "password hashes: 1, all",
        "deleted names: 0, all",
        "hashing: one password takes",
    ]);
}

#[tokio::test]
async fn whatever_is_not_as_it_should_be_fails_a_check_and_is_named() {
    if scratch::has_no_files() {
        return;
    }
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let data = service.stop().await;
    let (data, keys) = (data.path(), data.path().join("keys"));
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let database = data.join("auth.db");
    for (path, wrong, right, what) in [
        (keys.clone(), 0o777, 0o700, "folder of keys: others have access"),
        (keys.join("pepper.key"), 0o640, 0o600, "peppers: "),
        (active(&keys, "access"), 0o604, 0o600, "signing keys: "),
        // Last: who looks at a database leaves files beside it with its mode, until somebody writes.
        (database, 0o644, 0o600, "file of accounts: others have access"),
    ] {
        mode(&path, wrong);
        let verdict = check(data).await;
        let line = verdict.failure();
        assert!(line.contains(what) && line.contains(path.to_str().unwrap()), "{line}");
        mode(&path, right);
    }
    change(data, "update users set password_hash = '$ab1$0000aaaa$2b$10$x'").await;
    assert!(check(data).await.failure().contains("password hashes: 1 of 1 name no pepper"));
    change(data, "update users set password_hash = '', deleted_at = created_at").await;
    assert!(check(data).await.is_well, "a deleted account needs none");
    change(data, "update users set username_key = 'deleted:0000aaaa:x'").await;
    assert!(check(data).await.failure().contains("deleted names: 1 of 1 name no pepper"));
    change(data, "update users set username_key = 'deleted:x'").await;
    assert!(check(data).await.is_well, "of before traces named their pepper");
    change(
        data,
        "create table copy (id integer primary key, username, username_key, password_hash, is_active, \
         token_version, created_at, deleted_at, unique (username_key));
         drop table users; alter table copy rename to users",
    )
    .await;
    assert!(check(data).await.failure().contains("names and numbers: users.id does not only rise"));
    change(
        data,
        "create table copy (id integer primary key autoincrement, username, username_key, \
         password_hash, is_active, token_version, created_at, deleted_at, \
         unique (username_key, id));
         drop table users; alter table copy rename to users",
    )
    .await;
    let why = "names and numbers: users.username_key has no unique index";
    assert!(check(data).await.failure().contains(why));
    change(data, "delete from auth_migrations where version like 'm0005%'").await;
    let behind = "schema of accounts: of an earlier version, without m0005_places;";
    assert!(check(data).await.failure().contains(behind));
}

#[tokio::test]
async fn a_schema_is_brought_to_this_version_by_somebody_who_means_it() {
    if scratch::has_no_files() {
        return;
    }
    let data = TempDir::new().unwrap();
    let said = async || {
        let output = run(data.path(), "migrate").await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(said().await.contains("auth.db: made, with m0001_users, "));
    assert!(said().await.contains("auth.db: is of this version already; nothing was changed"));
    let earlier = "drop table places; drop table deletions; drop table audit; \
                   alter table users drop column deleted_at; \
                   delete from auth_migrations where version > 'm0004'";
    change(data.path(), earlier).await;
    let list = Command::new(env!("CARGO_BIN_EXE_auth-service"))
        .env_clear()
        .env("AUTH_DATABASE_URL", scratch::address(data.path(), "auth"))
        .args(["users", "list"])
        .output()
        .await
        .unwrap();
    let why = String::from_utf8(list.stderr).unwrap();
    assert!(!list.status.success() && why.contains("of an earlier version"), "{why}");
    assert!(
        said().await.contains("auth.db: brought to this version by m0004_deletions, m0005_places")
    );
    let service = Service::on(data).await;
    assert!(service.register("ada", "correct horse").await.is_ok());
}

#[tokio::test]
async fn after_a_restore_all_keys_are_others_and_numbers_go_on_far_above() {
    let service = Service::start().await;
    let data = service.data.path();
    let signing = ["access", "refresh"].map(|kind| active(&data.join("keys"), kind));
    let output = run(data, "restored --beyond 5000").await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("new accounts get numbers above 1005000"), "{text}");
    assert!(signing.iter().all(|key| !key.exists()), "{signing:?}");
    let verdict = check(data).await;
    assert!(verdict.is_well, "{verdict:?}");
    let output = run(data, "restored --deleted nowhere.csv").await;
    let why = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && why.contains("nowhere.csv cannot be read"), "{why}");
    for wrong in ["restored --beyond -1", "restored --beyond many", "restored --deleted"] {
        assert_eq!(run(data, wrong).await.status.code(), Some(78), "{wrong}");
    }
}
