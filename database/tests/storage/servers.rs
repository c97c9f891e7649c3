//! What is true of a server alone. Where the tests are run without one, there is nothing to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chassis::settings::Settings;
use database::{Database, Error, Lock, Url};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use tempfile::TempDir;

use crate::storage::notes::{Migrator, insert, note, notes, open, url};

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_start_at_once_one_migrates() {
    let folder = TempDir::new().unwrap();
    let url = url(&folder);
    let opened = join_all((0..8).map(|_| Database::open::<Migrator>(&url))).await;
    for (number, database) in opened.into_iter().enumerate() {
        let database = database.unwrap();
        note(&database, &format!("note {number}")).await.unwrap();
        database.close().await;
    }
    assert_eq!(notes(&open(&folder).await).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_has_no_more_connections_than_it_is_given() {
    let folder = TempDir::new().unwrap();
    let address = scratch::address(folder.path(), "notes");
    let settings = [("NOTES_URL", address.as_str()), ("NOTES_CONNECTIONS", "3")];
    let url = Url::read(&mut Settings::from_pairs(settings), "NOTES", "notes").unwrap();
    let database = Database::open::<Migrator>(&url).await.unwrap();
    let all = (0..30).map(|number| {
        let database = database.clone();
        async move {
            note(&database, &number.to_string()).await.unwrap();
            notes(&database).await
        }
    });
    assert!(join_all(all).await.iter().all(|found| !found.is_empty()));
    assert_eq!(notes(&database).await.len(), 30);
    // A pooler has its own, and a file none.
    if address == scratch::direct(folder.path(), "notes") && address.starts_with("postgres") {
        let others = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let beside = scratch::connect_once(folder.path(), "notes").await;
        // What is not needed is kept for a minute: these are all that there ever were.
        assert_eq!(scratch::number(&beside, others).await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_lock_is_waited_for() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    let (at_work, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let jobs = (0..20).map(|number: u32| {
        let (at_work, most) = (at_work.clone(), most.clone());
        database.write(move |tx| {
            async move {
                Lock::of(1, 7).hold(tx).await?;
                most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                insert(tx, &number.to_string()).await?;
                at_work.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, Error>(())
            }
            .boxed()
        })
    });
    assert!(join_all(jobs).await.iter().all(Result::is_ok));
    assert_eq!(notes(&database).await.len(), 20);
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_on_outlasts_a_lock_that_is_held_for_longer_than_a_statement_may_take() {
    let folder = TempDir::new().unwrap();
    if !scratch::address(folder.path(), "notes").starts_with("postgres") {
        return;
    }
    let database = open(&folder).await;
    note(&database, "one").await.unwrap();
    let touch = "update notes set text = 'two'";
    let beside = scratch::connect_once(folder.path(), "notes").await;
    let holder = beside.begin().await.unwrap();
    holder.execute_unprepared("update notes set text = 'three'").await.unwrap();
    let holding = async {
        // Longer than `STATEMENT_TIMEOUT` by one look for a lock; in pieces, as who stands still is hung up on.
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            holder.execute_unprepared("select 1").await.unwrap();
        }
        holder.commit().await.unwrap();
    };
    let taken_on = database.write_patiently(move |tx| {
        async move { Ok::<_, Error>(tx.execute_unprepared(touch).await?.rows_affected()) }.boxed()
    });
    let (touched, ()) = tokio::join!(taken_on, holding);
    assert_eq!((touched.unwrap(), notes(&database).await), (1, vec!["two".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_to_the_server_that_is_lost_without_a_word_is_given_up_and_another_is_found() {
    let folder = TempDir::new().unwrap();
    let address = scratch::direct(folder.path(), "notes");
    if !address.starts_with("postgres") {
        return;
    }
    let relay = scratch::Relay::to(&address).await;
    let settings = [("NOTES_URL", relay.address()), ("NOTES_CONNECTIONS", "2")];
    let url = Url::read(&mut Settings::from_pairs(settings), "NOTES", "notes").unwrap();
    let database = Database::open::<Migrator>(&url).await.unwrap();
    note(&database, "one").await.unwrap();
    assert_eq!(notes(&database).await, ["one"]);
    relay.lose_all();
    // There is one connection to write: nothing works before that one is given up.
    let taken_on = database.write_patiently(|tx| async move { insert(tx, "two").await }.boxed());
    let taken_on = tokio::time::timeout(Duration::from_secs(20), taken_on);
    let is_well = async { while !database.is_well().await {} };
    let is_well = tokio::time::timeout(Duration::from_secs(20), is_well);
    let (written, is_well) = tokio::join!(taken_on, is_well);
    written.unwrap().unwrap();
    is_well.unwrap();
    assert_eq!(notes(&database).await, ["one", "two"], "and it was written once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_many_statements_is_done_once_and_takes_as_long_as_it_takes() {
    let folder = TempDir::new().unwrap();
    if !scratch::address(folder.path(), "notes").starts_with("postgres") {
        return;
    }
    let database = open(&folder).await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let job = database.write_at_length(move |tx| {
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            insert(tx, "one").await?;
            // Longer than anything that is asked of a server may take, in pieces that each are no longer than they may.
            for _ in 0..4 {
                tx.execute_unprepared("select pg_sleep(2.5)").await?;
            }
            Ok::<_, Error>(())
        }
        .boxed()
    });
    job.await.unwrap();
    assert_eq!((notes(&database).await, tries.load(Ordering::SeqCst)), (vec!["one".into()], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_were_in_each_others_way_try_again() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    for note_of in ["one", "two"] {
        note(&database, note_of).await.unwrap();
    }
    let swap = |first: &'static str, second: &'static str| {
        let database = database.clone();
        async move {
            database
                .write(move |tx| {
                    async move {
                        for text in [first, second] {
                            let touch =
                                format!("update notes set text = text where text = '{text}'");
                            tx.execute_unprepared(&touch).await?;
                            // Time enough for the other one to take its first.
                            tokio::task::yield_now().await;
                        }
                        Ok::<_, Error>(())
                    }
                    .boxed()
                })
                .await
        }
    };
    for _ in 0..3 {
        let (one, two) = tokio::join!(swap("one", "two"), swap("two", "one"));
        one.unwrap();
        two.unwrap();
    }
}
