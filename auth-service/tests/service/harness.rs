//! The auth service, started for one test.

use std::path::Path;

use auth_service::{Config, serve};
use chassis::status;
use proto::auth::DOMAIN;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::{
    LogInRequest, RefreshRequest, RegisterRequest, RegisterResponse, TokenPair, VerifyTokenRequest,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

pub(crate) type Client = AuthServiceClient<Channel>;

/// The service, started for one test.
pub(crate) struct Service {
    pub(crate) client: Client,
    pub(crate) channel: Channel,
    pub(crate) data: TempDir,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

pub(crate) fn config(data: &Path) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        database_url: format!("sqlite:{}", data.join("auth.db").display()),
        keys_dir: data.join("keys"),
        bcrypt_cost: 4,
        hashing_threads: 1,
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::on(TempDir::new().unwrap()).await
    }

    /// Starts it on what another one left behind.
    pub(crate) async fn on(data: TempDir) -> Self {
        let config = config(data.path());
        Self::with(config, data).await
    }

    /// With room for a crowd: nobody is turned away.
    pub(crate) async fn roomy() -> Self {
        let data = TempDir::new().unwrap();
        let config = Config { hashing_threads: 20, ..config(data.path()) };
        Self::with(config, data).await
    }

    /// Starts it on what another one left behind, with another cost of hashing.
    pub(crate) async fn costing(bcrypt_cost: u32, data: TempDir) -> Self {
        let config = Config { bcrypt_cost, ..config(data.path()) };
        Self::with(config, data).await
    }

    async fn with(config: Config, data: TempDir) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        #[expect(clippy::disallowed_methods, reason = "`stop` waits for it")]
        let running = tokio::spawn(async move { serve(listener, config, stopped).await.unwrap() });
        let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
        Self { client: Client::new(channel.clone()), channel, data, stop, running }
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.stop.cancel();
        drop((self.client, self.channel));
        self.running.await.unwrap();
        self.data
    }

    pub(crate) async fn register(
        &self,
        name: &str,
        password: &str,
    ) -> Result<RegisterResponse, Status> {
        self.register_as("", name, password).await
    }

    /// Registers with a request id.
    pub(crate) async fn register_as(
        &self,
        request_id: &str,
        name: &str,
        password: &str,
    ) -> Result<RegisterResponse, Status> {
        let request = registration(request_id, name, password);
        self.client.clone().register(request).await.map(Response::into_inner)
    }

    pub(crate) async fn log_in(&self, name: &str, password: &str) -> Result<TokenPair, Status> {
        let (username, password) = (name.to_owned(), password.to_owned());
        let answer = self.client.clone().log_in(LogInRequest { username, password }).await?;
        Ok(answer.into_inner().tokens.unwrap())
    }

    pub(crate) async fn refresh(&self, refresh: &str) -> Result<String, Status> {
        let request = RefreshRequest { refresh: refresh.to_owned(), rotate: false };
        Ok(self.client.clone().refresh(request).await?.into_inner().access)
    }

    pub(crate) async fn verify(&self, access: &str) -> Result<i64, Status> {
        let request = VerifyTokenRequest { access: access.to_owned() };
        let answer = self.client.clone().verify_token(request).await?.into_inner();
        Ok(answer.principal.unwrap().user_id)
    }

    pub(crate) fn key(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.data.path().join("keys").join(name)).unwrap()
    }
}

pub(crate) fn registration(request_id: &str, name: &str, password: &str) -> RegisterRequest {
    let (username, password) = (name.to_owned(), password.to_owned());
    RegisterRequest { username, password, request_id: request_id.to_owned() }
}

pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, reason: &str) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(status::reason(&status), Some((DOMAIN.to_owned(), reason.to_owned())));
}

pub(crate) fn now() -> u64 {
    chassis::clock::unix_seconds(chassis::clock::now())
}
