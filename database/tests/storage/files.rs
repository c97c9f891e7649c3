//! What is true of a file alone.

use std::os::unix::fs::PermissionsExt as _;

use database::{Database, Error, Url};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use tempfile::TempDir;

use crate::storage::notes::{Migrator, note, notes};

fn url(folder: &TempDir) -> Url {
    Url::of_file(&folder.path().join("notes.db"))
}

async fn open(folder: &TempDir) -> Database {
    Database::open::<Migrator>(&url(folder)).await.unwrap()
}

async fn delete_canaries(database: &Database) {
    let deleted = database.write(|tx| {
        async move {
            let delete = "delete from notes where text like 'canary%'";
            Ok::<_, Error>(tx.execute_unprepared(delete).await.map(drop)?)
        }
        .boxed()
    });
    deleted.await.unwrap();
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    note(&database, "kept").await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn where_no_file_can_be_none_is_made() {
    let missing = TempDir::new().unwrap().path().join("no/such/folder/notes.db");
    assert!(Database::open::<Migrator>(&Url::of_file(&missing)).await.is_err());
}

#[tokio::test]
async fn a_copy_is_whole_for_its_owner_alone_and_has_nothing_of_what_was_deleted() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy with 'a name'.db");
    let missing = database::copy(&url(&folder), &copy).await;
    assert!(matches!(missing, Err(Error::Missing)));
    let database = open(&folder).await;
    for text in ["canary of what goes", "what stays"] {
        note(&database, text).await.unwrap();
    }
    delete_canaries(&database).await;
    database::copy(&url(&folder), &copy).await.unwrap();
    database::examine(&copy).await.unwrap();
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let mut bytes = std::fs::read(&copy).unwrap();
    let has = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    assert!(has("what stays") && !has("canary"));
    assert_eq!(notes(&database).await, ["what stays"], "who was copied goes on");
    assert!(database::copy(&url(&folder), &copy).await.is_err(), "nothing is written over");

    let page = bytes.len() - 2048;
    bytes[page..].fill(0xff);
    std::fs::write(&copy, bytes).unwrap();
    let examined = database::examine(&copy).await;
    assert!(examined.is_err(), "{examined:?}");
}

/// So many rows that the tree they are in has branches: a copy makes them one after the other.
#[tokio::test]
async fn what_is_deleted_from_a_copy_is_overwritten_there_too() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    for first in ["canary", "what stays"] {
        let text = |number| format!("{first} {number} {}", "word ".repeat(50));
        let texts: Vec<_> = (0..100).map(text).collect();
        for noted in join_all(texts.iter().map(|text| note(&database, text))).await {
            noted.unwrap();
        }
    }
    let copy = folder.path().join("copy.db");
    database::copy(&url(&folder), &copy).await.unwrap();
    let copied = Database::open::<Migrator>(&Url::of_file(&copy)).await.unwrap();
    delete_canaries(&copied).await;
    copied.close().await;
    let bytes = std::fs::read(&copy).unwrap();
    assert_eq!(bytes.windows(6).filter(|part| *part == b"canary").count(), 0);
}

#[tokio::test]
async fn a_visitor_makes_nothing() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(Database::open_to_read(&url(&folder)).await, Err(Error::Missing)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_visitor_is_nobody_to_whoever_comes_in() {
    let folder = TempDir::new().unwrap();
    open(&folder).await.close().await;
    let url = url(&folder);
    let visitor = Database::open_to_read(&url).await.unwrap();
    let mut was_alone = false;
    let opened = Database::open_and_recover::<Migrator, Error, _>(&url, async |_| {
        was_alone = true;
        Ok(())
    });
    note(&opened.await.unwrap(), "written beside a visitor").await.unwrap();
    assert!(was_alone, "what a dead process left is put in order all the same");
    visitor.close().await.unwrap();
}

/// Whether any file of the database has these words in it.
fn is_on_disk(folder: &TempDir, words: &str) -> bool {
    std::fs::read_dir(folder.path()).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(words.len()).any(|part| part == words.as_bytes())
    })
}

#[tokio::test]
async fn what_was_deleted_leaves_the_log_as_soon_as_nobody_reads_it_any_more() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    note(&database, "words to forget").await.unwrap();
    let beside = format!("sqlite:{}", folder.path().join("notes.db").display());
    let visitor = sea_orm::Database::connect(beside).await.unwrap();
    let reading = visitor.begin().await.unwrap();
    reading.execute_unprepared("select text from notes").await.unwrap();
    database
        .write(|tx| {
            async move {
                Ok::<_, Error>(tx.execute_unprepared("delete from notes").await.map(drop)?)
            }
            .boxed()
        })
        .await
        .unwrap();
    assert!(is_on_disk(&folder, "words to forget"), "the log has it");
    database.wipe();
    // Somebody reads, and nobody else waits for that.
    note(&database, "something else").await.unwrap();
    reading.rollback().await.unwrap();
    let gone = async {
        while is_on_disk(&folder, "words to forget") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.unwrap();
    assert_eq!(notes(&database).await, ["something else"]);
    database.close().await;
}

#[tokio::test]
async fn whoever_finds_somebody_else_writing_may_come_again() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let somebody =
        sea_orm::Database::connect(format!("sqlite:{}", folder.path().join("notes.db").display()));
    let holding = scratch::hold(&somebody.await.unwrap(), "notes").await;
    let refused = note(&database, "hello").await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused}");
    holding.rollback().await.unwrap();
    note(&database, "hello").await.unwrap();
}
