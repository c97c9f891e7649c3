//! What the auth service took back, as it tells it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::clock;
use chassis::grpc::Channel;
use proto::auth::v1::revocation::Which;
use proto::auth::v1::revocation_service_client::RevocationServiceClient;
use proto::auth::v1::{SigningKey, WatchRevocationsRequest, WatchRevocationsResponse};
use token::Subject;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// Without a sign of life for so long, what was told counts no more: somebody may have logged out.
const STALE: Duration = Duration::from_secs(15);
/// Without one for so long, another stream is tried: the auth service gives one every three seconds.
const SILENCE: Duration = Duration::from_secs(8);
/// Between two tries to be told.
const RETRY: Duration = Duration::from_millis(250);
/// Confirmations on their way: there is never more than one.
const CONFIRMATIONS: usize = 4;

/// What was taken back. Clones share it.
#[derive(Clone)]
pub(crate) struct Revocations {
    shared: Arc<Shared>,
}

struct Shared {
    client: RevocationServiceClient<Channel>,
    told: RwLock<Told>,
    ready: watch::Sender<bool>,
}

#[derive(Default)]
struct Told {
    /// Logins that have ended, and when the last of their tokens has expired (seconds since the epoch).
    logins: HashMap<String, i64>,
    /// Of accounts: the lowest version of tokens that are good, and until when others may be out.
    accounts: HashMap<i64, (i64, i64)>,
    /// Until when something is taken back that we cannot tell what it is.
    unclear_until: i64,
    /// The last sign of life.
    heard_at: Option<Instant>,
}

/// Whether a token is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    TakenBack,
    /// Nobody has told us anything for too long.
    Unknown,
}

impl Revocations {
    pub(crate) fn new(client: RevocationServiceClient<Channel>) -> Self {
        let (told, ready) = (RwLock::default(), watch::Sender::new(false));
        Self { shared: Arc::new(Shared { client, told, ready }) }
    }

    pub(crate) async fn ready(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let mut ready = self.shared.ready.subscribe();
        let _alive = ready.wait_for(|ready| *ready).await;
    }

    pub(crate) fn is_ready(&self) -> bool {
        *self.shared.ready.borrow()
    }

    /// What is known, at `now` (seconds since the epoch), of a token whose signature and times are good.
    pub(crate) fn judge(&self, subject: &Subject, now: u64) -> Verdict {
        let told = self.shared.told.read().unwrap_or_else(PoisonError::into_inner);
        let lowest = told.accounts.get(&subject.user_id).map_or(i64::MIN, |(version, _)| *version);
        if told.logins.contains_key(&subject.sid) || subject.token_version < lowest {
            return Verdict::TakenBack;
        }
        match told.heard_at {
            Some(at) if at.elapsed() < STALE && !told.is_unclear(now) => Verdict::Good,
            _ => Verdict::Unknown,
        }
    }

    /// Listens until `stop`, and begins anew whenever the stream ends. `keys` takes over the keys that
    /// are told.
    pub(crate) async fn follow(&self, keys: impl Fn(Vec<SigningKey>), stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.listen(&keys) => if let Err(status) = outcome {
                    tracing::debug!(code = ?status.code(), "revocations are not told at the moment");
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    async fn listen(&self, keys: impl Fn(Vec<SigningKey>)) -> Result<(), Status> {
        let (confirm, mut confirmations) = mpsc::channel(CONFIRMATIONS);
        let requests =
            futures_util::stream::poll_fn(move |context| confirmations.poll_recv(context));
        let mut client = self.shared.client.clone();
        let silence = || Status::deadline_exceeded("nothing was told");
        let opened = tokio::time::timeout(SILENCE, client.watch_revocations(requests)).await;
        let mut news = opened.map_err(|_| silence())??.into_inner();
        loop {
            let next = tokio::time::timeout(SILENCE, news.message()).await;
            let Some(mut told) = next.map_err(|_| silence())?? else { return Ok(()) };
            let (position, has_more) = (told.position, told.has_more);
            if !told.keys.is_empty() {
                keys(std::mem::take(&mut told.keys));
            }
            self.take_over(told);
            // The auth service answers a logout once this is there.
            if !has_more && confirm.send(WatchRevocationsRequest { position }).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Adds what is told to what was told before, whoever told it: what was taken back once never becomes
    /// good again.
    fn take_over(&self, news: WatchRevocationsResponse) {
        let now = clock::now().timestamp();
        let mut told = self.shared.told.write().unwrap_or_else(PoisonError::into_inner);
        told.logins.retain(|_, until| *until >= now);
        told.accounts.retain(|_, (_, until)| *until >= now);
        for revocation in news.revocations {
            let until = revocation.until.map_or(i64::MAX, |until| until.seconds.saturating_add(1));
            match revocation.which {
                Some(Which::Sid(sid)) => {
                    told.logins.insert(sid, until);
                }
                Some(Which::Account(account)) => {
                    let known = told.accounts.entry(account.user_id).or_default();
                    known.0 = known.0.max(account.token_version);
                    known.1 = known.1.max(until);
                }
                None => {
                    tracing::error!("something was taken back that this version does not know");
                    told.unclear_until = told.unclear_until.max(until);
                }
            }
        }
        if news.has_more {
            return;
        }
        let age = news.age.and_then(|age| age.try_into().ok()).unwrap_or_default();
        told.heard_at = Instant::now().checked_sub(age);
        drop(told);
        self.shared.ready.send_replace(true);
    }
}

impl Told {
    fn is_unclear(&self, now: u64) -> bool {
        u64::try_from(self.unclear_until).is_ok_and(|until| now <= until)
    }
}
