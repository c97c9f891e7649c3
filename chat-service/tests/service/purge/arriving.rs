//! What arrives while somebody is being deleted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use openai_stub::{Behaviour, Stub};
use proto::chat::v1::{CreateSessionRequest, UpdatePreferencesRequest};
use tokio::sync::Semaphore;

use super::remains::Remains;
use crate::service::harness::{Person, Service, patient};

impl Person {
    /// Does one thing after another until they are told that they are gone: once `is_gone`, at once.
    async fn go_on(&self, first: usize, done: &Semaphore, is_gone: &AtomicBool) {
        for step in first.. {
            let must_be_told = is_gone.load(Ordering::Acquire);
            let answer = match step % 4 {
                0 => {
                    let set = UpdatePreferencesRequest { region: Some("GB".into()) };
                    self.client.clone().update_preferences(self.asks(set)).await.map(drop)
                }
                1 => {
                    let new = CreateSessionRequest { title: "eiger".into(), ..Default::default() };
                    self.client.clone().create_session(self.asks(new)).await.map(drop)
                }
                2 => self.say_in(None, "I want to die, zugspitze").await.map(drop),
                _ => self.say_in(None, "watzmann").await.map(drop),
            };
            match answer.map_err(|status| chassis::status::reason(&status).unwrap().1) {
                Err(reason) if reason == "ACCOUNT_DELETED" => return,
                Ok(()) => done.add_permits(1),
                Err(_) => {}
            }
            assert!(!must_be_told, "something was taken from somebody who is gone");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_arrives_while_somebody_is_deleted_leaves_nothing_behind() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Slow { delay: Duration::from_millis(10), text: "matterhorn".into() });
    let here = Service::start(patient(&stub)).await;
    let there = here.beside(patient(&stub)).await;
    for user_id in 1..=8 {
        let busy = [here.person(user_id), there.person(user_id)];
        let (done, is_gone) = (Semaphore::new(0), AtomicBool::new(false));
        let going_on = (0..8).map(|number| busy[number % 2].go_on(number, &done, &is_gone));
        let deleting = async {
            let _some = done.acquire_many(6).await.unwrap();
            let service = if user_id % 2 == 0 { &here } else { &there };
            service.purge(user_id).await.unwrap();
            is_gone.store(true, Ordering::Release);
        };
        tokio::join!(join_all(going_on), deleting);
    }
    let remains = Remains::of(&here).await;
    // Whatever was still under way when the last was told has come to nothing once they have stopped.
    let data = (here.stop().await, there.stop().await);
    for user_id in 1..=8 {
        assert_eq!(remains.size_of(user_id).await, 0, "of {user_id}");
    }
    for word in ["zugspitze", "watzmann", "eiger", "matterhorn"] {
        assert!(remains.places_of(word).await.is_empty(), "{word}");
    }
    assert_eq!(remains.count("departed").await, 8);
    drop(data);
}
