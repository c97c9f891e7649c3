//! The dumps that the compose file makes of a PostgreSQL server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use e2e::{Answer, Process, Product, User, free_address};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use tempfile::TempDir;

use super::super::boundaries::root;
use super::{has_no_login, log_in, words_of};

/// Runs the script on a folder, with these variables.
fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    for name in ["auth", "chat"] {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("password"), "canary-password").unwrap();
    }
    fs::create_dir_all(folder.join("dumps")).unwrap();
    let mut command = Command::new("/bin/sh");
    command.arg(root().join("deploy/backup/run")).args(arguments);
    command.env_clear().env("TMPDIR", folder).env("BACKUP_PASSWORDS", folder);
    command.env("BACKUP_FOLDER", folder.join("dumps")).envs(variables.iter().copied());
    command.output().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("dumps")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "lock");
    names.sort();
    names
}

#[test]
fn conversations_are_dumped_before_accounts_and_what_is_not_whole_has_no_name() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    // Programs that write down what they are asked for, and do it, or leave off in the middle.
    let tool = |name: &str, text: &str| {
        let place = folder.join("bin").join(name);
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(&place, format!("#!/bin/sh\necho {name} \"$@\" >>\"$ASKED\"\n{text}\n")).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let dump = "for last; do :; done\necho half >\"${last#--file=}\"\n[ \"$2\" != \"--username=$BROKEN\" ]";
    tool("pg_dump", dump);
    tool("psql", "echo id,created_at");
    let (path, asked) =
        (folder.join("bin").display().to_string() + ":/usr/bin:/bin", folder.join("asked"));
    let with = |broken: &'static str| {
        [("PATH", path.as_str()), ("ASKED", asked.to_str().unwrap()), ("BROKEN", broken)]
    };
    for broken in ["chat", "auth"] {
        let output = run(folder, &["now"], &with(broken));
        assert!(!output.status.success(), "{output:?}");
        let named = names(folder).into_iter().filter(|name| !name.ends_with(".unfinished"));
        assert_eq!(named.count(), 0, "{broken}");
    }
    fs::remove_file(&asked).unwrap();
    let output = run(folder, &["now"], &with(""));
    assert!(output.status.success(), "{output:?}");
    let asked = fs::read_to_string(&asked).unwrap();
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
