//! What is written down of a danger: how often, and never what was said.

use std::collections::BTreeMap;

use openai_stub::{Behaviour, Stub};
use sea_orm::{DatabaseConnection, QueryResult};

use super::{DANGER, FRIEND, HINT};
use crate::service::harness::{Service, patient};

const CANARY: &str = "zugspitze";

/// Everything that was counted: event, tier, category, region.
async fn counted(database: &DatabaseConnection) -> BTreeMap<[String; 4], i64> {
    let rows = scratch::rows(database, "SELECT * FROM safety_days").await;
    let row = |row: &QueryResult| {
        let text = |name| row.try_get::<String>("", name).unwrap();
        assert_eq!(text("day").len(), "2026-01-31".len());
        let key = ["event", "tier", "category", "region"].map(text);
        (key, row.try_get("", "count").unwrap())
    };
    rows.iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_counted_and_nothing_else_is() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-GB");
    for text in [DANGER, "I want to die", "we made soup"] {
        ada.tell(text).await;
    }
    let bob = service.person(2).speaking("en-US");
    bob.tell(HINT).await;
    stub.next([Behaviour::reply("I'm a licensed therapist. Call 1-800-555-0199.")]);
    service.person(3).speaking("en-US").tell(FRIEND).await;
    stub.judges(Behaviour::reply("{\"tier\":\"high\"}"));
    service.person(4).tell("lovely weather").await;
    stub.always(Behaviour::unauthorized());
    service.person(5).speaking("de-DE").tell("I took all the pills an hour ago").await;

    let database = service.database().await;
    let counted = counted(&database).await;
    let sum = |event: &str, tier: &str, region: &str| -> i64 {
        let is_it = |key: &[String; 4]| key[0] == event && key[1] == tier && key[3] == region;
        counted.iter().filter(|(key, _)| is_it(key)).map(|(_, count)| count).sum()
    };
    for (event, tier, region, count) in [
        ("noticed", "high", "GB", 2),
        ("noticed", "elevated", "US", 1),
        ("noticed", "third", "US", 1),
        ("noticed", "imminent", "DE", 1),
        // A link beside a reply to a hint is no referral.
        ("referred", "high", "GB", 2),
        ("referred", "third", "US", 1),
        ("referred", "imminent", "DE", 1),
        ("referred", "high", "", 1),
        ("raised", "high", "", 1),
        ("written", "imminent", "DE", 1),
        ("removed", "", "", 2),
        ("disclosed", "", "", 5),
    ] {
        assert_eq!(sum(event, tier, region), count, "{event} {tier} {region}: {counted:?}");
    }
    assert_eq!(counted.values().sum::<i64>(), 19, "{counted:?}");
    let removed = counted.keys().filter(|[event, ..]| event == "removed");
    let removed: Vec<_> = removed.map(|[_, _, kind, _]| kind.as_str()).collect();
    assert_eq!(removed, ["human", "phone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_in_danger_said_stands_in_their_messages_and_nowhere_else() {
    let stub = Stub::start().await.unwrap();
    stub.next([Behaviour::reply(format!("You said {CANARY}. Please call 988."))]);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    ada.tell(&format!("{DANGER}, {CANARY}")).await;
    ada.tell(&format!("I took all the pills an hour ago, {CANARY}")).await;
    let database = service.database().await;
    let mut found = scratch::places_of(&database, CANARY).await;
    // The index of what was said is part of it.
    found.retain(|place| !place.starts_with("search") && place != "messages.search");
    assert_eq!(found, ["messages.text"]);
}
