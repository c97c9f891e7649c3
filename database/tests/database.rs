//! What is kept, what is undone, and what happens at the edges.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::os::unix::fs::PermissionsExt as _;

use database::{Database, Error};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, DbErr, QueryResult, Statement, TransactionTrait as _,
};
use sea_orm_migration::prelude::*;
use tempfile::TempDir;

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Notes)]
    }
}

#[derive(DeriveMigrationName)]
struct Notes;

#[async_trait::async_trait]
impl MigrationTrait for Notes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "create table notes (id integer primary key autoincrement, text text unique)";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }
}

fn url(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("notes.db").display())
}

async fn open(folder: &TempDir) -> Database {
    Database::open::<Migrator>(&url(folder)).await.unwrap()
}

async fn insert(tx: &DatabaseTransaction, text: &str) -> Result<(), Error> {
    let sql = "insert into notes (text) values (?)";
    let insert = Statement::from_sql_and_values(tx.get_database_backend(), sql, [text.into()]);
    Ok(tx.execute_raw(insert).await.map(drop)?)
}

async fn note(database: &Database, text: &str) -> Result<(), Error> {
    let text = text.to_owned();
    database.write(move |tx| async move { insert(tx, &text).await }.boxed()).await
}

async fn notes(database: &Database) -> Vec<String> {
    let query = "select text from notes order by text";
    let rows = database.read(move |read| async move {
        let all = Statement::from_string(read.get_database_backend(), query);
        Ok::<_, Error>(read.query_all_raw(all).await?)
    });
    let text = |row: &QueryResult| row.try_get("", "text").unwrap();
    rows.await.unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    note(&database, "kept").await.unwrap();
    assert_eq!(notes(&database).await, ["kept"]);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for the owner alone");
    }
    database.close().await;
    let database = open(&folder).await;
    assert_eq!(notes(&database).await, ["kept"]);
    assert!(database.is_well().await);
}

#[tokio::test]
async fn a_job_that_fails_undoes_itself_and_nobody_else() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let jobs = (0..100).map(|number| {
        let database = database.clone();
        async move {
            database
                .write(move |tx| {
                    async move {
                        insert(tx, &format!("note {number:02}")).await?;
                        if number % 2 == 0 {
                            Ok(())
                        } else {
                            Err(Error::Address("changed my mind"))
                        }
                    }
                    .boxed()
                })
                .await
        }
    });
    let outcomes = join_all(jobs).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), number % 2 == 0, "{number}: {outcome:?}");
    }
    let kept: Vec<_> = (0..50).map(|number| format!("note {:02}", 2 * number)).collect();
    assert_eq!(notes(&database).await, kept);
}

#[tokio::test]
async fn a_duplicate_is_told_from_other_failures() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    note(&database, "once").await.unwrap();
    assert!(note(&database, "once").await.unwrap_err().is_duplicate());
    let nonsense = database.write(|tx| {
        async move { Ok::<_, Error>(tx.execute_unprepared("nonsense").await.map(drop)?) }.boxed()
    });
    assert!(!nonsense.await.unwrap_err().is_duplicate());
}

#[tokio::test]
async fn a_job_that_panics_takes_nobody_with_it() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let broken = database.write(|tx| {
        async move {
            insert(tx, "half a thought").await?;
            panic!("in the middle of it");
            #[expect(unreachable_code, reason = "says what it would have returned")]
            Ok::<(), Error>(())
        }
        .boxed()
    });
    let (broken, fine) = tokio::join!(broken, note(&database, "a whole one"));
    assert!(matches!(broken, Err(Error::Closed)));
    fine.unwrap();
    assert_eq!(notes(&database).await, ["a whole one"]);
}

#[tokio::test]
async fn readers_cannot_write() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let sneaky = database.read(|read| async move {
        let sql = "insert into notes (text) values ('sneaky')";
        Ok::<_, Error>(read.execute_unprepared(sql).await.map(drop)?)
    });
    assert!(sneaky.await.is_err());
    assert!(notes(&database).await.is_empty());
}

#[tokio::test]
async fn a_caller_who_leaves_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    for number in 0..20 {
        let text = format!("left behind {number}");
        // Polled once, so that the job is in the queue, and then dropped.
        assert!(Box::pin(note(&database, &text)).now_or_never().is_none());
    }
    note(&database, "stayed").await.unwrap();
    assert_eq!(notes(&database).await.len(), 21);
}

#[tokio::test]
async fn closing_does_what_was_asked_for_before() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let asked = (0..50).map(|number| {
        let database = database.clone();
        async move { note(&database, &format!("note {number}")).await }
    });
    let asked = join_all(asked);
    tokio::pin!(asked);
    assert!(asked.as_mut().now_or_never().is_none());
    database.clone().close().await;
    assert!(asked.await.iter().all(Result::is_ok));
    assert!(matches!(note(&database, "too late").await, Err(Error::Closed)));
    assert_eq!(notes(&open(&folder).await).await.len(), 50);
}

#[tokio::test]
async fn a_commit_that_fails_is_not_the_end() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let table =
        "create table leaves (note integer references notes (id) deferrable initially deferred)";
    let made = database.write(move |tx| {
        async move { Ok::<_, Error>(tx.execute_unprepared(table).await.map(drop)?) }.boxed()
    });
    made.await.unwrap();
    for round in 0..3 {
        // Only the commit finds out that there is no such note.
        let orphan = database.write(|tx| {
            let leaf = "insert into leaves (note) values (999)";
            async move { Ok::<_, Error>(tx.execute_unprepared(leaf).await.map(drop)?) }.boxed()
        });
        assert!(matches!(orphan.await, Err(Error::Refused(_))));
        note(&database, &format!("round {round}")).await.unwrap();
        assert!(database.is_well().await);
    }
    assert_eq!(notes(&open(&folder).await).await.len(), 3, "and they are on disk");
}

#[tokio::test]
async fn when_too_many_read_newcomers_are_turned_away_and_work_taken_on_waits() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let (finish, wait) = tokio::sync::watch::channel(false);
    let slow = (0..256).map(|_| {
        let mut wait = wait.clone();
        database.read(move |_| async move {
            wait.wait_for(|done| *done).await.map(drop).map_err(|_| Error::Closed)
        })
    });
    let slow = join_all(slow);
    tokio::pin!(slow);
    assert!(slow.as_mut().now_or_never().is_none());
    let newcomer = database.read(|_| async { Ok::<_, Error>(()) });
    assert!(matches!(newcomer.await, Err(Error::Overloaded)));
    let begun = database.read_patiently(|_| async { Ok::<_, Error>(()) });
    tokio::pin!(begun);
    assert!(begun.as_mut().now_or_never().is_none());
    finish.send_replace(true);
    begun.await.unwrap();
    assert!(slow.await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn an_address_that_is_no_file_is_refused() {
    for wrong in ["sqlite::memory:", "mysql://somewhere", ""] {
        let refused = Database::open::<Migrator>(wrong).await;
        assert!(matches!(refused, Err(Error::Address(_))), "{wrong}");
    }
    let folder = TempDir::new().unwrap();
    let missing = format!("sqlite:{}/no/such/folder/notes.db", folder.path().display());
    assert!(Database::open::<Migrator>(&missing).await.is_err());
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
