//! What is true of a file alone.

use std::os::unix::fs::PermissionsExt as _;

use database::{Database, Error, Url};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, Statement, TransactionTrait as _};
use tempfile::TempDir;

use crate::storage::notes::{Migrator, note, notes};

fn url(folder: &TempDir) -> Url {
    Url::of_file(&folder.path().join("notes.db"))
}

async fn open(folder: &TempDir) -> Database {
    Database::open::<Migrator>(&url(folder)).await.unwrap()
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

async fn looked_up(folder: &TempDir) -> Result<usize, Error> {
    let visitor = Database::open_to_read(&url(folder)).await?;
    let all = Statement::from_string(visitor.get_database_backend(), "select text from notes");
    let found = visitor.query_all_raw(all).await?.len();
    let sql = "insert into notes (text) values ('visited')";
    assert!(visitor.execute_unprepared(sql).await.is_err(), "a visitor only looks");
    visitor.close().await?;
    Ok(found)
}

#[tokio::test]
async fn a_visitor_sees_what_is_kept_and_makes_nothing() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(looked_up(&folder).await, Err(Error::Missing)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let database = open(&folder).await;
    note(&database, "one").await.unwrap();
    assert_eq!(looked_up(&folder).await.unwrap(), 1, "beside whoever writes");
    note(&database, "two").await.unwrap();
    database.close().await;
    assert_eq!(looked_up(&folder).await.unwrap(), 2, "and when nobody does");
    assert_eq!(notes(&open(&folder).await).await, ["one", "two"]);
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
    let visitor = Database::open_to_read(&url(&folder)).await.unwrap();
    let reading = visitor.begin().await.unwrap();
    let before = reading.execute_unprepared("select text from notes").await;
    before.unwrap();
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
