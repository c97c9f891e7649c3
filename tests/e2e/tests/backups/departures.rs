//! Whoever is gone stays gone, and whoever comes is somebody new.

use std::path::Path;
use std::time::Duration;

use e2e::{Answer, Process, User};
use serde_json::json;

use super::{House, has_no_login, log_in, manifest, words_of};

const WORDS: &str = "canary of what grace said";

/// Deletes an account, and waits until it is gone everywhere.
async fn leave(server: &Process, person: &User) {
    let gone = "an account is deleted everywhere";
    let before = server.lines_with(gone);
    let request = person.request("DELETE", "/api/account/");
    let answer = Answer::to(request.json(&json!({"password": person.password}))).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    server.more_lines_with(gone, before).await;
}

/// Whether any file of a folder holds these words, those that were put aside left out.
fn holds(folder: &Path, words: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap();
            return !name.starts_with("replaced-") && holds(&path, words);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(words.len()).any(|part| part == words.as_bytes())
    })
}

/// Waits until nothing of the deletions is left to do.
async fn settled(house: &House, data: &str) {
    let auth = scratch::connect(&house.folder(data), "auth").await;
    let settled = async {
        while scratch::number(&auth, "SELECT COUNT(*) FROM deletions").await > 0 {
            // Another process writes this file, and tells nobody: one can only look again.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), settled).await.unwrap();
    auth.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_deleted_after_a_backup_is_not_in_what_is_restored() {
    let Some((_stub, house)) = House::with_files().await else { return };
    let (mut server, product) = house.start("data").await;
    let ada = product.register("ada").await;
    ada.say("words that stay").await;
    let grace = product.register("grace").await;
    grace.say(WORDS).await;
    let first = house.backup().await;
    assert!(holds(&house.folder(&first), WORDS));
    let joan = product.register("joan").await;
    leave(&server, &grace).await;
    leave(&server, &joan).await;
    let second = house.backup().await;
    assert!(!holds(&house.folder(&second), WORDS), "what is deleted is not copied");
    let deleted = manifest(&house.folder(&second))["deleted"].clone();
    assert_eq!((&deleted[0]["id"], &deleted[1]["id"]), (&json!(grace.id), &json!(joan.id)));

    // Somewhere else: the other backup knows that she is gone.
    let said = house.restore(&first, "elsewhere").await;
    assert!(said.contains("1 of them of accounts that were deleted after the backup"), "{said}");
    // In the same place, where that backup is lost: what is replaced knows.
    server.stop().await;
    std::fs::remove_dir_all(house.folder(&second)).unwrap();
    let ended = house.run("data", &["restore", &first, "--replace"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.text);
    for data in ["elsewhere", "data"] {
        let (mut server, product) = house.start(data).await;
        settled(&house, data).await;
        for person in [&ada, &grace] {
            has_no_login(&product, person).await;
        }
        assert!(log_in(&product, &grace, &grace.password).await.is_none());
        let body = json!({"username": grace.name, "password": "another good password"});
        let taken = product.post("/api/register/", &body).await;
        assert_eq!(taken.says(), (400, "username_taken".into()));
        let back = log_in(&product, &ada, &ada.password).await.unwrap();
        assert_eq!(words_of(&back).await[0].1, "words that stay");
        let eve = product.register("eve").await;
        assert!(eve.id > joan.id, "{} was somebody's number", eve.id);
        assert!(words_of(&eve).await.is_empty());
        server.stop().await;
        assert!(!holds(&house.folder(data), WORDS), "{data}");
        // Joan, whom the restored accounts never knew, is not forgotten with what was replaced.
        let ended = house.run(data, &["backup", "later"]).await;
        let later = house.folder(ended.text.split_once(": ").unwrap().0);
        let deleted = manifest(&later)["deleted"].as_array().unwrap().clone();
        assert!(deleted.iter().any(|who| who["id"] == joan.id), "{deleted:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_number_of_somebody_deleted_is_somebody_else() {
    let Some((_stub, house)) = House::with_files().await else { return };
    let (mut server, product) = house.start("data").await;
    let ada = product.register("ada").await;
    ada.say("hello").await;
    let backup = house.backup().await;
    server.stop().await;
    house.restore(&backup, "restored").await;
    // A ledger of another time, in which her number was somebody else's.
    let ledger = house.folder("deleted.csv");
    std::fs::write(&ledger, format!("{},2020-01-01T00:00:00Z\n", ada.id)).unwrap();
    let ended = house.run("restored", &["restored", "--deleted", "deleted.csv"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.text);
    let (mut server, product) = house.start("restored").await;
    assert!(log_in(&product, &ada, &ada.password).await.is_some());
    let busy = house.run("restored", &["restored"]).await;
    assert!(busy.code == Some(1) && busy.text.contains("another ai-buddy"), "{}", busy.text);
    server.stop().await;
}
