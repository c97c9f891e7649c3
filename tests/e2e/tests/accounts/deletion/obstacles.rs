//! Obstacles in the way of a service that writes: there it can be killed, and nowhere else.

use std::time::Duration;

use super::remains::Remains;

/// How often in a row somebody must be found writing to be taken for standing there.
const LOOKS: u32 = 20;

/// Whoever comes to this moment, as in `DELETE ON turns`, stays in it until they are killed.
pub(super) async fn stop_before(database: &Remains, moment: &str) {
    let endless = "CREATE VIEW endless AS WITH RECURSIVE numbers(value) AS
        (SELECT 1 UNION ALL SELECT value + 1 FROM numbers) SELECT value FROM numbers";
    database.meddle(endless).await;
    let counting = "SELECT COUNT(*) FROM endless";
    let obstacle = format!("CREATE TRIGGER obstacle BEFORE {moment} BEGIN {counting}; END");
    database.meddle(&obstacle).await;
}

/// Whoever comes to this moment fails.
pub(super) async fn fail_before(database: &Remains, moment: &str) {
    let failing = "SELECT RAISE(ABORT, 'an obstacle')";
    let obstacle = format!("CREATE TRIGGER obstacle BEFORE {moment} BEGIN {failing}; END");
    database.meddle(&obstacle).await;
}

/// Waits until somebody has come to where they stop.
pub(super) async fn stands(database: &Remains) {
    let mut looks = 0;
    let standing = async {
        while looks < LOOKS {
            looks = if database.is_written().await { looks + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let stands = tokio::time::timeout(Duration::from_mins(1), standing).await;
    assert!(stands.is_ok(), "nobody comes to the obstacle");
}

/// Takes it away.
pub(super) async fn clear(database: &Remains) {
    database.meddle("DROP TRIGGER obstacle").await;
    database.meddle("DROP VIEW IF EXISTS endless").await;
}
