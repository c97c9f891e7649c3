//! The chat service, started for one test, and the people who call it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::identity::{Identity, Secret};
use chassis::status;
use chat_service::{BuddyConfig, Config, ModelConfig, serve};
use database::Url;
use openai_stub::Stub;
use proto::auth::v1 as auth;
use proto::auth::v1::auth_service_server::{AuthService, AuthServiceServer};
use proto::chat::DOMAIN;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::{
    ListMessagesRequest, ListMessagesResponse, SendMessageRequest, SendMessageResponse, Sender,
};
use sea_orm::DatabaseConnection;
use tempfile::TempDir;
use token::Subject;
use token::keys::SigningKey;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status};

pub(crate) type Client = ChatServiceClient<Channel>;

/// The service, started for one test.
pub(crate) struct Service {
    endpoint: Endpoint,
    secret: Secret,
    pub(crate) channel: Channel,
    pub(crate) client: Client,
    pub(crate) signing: Arc<SigningKey>,
    pub(crate) key_fetches: Arc<AtomicUsize>,
    auth: Endpoint,
    stop: CancellationToken,
    running: JoinHandle<()>,
    pub(crate) data: Arc<TempDir>,
}

/// What a test may want otherwise.
pub(crate) fn patient(stub: &Stub) -> Config {
    let mut model = ModelConfig {
        base_url: stub.base_url(),
        api_key: Some("sk-canary".into()),
        model: "test-model".into(),
        reply_tokens: 500,
        limits: chat_service::ModelLimits::default(),
    };
    model.limits.connect = Duration::from_secs(3);
    config(BuddyConfig::Model(model))
}

/// As [`patient`], but with a small part of the product's own patience.
pub(crate) fn impatient(stub: &Stub) -> Config {
    let mut config = patient(stub);
    if let BuddyConfig::Model(model) = &mut config.buddy {
        model.limits.first_token = Duration::from_millis(400);
        model.limits.silence = Duration::from_millis(400);
        model.limits.total = Duration::from_millis(2500);
    }
    config
}

pub(crate) fn config(buddy: BuddyConfig) -> Config {
    let mut settings = chassis::settings::Settings::from_pairs([]);
    let nowhere = Endpoint::from_static("http://127.0.0.1:9");
    let secret = Secret::generate().unwrap();
    let mut config =
        Config::read_embedded(&mut settings, Url::of_file(Path::new("")), nowhere.into(), &secret)
            .unwrap();
    config.buddy = buddy;
    config
}

impl Service {
    pub(crate) async fn start(config: Config) -> Self {
        let (signing, key_fetches) = (Arc::new(SigningKey::generate().unwrap()), Arc::default());
        let keys = KeysOnly { signing: signing.clone(), fetches: Arc::clone(&key_fetches) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder()
            .add_service(AuthServiceServer::new(keys))
            .add_service(auth_stub::Revocations::default().server());
        spawn(
            async move { server.serve_with_incoming(TcpIncoming::from(listener)).await.unwrap() },
        );
        let auth = Endpoint::from_shared(endpoint).unwrap();
        Self::with_auth_at(auth, config, signing, key_fetches, new_folder()).await
    }

    /// Stops the service and starts it again on the same data, with people's tokens as good as
    /// before.
    pub(crate) async fn restart(self, config: Config) -> Self {
        let (signing, fetches) = (self.signing.clone(), self.key_fetches.clone());
        let auth = self.auth.clone();
        Self::with_auth_at(auth, config, signing, fetches, self.stop().await).await
    }

    /// Another service on the same data.
    pub(crate) async fn beside(&self, config: Config) -> Self {
        let (signing, fetches) = (self.signing.clone(), self.key_fetches.clone());
        Self::with_auth_at(self.auth.clone(), config, signing, fetches, self.data.clone()).await
    }

    /// Without an auth service to ask.
    pub(crate) async fn start_alone(config: Config) -> Self {
        let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let auth = Endpoint::from_shared(format!("http://{nowhere}")).unwrap();
        let signing = Arc::new(SigningKey::generate().unwrap());
        Self::with_auth_at(auth, config, signing, Arc::default(), new_folder()).await
    }

    async fn with_auth_at(
        auth: Endpoint,
        mut config: Config,
        signing: Arc<SigningKey>,
        key_fetches: Arc<AtomicUsize>,
        data: Arc<TempDir>,
    ) -> Self {
        config.auth_endpoint = auth.clone().into();
        config.database_url = scratch::url(data.path(), "chat");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let secret = Secret::generate().unwrap();
        config.identity = Identity::in_process(Config::NAME, &secret);
        let serving = serve(listener, config, stopped);
        let running = spawn(async move { serving.await.unwrap() });
        let endpoint = Endpoint::from_shared(url).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let client = Client::new(channel.clone());
        Self { endpoint, secret, channel, client, signing, key_fetches, auth, stop, running, data }
    }

    /// The way that another service calls.
    pub(crate) fn neighbour(&self, name: &'static str) -> chassis::grpc::Channel {
        let identity = Identity::in_process(name, &self.secret);
        chassis::grpc::connect_lazily(self.endpoint.clone(), &identity, Config::NAME)
    }

    /// Stops the service; returns when all turns have ended.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.stop.cancel();
        drop((self.channel, self.client));
        self.running.await.unwrap();
        self.data
    }

    /// Asks the service to stop, and does not wait.
    pub(crate) fn begin_to_stop(&self) {
        self.stop.cancel();
    }

    /// The address of its database.
    pub(crate) fn address(&self) -> String {
        scratch::direct(self.data.path(), "chat")
    }

    /// Its database, to look around and to meddle.
    pub(crate) async fn database(&self) -> DatabaseConnection {
        scratch::connect(self.data.path(), "chat").await
    }

    /// Somebody with a good token.
    pub(crate) fn person(&self, user_id: i64) -> Person {
        let subject = Subject { user_id, sid: "login".into(), token_version: 0 };
        let token = token::access::issue(&self.signing, &subject, now()).unwrap();
        self.bearer(&token)
    }

    /// Somebody with any token.
    pub(crate) fn bearer(&self, token: &str) -> Person {
        let (client, authorization) = (self.client.clone(), format!("Bearer {token}"));
        Person { client, authorization, languages: None }
    }
}

fn new_folder() -> Arc<TempDir> {
    Arc::new(TempDir::new().unwrap())
}

/// Somebody who calls.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) authorization: String,
    /// What their program sends as `Accept-Language`.
    pub(crate) languages: Option<&'static str>,
}

impl Person {
    /// The same person with a program that asks for these languages.
    pub(crate) fn speaking(self, languages: &'static str) -> Self {
        Self { languages: Some(languages), ..self }
    }

    pub(crate) fn asks<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization.parse().unwrap());
        if let Some(languages) = self.languages {
            request.metadata_mut().insert("accept-language", languages.parse().unwrap());
        }
        request
    }

    pub(crate) async fn say_in(
        &self,
        session_id: Option<i64>,
        text: &str,
    ) -> Result<SendMessageResponse, Status> {
        let request = self.asks(SendMessageRequest {
            session_id,
            text: text.into(),
            ..SendMessageRequest::default()
        });
        self.client.clone().send_message(request).await.map(Response::into_inner)
    }

    /// Says something in the latest session: the session and the answer.
    pub(crate) async fn say(&self, text: &str) -> (i64, String) {
        let answer = self.say_in(None, text).await.unwrap();
        (answer.session_id, answer.ai_message.unwrap().text)
    }

    pub(crate) async fn page(
        &self,
        session_id: i64,
        page_size: i32,
        page_token: &str,
    ) -> Result<ListMessagesResponse, Status> {
        let page_token = page_token.to_owned();
        let request = self.asks(ListMessagesRequest {
            session_id,
            page_size,
            page_token,
            ..ListMessagesRequest::default()
        });
        self.client.clone().list_messages(request).await.map(Response::into_inner)
    }

    /// All that was said in a session: who, and what.
    pub(crate) async fn messages(&self, session_id: i64) -> Vec<(Sender, String)> {
        let page = self.page(session_id, 500, "").await.unwrap();
        page.messages.into_iter().map(|said| (said.sender(), said.text)).collect()
    }
}

pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, reason: &str) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(status::reason(&status), Some((DOMAIN.to_owned(), reason.to_owned())));
}

pub(crate) fn now() -> u64 {
    chassis::clock::unix_seconds(chassis::clock::now())
}

#[expect(clippy::disallowed_methods, reason = "ends with the test")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

/// An auth service that gives out its keys, has ended no login, and does nothing else.
struct KeysOnly {
    signing: Arc<SigningKey>,
    fetches: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl AuthService for KeysOnly {
    async fn get_signing_keys(
        &self,
        _: Request<auth::GetSigningKeysRequest>,
    ) -> Result<Response<auth::GetSigningKeysResponse>, Status> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let public = self.signing.public();
        let (kid, public_key) = (public.kid().to_owned(), public.as_bytes().to_vec());
        let keys = vec![auth::SigningKey { kid, public_key }];
        Ok(Response::new(auth::GetSigningKeysResponse { keys }))
    }

    async fn register(
        &self,
        _: Request<auth::RegisterRequest>,
    ) -> Result<Response<auth::RegisterResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn log_in(
        &self,
        _: Request<auth::LogInRequest>,
    ) -> Result<Response<auth::LogInResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn refresh(
        &self,
        _: Request<auth::RefreshRequest>,
    ) -> Result<Response<auth::RefreshResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn verify_token(
        &self,
        _: Request<auth::VerifyTokenRequest>,
    ) -> Result<Response<auth::VerifyTokenResponse>, Status> {
        Ok(Response::new(auth::VerifyTokenResponse::default()))
    }

    async fn get_account(
        &self,
        _: Request<auth::GetAccountRequest>,
    ) -> Result<Response<auth::GetAccountResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn log_out(
        &self,
        _: Request<auth::LogOutRequest>,
    ) -> Result<Response<auth::LogOutResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn change_password(
        &self,
        _: Request<auth::ChangePasswordRequest>,
    ) -> Result<Response<auth::ChangePasswordResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn delete_account(
        &self,
        _: Request<auth::DeleteAccountRequest>,
    ) -> Result<Response<auth::DeleteAccountResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
