//! The yearly numbers, from what a running product has counted.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A product with the offline buddy, on a folder of its own.
struct Running {
    process: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.process.kill().and_then(|()| self.process.wait());
    }
}

impl Running {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ai-buddy"));
        command.env_clear().env("AI_BUDDY_DATA", data).env("AI_BUDDY_LISTEN", "127.0.0.1:0");
        command.env("AUTH_BCRYPT_COST", "10").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.split("http://").nth(1).unwrap().trim_end_matches("/api/").to_owned();
        // Whatever else it says has somebody who listens.
        std::thread::spawn(move || lines.for_each(drop));
        let running = Self { process, address };
        let since = Instant::now();
        while !running.ask("GET /readyz", "", &Value::Null).0.contains(" 200 ") {
            assert!(since.elapsed() < PATIENCE, "it should be ready by now");
            // Another process gets ready, and tells nobody: one can only ask again.
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    /// The first line of the answer, and its body.
    fn ask(&self, what: &str, token: &str, body: &Value) -> (String, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let bearer = if token.is_empty() { "" } else { "Authorization: Bearer " };
        let end = if token.is_empty() { "" } else { "\r\n" };
        write!(
            stream,
            "{what} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept-Language: en-GB\r\n\
             Content-Type: application/json\r\n{bearer}{token}{end}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.lines().next().unwrap().to_owned();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    fn say(&self, token: &str, text: &str) {
        let (status, body) = self.ask("POST /api/send-message/", token, &json!({"text": text}));
        assert!(status.contains("201"), "{status} {body}");
    }
}

fn report(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ai-buddy"));
    command.env_clear().env("AI_BUDDY_DATA", data).args(["safety", "report"]).args(arguments);
    command.output().unwrap()
}

fn numbers(data: &Path) -> Value {
    let output = report(data, &["--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_report_counts_what_happened_and_tells_nobodys_words() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let product = Running::start(&data);
    let ada = json!({"username": "ada", "password": "correct horse"});
    let (_, registered) = product.ask("POST /api/register/", "", &ada);
    let token = registered["token"].as_str().unwrap().to_owned();
    product.say(&token, "it rained all day");
    product.say(&token, "I want to kill myself");

    let now = numbers(&data);
    assert_eq!((&now["turns"], &now["disclosed"]), (&json!(2), &json!(1)), "{now}");
    assert_eq!(now["noticed"]["total"], 1, "{now}");
    assert_eq!(now["noticed"]["by_tier"]["high"], 1, "{now}");
    assert_eq!(now["noticed"]["by_category"]["self_harm"], 1, "{now}");
    assert_eq!(now["referred"]["by_region"], json!({"GB": 1}), "{now}");
    assert_eq!(now["protocol"], "docs/SAFETY.md");

    // The product works on, and a report changes nothing when it is gone, however it went.
    product.say(&token, "I really want to die");
    assert_eq!(numbers(&data)["referred"]["total"], 2);
    drop(product);
    assert_eq!(numbers(&data)["referred"]["total"], 2);
    let table = String::from_utf8(report(&data, &[]).stdout).unwrap();
    assert!(table.contains("referrals") && table.contains("self_harm"), "{table}");
    assert!(!table.contains("rained") && !table.contains("ada"), "{table}");
    let product = Running::start(&data);
    product.say(&token, "I want to kill myself");
    assert_eq!(numbers(&data)["turns"], 4);
}

#[test]
fn another_year_is_another_report() {
    let folder = tempfile::tempdir().unwrap();
    drop(Running::start(folder.path()));
    let output = report(folder.path(), &["--year", "2024"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("2024-01-01 to 2024-12-31"), "{table}");
}

#[test]
fn where_there_is_no_database_yet_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let output = report(folder.path(), &[]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("there is no database") && text.contains("chat.db"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and none is made");
}

#[test]
fn what_cannot_be_reported_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, word) in [
        (vec!["--frobnicate"], "--frobnicate"),
        (vec!["2025"], "2025"),
        (vec!["--year"], "--year"),
        (vec!["--year", "canary"], "--year"),
        (vec!["--year", "9999"], "--year"),
    ] {
        let output = report(folder.path(), &arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{text}");
        assert!(text.contains(word) && !text.contains("canary"), "{text}");
    }
}
