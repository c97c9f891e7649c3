//! What those who verify tokens are told.

use std::time::Duration;

use futures_util::stream;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::revocation::Which;
use proto::auth::v1::revocation_service_client::RevocationServiceClient;
use proto::auth::v1::{VerifyTokenRequest, WatchRevocationsRequest, WatchRevocationsResponse};
use sea_orm::ConnectionTrait as _;
use tokio::sync::mpsc;
use tonic::{Code, Streaming};

use super::harness::{Service, refused, until};

/// Longer than an answer takes that waits for nobody, and shorter than anybody is waited for.
const WHILE: Duration = Duration::from_millis(400);

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

    /// Somebody who has confirmed all there is.
    async fn informed(service: &Service) -> Self {
        let mut listener = Self::at(service).await;
        let all = listener.next().await;
        listener.confirm(&all);
        listener
    }

    /// What is told of an act before that is answered.
    async fn told_before(&mut self, act: &mut (impl Future + Unpin)) -> WatchRevocationsResponse {
        tokio::select! {
            biased;
            _ = act => panic!("answered before anybody has confirmed it"),
            news = self.next() => news,
        }
    }

    /// What is told next, signs of life left out.
    async fn next(&mut self) -> WatchRevocationsResponse {
        loop {
            let news = self.news.message().await.unwrap().unwrap();
            if !news.revocations.is_empty() || !news.keys.is_empty() {
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
    let old = service.beside().await;
    let mut listener = Listener::at(&service).await;
    let first = listener.next().await;
    assert!(first.revocations.is_empty() && !first.keys.is_empty());
    listener.confirm(&first);

    let mut logout = Box::pin(service.log_out(&tokens.refresh, false));
    let news = listener.told_before(&mut logout).await;
    assert!(news.keys.is_empty());
    let [revocation] = news.revocations.as_slice() else { panic!("{news:?}") };
    assert!(matches!(&revocation.which, Some(Which::Sid(_))), "{revocation:?}");
    listener.confirm(&news);
    logout.await.unwrap();

    // Whoever comes later is told all of it at once, also by another process, just as new or long there.
    let late = Listener::at(&service).await.next().await;
    assert_eq!((late.keys.len(), &late.revocations), (first.keys.len(), &news.revocations));
    for beside in [old, service.beside().await] {
        let late = Listener::at(&beside).await.next().await;
        assert_eq!((late.keys.len(), &late.revocations), (first.keys.len(), &news.revocations));
    }
}

#[tokio::test]
async fn whoever_has_just_lost_their_connection_is_waited_for() {
    let service = Service::start().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    drop(Listener::informed(&service).await);
    let mut logout = Box::pin(service.log_out(&tokens.refresh, false));
    let early = tokio::time::timeout(WHILE, &mut logout).await;
    assert!(early.is_err(), "answered while they go on with what they were told before");
    let mut listener = Listener::at(&service).await;
    let news = listener.told_before(&mut logout).await;
    listener.confirm(&news);
    logout.await.unwrap();
}

#[tokio::test]
async fn a_service_that_stops_lets_nobody_go_who_must_still_be_told() {
    let service = Service::start().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    let mut listener = Listener::informed(&service).await;
    let mut logout = Box::pin(service.log_out(&tokens.refresh, false));
    let news = listener.told_before(&mut logout).await;
    assert_eq!(news.revocations.len(), 1);
    service.begin_to_stop().await;
    let early = tokio::time::timeout(WHILE, &mut logout).await;
    assert!(early.is_err(), "answered before anybody has confirmed it");
    listener.confirm(&news);
    logout.await.unwrap();
    while let Ok(Some(news)) = listener.news.message().await {
        assert!(news.revocations.is_empty(), "nothing but signs of life until the end");
    }
    service.stop().await;
}

#[tokio::test]
async fn what_is_too_much_for_one_message_is_told_in_several() {
    let service = Service::start().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    service.log_out(&tokens.refresh, true).await.unwrap();
    let many = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10002)
        INSERT INTO revocations (user_id, token_version, until)
        SELECT i, 1, (SELECT until FROM revocations LIMIT 1) FROM n";
    let database = scratch::connect(service.data.path(), "auth").await;
    database.execute_unprepared(many).await.unwrap();
    let mut listener = Listener::at(&service).await;
    let (some, rest) = (listener.next().await, listener.next().await);
    assert_eq!((some.revocations.len(), some.has_more), (10_000, true));
    assert_eq!((rest.revocations.len(), rest.has_more), (2, false));
    assert!(rest.position > some.position);
}

#[tokio::test]
async fn a_logout_that_comes_again_is_not_answered_before_the_first_is_known() {
    let service = Service::start().await;
    let tokens = service.register("ada", "correct horse").await.unwrap().tokens.unwrap();
    let mut listener = Listener::informed(&service).await;

    let mut first = Box::pin(service.log_out(&tokens.refresh, false));
    let news = listener.told_before(&mut first).await;
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
