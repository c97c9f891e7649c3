//! Attacks from outside: on the API, and on the gRPC ports themselves.
//!
//! The ids, like `C14`, are those of the table of attacks in `docs/SECURITY.md`. After its attacks each
//! test asks whether the product is still there for people: [`Scene::ends_unharmed`].

mod addresses;
mod bodies;
mod buddy;
mod calls;
mod certificates;
mod changes;
mod claims;
pub(crate) mod company;
mod controls;
mod crowds;
mod deletions;
mod endpoints;
mod files;
mod floods;
mod forger;
mod frames;
mod guessing;
mod hashing;
mod headers;
mod histories;
mod keys;
mod logins;
mod messages;
mod metadata;
mod methods;
mod model;
mod names;
mod others;
mod passwords;
mod paths;
mod raw;
mod reflection;
mod replicas;
mod request_ids;
mod requests;
mod rotation;
mod signatures;
mod silence;
mod tampering;
mod unharmed;
mod windows;

use std::time::Duration;

use e2e::{Answer, Process, Product, User};
use openai_stub::Stub;
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::Channel;

use super::canaries::Canaries;
use calls::Call;

/// More memory than an attack may cost, in bytes.
const MEMORY: u64 = 50 * 1024 * 1024;

/// As many tries as anybody likes, so that nothing is refused for being one too many.
const UNLIMITED: [(&str, &str); 5] = [
    ("AUTH_TRIES_PER_ADDRESS", "0"),
    ("AUTH_TRIES_PER_ACCOUNT", "0"),
    ("AUTH_TRIES_PER_PAIR", "0"),
    ("AUTH_REGISTRATIONS_PER_ADDRESS", "0"),
    ("AUTH_REFRESHES_PER_LOGIN", "0"),
];

/// All that we have to say, so that whatever is too much is seen; libraries stay silent, which costs less
/// if they know.
const LOGS: (&str, &str) = (
    "RUST_LOG",
    "info,ai_buddy=trace,auth_client=trace,auth_service=trace,chassis=trace,chat_service=trace,\
     database=trace,gateway=trace,standalone=trace",
);

/// What ada said.
const WORDS: &str = "something of my own";
/// What every password ends in that [`Product::register`] makes.
const PASSWORDS: &str = "'s own password";
/// The key of the model, where there is one.
const MODEL_KEY: &str = "sk-canary-key";

/// What a door says: the API, the chat service, the auth service.
type Doors = (u16, Code, Code);

const LET_IN: Doors = (200, Code::Ok, Code::Ok);
const REFUSED: Doors = (401, Code::Unauthenticated, Code::Unauthenticated);

/// A product under attack, in a process of its own, and somebody who only wants to use it.
struct Scene {
    process: Process,
    product: Product,
    ada: User,
    session: i64,
    auth: Channel,
    chat: Channel,
    memory: u64,
    /// What must not be in the logs, besides what is the same in every scene.
    canaries: Canaries,
}

impl Scene {
    async fn open() -> Self {
        Self::with(&UNLIMITED).await
    }

    /// With a language model, and more settings than that needs.
    async fn with_model(stub: &Stub, settings: &[(&str, &str)]) -> Self {
        let url = stub.base_url();
        let model = [("OPENAI_BASE_URL", url.as_str()), ("OPENAI_API_KEY", MODEL_KEY)];
        Self::with(&[&UNLIMITED, model.as_slice(), settings].concat()).await
    }

    /// With exactly these settings.
    async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(TempDir::new().unwrap(), settings).await
    }

    /// On data that is there already.
    async fn on(data: TempDir, settings: &[(&str, &str)]) -> Self {
        let settings = [&[LOGS], settings].concat();
        let (process, product) = Product::as_process_on(data, &settings).await;
        let ada = product.register("ada").await;
        let (session, _) = ada.say(WORDS).await;
        let connect = async |url| Channel::from_shared(url).unwrap().connect().await.unwrap();
        let (auth, chat) = (connect(product.auth_url()).await, connect(product.chat_url()).await);
        let memory = process.resident_memory();
        let canaries = unharmed::canaries();
        Self { process, product, ada, session, auth, chat, memory, canaries }
    }

    /// Where the gateway listens.
    fn gateway(&self) -> String {
        address(&self.product.url(""))
    }

    /// All ports: the gateway, the auth service, the chat service.
    fn ports(&self) -> [String; 3] {
        [self.gateway(), address(&self.product.auth_url()), address(&self.product.chat_url())]
    }

    /// What the three doors say to whoever brings these `authorization` headers.
    async fn knock(&self, authorizations: &[&str]) -> Doors {
        let mut request = self.product.request("GET", "/api/sessions/");
        for value in authorizations {
            request = request.header("authorization", *value);
        }
        let (api, (chat, auth)) =
            tokio::join!(Answer::to(request), self.knock_at_services(authorizations));
        (api.status, chat, auth)
    }

    /// What the services' own doors say: the chat service's, the auth service's.
    async fn knock_at_services(&self, authorizations: &[&str]) -> (Code, Code) {
        let mut listing = Call::to("/aibuddy.chat.v1.ChatService/ListSessions");
        let mut showing = Call::to("/aibuddy.auth.v1.AuthService/GetAccount");
        for value in authorizations {
            listing = listing.with("authorization", value);
            showing = showing.with("authorization", value);
        }
        let (chat, auth) = tokio::join!(listing.sent(&self.chat), showing.sent(&self.auth));
        (chat.code(), auth.code())
    }

    /// Brings each of these tokens to each door, and tells of those that are not refused by all.
    async fn refuses(&self, tokens: impl IntoIterator<Item = (String, String)>) {
        // Otherwise every refusal could be for another reason.
        let genuine = format!("Bearer {}", self.ada.access);
        assert_eq!(self.knock(&[&genuine]).await, LET_IN);
        let mut taken = Vec::new();
        for (what, token) in tokens {
            let said = self.knock(&[&format!("Bearer {token}")]).await;
            if said != REFUSED {
                taken.push((what, said));
            }
        }
        assert!(taken.is_empty(), "{taken:#?}");
    }

    /// The product is still the same process and ready, somebody can log in and read what they said, no
    /// memory was lost, nothing was written down that is nobody's business, and it ends when told.
    async fn ends_unharmed(self) {
        let Self { mut process, product, ada, session, auth, chat, memory, mut canaries } = self;
        drop((auth, chat));
        unharmed::serves(&product, &ada, session).await;
        unharmed::is_whole(&mut process, memory);
        unharmed::add_secrets(&mut canaries, &ada, &product.data().join("keys"));
        unharmed::ends(&mut process, &canaries).await;
    }
}

/// How long somebody is told to wait.
fn wait(answer: &Answer) -> Duration {
    Duration::from_secs(answer.header("retry-after").parse().unwrap())
}

/// The host and the port of a URL.
fn address(url: &str) -> String {
    url.strip_prefix("http://").unwrap().to_owned()
}
