//! A deletion that is cut off goes on when it is asked for again.

use openai_stub::Stub;
use tonic::Code;

use super::life::MOUNTAINS;
use super::remains::Remains;
use super::{ADA, GRACE};
use crate::service::harness::{Service, patient, refused};

/// A long conversation: more than is deleted in one go, twice.
const MUCH: &str = "
    INSERT INTO turns (id, user_id, session_id, state, lease_until, created_at)
        SELECT value, 470815162342, 1, 'completed', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z' FROM generate;
    INSERT INTO messages (id, user_id, session_id, turn_id, sender, text, created_at)
        SELECT 2 * value, 470815162342, 1, value, 'ai', 'zugspitze', '2026-01-01T00:00:00Z' FROM generate";
/// A row of hers.
const HERS: &str = "old.user_id = 470815162342";

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_anywhere_it_is_done_when_it_is_asked_for_again() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, grace) = (service.person(ADA), service.person(GRACE));
    ada.live(&stub, &MOUNTAINS).await;
    grace.say("hello").await;
    let remains = Remains::of(&service).await;
    let numbers = "CREATE TEMP VIEW generate AS WITH RECURSIVE numbers(value) AS
        (SELECT 1001 UNION ALL SELECT value + 1 FROM numbers WHERE value < 1600)
        SELECT value FROM numbers";
    remains.meddle(numbers).await;
    remains.meddle(MUCH).await;
    let (all, hers) = (remains.size_of(ADA).await, remains.rows_of(GRACE).await);

    // Wherever it is cut off, less is left than before, nothing comes back, and nothing is hers that
    // was not before.
    let mut left = all;
    for obstacle in [
        ("messages", "old.id = 3000"),
        ("turns", "old.id = 1400"),
        ("sessions", HERS),
        ("requests", HERS),
        ("usage_days", HERS),
        ("preferences", HERS),
    ] {
        remains.cut(obstacle.0, obstacle.1).await;
        refused(service.purge(ADA).await, Code::Internal, "INTERNAL");
        let denied = ada.say_in(None, "Am I still here?").await;
        refused(denied, Code::Unauthenticated, "ACCOUNT_DELETED");
        let now = remains.size_of(ADA).await;
        assert!(0 < now && now < left, "{now} of {left} rows left at {obstacle:?}");
        left = now;
        remains.mend(obstacle.0).await;
    }
    service.purge(ADA).await.unwrap();
    assert_eq!(remains.size_of(ADA).await, 0);
    assert!(remains.places_of(MOUNTAINS.said).await.is_empty());
    assert_eq!(remains.rows_of(GRACE).await, hers);
}
