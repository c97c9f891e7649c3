//! Having deleted accounts deleted elsewhere, until it is done.

use std::sync::Arc;
use std::time::Duration;

use chassis::clock;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::passwords::Hasher;
use crate::store::Store;

/// Between two looks at what is due: other processes delete accounts too.
const LOOK: Duration = Duration::from_secs(1);

/// Deletions that were begun and are not finished.
pub(crate) struct Deletions {
    store: Store,
    hasher: Hasher,
    more: Arc<Notify>,
}

impl Deletions {
    /// `more` tells that there may be another one.
    pub(crate) fn new(store: Store, hasher: Hasher, more: Arc<Notify>) -> Self {
        Self { store, hasher, more }
    }

    /// Finishes what was begun, here or by a process that is gone, until `stop`. `purge` has an account
    /// deleted elsewhere, and may be called for it again.
    pub(crate) async fn finish<P>(&self, purge: P, stop: CancellationToken)
    where
        P: Fn(i64) -> BoxFuture<'static, Result<(), Error>> + Sync,
    {
        loop {
            let work = async {
                if let Err(error) = self.finish_due(&purge).await {
                    tracing::error!(%error, "deletions cannot be finished at the moment");
                }
                tokio::select! {
                    () = self.more.notified() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = work => {}
            }
        }
    }

    async fn finish_due<P>(&self, purge: &P) -> Result<(), Error>
    where
        P: Fn(i64) -> BoxFuture<'static, Result<(), Error>> + Sync,
    {
        while let Some(user) = self.store.next_deletion(clock::now()).await? {
            match purge(user.id).await {
                Ok(()) => {
                    let trace = self.hasher.trace(&user.username_key);
                    self.store.finish_deletion(user.id, trace).await?;
                    tracing::info!(user_id = user.id, "an account is deleted everywhere");
                }
                Err(error) => {
                    tracing::warn!(user_id = user.id, %error, "an account is not deleted elsewhere yet");
                    self.store.postpone_deletion(user.id, clock::now()).await?;
                }
            }
        }
        Ok(())
    }
}
