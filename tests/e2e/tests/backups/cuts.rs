//! Backups and restores that are killed at any moment.

use std::time::{Duration, Instant};

use super::{House, log_in, words_of};

/// How often each is killed.
const KILLS: u32 = 16;

/// Moments from the first on to some time after something that takes `whole` has ended.
fn moments(whole: Duration) -> impl Iterator<Item = Duration> {
    (0..KILLS).map(move |kill| whole * kill * 3 / (2 * KILLS))
}

/// Fills the data folder with enough that a backup takes its time, all of it somebody's.
async fn speak(person: &e2e::User) {
    for number in 0..12 {
        person.say(&format!("{number}: {}", "a long story ".repeat(300))).await;
    }
}

/// How many backups were begun and not ended.
fn unfinished(house: &House) -> usize {
    let all = std::fs::read_dir(house.folder("backups")).unwrap();
    let names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_is_none() {
    let Some((_stub, house)) = House::with_files().await else { return };
    let (mut server, product) = house.start("data").await;
    speak(&product.register("ada").await).await;
    let begun = Instant::now();
    house.backup().await;
    let mut cut = 0;
    for moment in moments(begun.elapsed()) {
        let mut backup = house.begin("data", &["backup", "backups", "--keep", "3"]);
        // The moment is what is tested: any will do, and all of them should.
        tokio::time::sleep(moment).await;
        backup.kill().await;
        cut += unfinished(&house);
    }
    // On a machine that is fast enough each of them ended before or after its work: so one is watched.
    for _ in 0..20 {
        if cut > 0 {
            break;
        }
        let mut backup = house.begin("data", &["backup", "backups", "--keep", "3"]);
        let seen = async {
            while unfinished(&house) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let _ended_before = tokio::time::timeout(Duration::from_secs(3), seen).await;
        backup.kill().await;
        cut += unfinished(&house);
    }
    assert!(cut > 0, "some were cut off while they were made");
    let last = house.run("data", &["backup", "backups", "--keep", "3"]).await;
    assert_eq!(last.code, Some(0), "{}", last.text);
    server.stop().await;
    assert_eq!(unfinished(&house), 0, "what is left is removed");
    let backups = house.backups();
    assert!((1..=3).contains(&backups.len()), "{backups:?}");
    for (number, backup) in backups.iter().enumerate() {
        let said = house.restore(backup, &format!("restored{number}")).await;
        assert!(said.contains("messages: 24"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_leaves_what_was_there_or_what_was_backed_up() {
    let Some((_stub, house)) = House::with_files().await else { return };
    let (mut server, product) = house.start("data").await;
    let ada = product.register("ada").await;
    speak(&ada).await;
    let backup = house.backup().await;
    ada.say("after the backup").await;
    server.stop().await;
    let begun = Instant::now();
    house.restore(&backup, "elsewhere").await;
    let (mut untouched, mut restored) = (0, 0);
    for moment in moments(begun.elapsed()).map(Some).chain([None]) {
        let mut restore = house.begin("data", &["restore", &backup, "--replace"]);
        if let Some(moment) = moment {
            // The moment is what is tested: any will do, and all of them should.
            tokio::time::sleep(moment).await;
            restore.kill().await;
        } else {
            restore.ends_well().await;
        }
        let (mut server, product) = house.start("data").await;
        let back = log_in(&product, &ada, &ada.password).await.unwrap();
        let words = words_of(&back).await;
        let is_restored = words.len() == 24;
        assert!(is_restored || words.len() == 26, "{}", words.len());
        let is_old = product.returning(ada.clone()).get("/api/sessions/").await.status == 200;
        // Everything is of one time: words, accounts and keys.
        assert!(is_restored != is_old || restored > 0);
        if is_restored {
            restored += 1;
            back.say("after the backup").await;
        } else {
            untouched += 1;
        }
        server.stop().await;
    }
    println!("{untouched} restores were cut off before they counted, {restored} after");
    assert!(untouched > 0 && restored > 0, "{untouched} {restored}");
    let left = std::fs::read_dir(house.folder("data")).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: Vec<_> = names.filter(|name| name.starts_with("restore.")).collect();
    assert!(names.is_empty(), "{names:?}");
}
