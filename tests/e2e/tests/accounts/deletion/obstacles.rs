//! Obstacles in the way of a service that writes: there it can be killed, and nowhere else.

use std::time::Duration;

use super::remains::Remains;

/// How often in a row somebody must be found standing there to be taken for it.
const LOOKS: u32 = 20;
/// What an obstacle is called in the database.
const NAME: &str = "obstacle";

/// What somebody is about to do, to rows of which table, and to which of them: `DELETE`, `turns`,
/// `old.user_id = 7`.
pub(super) type Moment<'a> = (&'a str, &'a str, &'a str);

/// Whoever comes to this moment stays in it until they are killed.
pub(super) async fn stop_before(database: &Remains, moment: Moment<'_>) {
    scratch::detain(database.connection(), NAME, moment).await;
}

/// Whoever comes to this moment fails.
pub(super) async fn fail_before(database: &Remains, moment: Moment<'_>) {
    scratch::refuse(database.connection(), NAME, moment).await;
}

/// Waits until somebody has come to where they stop.
pub(super) async fn stands(database: &Remains) {
    let mut looks = 0;
    let standing = async {
        while looks < LOOKS {
            let is_there = scratch::is_anybody_detained(database.connection()).await;
            looks = if is_there { looks + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let stands = tokio::time::timeout(Duration::from_mins(1), standing).await;
    assert!(stands.is_ok(), "nobody comes to the obstacle");
}

/// Takes it away.
pub(super) async fn clear(database: &Remains, (_, table, _): Moment<'_>) {
    scratch::allow(database.connection(), NAME, table).await;
}
