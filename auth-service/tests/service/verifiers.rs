//! Services beside the product that verify tokens.

use std::sync::Arc;

use auth_service::{Config, serve};
use chassis::identity::{Certificates, Identity};
use chassis::settings::Settings;
use chassis::tasks::Tasks;
use chassis::{authority, clock};
use futures_util::stream;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::revocation_service_client::RevocationServiceClient;
use proto::auth::v1::{RegisterRequest, VerifyTokenRequest};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use super::harness::{Neighbour, refused};

/// Starts the service with certificates, and `verifiers` as somebody sets them; tells how others with a
/// certificate of the same authority come to it.
async fn start(verifiers: &str, folder: &TempDir) -> impl Fn(&'static str) -> Neighbour {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let tls = path("tls");
    authority::make(tls.as_ref(), &["auth-service", "gateway", "reports"], clock::now()).unwrap();
    let (url, keys) = (scratch::address(folder.path(), "auth"), path("keys"));
    let mut settings = Settings::from_pairs([
        ("AUTH_TLS_DIR", tls.as_str()),
        ("AUTH_DATABASE_URL", url.as_str()),
        ("AUTH_KEYS_DIR", keys.as_str()),
        ("AUTH_CHAT_URL", "https://127.0.0.1:9"),
        ("AUTH_BCRYPT_COST", "10"),
        ("AUTH_VERIFIERS", verifiers),
    ]);
    let config = Config::read(&mut settings).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    Tasks::new().spawn(async { serve(listener, config, CancellationToken::new()).await.unwrap() });
    move |name| {
        let opened = Certificates::open(tls.as_ref(), name, &[], clock::now()).unwrap();
        let identity = Identity::Certificates(Arc::new(opened));
        let endpoint = Endpoint::from_shared(url.clone()).unwrap();
        chassis::grpc::connect_lazily(endpoint, &identity, Config::NAME)
    }
}

/// Asks what only those may ask who verify tokens: about a token, and what was taken back.
async fn ask(channel: Neighbour, access: &str) -> [Result<(), Status>; 2] {
    let access = access.to_owned();
    let verified = AuthServiceClient::new(channel.clone())
        .verify_token(VerifyTokenRequest { access })
        .await
        .map(drop);
    let watched = RevocationServiceClient::new(channel).watch_revocations(stream::pending()).await;
    [verified, watched.map(drop)]
}

#[tokio::test]
async fn other_services_verify_tokens_when_they_are_named() {
    for (verifiers, is_named) in [("", false), ("reports", true)] {
        let folder = TempDir::new().unwrap();
        let channel_of = start(verifiers, &folder).await;
        let (username, password) = ("ada".to_owned(), "correct horse".to_owned());
        let ada = RegisterRequest { username, password, request_id: String::new() };
        let ada = AuthServiceClient::new(channel_of("gateway")).register(ada).await.unwrap();
        let access = ada.into_inner().tokens.unwrap().access;
        for outcome in ask(channel_of("gateway"), &access).await {
            outcome.unwrap();
        }
        for outcome in ask(channel_of("reports"), &access).await {
            if is_named {
                outcome.unwrap();
            } else {
                refused(outcome, Code::PermissionDenied, "NOT_ALLOWED");
            }
        }
    }
}
