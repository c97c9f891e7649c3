//! Looking at a database beside whoever works with it.

use database::{Database, Error, pending};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;

use crate::storage::notes::{Migrator, note, notes, open, url};

async fn looked_up(folder: &TempDir) -> usize {
    let visitor = Database::open_to_read(&url(folder)).await.unwrap();
    let look = async || {
        let found = visitor.read(|read| async move {
            let all = Statement::from_string(read.get_database_backend(), "select text from notes");
            Ok::<_, Error>(read.query_all_raw(all).await?.len())
        });
        found.await.unwrap()
    };
    let found = look().await;
    let sneaky = visitor.read(|read| async move {
        let sql = "insert into notes (text) values ('visited')";
        Ok::<_, Error>(read.execute_unprepared(sql).await.map(drop)?)
    });
    assert!(sneaky.await.is_err(), "a visitor only looks");
    assert_eq!(look().await, found, "and goes on looking");
    visitor.close().await.unwrap();
    found
}

#[tokio::test]
async fn a_visitor_sees_what_is_kept() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    note(&database, "one").await.unwrap();
    assert_eq!(looked_up(&folder).await, 1, "beside whoever writes");
    note(&database, "two").await.unwrap();
    database.close().await;
    assert_eq!(looked_up(&folder).await, 2, "and when nobody does");
    assert_eq!(notes(&open(&folder).await).await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_visitors_look_at_once_and_none_finds_what_another_left_behind() {
    let folder = TempDir::new().unwrap();
    let database = open(&folder).await;
    note(&database, "one").await.unwrap();
    for _ in 0..3 {
        let visits = join_all((0..8).map(|_| looked_up(&folder)));
        assert_eq!(visits.await, [1; 8]);
        let url = url(&folder);
        let steps = join_all((0..8).map(|_| pending::<Migrator>(&url))).await;
        assert!(steps.into_iter().all(|steps| steps.unwrap().is_empty()));
    }
}
