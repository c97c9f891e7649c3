//! Nothing is left of whoever is deleted, and of others everything.

use openai_stub::Stub;

use super::life::{MOUNTAINS, RIVERS};
use super::remains::Remains;
use super::{ADA, GRACE};
use crate::service::harness::{Service, patient};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_whoever_is_deleted_and_everything_of_everybody_else() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, grace) = (service.person(ADA), service.person(GRACE));
    ada.live(&stub, &MOUNTAINS).await;
    grace.live(&stub, &RIVERS).await;

    let remains = Remains::of(&service).await;
    for (table, rows) in remains.rows_of(ADA).await {
        assert!(!rows.is_empty(), "a life should leave something in {table}");
    }
    for word in MOUNTAINS.all() {
        assert!(!remains.places_of(word).await.is_empty(), "{word} should be somewhere");
    }
    let index = remains.places_of(MOUNTAINS.said).await;
    let learned = if scratch::server().is_some() { "messages.search" } else { "learned" };
    assert!(index.contains(&learned.to_owned()), "the index should know it too: {index:?}");
    let before = (remains.rows_of(GRACE).await, remains.counts().await);

    service.purge(ADA).await.unwrap();
    for (table, rows) in remains.rows_of(ADA).await {
        assert!(rows.is_empty(), "{table} still has {rows:?}");
    }
    for word in MOUNTAINS.all() {
        let places = remains.places_of(word).await;
        assert!(places.is_empty(), "{word} still stands in {places:?}");
    }
    assert_eq!(remains.places_of(&ADA.to_string()).await, ["departed.user_id"]);

    let counts = remains.counts().await.into_iter();
    let (departed, others): (Vec<_>, Vec<_>) =
        counts.partition(|count| count.contains(" departed "));
    assert_eq!((remains.rows_of(GRACE).await, others), before);
    assert_eq!(departed.len(), 1, "her turns are counted on, as nobody's");
    for word in RIVERS.all() {
        assert!(!remains.places_of(word).await.is_empty(), "{word} should still be there");
    }
    assert!(remains.finds("moldau").await);
    assert!(grace.say_in(None, "Still here?").await.is_ok());

    remains.close().await;
    let data = service.stop().await;
    // A server overwrites what is deleted when it cleans up.
    let Ok(file) = std::fs::read(data.path().join("chat.db")) else { return };
    let has = |word: &str| file.windows(word.len()).any(|place| place == word.as_bytes());
    for (hers, not_hers) in MOUNTAINS.all().into_iter().zip(RIVERS.all()) {
        assert!(!has(hers), "what is deleted is overwritten: {hers}");
        assert!(has(not_hers), "and nothing else: {not_hers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_again_or_about_nobody_it_is_done() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, grace) = (service.person(ADA), service.person(GRACE));
    ada.say("hello").await;
    grace.say("hello").await;
    let remains = Remains::of(&service).await;
    let hers = remains.rows_of(GRACE).await;
    let (first, second) = tokio::join!(service.purge(ADA), service.purge(ADA));
    first.and(second).unwrap();
    let gone = remains.count("departed").await;
    for nobody in [ADA, 999, 0, -1, i64::MAX] {
        service.purge(nobody).await.unwrap();
    }
    assert_eq!((remains.size_of(ADA).await, gone), (0, 1));
    assert_eq!(remains.rows_of(GRACE).await, hers);
    let restarted = service.restart(patient(&stub)).await;
    restarted.purge(ADA).await.unwrap();
    assert_eq!(restarted.person(GRACE).messages(2).await.len(), 2);
}
