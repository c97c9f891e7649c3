//! What is kept, what is undone, and what happens at the edges: the same on a file and on a server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod storage {
    mod addresses;
    mod files;
    pub(crate) mod notes;
    mod servers;
    mod visits;
}

use database::Error;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

use crate::storage::notes::{insert, note, notes, open};

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    note(&database, "kept").await.unwrap();
    assert_eq!(notes(&database).await, ["kept"]);
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
    // A server does many jobs at once, and the last may be done first.
    let all = async {
        while notes(&database).await.len() < 21 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all).await.unwrap();
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
