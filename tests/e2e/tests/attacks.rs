//! Attacks from outside: on the API, and on the gRPC ports themselves.
//!
//! The ids, like `C14`, are those of the table of attacks in `docs/SECURITY.md`. After its attacks each
//! test asks whether the product is still there for people: [`Scene::ends_unharmed`].

mod buddy;
mod calls;
mod claims;
mod endpoints;
mod floods;
mod forger;
mod frames;
mod headers;
mod logins;
mod messages;
mod metadata;
mod methods;
mod names;
mod others;
mod passwords;
mod paths;
mod raw;
mod requests;
mod signatures;

use e2e::{Answer, Product, User};
use serde_json::json;
use tonic::Code;
use tonic::transport::Channel;

use calls::Call;

/// More memory than an attack may cost, in bytes. The other tests of this process take some, too.
const MEMORY: u64 = 50 * 1024 * 1024;

/// What a door says: the API, the chat service, the auth service.
type Doors = (u16, Code, Code);

const LET_IN: Doors = (200, Code::Ok, Code::Ok);
const REFUSED: Doors = (401, Code::Unauthenticated, Code::Unauthenticated);

/// A product under attack, and somebody who only wants to use it.
struct Scene {
    product: Product,
    ada: User,
    session: i64,
    auth: Channel,
    chat: Channel,
    memory: u64,
}

impl Scene {
    async fn open() -> Self {
        // Always one of its own: its keys and its ports can be reached.
        let product = Product::start_with(|_| {}).await;
        let ada = product.register("ada").await;
        let (session, _) = ada.say("something of my own").await;
        let connect = async |url| Channel::from_shared(url).unwrap().connect().await.unwrap();
        let (auth, chat) = (connect(product.auth_url()).await, connect(product.chat_url()).await);
        Self { product, ada, session, auth, chat, memory: resident() }
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
        let mut listing = Call::to("/aibuddy.chat.v1.ChatService/ListSessions");
        let mut showing = Call::to("/aibuddy.auth.v1.AuthService/GetAccount");
        for value in authorizations {
            request = request.header("authorization", *value);
            listing = listing.with("authorization", value);
            showing = showing.with("authorization", value);
        }
        let (api, chat, auth) =
            tokio::join!(Answer::to(request), listing.sent(&self.chat), showing.sent(&self.auth));
        (api.status, chat.code(), auth.code())
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

    /// The product is ready, somebody can log in and read what they said, and no memory was lost.
    async fn ends_unharmed(self) {
        assert_eq!(self.product.get("/readyz").await.status, 200);
        let body = json!({"username": self.ada.name, "password": self.ada.password});
        let login = self.product.post("/api/login/", &body).await;
        assert_eq!(login.status, 200, "{}", login.text);
        let mut ada = self.ada;
        login.json()["access"].as_str().unwrap().clone_into(&mut ada.access);
        let messages = ada.messages(self.session).await;
        assert_eq!(messages[0].1, "something of my own");
        let grown = resident().saturating_sub(self.memory);
        assert!(grown < MEMORY, "{grown} bytes more are in use");
        self.product.stop().await;
    }
}

/// The host and the port of a URL.
fn address(url: &str) -> String {
    url.strip_prefix("http://").unwrap().to_owned()
}

/// How much memory this process, and so the product in it, has in use.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
