//! The product, started for one test.

use std::sync::Once;
use std::time::Duration;

use chassis::settings::Settings;
use openai_stub::Stub;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use standalone::Config;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Answer, Process, User, process};

/// How long a start may take, on a machine that starts several at once.
const PATIENCE: Duration = Duration::from_mins(1);

/// The product, started for one test on addresses and in a folder of its own. Or, where
/// `AI_BUDDY_URL` names one, a product that runs already: the same journeys then judge that.
pub struct Product {
    base: String,
    http: Client,
    /// Whether other tests, or an earlier run of this one, may have used names.
    is_shared: bool,
    own: Option<Own>,
}

/// What only a product of this test's own has.
struct Own {
    data: TempDir,
    auth: String,
    chat: String,
    inside: Option<Inside>,
}

/// What only a product in this process has.
struct Inside {
    /// Those it was started with, for when it is started again.
    settings: Vec<(&'static str, String)>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

/// An HTTP client, with the TLS provider it wants to exist.
#[must_use]
pub fn http_client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // The product in this process may have been faster.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().no_proxy().build().expect("an HTTP client")
}

impl Product {
    /// With the offline buddy.
    pub async fn start() -> Self {
        match outside() {
            Some(base) => Self { base, http: http_client(), is_shared: true, own: None },
            None => Self::start_with(|_| {}).await,
        }
    }

    /// With a language model.
    pub async fn with_model(stub: &Stub) -> Self {
        Self::with_patient_model(stub, |_| {}).await
    }

    /// With a language model that is waited for as long as `limits` says.
    pub async fn with_patient_model(
        stub: &Stub,
        limits: impl FnOnce(&mut chat_service::ModelLimits),
    ) -> Self {
        Self::with_model_and(stub, |config| {
            if let chat_service::BuddyConfig::Model(model) = &mut config.chat.buddy {
                limits(&mut model.limits);
            }
        })
        .await
    }

    /// With a language model, and settings changed at will.
    pub async fn with_model_and(stub: &Stub, change: impl FnOnce(&mut Config)) -> Self {
        let settings =
            vec![("OPENAI_BASE_URL", stub.base_url()), ("OPENAI_API_KEY", "sk-canary-key".into())];
        Self::configured(TempDir::new().expect("a folder"), settings, change).await
    }

    /// With settings changed at will.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::configured(TempDir::new().expect("a folder"), Vec::new(), change).await
    }

    async fn configured(
        data: TempDir,
        settings: Vec<(&'static str, String)>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = data.path().to_str().expect("a folder with a plain name").to_owned();
        let fixed = [("AI_BUDDY_DATA", folder.as_str()), ("AI_BUDDY_LISTEN", "127.0.0.1:0")];
        let given = settings.iter().map(|(name, value)| (*name, value.as_str()));
        let mut read = Settings::from_pairs(fixed.into_iter().chain(given));
        let mut config = Config::read(&mut read).expect("settings");
        config.auth.database_url = scratch::url(data.path(), "auth");
        config.chat.database_url = scratch::url(data.path(), "chat");
        // The cheapest bcrypt: what is tested here is not how slow it is.
        config.auth.bcrypt_cost = 4;
        // Whatever is about limits on guessing switches them on.
        config.auth.tries = auth_service::Tries::UNLIMITED;
        change(&mut config);
        let listener = TcpListener::bind(config.listen).await.expect("an address");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let product = standalone::Product::open(config).await.expect("a product");
        let auth = format!("http://{}", product.auth_address().expect("an address"));
        let chat = format!("http://{}", product.chat_address().expect("an address"));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        #[expect(clippy::disallowed_methods, reason = "`stop` waits for it")]
        let running = tokio::spawn(async move {
            product.serve(listener, stopped).await.expect("the product should run");
        });
        let inside = Some(Inside { settings, stop, running });
        let own = Some(Own { data, auth, chat, inside });
        let product = Self { base, http: http_client(), is_shared: false, own };
        product.ready().await;
        product
    }

    /// A product that runs in processes of its own, at this address.
    #[must_use]
    pub fn at(address: &str) -> Self {
        let base = format!("http://{address}");
        Self { base, http: http_client(), is_shared: false, own: None }
    }

    /// As a process of its own, as an operator starts it, with these settings. Passwords are hashed as
    /// cheaply as an operator can have it.
    pub async fn as_process(settings: &[(&str, &str)]) -> (Process, Self) {
        Self::as_process_on(TempDir::new().expect("a folder"), settings).await
    }

    /// The same, on data that may be there already.
    pub async fn as_process_on(data: TempDir, settings: &[(&str, &str)]) -> (Process, Self) {
        let folder = data.path().to_str().expect("a folder with a plain name");
        let own = [
            ("AI_BUDDY_LISTEN", "127.0.0.1:0"),
            ("AI_BUDDY_DATA", folder),
            ("AUTH_BCRYPT_COST", "10"),
        ];
        let process = Process::start("ai-buddy", &[own.as_slice(), settings].concat());
        let said = process.line_with("AI Buddy listens on ").await;
        let base = between(&said, "on ", "/api/").to_owned();
        let said = process.line_with("gRPC: ").await;
        let auth = format!("http://{}", between(&said, "accounts at ", ","));
        let chat = format!("http://{}", between(&said, "conversations at ", ","));
        let own = Some(Own { data, auth, chat, inside: None });
        let product = Self { base, http: http_client(), is_shared: false, own };
        product.ready().await;
        (process, product)
    }

    /// Waits until it is ready for people.
    pub async fn ready(&self) {
        let ready = async {
            loop {
                let answer = self.request("GET", "/readyz").send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                // Asking all the time would take from the start what it needs.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("it should become ready");
    }

    /// What an operator does beside the running product: `keys rotate --now`. Returns what was said.
    pub async fn command(&self, arguments: &str) -> String {
        let folder = self.data().to_str().expect("a folder with a plain name");
        let arguments: Vec<_> = arguments.split(' ').collect();
        process::run("ai-buddy", &arguments, &[("AI_BUDDY_DATA", folder)]).await
    }

    /// Stops the product and starts it again on the same data, with the same model.
    pub async fn restart(self) -> Self {
        let own = self.own.expect("only a product of our own can be restarted");
        let inside = own.inside.expect("only a product in this process can be restarted");
        inside.stop.cancel();
        inside.running.await.expect("the product should stop");
        Self::configured(own.data, inside.settings, |_| {}).await
    }

    /// Stops the product; returns when it has stopped.
    pub async fn stop(self) {
        if let Some(Own { data: _until_then, inside: Some(inside), .. }) = self.own {
            inside.stop.cancel();
            inside.running.await.expect("the product should stop");
        }
    }

    /// Asks the product to stop, and does not wait.
    pub fn begin_to_stop(&self) {
        if let Some(inside) = self.own.as_ref().and_then(|own| own.inside.as_ref()) {
            inside.stop.cancel();
        }
    }

    /// Where the auth service listens for gRPC.
    #[must_use]
    pub fn auth_url(&self) -> String {
        self.own().auth.clone()
    }

    /// Where the chat service listens for gRPC.
    #[must_use]
    pub fn chat_url(&self) -> String {
        self.own().chat.clone()
    }

    /// The folder that holds everything.
    #[must_use]
    pub fn data(&self) -> &std::path::Path {
        self.own().data.path()
    }

    /// The folder alone, when what worked in it has ended.
    #[must_use]
    pub fn into_data(self) -> TempDir {
        self.own.expect("a product of our own").data
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("a product of our own")
    }

    /// The address of a path: `/api/login/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The client that all requests are made with.
    #[must_use]
    pub fn http(&self) -> &Client {
        &self.http
    }

    /// Starts a request.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, self.url(path))
    }

    /// Posts JSON without a token.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request("POST", path).json(body)).await
    }

    /// Gets a path without a token.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request("GET", path)).await
    }

    /// Somebody who was registered before a restart, back again.
    #[must_use]
    pub fn returning(&self, user: User) -> User {
        User { base: self.base.clone(), http: self.http.clone(), ..user }
    }

    /// A name that nobody has here: on a product that others use too, more than the word itself.
    #[must_use]
    pub fn name(&self, word: &str) -> String {
        if self.is_shared { format!("{word}-{}", Uuid::now_v7().simple()) } else { word.to_owned() }
    }

    /// Registers somebody, with a password made of their name.
    pub async fn register(&self, word: &str) -> User {
        let name = &self.name(word);
        let password = format!("{name}'s own password");
        let body = json!({"username": name, "password": password});
        let answer = self.post("/api/register/", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let reply = answer.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        User {
            http: self.http.clone(),
            base: self.base.clone(),
            id: reply["user"]["id"].as_i64().expect("an id"),
            name: name.to_owned(),
            password,
            access: text(&reply["token"]),
            refresh: text(&reply["refresh"]),
        }
    }
}

/// What stands in a line between one word and another, or its end.
fn between<'a>(line: &'a str, before: &str, after: &str) -> &'a str {
    let rest = line.split_once(before).expect("a word before").1;
    rest.split_once(after).map_or(rest, |(between, _)| between)
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings of their own")]
fn outside() -> Option<String> {
    std::env::var("AI_BUDDY_URL").ok().map(|url| url.trim_end_matches('/').to_owned())
}
