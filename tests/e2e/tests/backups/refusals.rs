//! What is no backup, or cannot be made one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::House;

/// Everything in a folder, to the last byte, but not what SQLite puts beside a database for those who look.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_str().unwrap();
        if path.is_dir() {
            found.extend(everything(&path));
        } else if !name.ends_with("-shm") && !name.ends_with("-wal") {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// Something that is done to a backup.
type Harm = fn(&Path);

/// Changes a file of a backup.
fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_whole_backup_is_refused_and_nothing_changes() {
    let Some((_stub, house)) = House::with_files().await else { return };
    let (mut server, product) = house.start("data").await;
    product.register("ada").await.say("hello").await;
    let backup = house.backup().await;
    let refused = async |backup: &str, why: &str| {
        let before = everything(&house.folder("data"));
        let ended = house.run("data", &["restore", backup, "--replace"]).await;
        assert!(ended.code == Some(1) && ended.text.contains(why), "{why}: {}", ended.text);
        assert_eq!(everything(&house.folder("data")), before, "{why}");
    };
    refused(&backup, "another ai-buddy works in").await;
    server.stop().await;

    let harm: [(&str, Harm); 9] = [
        ("chat.db is damaged", |of| {
            change(&of.join("chat.db"), |bytes| bytes[5000] ^= 1);
        }),
        ("auth.db is damaged", |of| {
            change(&of.join("auth.db"), |bytes| bytes.truncate(8192));
        }),
        ("pepper.key is damaged", |of| change(&of.join("keys/pepper.key"), |bytes| bytes[0] ^= 1)),
        ("pepper.key cannot be read", |of| fs::remove_file(of.join("keys/pepper.key")).unwrap()),
        ("chat.db cannot be read", |of| fs::remove_file(of.join("chat.db")).unwrap()),
        ("is no backup", |of| fs::remove_file(of.join("backup.json")).unwrap()),
        ("backup.json is damaged", |of| {
            change(&of.join("backup.json"), |bytes| bytes.truncate(99));
        }),
        ("later than this one", |of| {
            let text = fs::read_to_string(of.join("backup.json")).unwrap();
            fs::write(of.join("backup.json"), text.replace("\"format\": 1", "\"format\": 2"))
                .unwrap();
        }),
        ("is no backup", |of| {
            fs::remove_dir_all(of).unwrap();
            fs::create_dir(of).unwrap();
            fs::write(of.join("holiday.jpg"), "not ours").unwrap();
        }),
    ];
    for (why, harm) in harm {
        let harmed = house.folder("harmed");
        copy(&house.folder(&backup), &harmed);
        harm(&harmed);
        refused("harmed", why).await;
        fs::remove_dir_all(&harmed).unwrap();
    }
    refused("nowhere", "is no backup").await;
    let occupied = house.run("data", &["restore", &backup]).await;
    assert!(occupied.code == Some(1) && occupied.text.contains("--replace"), "{}", occupied.text);

    let step = "INSERT INTO chat_migrations VALUES ('m9999_of_another_year', 0)";
    scratch::change(&house.folder("data"), "chat", step).await;
    refused(&house.backup().await, "is it of a later one?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_room_there_is_no_backup_and_no_restore() {
    let Some((_stub, house)) = House::with_files().await else { return };
    let (mut server, product) = house.start("data").await;
    product.register("ada").await.say("hello").await;
    fs::write(house.folder("file"), "a file where a folder should be").unwrap();
    let ended = house.run("data", &["backup", "file/backups"]).await;
    assert!(ended.code == Some(1) && ended.text.contains("cannot be made"), "{}", ended.text);
    let backup = house.backup().await;
    server.stop().await;

    // A disk that takes no file of more than 40 KB: what is too large is an error, as on one that is full.
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("ai-buddy");
    let with_little_room = |data: &str, arguments: &[&str]| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 80; exec \"$@\"", "sh"]).arg(&program);
        command.args(arguments).env_clear().env("AI_BUDDY_DATA", house.folder(data));
        let output = command.current_dir(house.place.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && !text.contains("panicked"), "{text}");
        text
    };
    let text = with_little_room("data", &["backup", "backups"]);
    assert!(text.contains("no backup was made"), "{text}");
    assert_eq!(house.backups(), [backup.as_str()]);
    let text = with_little_room("restored", &["restore", &backup]);
    assert!(text.contains("nothing was restored"), "{text}");
    let left = everything(&house.folder("restored"));
    assert!(left.iter().all(|(path, _)| path.ends_with("lock")), "{left:?}");
    house.restore(&backup, "restored").await;

    let theirs = fs::File::open(house.folder("backups/lock")).unwrap();
    theirs.lock().unwrap();
    let busy = house.run("data", &["backup", "backups"]).await;
    assert!(busy.code == Some(1) && busy.text.contains("another backup"), "{}", busy.text);
    drop(theirs);
    let nothing = house.run("nothing", &["backup", "backups"]).await;
    assert!(
        nothing.code == Some(1) && nothing.text.contains("nothing to back up"),
        "{}",
        nothing.text
    );
    for (keep, code) in [("0", 78), ("few", 78), ("1", 0)] {
        let ended = house.run("data", &["backup", "backups", "--keep", keep]).await;
        assert_eq!(ended.code, Some(code), "{}", ended.text);
    }
    let kept = house.backups();
    assert!(kept.len() == 1 && kept[0] != backup, "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_would_give_somebodys_number_anew_do_not_start_beside_their_conversations() {
    let Some((_stub, house)) = House::with_files().await else { return };
    let (mut server, product) = house.start("data").await;
    product.register("ada").await.say("hello").await;
    server.stop().await;
    let data = house.folder("data");
    let sound = house.run("data", &["check"]).await;
    assert!(sound.code == Some(0) && sound.text.contains("ok      numbers"), "{}", sound.text);
    let accounts = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
    for file in accounts.filter(|path| path.to_str().unwrap().contains("/auth.db")) {
        fs::remove_file(file).unwrap();
    }
    let before = everything(&data);
    for words in [&[][..], &["check"]] {
        let ended = house.run("data", words).await;
        let is_told = ended.text.contains("would have somebody else's conversations");
        assert!(ended.code == Some(1) && is_told, "{words:?}: {}", ended.text);
    }
    assert_eq!(everything(&data), before, "and no accounts are made");

    // The accounts are gone for good.
    for words in ["migrate", "restored"] {
        let ended = house.run("data", &[words]).await;
        assert_eq!(ended.code, Some(0), "{words}: {}", ended.text);
    }
    let (_server, product) = house.start("data").await;
    let grace = product.register("grace").await;
    assert_eq!(grace.get("/api/get-messages/?session_id=1").await.status, 404);
    assert!(grace.id > 1_000_000, "{}", grace.id);
}
