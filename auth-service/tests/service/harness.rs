//! The auth service, started for one test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use auth_service::{Config, Tries, Verifiers, serve};
use chassis::identity::{Identity, Secret};
use chassis::status;
use proto::auth::DOMAIN;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::{
    GetSigningKeysRequest, LogInRequest, LogOutRequest, RefreshRequest, RefreshResponse,
    RegisterRequest, RegisterResponse, TokenPair, VerifyTokenRequest,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

/// Long enough for anything that should happen.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Client = AuthServiceClient<Channel>;
/// The way that another service calls.
pub(crate) type Neighbour = chassis::grpc::Channel;

/// The service, started for one test.
pub(crate) struct Service {
    pub(crate) client: Client,
    pub(crate) channel: Channel,
    pub(crate) gateway: Neighbour,
    pub(crate) data: TempDir,
    address: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

pub(crate) fn config(data: &Path) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        identity: Identity::in_process(Config::NAME, &Secret::generate().unwrap()),
        database_url: scratch::url(data, "auth"),
        keys_dir: data.join("keys"),
        chat_endpoint: Endpoint::from_static("http://127.0.0.1:9").into(),
        ending: chassis::ending::Ending::default(),
        verifiers: Verifiers::default(),
        rotate_refresh_tokens: false,
        bcrypt_cost: 4,
        hashing_threads: 1,
        // Whatever is about limits switches them on.
        tries: Tries::UNLIMITED,
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

    /// Starts another one on the same accounts and keys.
    pub(crate) async fn beside(&self) -> Self {
        Self::with(config(self.data.path()), TempDir::new().unwrap()).await
    }

    /// How many accounts there are.
    pub(crate) async fn count_accounts(&self) -> i64 {
        let database = scratch::connect(self.data.path(), "auth").await;
        scratch::number(&database, "SELECT COUNT(*) FROM users").await
    }

    /// With room for a crowd: nobody is turned away.
    pub(crate) async fn roomy() -> Self {
        let data = TempDir::new().unwrap();
        let config = Config { hashing_threads: 20, ..config(data.path()) };
        Self::with(config, data).await
    }

    /// With other settings than usual.
    pub(crate) async fn changed(change: impl FnOnce(&mut Config)) -> Self {
        let data = TempDir::new().unwrap();
        let mut config = config(data.path());
        change(&mut config);
        Self::with(config, data).await
    }

    /// Starts it on what another one left behind, with another cost of hashing.
    pub(crate) async fn costing(bcrypt_cost: u32, data: TempDir) -> Self {
        let config = Config { bcrypt_cost, ..config(data.path()) };
        Self::with(config, data).await
    }

    /// Starts it on what another one left behind, with other settings than usual.
    pub(crate) async fn again(data: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(data.path());
        change(&mut config);
        Self::with(config, data).await
    }

    async fn with(mut config: Config, data: TempDir) -> Self {
        let secret = Secret::generate().unwrap();
        config.identity = Identity::in_process(Config::NAME, &secret);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        #[expect(clippy::disallowed_methods, reason = "`stop` waits for it")]
        let running = tokio::spawn(async move { serve(listener, config, stopped).await.unwrap() });
        let endpoint = Channel::from_shared(url).unwrap();
        let identity = Identity::in_process("gateway", &secret);
        let gateway = chassis::grpc::connect_lazily(endpoint.clone(), &identity, Config::NAME);
        let channel = endpoint.connect().await.unwrap();
        let client = Client::new(channel.clone());
        Self { client, channel, gateway, data, address, stop, running }
    }

    /// Tells it to stop, and returns when nobody can come any more.
    pub(crate) async fn begin_to_stop(&self) {
        self.stop.cancel();
        until(async || TcpStream::connect(self.address).await.is_err().then_some(())).await;
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.stop.cancel();
        drop((self.client, self.channel, self.gateway));
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
        let mut gateway = AuthServiceClient::new(self.gateway.clone());
        let answer = gateway.verify_token(request).await?.into_inner();
        Ok(answer.principal.unwrap().user_id)
    }

    /// Renews a login and asks for another refresh token.
    pub(crate) async fn rotate(&self, refresh: &str) -> Result<RefreshResponse, Status> {
        let request = RefreshRequest { refresh: refresh.to_owned(), rotate: true };
        self.client.clone().refresh(request).await.map(Response::into_inner)
    }

    /// Ends a login by its refresh token.
    pub(crate) async fn log_out(&self, refresh: &str, everywhere: bool) -> Result<(), Status> {
        let request = LogOutRequest { refresh: refresh.to_owned(), everywhere };
        self.client.clone().log_out(request).await.map(drop)
    }

    /// The public keys that verifiers are told, by their names.
    pub(crate) async fn told(&self) -> Vec<String> {
        let request = GetSigningKeysRequest {};
        let answer = self.client.clone().get_signing_keys(request).await.unwrap().into_inner();
        answer.keys.into_iter().map(|key| key.kid).collect()
    }

    /// The key of a kind, `access` or `refresh`, that signs.
    pub(crate) fn key(&self, kind: &str) -> Vec<u8> {
        std::fs::read(active(&self.keys_dir(), kind)).unwrap()
    }

    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.data.path().join("keys")
    }

    /// Runs a command beside the service.
    pub(crate) async fn command(&self, words: &str) -> Output {
        command(&self.keys_dir(), words).await
    }
}

/// Runs a command of the program on a folder of keys.
pub(crate) async fn command(keys_dir: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth-service"));
    command.env_clear().env("AUTH_KEYS_DIR", keys_dir).args(words.split(' '));
    command.stdin(Stdio::null()).output().await.unwrap()
}

/// The file of the key that signs.
pub(crate) fn active(keys_dir: &Path, kind: &str) -> PathBuf {
    let manifest = std::fs::read(keys_dir.join("keys.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut keys = manifest["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["kind"] == kind && key["state"] == "active").unwrap();
    keys_dir.join(format!("{kind}-{}.key", key["kid"].as_str().unwrap()))
}

/// Asks again and again until the answer is the one that is waited for.
pub(crate) async fn until<T>(mut asked: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = asked().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap()
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

/// A request with an access token.
pub(crate) fn signed<T>(message: T, access: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
    request
}

pub(crate) fn now() -> u64 {
    chassis::clock::unix_seconds(chassis::clock::now())
}
