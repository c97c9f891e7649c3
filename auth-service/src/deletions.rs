//! Having deleted accounts deleted elsewhere, until it is done.

use std::sync::Arc;
use std::time::Duration;

use chassis::clock;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::passwords::Hasher;
use crate::peppers::TRACE;
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

    /// Finishes what is due, until something cannot be done elsewhere: what comes next would hardly fare
    /// better, and the next look is soon. So an outage is noticed by one call a second, however many wait.
    async fn finish_due<P>(&self, purge: &P) -> Result<(), Error>
    where
        P: Fn(i64) -> BoxFuture<'static, Result<(), Error>> + Sync,
    {
        while let Some(user) = self.store.next_deletion(clock::now()).await? {
            match purge(user.id).await {
                Ok(()) => {
                    let name = user.username_key;
                    // Deleted before, and come back with a backup: what is there is the trace, not a name.
                    let is_trace = name.starts_with(TRACE);
                    let trace = if is_trace { name } else { self.hasher.trace(&name) };
                    self.store.finish_deletion(user.id, trace).await?;
                    tracing::info!("an account is deleted everywhere");
                }
                Err(error) => {
                    tracing::warn!(%error, "an account is not deleted elsewhere yet");
                    return self.store.postpone_deletion(user.id, clock::now()).await;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use database::Database;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::migrations::Migrator;
    use crate::peppers::Peppers;
    use crate::store::{Actor, Added, Candidate};

    /// Tries to have everybody deleted elsewhere who is due. Whom it was tried for.
    async fn tried(deletions: &Deletions, is_there: bool) -> Vec<i64> {
        let tried = Arc::new(Mutex::new(Vec::new()));
        let seen = tried.clone();
        let purge = move |user_id| {
            seen.lock().unwrap().push(user_id);
            let away = Error::Neighbour(tonic::Code::Unavailable);
            async move { if is_there { Ok(()) } else { Err(away) } }.boxed()
        };
        deletions.finish_due(&purge).await.unwrap();
        let tried = tried.lock().unwrap();
        tried.clone()
    }

    #[tokio::test]
    async fn of_a_name_that_is_deleted_once_more_the_same_trace_stays() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let added = store.add_user(Candidate::of("ada", ""), None, clock::now()).await;
        let Ok(Added::New(ada)) = added else { panic!("ada should be new") };
        store.begin_deletion(&ada, Actor::User, clock::now()).await.unwrap();
        let hasher = Hasher::new(Peppers::generate().unwrap(), 4, 1).unwrap();
        let trace = hasher.trace("ada");
        let deletions = Deletions::new(store.clone(), hasher, Arc::default());
        for _ in 0..2 {
            assert_eq!(tried(&deletions, true).await, [ada.id]);
            let left = store.user_by_id(ada.id).await.unwrap().unwrap();
            assert_eq!(left.username_key, trace);
            // As after a restore.
            store.restore(crate::ledger::Ledger::default(), 0, clock::now()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_outage_is_noticed_by_one_call_and_afterwards_all_are_done_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        for name in ["ada", "grace", "joan"] {
            let added = store.add_user(Candidate::of(name, ""), None, clock::now()).await;
            let Ok(Added::New(user)) = added else { panic!("{name} should be new") };
            store.begin_deletion(&user, Actor::User, clock::now()).await.unwrap();
        }
        let hasher = Hasher::new(Peppers::generate().unwrap(), 4, 1).unwrap();
        let deletions = Deletions::new(store.clone(), hasher, Arc::default());
        assert_eq!(tried(&deletions, false).await, [1]);
        assert_eq!(tried(&deletions, false).await, [2], "the next look is for the next one");
        let mut done = Vec::new();
        let finish = async {
            while done.len() < 3 {
                done.extend(tried(&deletions, true).await);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), finish).await.unwrap();
        assert_eq!(done, [3, 1, 2], "first who had no try yet");
    }
}
