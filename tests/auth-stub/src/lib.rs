//! What the auth service tells those who verify tokens, for tests.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{self, Stream};
use proto::auth::v1::revocation_service_server::{RevocationService, RevocationServiceServer};
use proto::auth::v1::{Revocation, WatchRevocationsRequest, WatchRevocationsResponse};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

/// Between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Tells what a test takes back; to begin with, nothing. Clones share it.
#[derive(Clone, Default)]
pub struct Revocations {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_silent: AtomicBool,
    taken_back: watch::Sender<Vec<Revocation>>,
    confirmed: watch::Sender<u64>,
}

impl Revocations {
    /// As a server of tonic's.
    #[must_use]
    pub fn server(&self) -> RevocationServiceServer<Self> {
        RevocationServiceServer::new(self.clone())
    }

    /// From now on, tells nobody anything who does not listen already.
    pub fn fall_silent(&self) {
        self.shared.is_silent.store(true, Ordering::Relaxed);
    }

    /// Hangs up on those who listen, and knows nothing any more of what was taken back.
    pub fn forget(&self) {
        self.shared.confirmed.send_replace(0);
        self.shared.taken_back.send_replace(Vec::new());
    }

    /// Takes something back, and returns once somebody who listens has taken it over.
    pub async fn take_back(&self, revocation: Revocation) {
        self.shared.taken_back.send_modify(|all| all.push(revocation));
        self.heard().await;
    }

    /// Returns once somebody who listens has taken over all there is to tell.
    pub async fn heard(&self) {
        let mut confirmed = self.shared.confirmed.subscribe();
        let position = position(&self.shared.taken_back.borrow());
        // The sender lives as long as `self`, so waiting cannot fail.
        let _alive = confirmed.wait_for(|confirmed| *confirmed >= position).await;
    }
}

type Told = Pin<Box<dyn Stream<Item = Result<WatchRevocationsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl RevocationService for Revocations {
    type WatchRevocationsStream = Told;

    async fn watch_revocations(
        &self,
        request: Request<Streaming<WatchRevocationsRequest>>,
    ) -> Result<Response<Told>, Status> {
        if self.shared.is_silent.load(Ordering::Relaxed) {
            return Err(Status::unavailable("nobody is told anything"));
        }
        let state = (request.into_inner(), self.shared.taken_back.subscribe(), self.clone(), None);
        let told = stream::unfold(state, |(mut confirmations, mut more, it, told)| async move {
            loop {
                let all = more.borrow_and_update().clone();
                if told.is_some_and(|told| told > all.len()) {
                    return None;
                }
                if told.is_none_or(|told| told < all.len()) {
                    let news = WatchRevocationsResponse {
                        position: position(&all),
                        revocations: all[told.unwrap_or_default()..].to_vec(),
                        ..Default::default()
                    };
                    return Some((Ok(news), (confirmations, more, it, Some(all.len()))));
                }
                tokio::select! {
                    confirmed = confirmations.message() => match confirmed {
                        Ok(Some(confirmed)) => it.shared.confirmed.send_replace(confirmed.position),
                        Ok(None) | Err(_) => return None,
                    },
                    _ = more.changed() => continue,
                    () = tokio::time::sleep(HEARTBEAT) => {
                        let position = position(&all);
                        let news = WatchRevocationsResponse { position, ..Default::default() };
                        return Some((Ok(news), (confirmations, more, it, told)));
                    }
                };
            }
        });
        Ok(Response::new(Box::pin(told)))
    }
}

fn position(all: &[Revocation]) -> u64 {
    1 + u64::try_from(all.len()).unwrap_or(u64::MAX)
}
