//! What `ai-buddy` says to the person who starts it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::net::TcpListener;
use std::process::{Command, Output};

fn run(settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ai-buddy"));
    command.env_clear().envs(settings.iter().copied()).args(arguments).output().unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "it should not have started");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!text.contains("stack backtrace"), "{text}");
    text
}

#[test]
fn help_lists_every_setting_with_its_default() {
    let output = run(&[], &["--help"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for setting in [
        "AI_BUDDY_LISTEN",
        "AI_BUDDY_DATA",
        "AUTH_BCRYPT_COST",
        "CHAT_MAX_TEXT_CHARACTERS",
        "GATEWAY_CORS_ORIGINS",
        "OPENAI_API_KEY",
        "OPENAI_API_KEY_FILE",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
        "RUST_LOG",
        "[127.0.0.1:8000]",
        "[gpt-4o-mini]",
    ] {
        assert!(text.contains(setting), "{setting} is missing in\n{text}");
    }
    assert!(run(&[], &["--version"]).status.success());
    assert!(complaint(&run(&[], &["--frobnicate"])).contains("--frobnicate"));
}

#[test]
fn help_lists_what_it_does_beside_serving() {
    let text = String::from_utf8(run(&[], &["--help"]).stdout).unwrap();
    for command in [
        "ai-buddy safety report [--year YYYY] [--json]",
        "ai-buddy keys list",
        "ai-buddy keys rotate [--now] [access|refresh]",
        "ai-buddy keys revoke KID",
        "ai-buddy users list [--after ID]",
        "ai-buddy users show NAME|ID [--name]",
        "ai-buddy users create NAME",
        "ai-buddy users set-password NAME|ID [--name]",
        "ai-buddy users deactivate NAME|ID [--name]",
        "ai-buddy users activate NAME|ID [--name]",
        "ai-buddy users delete NAME|ID [--name] [--yes]",
        "ai-buddy migrate",
        "ai-buddy backup FOLDER [--keep N]",
        "ai-buddy restore FOLDER/TIME [--replace]",
        "ai-buddy restored [--deleted FILE]... [--beyond NUMBER]",
        "ai-buddy check",
    ] {
        assert!(text.contains(command), "{command} is missing in\n{text}");
    }
    let output = run(&[], &["safety", "report", "--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("AI_BUDDY_DATA"), "{text}");
    assert!(!text.contains("OPENAI"), "a report needs no model: {text}");
    for (words, wrong) in [(["safety", "dance"], "dance"), (["report", "safety"], "report")] {
        let output = run(&[], &words);
        assert!(complaint(&output).contains(&format!("unknown argument {wrong:?}")));
        assert_eq!(output.status.code(), Some(78));
    }
}

#[test]
fn commands_about_keys_work_on_the_keys_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("AI_BUDDY_DATA", folder.path().to_str().unwrap())];
    let manifest = folder.path().join("keys/keys.json").display().to_string();
    for words in ["keys list", "keys rotate --now", "keys revoke somebody"] {
        let words: Vec<_> = words.split(' ').collect();
        let text = complaint(&run(&settings, &words));
        assert!(text.contains(&format!("{manifest} cannot be read")), "{text}");
    }
}

#[test]
fn where_a_restore_was_cut_off_no_command_works_with_half_of_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("restore.ready")).unwrap();
    let settings = [("AI_BUDDY_DATA", folder.path().to_str().unwrap())];
    for words in ["users list", "keys list", "check", "migrate", "safety report", "backup backups"]
    {
        let words: Vec<_> = words.split(' ').collect();
        let text = complaint(&run(&settings, &words));
        assert!(text.contains("a restore into") && text.contains("was cut off"), "{text}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing is made beside it");
}

#[test]
fn commands_about_accounts_work_on_those_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("data");
    let settings = [("AI_BUDDY_DATA", folder.to_str().unwrap())];
    let nothing = run(&settings, &["users", "list"]);
    assert!(complaint(&nothing).contains("there is no database at"));
    assert!(!folder.exists(), "nothing is made where no service has been");

    let said = |words: &[&str]| {
        let output = run(&settings, words);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let migrated = said(&["migrate"]);
    for database in ["auth.db: made, with m0001", "chat.db: made, with m0001"] {
        assert!(migrated.contains(database), "{migrated}");
    }
    assert_eq!(said(&["migrate"]).matches("nothing was changed").count(), 2);
    assert_eq!(said(&["users", "list"]).lines().count(), 1, "a heading and nobody");
    let text = complaint(&run(&settings, &["check"]));
    assert!(
        ["ok      schema of accounts", "ok      turns: 0,"].iter().all(|it| text.contains(it))
            && text.contains("FAILED  signing keys"),
        "{text}"
    );
}

#[test]
fn certificates_are_made_with_one_command_which_says_what_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("certificates");
    let output = run(&[], &["certificates", "make", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for service in ["auth-service", "chat-service", "gateway"] {
        assert!(folder.join(format!("{service}.pem")).exists(), "{service}");
        assert!(text.contains(&format!("{service}.key")), "{text}");
    }
    for setting in ["AUTH_TLS_DIR=", "CHAT_TLS_DIR=", "GATEWAY_TLS_DIR="] {
        assert!(text.contains(setting), "{text}");
    }
    let again = run(&[], &["certificates", "make", folder.to_str().unwrap()]);
    assert!(complaint(&again).contains("ca.pem is there already"));
    let nowhere = run(&[], &["certificates", "make"]);
    assert!(complaint(&nowhere).contains("DIR"));
    assert_eq!(nowhere.status.code(), Some(78));
}

#[test]
fn every_wrong_setting_is_named_at_once_and_no_value_is_repeated() {
    let output = run(
        &[
            ("AI_BUDDY_LISTEN", "canary-everywhere"),
            ("AUTH_BCRYPT_COST", "3"),
            ("AUTH_LISTEN", "0.0.0.0:50051"),
            ("OPENAI_BASE_URL", "canary.example"),
            ("OPENAI_API_KEY_FILE", "/canary/nowhere"),
            ("OPENAI_TOTAL_SECONDS", "120"),
            ("CHAT_MAX_TURNS", "100000"),
            ("LOG_FORMAT", "canary"),
        ],
        &[],
    );
    let text = complaint(&output);
    for name in [
        "AI_BUDDY_LISTEN",
        "AUTH_BCRYPT_COST",
        "AUTH_LISTEN",
        "OPENAI_BASE_URL",
        "OPENAI_API_KEY_FILE",
        "OPENAI_TOTAL_SECONDS",
        "CHAT_MAX_TURNS",
        "LOG_FORMAT",
    ] {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn a_key_that_no_header_can_carry_and_an_address_with_a_password_are_refused() {
    for (name, value) in [
        ("OPENAI_API_KEY", "sk-canary\nsk-canary"),
        ("OPENAI_API_KEY", "sk-c\u{e4}nary"),
        ("OPENAI_BASE_URL", "https://ada:canary@example.org/v1"),
    ] {
        let text = complaint(&run(&[(name, value), ("AI_BUDDY_LISTEN", "127.0.0.1:0")], &[]));
        assert!(text.contains(name) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn a_taken_port_is_one_clear_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&[("AI_BUDDY_LISTEN", &address)], &[]);
    let text = complaint(&output);
    assert!(text.contains(&format!("{address} is taken; set AI_BUDDY_LISTEN")), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_folder_that_another_works_in_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = std::fs::File::create(folder.path().join("lock")).unwrap();
    theirs.try_lock().unwrap();
    let settings =
        [("AI_BUDDY_DATA", folder.path().to_str().unwrap()), ("AI_BUDDY_LISTEN", "127.0.0.1:0")];
    let text = complaint(&run(&settings, &[]));
    assert!(text.contains("another ai-buddy works in"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_sentence() {
    // A file where the folder should be: not even root can write into that.
    let file = tempfile::NamedTempFile::new().unwrap();
    let inside = file.path().join("data");
    let settings =
        [("AI_BUDDY_DATA", inside.to_str().unwrap()), ("AI_BUDDY_LISTEN", "127.0.0.1:0")];
    let text = complaint(&run(&settings, &[]));
    assert!(text.contains("cannot be written; set AI_BUDDY_DATA"), "{text}");
    let sentences = text.lines().filter(|line| !line.contains(" INFO "));
    assert_eq!(sentences.count(), 1, "{text}");
}
