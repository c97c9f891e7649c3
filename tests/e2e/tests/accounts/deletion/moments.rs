//! Services that are killed at any moment of a deletion.

use std::time::{Duration, SystemTime};

use e2e::User;
use serde_json::json;

use super::delete;
use super::services::Services;

/// How many are deleted.
const ROUNDS: u64 = 12;
/// A deletion of somebody who said much is done within this time, on most machines.
const LONGEST: u64 = 250;

/// Moments that are different in each run.
struct Dice(u64);

impl Dice {
    fn roll() -> Self {
        let elapsed = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        Self(elapsed.as_secs() ^ u64::from(elapsed.subsec_nanos()))
    }

    fn below(&mut self, most: u64) -> u64 {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

impl Services {
    /// Asks again, as somebody would who was not answered. Whoever is refused is deleted already.
    async fn delete_at_last(&self, user: &User) {
        let mut said = 503;
        for _ in 0..20 {
            if said == 503 {
                self.product.ready().await;
                said = delete(user, &json!({"password": user.password})).await.status;
            }
        }
        assert!([204, 401].contains(&said), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_done_whenever_services_are_killed() {
    let mut services = Services::start().await;
    let mut dice = Dice::roll();
    println!("the seed is {}", dice.0);
    for round in 0..ROUNDS {
        let ada = services.somebody().await;
        let (moment, who) = (dice.below(LONGEST), round % 3);
        let dying = async {
            // The moment is what is tested: any will do, and all of them should.
            tokio::time::sleep(Duration::from_millis(moment)).await;
            if who != 0 {
                services.auth.signal("KILL").await;
            }
            if who != 1 {
                services.chat.signal("KILL").await;
            }
        };
        let (answered, ()) = tokio::join!(services.delete(&ada), dying);
        let names = ["the chat service", "the auth service", "both"];
        let hers = format!("messages WHERE user_id = {}", ada.id);
        let left = services.conversations.count(&hers).await;
        println!(
            "{} after {moment} ms: answered {answered}, {left} messages left",
            names[usize::try_from(who).unwrap()],
        );
        if who != 0 {
            services.auth.kill().await;
            services.auth = services.apart.start("auth-service");
        }
        if who != 1 {
            services.chat.kill().await;
            services.chat = services.apart.start("chat-service");
        }
        if !answered {
            services.delete_at_last(&ada).await;
        }
    }
    services.assert_that_only_tombstones_are_left().await;
}
