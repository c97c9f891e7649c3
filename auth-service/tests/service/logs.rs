//! What a service says in its logs, for whoever runs it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chassis::{authority, clock};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr};

use super::harness::command;

/// Long enough for any line that should come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program, and what it says.
struct Program {
    _process: Child,
    logs: Lines<BufReader<ChildStderr>>,
}

impl Program {
    /// Starts it on what is in `data`.
    fn start(data: &Path) -> Self {
        let certificates = data.join("tls");
        if !certificates.exists() {
            authority::make(&certificates, &["auth-service"], clock::now()).unwrap();
        }
        let mut process = tokio::process::Command::new(env!("CARGO_BIN_EXE_auth-service"))
            .env_clear()
            .env("AUTH_LISTEN", "127.0.0.1:0")
            .env("AUTH_DATABASE_URL", scratch::address(data, "auth"))
            .env("AUTH_KEYS_DIR", data.join("keys"))
            .env("AUTH_TLS_DIR", &certificates)
            .env("AUTH_CHAT_URL", "https://127.0.0.1:9")
            .env("AUTH_BCRYPT_COST", "10")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let logs = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { _process: process, logs }
    }

    /// What it says up to the line that has this in it, that one included.
    async fn says(&mut self, what: &str) -> Vec<String> {
        let mut said = Vec::new();
        let listening = async {
            while let Some(line) = self.logs.next_line().await.unwrap() {
                let is_last = line.contains(what);
                said.push(line);
                if is_last {
                    return true;
                }
            }
            false
        };
        let outcome = tokio::time::timeout(PATIENCE, listening).await;
        assert_eq!(outcome, Ok(true), "{what}: {said:?}");
        said
    }

    /// What it says until it is ready.
    async fn begins(&mut self) -> Vec<String> {
        self.says("auth service is ready").await
    }
}

#[tokio::test]
async fn keys_that_are_lost_are_missed_at_the_next_start() {
    let data = TempDir::new().unwrap();
    let is_missed = |said: &[String]| {
        said.iter().any(|line| line.contains("WARN") && line.contains("no signing key"))
    };
    let said = Program::start(data.path()).begins().await;
    assert!(!is_missed(&said), "at a first start: {said:?}");
    let said = Program::start(data.path()).begins().await;
    assert!(!is_missed(&said), "all are there: {said:?}");

    for file in std::fs::read_dir(data.path().join("keys")).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap() != "pepper.key" {
            std::fs::remove_file(path).unwrap();
        }
    }
    let said = Program::start(data.path()).begins().await;
    assert!(is_missed(&said), "{said:?}");
}

#[tokio::test]
async fn keys_that_an_operator_changes_are_named_by_the_service_that_runs() {
    let data = TempDir::new().unwrap();
    let mut program = Program::start(data.path());
    program.begins().await;
    let keys = data.path().join("keys");
    let names = async |words: &str| {
        let output = command(&keys, words).await;
        assert!(output.status.success(), "{output:?}");
        let table = String::from_utf8(output.stdout).unwrap();
        let lines = table.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned));
        lines.map(Iterator::collect::<Vec<_>>).collect::<Vec<_>>()
    };
    let before = names("keys list").await;
    let rotated = names("keys rotate refresh --now").await;
    let active = |table: &[Vec<String>], kind: &str| {
        table.iter().find(|key| key[1] == kind && key[2] == "active").unwrap()[0].clone()
    };
    let line = program.says("the keys have changed").await.pop().unwrap();
    assert!(line.contains(&active(&rotated, "refresh")), "{line}");
    let revoked = active(&before, "access");
    assert!(line.contains(&revoked), "it signs as before: {line}");
    let left = names(&format!("keys revoke {revoked}")).await;
    let line = program.says("the keys have changed").await.pop().unwrap();
    let gone = line.split("gone=").nth(1).unwrap();
    assert!(gone.contains(&revoked) && line.contains(&active(&left, "access")), "{line}");
}
