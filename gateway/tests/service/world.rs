//! A gateway between a client and two scripted services.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chassis::clock;
use chassis::http::Limits;
use chassis::identity::{Identity, Secret};
use chassis::tasks::Tasks;
use gateway::{Config, Origins, Streams, TrustedProxies};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use token::keys::SigningKey;
use token::{Subject, access};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic_health::server::HealthReporter;

use super::answer::Answer;
use super::backend::Backend;
use super::rpc::PATIENCE;
use super::services::{Auth, Chat};

/// The page that may call.
pub(crate) const ORIGIN: &str = "https://buddy.example";

/// How long another replica is looked for: there is only one.
const RESUME: Duration = Duration::from_millis(300);

pub(crate) struct World {
    pub(crate) auth: Arc<Auth>,
    pub(crate) chat: Arc<Chat>,
    pub(crate) auth_backend: Backend,
    pub(crate) chat_backend: Backend,
    pub(crate) address: SocketAddr,
    pub(crate) http: Client,
    pub(crate) stop: CancellationToken,
    key: SigningKey,
    running: JoinHandle<()>,
}

impl World {
    /// With both services there.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With both services there and settings changed at will.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let key = SigningKey::generate().unwrap();
        let (auth, chat) = (Arc::new(Auth::new(key.public())), Arc::new(Chat::new()));
        let (mut auth_backend, mut chat_backend) = (Backend::absent(), Backend::absent());
        auth_backend.start_auth(auth.clone());
        chat_backend.start_chat(chat.clone());
        Self::open(key, auth, chat, auth_backend, chat_backend, change).await
    }

    /// With nothing behind the gateway.
    pub(crate) async fn alone() -> Self {
        let key = SigningKey::generate().unwrap();
        let (auth, chat) = (Arc::new(Auth::new(key.public())), Arc::new(Chat::new()));
        Self::open(key, auth, chat, Backend::absent(), Backend::absent(), |_| {}).await
    }

    async fn open(
        key: SigningKey,
        auth: Arc<Auth>,
        chat: Arc<Chat>,
        auth_backend: Backend,
        chat_backend: Backend,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = Config {
            listen: address,
            identity: Identity::in_process(Config::NAME, &Secret::generate().unwrap()),
            auth_endpoint: auth_backend.endpoint().into(),
            chat_endpoint: chat_backend.endpoint().into(),
            origins: Origins::Listed(vec![ORIGIN.to_owned()]),
            trusted_proxies: TrustedProxies::default(),
            limits: Limits::default(),
            streams: Streams { resume: RESUME, ..Streams::default() },
            notice: Duration::ZERO,
        };
        change(&mut config);
        let stop = CancellationToken::new();
        let running = Tasks::new().spawn(gateway::serve(listener, config, stop.clone()));
        // Another test of this process may have been faster.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().unwrap();
        Self { auth, chat, auth_backend, chat_backend, address, http, stop, key, running }
    }

    pub(crate) fn start_auth(&mut self) -> HealthReporter {
        self.auth_backend.start_auth(self.auth.clone())
    }

    pub(crate) fn start_chat(&mut self) -> HealthReporter {
        self.chat_backend.start_chat(self.chat.clone())
    }

    /// A good access token of user 7.
    pub(crate) fn token(&self) -> String {
        let subject = Subject { user_id: 7, sid: "login".to_owned(), token_version: 0 };
        access::issue(&self.key, &subject, clock::unix_seconds(clock::now())).unwrap()
    }

    /// Starts a request without a token.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        self.http.request(method.parse().unwrap(), url).timeout(PATIENCE)
    }

    /// Starts a request with a good token.
    pub(crate) fn request_as_user(&self, method: &str, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(self.token())
    }

    /// Posts JSON without a token.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request("POST", path).json(body)).await
    }

    /// Gets a path with a good token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request_as_user("GET", path)).await
    }

    /// Returns once the gateway has stopped.
    pub(crate) async fn stopped(self) {
        tokio::time::timeout(PATIENCE, self.running).await.expect("an end in time").unwrap();
    }
}

/// Sends a request and reads what comes back.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.expect("the gateway should answer")).await
}
