//! What is true of a server alone. Where the tests are run without one, there is nothing to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use database::{Database, Error, Lock};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
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
