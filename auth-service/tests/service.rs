//! The auth service over real gRPC.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;

use auth_service::{Config, serve};
use chassis::status;
use proto::auth::DOMAIN;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::{
    GetAccountRequest, GetSigningKeysRequest, LogInRequest, RefreshRequest, RegisterRequest,
    RegisterResponse, TokenPair, VerifyTokenRequest,
};
use tempfile::TempDir;
use token::Subject;
use token::keys::{PublicKey, RefreshKey, SigningKey};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

type Client = AuthServiceClient<Channel>;

/// The service, started for one test.
struct Service {
    client: Client,
    channel: Channel,
    data: TempDir,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

fn config(data: &Path) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        database_url: format!("sqlite:{}", data.join("auth.db").display()),
        keys_dir: data.join("keys"),
        bcrypt_cost: 4,
        hashing_threads: 1,
    }
}

impl Service {
    async fn start() -> Self {
        Self::on(TempDir::new().unwrap()).await
    }

    async fn on(data: TempDir) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, config) = (CancellationToken::new(), config(data.path()));
        let stopped = stop.clone();
        #[expect(clippy::disallowed_methods, reason = "`stop` waits for it")]
        let running = tokio::spawn(async move { serve(listener, config, stopped).await.unwrap() });
        let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
        Self { client: Client::new(channel.clone()), channel, data, stop, running }
    }

    async fn stop(self) -> TempDir {
        self.stop.cancel();
        drop((self.client, self.channel));
        self.running.await.unwrap();
        self.data
    }

    async fn register(&self, name: &str, password: &str) -> Result<RegisterResponse, Status> {
        let (username, password) = (name.to_owned(), password.to_owned());
        let answer = self.client.clone().register(RegisterRequest { username, password }).await;
        answer.map(Response::into_inner)
    }

    async fn log_in(&self, name: &str, password: &str) -> Result<TokenPair, Status> {
        let (username, password) = (name.to_owned(), password.to_owned());
        let answer = self.client.clone().log_in(LogInRequest { username, password }).await?;
        Ok(answer.into_inner().tokens.unwrap())
    }

    async fn refresh(&self, refresh: &str) -> Result<String, Status> {
        let request = RefreshRequest { refresh: refresh.to_owned() };
        Ok(self.client.clone().refresh(request).await?.into_inner().access)
    }

    async fn verify(&self, access: &str) -> Result<i64, Status> {
        let request = VerifyTokenRequest { access: access.to_owned() };
        let answer = self.client.clone().verify_token(request).await?.into_inner();
        Ok(answer.principal.unwrap().user_id)
    }

    fn key(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.data.path().join("keys").join(name)).unwrap()
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, reason: &str) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(status::reason(&status), Some((DOMAIN.to_owned(), reason.to_owned())));
}

fn now() -> u64 {
    chassis::clock::unix_seconds(chassis::clock::now())
}

#[tokio::test]
async fn an_account_is_registered_logged_in_and_refreshed() {
    let service = Service::start().await;
    let registered = service.register("ada", "correct horse").await.unwrap();
    let account = registered.account.unwrap();
    assert_eq!((account.id, account.username.as_str()), (1, "ada"));
    assert!(account.create_time.unwrap().seconds > 1_700_000_000);

    let pair = service.log_in("ada", "correct horse").await.unwrap();
    assert_eq!(service.verify(&pair.access).await.unwrap(), 1);
    let renewed = service.refresh(&pair.refresh).await.unwrap();
    assert_eq!(service.verify(&renewed).await.unwrap(), 1);
    assert_ne!(renewed, pair.access);

    // What the keys say is what a verifier elsewhere needs.
    let keys = service.client.clone().get_signing_keys(GetSigningKeysRequest {}).await.unwrap();
    let keys = keys.into_inner().keys;
    let key = PublicKey::from_bytes(&keys[0].public_key).unwrap();
    assert_eq!(key.kid(), keys[0].kid);
    assert_eq!(token::access::verify(&key, &pair.access, now()).unwrap().subject.user_id, 1);

    let mut mine = Request::new(GetAccountRequest {});
    mine.metadata_mut().insert("authorization", format!("Bearer {renewed}").parse().unwrap());
    let account = service.client.clone().get_account(mine).await.unwrap().into_inner().account;
    assert_eq!(account.unwrap().username, "ada");
}

#[tokio::test]
async fn a_name_belongs_to_one_account_in_all_its_spellings() {
    let service = Service::start().await;
    service.register("Alice", "correct horse").await.unwrap();
    for again in ["Alice", "alice", "ALICE", "Ａlice"] {
        let outcome = service.register(again, "another password").await;
        refused(outcome, Code::AlreadyExists, "USERNAME_TAKEN");
    }
    assert!(service.log_in("Alice", "correct horse").await.is_ok());
    let other = service.log_in("alice", "correct horse").await;
    refused(other, Code::Unauthenticated, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn names_and_passwords_that_will_not_do_are_named() {
    let service = Service::start().await;
    for (name, password, field, reason) in [
        ("", "correct horse", "username", "USERNAME_INVALID"),
        ("a b", "correct horse", "username", "USERNAME_INVALID"),
        ("ada", "", "password", "PASSWORD_INVALID"),
        ("ada", "short", "password", "PASSWORD_INVALID"),
        ("ada", "password1", "password", "PASSWORD_INVALID"),
        ("ada", "nul\0in the middle", "password", "PASSWORD_INVALID"),
    ] {
        let status = service.register(name, password).await.unwrap_err();
        let (wrong, problem) = status::field(&status).unwrap();
        assert_eq!(wrong, field);
        assert!(problem.ends_with('.'), "{problem}");
        refused::<()>(Err(status), Code::InvalidArgument, reason);
    }
    refused(service.log_in("ada", "short").await, Code::Unauthenticated, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn what_is_wrong_with_a_login_cannot_be_told_from_the_answer() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("ada", "wrong password"),
        ("nobody", "correct horse"),
        ("Ada", "correct horse"),
        ("\0", "x"),
    ] {
        let status = service.log_in(name, password).await.unwrap_err();
        answers.push((status.code(), status.message().to_owned(), status.details().to_vec()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn tokens_that_are_not_ours_are_refused() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let pair = service.log_in("ada", "correct horse").await.unwrap();
    let denied = Code::Unauthenticated;
    refused(service.refresh(&pair.access).await, denied, "TOKEN_WRONG_TYPE");
    refused(service.verify(&pair.refresh).await, denied, "TOKEN_WRONG_TYPE");
    refused(service.refresh("garbage").await, denied, "TOKEN_INVALID");
    refused(service.verify("a.b.c").await, denied, "TOKEN_INVALID");

    let ada = Subject { user_id: 1, sid: "s".into(), token_version: 0 };
    let foreign = token::refresh::issue(&RefreshKey::generate().unwrap(), &ada, now()).unwrap();
    refused(service.refresh(&foreign).await, denied, "TOKEN_INVALID");

    // Signed by us, for nobody, for a past state of the account, and long ago.
    let refresh = RefreshKey::from_bytes(&service.key("refresh.key")).unwrap();
    let signing = SigningKey::from_pkcs8(&service.key("access.key")).unwrap();
    let ghost = Subject { user_id: 999, ..ada.clone() };
    let ended = Subject { token_version: 7, ..ada.clone() };
    for gone in [ghost, ended] {
        let token = token::refresh::issue(&refresh, &gone, now()).unwrap();
        refused(service.refresh(&token).await, denied, "ACCOUNT_UNAVAILABLE");
        let token = token::access::issue(&signing, &gone, now()).unwrap();
        refused(service.verify(&token).await, denied, "ACCOUNT_UNAVAILABLE");
    }
    let old = token::refresh::issue(&refresh, &ada, now() - 604_800).unwrap();
    refused(service.refresh(&old).await, denied, "TOKEN_INVALID");
    let old = token::access::issue(&signing, &ada, now() - 1800).unwrap();
    refused(service.verify(&old).await, denied, "TOKEN_INVALID");

    let nobody = service.client.clone().get_account(GetAccountRequest {}).await;
    refused(nobody, denied, "TOKEN_MISSING");
}

#[tokio::test]
async fn a_restart_keeps_accounts_and_tokens() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let pair = service.log_in("ada", "correct horse").await.unwrap();
    let service = Service::on(service.stop().await).await;
    assert_eq!(service.verify(&pair.access).await.unwrap(), 1);
    assert!(service.refresh(&pair.refresh).await.is_ok());
    assert!(service.log_in("ada", "correct horse").await.is_ok());
    let next = service.register("grace", "correct horse").await.unwrap();
    assert_eq!(next.account.unwrap().id, 2);
}

#[tokio::test]
async fn it_does_not_start_with_the_keys_of_another_installation() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let data = service.stop().await;
    std::fs::remove_file(data.path().join("keys/pepper.key")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let outcome = serve(listener, config(data.path()), CancellationToken::new()).await;
    assert!(outcome.unwrap_err().to_string().contains("pepper.key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_registered_by_many_at_once_becomes_one_account() {
    let service = Service::start().await;
    let tries: Vec<_> = (0..20)
        .map(|number| {
            let mut client = service.client.clone();
            let name = if number % 2 == 0 { "racer" } else { "RACER" };
            let request =
                RegisterRequest { username: name.into(), password: "correct horse".into() };
            async move { client.register(request).await }
        })
        .collect();
    let mut won = 0;
    for outcome in futures_util::future::join_all(tries).await {
        match outcome {
            Ok(_) => won += 1,
            Err(status) if status.code() == Code::Unavailable => {
                assert!(status::retry_after(&status).is_some());
                refused::<()>(Err(status), Code::Unavailable, "OVERLOADED");
            }
            Err(status) => refused::<()>(Err(status), Code::AlreadyExists, "USERNAME_TAKEN"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(service.register("next", "correct horse").await.unwrap().account.unwrap().id, 2);
}

#[tokio::test]
async fn it_says_when_it_is_ready_and_what_it_offers() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    for name in ["", "aibuddy.auth.v1.AuthService"] {
        let request = HealthCheckRequest { service: name.into() };
        let answer = HealthClient::new(service.channel.clone()).check(request).await.unwrap();
        assert_eq!(answer.into_inner().status, 1, "{name}: serving");
    }
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(service.channel.clone());
    let answer =
        reflection.server_reflection_info(futures_util::stream::iter([list])).await.unwrap();
    let first = answer.into_inner().message().await.unwrap().unwrap();
    let offered = format!("{first:?}");
    assert!(offered.contains("aibuddy.auth.v1.AuthService"), "{offered}");
    assert!(!offered.contains("ChatService"), "only what is here: {offered}");
}
