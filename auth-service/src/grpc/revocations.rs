//! Telling those who verify tokens what was taken back.

use std::pin::Pin;
use std::sync::Arc;

use chassis::clock;
use futures_util::stream::{self, Stream};
use proto::auth::v1 as pb;
use proto::auth::v1::revocation::{AccountTokens, Which};
use proto::auth::v1::revocation_service_server::RevocationService;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::only;
use crate::accounts::Accounts;
use crate::config::Verifiers;
use crate::revocations::{Feed, News, Watcher};
use crate::store::Revocation;

type Told = Pin<Box<dyn Stream<Item = Result<pb::WatchRevocationsResponse, Status>> + Send>>;

/// The generated service, implemented.
pub(super) struct Handler {
    pub(super) accounts: Arc<Accounts>,
    pub(super) verifiers: Verifiers,
    pub(super) feed: Feed,
    pub(super) stop: CancellationToken,
}

#[tonic::async_trait]
impl RevocationService for Handler {
    type WatchRevocationsStream = Told;

    async fn watch_revocations(
        &self,
        request: Request<Streaming<pb::WatchRevocationsRequest>>,
    ) -> Result<Response<Told>, Status> {
        only(&request, &self.verifiers)?;
        let conversation = Conversation {
            confirmations: request.into_inner(),
            watcher: self.feed.watch(clock::now()).await?,
            feed: self.feed.clone(),
            accounts: self.accounts.clone(),
            stop: self.stop.clone(),
        };
        let told = stream::unfold(conversation, |mut conversation| async {
            let told = conversation.next().await?;
            Some((told, conversation))
        });
        Ok(Response::new(Box::pin(told)))
    }
}

/// One stream, both ways.
struct Conversation {
    confirmations: Streaming<pb::WatchRevocationsRequest>,
    watcher: Watcher,
    feed: Feed,
    accounts: Arc<Accounts>,
    stop: CancellationToken,
}

impl Conversation {
    /// What to tell next; `None` when the other side is gone, or this one stops.
    async fn next(&mut self) -> Option<Result<pb::WatchRevocationsResponse, Status>> {
        loop {
            tokio::select! {
                () = self.feed.rest(&self.stop) => return None,
                confirmed = self.confirmations.message() => match confirmed {
                    Ok(Some(confirmed)) => self.watcher.confirm(confirmed.position),
                    Ok(None) | Err(_) => return None,
                },
                news = self.watcher.next() => return Some(Ok(self.tell(news))),
            }
        }
    }

    fn tell(&self, news: News) -> pb::WatchRevocationsResponse {
        let keys = if news.has_keys { super::keys(&self.accounts) } else { Vec::new() };
        pb::WatchRevocationsResponse {
            position: news.position,
            has_more: news.has_more,
            revocations: news.revocations.into_iter().map(revocation).collect(),
            keys,
            age: Some(clock::duration(news.age)),
        }
    }
}

fn revocation(entry: Revocation) -> pb::Revocation {
    let until = Some(clock::timestamp(entry.until));
    let account = |user_id| {
        let token_version = entry.token_version.unwrap_or_default();
        Which::Account(AccountTokens { user_id, token_version })
    };
    let which = entry.sid.map(Which::Sid).or(entry.user_id.map(account));
    pb::Revocation { which, until }
}
