//! The public keys of the auth service, as last fetched.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chassis::grpc::{Channel, repeatable};
use proto::auth::v1::GetSigningKeysRequest;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use token::keys::PublicKey;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Request;

use crate::Error;

/// Between fetches when all is well.
const REFRESH: Duration = Duration::from_mins(5);
/// Between fetches for names of keys we do not know: a flood of forged names must not become a
/// flood of fetches.
const UNKNOWN_KEY: Duration = Duration::from_secs(30);
/// Between fetches while the auth service does not answer.
const RETRY: Duration = Duration::from_millis(250);
/// For one fetch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys, by name. Clones share them.
#[derive(Clone)]
pub(crate) struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    client: AuthServiceClient<Channel>,
    keys: RwLock<Known>,
    last_fetch: Mutex<Option<Fetch>>,
    ready: watch::Sender<bool>,
}

/// The keys, and how often they were replaced.
#[derive(Default)]
struct Known {
    keys: HashMap<String, PublicKey>,
    version: u64,
}

/// When the keys were last asked for, and whether they came.
#[derive(Clone, Copy)]
struct Fetch {
    at: Instant,
    worked: bool,
}

impl Cache {
    pub(crate) fn new(client: AuthServiceClient<Channel>) -> Self {
        let shared = Shared {
            client,
            keys: RwLock::default(),
            last_fetch: Mutex::default(),
            ready: watch::Sender::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) async fn ready(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let mut ready = self.shared.ready.subscribe();
        let _alive = ready.wait_for(|ready| *ready).await;
    }

    pub(crate) fn is_ready(&self) -> bool {
        *self.shared.ready.borrow()
    }

    pub(crate) async fn keep_fresh(&self, stop: CancellationToken) {
        loop {
            let fetched = async {
                let mut last = self.shared.last_fetch.lock().await;
                let fetch = self.fetch().await;
                *last = Some(fetch);
                fetch.worked
            };
            let worked = tokio::select! {
                () = stop.cancelled() => return,
                worked = fetched => worked,
            };
            let pause = if worked { REFRESH } else { RETRY };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The key named `kid`; asks the auth service once when the name is new to us.
    pub(crate) async fn find(&self, kid: &str) -> Result<PublicKey, Error> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        // One fetch at a time; who waited for it may find the key there.
        let mut last = self.shared.last_fetch.lock().await;
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let recent = last
            .filter(|fetch| fetch.at.elapsed() < if fetch.worked { UNKNOWN_KEY } else { RETRY });
        let fetch = match recent {
            Some(fetch) => fetch,
            None => self.fetch().await,
        };
        *last = Some(fetch);
        match self.known(kid) {
            Some(key) => Ok(key),
            None if fetch.worked => Err(token::Error::Invalid.into()),
            None => Err(Error::Unavailable),
        }
    }

    /// All keys that are known, by their names.
    pub(crate) fn all(&self) -> Vec<PublicKey> {
        let known = self.shared.keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<_> = known.keys.values().cloned().collect();
        keys.sort_by(|one, other| one.kid().cmp(other.kid()));
        keys
    }

    fn known(&self, kid: &str) -> Option<PublicKey> {
        self.shared.keys.read().unwrap_or_else(PoisonError::into_inner).keys.get(kid).cloned()
    }

    async fn fetch(&self) -> Fetch {
        let before = self.version();
        let mut client = self.shared.client.clone();
        let mut request = Request::new(GetSigningKeysRequest {});
        request.set_timeout(TIMEOUT);
        let answer = tokio::time::timeout(TIMEOUT, client.get_signing_keys(repeatable(request)));
        let worked = match answer.await {
            Ok(Ok(response)) => self.take_over(response.into_inner().keys, Some(before)),
            Ok(Err(status)) => {
                tracing::debug!(code = ?status.code(), "signing keys could not be fetched");
                false
            }
            Err(_) => {
                tracing::debug!("signing keys did not come in time");
                false
            }
        };
        Fetch { at: Instant::now(), worked }
    }

    fn version(&self) -> u64 {
        self.shared.keys.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// Takes over what the auth service tells by itself, which is the latest there is.
    pub(crate) fn replace(&self, told: Vec<proto::auth::v1::SigningKey>) {
        self.take_over(told, None);
    }

    /// Takes over what the auth service sent, unless keys have come since there was version `asked_at`:
    /// those are newer. A key we cannot read is left out: its tokens will be refused, others will not
    /// suffer. No usable key at all keeps the old ones, and is no success.
    fn take_over(&self, sent: Vec<proto::auth::v1::SigningKey>, asked_at: Option<u64>) -> bool {
        let keys: HashMap<_, _> = sent
            .into_iter()
            .filter_map(|key| match PublicKey::from_bytes(&key.public_key) {
                Ok(public) => Some((public.kid().to_owned(), public)),
                Err(error) => {
                    tracing::warn!(%error, "the auth service sent a key that cannot be used");
                    None
                }
            })
            .collect();
        if keys.is_empty() {
            return false;
        }
        let mut known = self.shared.keys.write().unwrap_or_else(PoisonError::into_inner);
        if asked_at.is_none_or(|version| version == known.version) {
            *known = Known { keys, version: known.version + 1 };
        }
        drop(known);
        self.shared.ready.send_replace(true);
        true
    }
}
