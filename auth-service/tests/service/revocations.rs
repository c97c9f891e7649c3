//! What those who verify tokens are told.

use futures_util::stream;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::revocation::Which;
use proto::auth::v1::revocation_service_client::RevocationServiceClient;
use proto::auth::v1::{VerifyTokenRequest, WatchRevocationsRequest, WatchRevocationsResponse};
use tokio::sync::mpsc;
use tonic::{Code, Streaming};

use super::harness::{Service, refused, until};

/// Somebody who listens, and confirms when told to.
struct Listener {
    news: Streaming<WatchRevocationsResponse>,
    confirm: mpsc::UnboundedSender<WatchRevocationsRequest>,
}

impl Listener {
    async fn at(service: &Service) -> Self {
        let (confirm, mut confirmations) = mpsc::unbounded_channel();
        let requests = stream::poll_fn(move |context| confirmations.poll_recv(context));
        let mut client = RevocationServiceClient::new(service.gateway.clone());
        let news = client.watch_revocations(requests).await.unwrap().into_inner();
        Self { news, confirm }
    }

    /// What is told next, signs of life left out.
    async fn next(&mut self) -> WatchRevocationsResponse {
        loop {
            let news = self.news.message().await.unwrap().unwrap();
            if news.is_snapshot || !news.revocations.is_empty() || !news.keys.is_empty() {
                return news;
            }
        }
    }

    fn confirm(&self, news: &WatchRevocationsResponse) {
        self.confirm.send(WatchRevocationsRequest { position: news.position }).unwrap();
    }
}

#[tokio::test]
async fn a_logout_is_answered_when_everybody_who_listens_knows_of_it() {
    let service = Service::start().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    let mut listener = Listener::at(&service).await;
    let snapshot = listener.next().await;
    assert!(snapshot.is_snapshot && snapshot.revocations.is_empty() && !snapshot.keys.is_empty());
    listener.confirm(&snapshot);

    let mut logout = Box::pin(service.log_out(&tokens.refresh, false));
    let news = tokio::select! {
        biased;
        _ = &mut logout => panic!("answered before anybody has confirmed it"),
        news = listener.next() => news,
    };
    assert!(!news.is_snapshot && news.keys.is_empty());
    let [revocation] = news.revocations.as_slice() else { panic!("{news:?}") };
    assert!(matches!(&revocation.which, Some(Which::Sid(_))), "{revocation:?}");
    listener.confirm(&news);
    logout.await.unwrap();

    // Whoever comes later is told all of it at once, also by another process.
    let late = Listener::at(&service).await.next().await;
    assert_eq!((late.is_snapshot, &late.revocations), (true, &news.revocations));
    let beside = service.beside().await;
    let late = Listener::at(&beside).await.next().await;
    assert_eq!((late.is_snapshot, &late.revocations), (true, &news.revocations));
}

#[tokio::test]
async fn a_logout_that_comes_again_is_not_answered_before_the_first_is_known() {
    let service = Service::start().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    let mut listener = Listener::at(&service).await;
    let snapshot = listener.next().await;
    listener.confirm(&snapshot);

    let mut first = Box::pin(service.log_out(&tokens.refresh, false));
    let news = tokio::select! {
        biased;
        _ = &mut first => panic!("answered before anybody has confirmed it"),
        news = listener.next() => news,
    };
    // Nobody confirms it, until the first has waited long enough.
    service.verify(&tokens.access).await.unwrap_err();
    let mut again = Box::pin(service.log_out(&tokens.refresh, false));
    tokio::select! {
        biased;
        first = &mut first => first.unwrap(),
        _ = &mut again => panic!("answered before what it is about is known"),
    }
    listener.confirm(&news);
    again.await.unwrap();
}

#[tokio::test]
async fn what_another_process_took_back_is_told_here_too() {
    let service = Service::start().await;
    let beside = service.beside().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    let mut listener = Listener::at(&beside).await;
    assert!(listener.next().await.revocations.is_empty());
    service.log_out(&tokens.refresh, true).await.unwrap();
    let news = listener.next().await;
    let Some(Which::Account(account)) = &news.revocations[0].which else { panic!("{news:?}") };
    assert_eq!((account.user_id, account.token_version), (1, 1));
}

#[tokio::test]
async fn other_keys_are_told_as_soon_as_they_are_there() {
    let service = Service::start().await;
    let mut listener = Listener::at(&service).await;
    let before = listener.next().await.keys;
    assert!(service.command("keys rotate --now access").await.status.success());
    let after = listener.next().await.keys;
    assert_eq!((before.len(), after.len()), (2, 3));
    assert!(before.iter().all(|key| after.contains(key)));
    let told = until(async || Some(service.told().await).filter(|told| told.len() == 3)).await;
    assert!(after.iter().all(|key| told.contains(&key.kid)));
}

#[tokio::test]
async fn only_services_are_told_and_may_ask() {
    let service = Service::start().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    let mut anybody = RevocationServiceClient::new(service.channel.clone());
    let outcome = anybody.watch_revocations(stream::empty()).await;
    refused(outcome, Code::PermissionDenied, "NOT_ALLOWED");
    let mut anybody = AuthServiceClient::new(service.channel.clone());
    let outcome = anybody.verify_token(VerifyTokenRequest { access: tokens.access }).await;
    refused(outcome, Code::PermissionDenied, "NOT_ALLOWED");
}
