//! Three services, people who lived with them, and what stays of those who are gone.

use std::collections::BTreeMap;

use e2e::{Apart, Process, Product, User};
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};

use super::remains::Remains;
use super::{delete, left_of};

/// In everything that anybody says.
const WORDS: &str = "canary-of-what-was-said";
/// What search takes it for.
const LEARNED: &str = "canary";
/// More than is deleted in one go, twice.
const MUCH: i64 = 600;
const LONG_AGO: &str = "2001-01-01T00:00:00+00:00";

/// The three services, and their databases.
pub(super) struct Services {
    pub(super) gateway: Process,
    pub(super) chat: Process,
    pub(super) auth: Process,
    pub(super) product: Product,
    pub(super) apart: Apart,
    pub(super) accounts: Remains,
    pub(super) conversations: Remains,
    /// Whoever is deleted, or will be.
    leaving: Vec<User>,
    grace: User,
    _stub: Stub,
}

impl Services {
    pub(super) async fn start() -> Self {
        let stub = Stub::start().await.unwrap();
        stub.always(Behaviour::Echo);
        let apart = Apart::new(&stub.base_url());
        let gateway = apart.start("gateway");
        let (chat, auth) = (apart.start("chat-service"), apart.start("auth-service"));
        let product = Product::at(&apart.gateway);
        product.ready().await;
        let grace = product.register("grace").await;
        grace.say("words that stay").await;
        let accounts = Remains::of(apart.data(), "auth").await;
        let conversations = Remains::of(apart.data(), "chat").await;
        let leaving = Vec::new();
        Self {
            gateway,
            chat,
            auth,
            product,
            apart,
            accounts,
            conversations,
            leaving,
            grace,
            _stub: stub,
        }
    }

    /// Somebody of whom there is something in every table.
    pub(super) async fn somebody(&mut self) -> User {
        self.product.ready().await;
        let name = format!("{LEARNED}.number.{}", self.leaving.len());
        let body = json!({"username": name, "password": format!("the password of {name}")});
        let registering = self.product.request("POST", "/api/register/").json(&body);
        let key = format!("{LEARNED}-{}", self.leaving.len());
        let answer = e2e::Answer::to(registering.header("idempotency-key", key)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let login = self.product.post("/api/login/", &body).await.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut user = self.grace.clone();
        user.id = answer.json()["user"]["id"].as_i64().unwrap();
        (user.name, user.password) = (name, text(&body["password"]));
        (user.access, user.refresh) = (text(&login["access"]), text(&login["refresh"]));
        self.live(&user).await;
        self.leaving.push(user.clone());
        user
    }

    async fn live(&self, user: &User) {
        let first = user.say_as(LEARNED, WORDS).await;
        assert_eq!(first.status, 201, "{}", first.text);
        let session = first.json()["session_id"].as_i64().unwrap();
        user.say(&format!("I want to die, {WORDS}")).await;
        let said = user.see(&format!("/api/sessions/{session}/messages/")).await;
        let rating = json!({"rating": "up", "comment": WORDS});
        let reply = format!("/api/messages/{}/feedback/", said["messages"][1]["id"]);
        assert_eq!(user.post(&reply, &rating).await.status, 200);
        let session_path = format!("/api/sessions/{session}/");
        assert_eq!(user.patch(&session_path, &json!({"title": WORDS})).await.status, 200);
        let set = user.patch("/api/account/preferences/", &json!({"region": "FR"})).await;
        assert_eq!(set.status, 200, "{}", set.text);
        self.talk_for_long(user.id, session).await;
    }

    /// A long conversation, in no time.
    async fn talk_for_long(&self, user_id: i64, session: i64) {
        let last = self.conversations.number("SELECT MAX(id) FROM turns").await;
        let turns = format!(
            "WITH RECURSIVE numbers(value) AS
                (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < {MUCH})
            INSERT INTO turns (id, user_id, session_id, state, lease_until, created_at)
                SELECT {last} + value, {user_id}, {session}, 'completed', '{LONG_AGO}', '{LONG_AGO}'
                FROM numbers"
        );
        let messages = format!(
            "INSERT INTO messages (id, user_id, session_id, turn_id, sender, text, created_at)
                SELECT 2 * id, {user_id}, {session}, id, 'ai', '{WORDS}', '{LONG_AGO}'
                FROM turns WHERE id > {last}"
        );
        self.conversations.meddle(&turns).await;
        self.conversations.meddle(&messages).await;
        scratch::go_on_numbering(self.conversations.connection(), "turns").await;
    }

    /// Asks for an account to be deleted. False if nobody could say that it is.
    pub(super) async fn delete(&self, user: &User) -> bool {
        let answer = delete(user, &json!({"password": user.password})).await;
        assert!([204, 503, 504].contains(&answer.status), "{}", answer.text);
        answer.status == 204
    }

    /// Waits until somebody is deleted everywhere.
    pub(super) async fn gone(&self, user: &User) {
        self.accounts.until(&format!("users WHERE id = {} AND username = ''", user.id), 1).await;
    }

    /// Stops everything, and looks into every table and every file: of whoever was deleted nothing is
    /// left but tombstones, and Grace has what she had.
    pub(super) async fn assert_that_only_tombstones_are_left(mut self) {
        self.product.ready().await;
        for user in &self.leaving {
            self.gone(user).await;
            assert_tombstones(user, &self.accounts, &self.conversations).await;
        }
        assert_eq!(self.conversations.places_of(LEARNED).await, [""; 0]);
        assert_eq!(self.accounts.places_of(LEARNED).await, [""; 0]);
        let found = self.grace.see("/api/search/?q=stay").await;
        assert!(!found["results"].as_array().unwrap().is_empty(), "{found}");
        let first = json!({"username": self.leaving[0].name, "password": "a good new password"});
        let taken = self.product.post("/api/register/", &first).await;
        assert_eq!(taken.says(), (400, "username_taken".into()));

        self.accounts.close().await;
        self.conversations.close().await;
        for process in [&mut self.gateway, &mut self.chat, &mut self.auth] {
            process.stop().await;
            let panicked = process.output().contains("panicked");
            assert!(!panicked, "{}", process.output());
        }
        let left = left_of(self.apart.data(), &[WORDS, LEARNED]).await;
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The account's number, and that it is gone, in both databases; for half an hour also that its tokens
/// are not good.
async fn assert_tombstones(user: &User, accounts: &Remains, conversations: &Remains) {
    let mut left = accounts.rows_of(user.id).await;
    left.remove("revocations");
    let logins = format!("revocations WHERE user_id = {} AND sid IS NOT NULL", user.id);
    assert_eq!(accounts.count(&logins).await, 0, "an account's, and no login's");
    assert_eq!(left, BTreeMap::from([("users".to_owned(), 1)]));
    let nameless =
        format!("users WHERE id = {} AND username = '' AND username_key LIKE 'deleted:%'", user.id);
    assert_eq!(accounts.count(&nameless).await, 1);
    let left = conversations.rows_of(user.id).await;
    assert_eq!(left, BTreeMap::from([("departed".to_owned(), 1)]));
}
