//! Empties the log of a database after something was deleted: until it is written over, it has what was
//! there before.

use std::sync::Arc;
use std::time::Duration;

use chassis::tasks::Tasks;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::open;
use crate::Error;

/// From a deletion to the log's end, and from one try to the next: many deletions are one.
const PAUSE: Duration = Duration::from_secs(1);

/// The way to whoever empties the log. Clones share it.
#[derive(Clone)]
pub(crate) struct Wiper {
    due: Arc<Notify>,
    stop: CancellationToken,
}

impl Wiper {
    pub(crate) fn start(place: &SqliteConnectOptions, tasks: &Tasks) -> Self {
        let (due, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        tasks.spawn(work(place.clone(), due.clone(), stop.clone()));
        Self { due, stop }
    }

    pub(crate) fn wipe(&self) {
        self.due.notify_one();
    }

    /// Whatever is still due is done by closing the database.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

async fn work(place: SqliteConnectOptions, due: Arc<Notify>, stop: CancellationToken) {
    let work = async {
        loop {
            due.notified().await;
            loop {
                tokio::time::sleep(PAUSE).await;
                match empty(&place).await {
                    Ok(true) => break,
                    // Somebody still reads what was there before.
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(%error, "what was deleted stays in the database's log for now");
                        break;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

/// Moves everything from the log to its place, and cuts the log off. False: somebody was in the way.
async fn empty(place: &SqliteConnectOptions) -> Result<bool, Error> {
    let connection = open::wiper(place).await?;
    let checkpoint = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
    let outcome = connection.query_one_raw(checkpoint).await;
    connection.close().await?;
    let busy = outcome?.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    Ok(busy == Some(0))
}
