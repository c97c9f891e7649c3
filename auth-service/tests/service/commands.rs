//! What the program does beside serving.

use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::harness::{Service, command};

/// What a command said that worked: lines, and the words of each.
fn said(output: &Output) -> Vec<Vec<String>> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{output:?}");
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// Why a command did nothing, and its exit code.
fn complaint(output: &Output) -> (Option<i32>, String) {
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

/// Kinds and states, without names and times.
fn states(table: &[Vec<String>]) -> Vec<String> {
    table[1..].iter().map(|line| line[1..3].join(" ")).collect()
}

#[tokio::test]
async fn keys_are_listed_by_name_and_nothing_else_of_them_is_told() {
    let service = Service::start().await;
    let output = service.command("keys list").await;
    let table = said(&output);
    assert_eq!(table[0].join(" "), "kid kind state since (UTC)");
    let expected = ["access active", "access next", "refresh active", "refresh next"];
    assert_eq!(states(&table), expected);
    assert_eq!(table[1][0], service.told().await[0]);
    let text = String::from_utf8(output.stdout).unwrap();
    for kind in ["access", "refresh"] {
        let secret = service.key(kind);
        // Of a PKCS#8 document, the seed is what is secret.
        let seed = if kind == "access" { &secret[16..48] } else { &secret[..] };
        let hex = seed.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert!(!text.contains(&URL_SAFE_NO_PAD.encode(seed)) && !text.contains(&hex));
    }
}

#[tokio::test]
async fn a_rotation_is_refused_while_verifiers_may_not_know_the_next_key() {
    let service = Service::start().await;
    let before = said(&service.command("keys list").await);
    for words in ["keys rotate", "keys rotate access", "keys rotate refresh"] {
        let (code, why) = complaint(&service.command(words).await);
        assert!(code == Some(1) && why.contains("too young") && why.contains("--now"), "{why}");
    }
    assert_eq!(said(&service.command("keys list").await), before);
}

#[tokio::test]
async fn keys_rotate_together_or_one_kind_alone() {
    let service = Service::start().await;
    let both = said(&service.command("keys rotate --now").await);
    let expected = [
        "access active",
        "access next",
        "access retired",
        "refresh active",
        "refresh next",
        "refresh retired",
    ];
    assert_eq!(states(&both), expected);
    assert_eq!(said(&service.command("keys list").await), both);
    let one = said(&service.command("keys rotate refresh --now").await);
    assert_eq!(one[..4], both[..4]);
    assert_eq!(one.len(), both.len() + 1);
}

#[tokio::test]
async fn any_key_can_be_revoked_by_its_name() {
    let service = Service::start().await;
    let table = said(&service.command("keys rotate --now access").await);
    for line in &table[1..] {
        let left = said(&service.command(&format!("keys revoke {}", line[0])).await);
        assert!(left.iter().all(|other| other[0] != line[0]), "{left:?}");
    }
    let left = said(&service.command("keys list").await);
    assert_eq!(states(&left), ["access active", "access next", "refresh active", "refresh next"]);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_a_sentence() {
    let service = Service::start().await;
    let keys = service.keys_dir();
    for (words, code, sentence) in [
        ("keys revoke nobody", 1, "there is no key of this name"),
        ("keys revoke", 78, "KID is missing"),
        ("keys revoke one two", 78, "unknown argument \"two\""),
        ("keys rotate sideways", 78, "unknown argument \"sideways\""),
        ("keys list --json", 78, "unknown argument \"--json\""),
        ("keys", 78, "auth-service keys rotate [--now]"),
    ] {
        let (found, why) = complaint(&command(&keys, words).await);
        assert!(found == Some(code) && why.contains(sentence), "{words}: {found:?} {why}");
    }
    let elsewhere = service.data.path().join("elsewhere");
    for words in ["keys list", "keys rotate --now"] {
        let (code, why) = complaint(&command(&elsewhere, words).await);
        assert!(code == Some(1) && why.contains("keys.json cannot be read"), "{why}");
    }
    assert!(!elsewhere.exists(), "nothing is made where no service has been");
}
