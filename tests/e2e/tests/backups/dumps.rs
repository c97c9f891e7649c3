//! The dumps that the compose file makes of a PostgreSQL server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use e2e::{Answer, Process, Product, User, free_address};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use tempfile::TempDir;

use super::super::boundaries::root;
use super::{has_no_login, log_in, words_of};

/// The script, on a folder, with these variables.
fn script(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    for name in ["auth", "chat"] {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("password"), "canary-password").unwrap();
    }
    fs::create_dir_all(folder.join("dumps")).unwrap();
    let mut command = Command::new("/bin/sh");
    command.arg(root().join("deploy/backup/run")).args(arguments);
    command.env_clear().env("TMPDIR", folder).env("BACKUP_PASSWORDS", folder);
    command.env("BACKUP_FOLDER", folder.join("dumps")).envs(variables.iter().copied());
    command
}

fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    script(folder, arguments, variables).output().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("dumps")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "lock");
    names.sort();
    names
}

/// Programs that write down what they are asked for, and do it, or leave off in the middle.
struct Tools {
    folder: TempDir,
    path: String,
    asked: PathBuf,
}

impl Tools {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let dump = "for last; do :; done\necho half >\"${last#--file=}\"\n[ \"$2\" != \"--username=$BROKEN\" ]";
        for (name, does) in
            [("pg_dump", dump), ("psql", "echo id,created_at"), ("sleep", "exec /bin/sleep 5")]
        {
            let text = format!("#!/bin/sh\necho {name} \"$@\" >>\"$ASKED\"\n{does}\n");
            fs::write(bin.join(name), text).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = bin.display().to_string() + ":/usr/bin:/bin";
        let asked = folder.path().join("asked");
        Self { folder, path, asked }
    }

    fn variables<'a>(&'a self, broken: &'a str, keep: &'a str) -> [(&'a str, &'a str); 4] {
        let asked = self.asked.to_str().unwrap();
        [("PATH", &self.path), ("ASKED", asked), ("BROKEN", broken), ("BACKUP_KEEP", keep)]
    }

    /// How often one of them was asked for something.
    fn count(&self, name: &str) -> usize {
        let asked = fs::read_to_string(&self.asked).unwrap_or_default();
        asked.lines().filter(|line| line.starts_with(name)).count()
    }
}

#[tokio::test]
async fn whoever_is_started_again_and_again_pushes_out_no_older_dumps() {
    let tools = Tools::new();
    for start in 1..=3 {
        let mut command = script(tools.folder.path(), &[], &tools.variables("", "1"));
        let mut process = command.stdout(Stdio::null()).spawn().unwrap();
        let waits = async {
            while tools.count("sleep") < start {
                // Another process writes this file, and tells nobody: one can only look again.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waits).await.unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }
    assert_eq!(tools.count("pg_dump"), 2, "conversations and accounts, once");
}

#[test]
fn a_ledger_is_kept_as_long_as_any_dump_that_is_older() {
    let tools = Tools::new();
    let folder = tools.folder.path();
    fs::create_dir(folder.join("dumps")).unwrap();
    for name in ["auth-2020.dump", "auth-2022.dump", "deleted-2021.csv", "deleted-2022.csv"] {
        fs::write(folder.join("dumps").join(name), "").unwrap();
    }
    for year in 2023..2030 {
        fs::write(folder.join(format!("dumps/deleted-{year}.csv")), "").unwrap();
    }
    let output = run(folder, &["now"], &tools.variables("", "2"));
    assert!(output.status.success(), "{output:?}");
    let left = names(folder);
    let ledgers = left.iter().filter(|name| name.starts_with("deleted")).count();
    assert!(left.starts_with(&["auth-2022.dump".to_owned()]), "{left:?}");
    assert!(!left.contains(&"deleted-2021.csv".to_owned()) && ledgers == 9, "{left:?}");
}

#[test]
fn conversations_are_dumped_before_accounts_and_what_is_not_whole_has_no_name() {
    let tools = Tools::new();
    let folder = tools.folder.path();
    for broken in ["chat", "auth"] {
        let output = run(folder, &["now"], &tools.variables(broken, "7"));
        assert!(!output.status.success(), "{output:?}");
        let named = names(folder).into_iter().filter(|name| !name.ends_with(".unfinished"));
        assert_eq!(named.count(), 0, "{broken}");
    }
    fs::remove_file(&tools.asked).unwrap();
    let output = run(folder, &["now"], &tools.variables("", "7"));
    assert!(output.status.success(), "{output:?}");
    let asked = fs::read_to_string(&tools.asked).unwrap();
    let order: Vec<_> = asked.lines().filter_map(|line| line.split("--dbname=").nth(1)).collect();
    let order: Vec<_> = order.iter().map(|rest| rest.split(' ').next().unwrap()).collect();
    assert_eq!(order, ["chat", "auth", "auth"], "{asked}");
    let kinds = names(folder).into_iter().map(|name| name.split('-').next().unwrap().to_owned());
    assert_eq!(kinds.collect::<Vec<_>>(), ["auth", "chat", "deleted"]);
    assert!(!asked.contains("canary-password"));
}

/// Two databases of their owners' own, as the compose file has them.
async fn make_databases(server: &str) {
    let admin = sea_orm::Database::connect(server).await.unwrap();
    for name in ["auth", "chat"] {
        for statement in [
            format!("DROP DATABASE IF EXISTS {name}"),
            format!("DROP ROLE IF EXISTS {name}"),
            format!("CREATE ROLE {name} LOGIN"),
            format!("CREATE DATABASE {name} OWNER {name} ENCODING 'UTF8' TEMPLATE template0"),
            format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC"),
        ] {
            admin.execute_unprepared(&statement).await.unwrap();
        }
    }
    admin.close().await.unwrap();
}

async fn leave(server: &mut Process, person: &User) {
    let request = person.request("DELETE", "/api/account/");
    let answer = Answer::to(request.json(&json!({"password": person.password}))).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    server.line_with("an account is deleted everywhere").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dumps_of_a_server_come_back_without_logins_and_without_whoever_is_gone() {
    let Some(server) = scratch::server() else { return };
    make_databases(&server).await;
    let folder = TempDir::new().unwrap();
    let (_, place) = server.rsplit_once('@').unwrap();
    let place = place.split('/').next().unwrap();
    let [auth, chat] = ["auth", "chat"].map(|name| format!("postgres://{name}@{place}/{name}"));
    let data = folder.path().join("data").display().to_string();
    let start = |arguments: &[&str]| {
        let address = free_address();
        let settings = [
            ("AI_BUDDY_DATA", data.as_str()),
            ("AI_BUDDY_LISTEN", &address),
            ("AUTH_BCRYPT_COST", "10"),
            ("AUTH_DATABASE_URL", &auth),
            ("CHAT_DATABASE_URL", &chat),
        ];
        (Process::command("ai-buddy", arguments, &settings), Product::at(&address))
    };
    let (host, port) = place.split_once(':').unwrap();
    let bin = fs::read_dir("/usr/lib/postgresql").ok().and_then(|mut all| all.next());
    let bin = bin.map(|version| version.unwrap().path().join("bin").display().to_string());
    let path = format!("{}:/usr/bin:/bin", bin.unwrap_or_default());
    let variables =
        [("PATH", path.as_str()), ("PGHOST", host), ("PGPORT", port), ("BACKUP_KEEP", "2")];
    let script = |arguments: &[&str]| run(folder.path(), arguments, &variables);

    let (mut process, product) = start(&[]);
    product.ready().await;
    let (ada, grace) = (product.register("ada").await, product.register("grace").await);
    ada.say("words that stay").await;
    grace.say("words that go").await;
    let output = script(&["now"]);
    assert!(output.status.success(), "{output:?}");
    let dumps = names(folder.path());
    let time = dumps[0].strip_prefix("auth-").unwrap().strip_suffix(".dump").unwrap().to_owned();
    leave(&mut process, &grace).await;
    let output = script(&["restore", &time]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("stop all services first"), "{text}");
    process.stop().await;
    let output = script(&["restore", "20200101T000000Z"]);
    assert!(!output.status.success(), "{output:?}");

    let output = script(&["restore", &time]);
    assert!(output.status.success(), "{output:?}");
    let ledger = script(&["deleted"]);
    assert!(ledger.status.success(), "{ledger:?}");
    let file = folder.path().join("ledger");
    fs::write(&file, &ledger.stdout).unwrap();
    let (mut restored, _) = start(&["restored", "--deleted", file.to_str().unwrap()]);
    restored.ends_well().await;
    assert!(restored.output().contains("1 of them of accounts"), "{}", restored.output());

    let (mut process, product) = start(&[]);
    product.ready().await;
    process.line_with("an account is deleted everywhere").await;
    for person in [&ada, &grace] {
        has_no_login(&product, person).await;
    }
    assert!(log_in(&product, &grace, &grace.password).await.is_none());
    let back = log_in(&product, &ada, &ada.password).await.unwrap();
    assert_eq!(words_of(&back).await[0].1, "words that stay");
    let eve = product.register("eve").await;
    assert!(eve.id > 1_000_000 && words_of(&eve).await.is_empty());
    process.stop().await;
    let (mut refused, _) = start(&["backup", "anywhere"]);
    assert_eq!(refused.ended().await, Some(78));
    assert!(refused.output().contains("pg_dump"), "{}", refused.output());
}
