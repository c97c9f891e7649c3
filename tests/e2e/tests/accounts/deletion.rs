//! Accounts that go, whoever is away or dies meanwhile.

mod moments;
mod obstacles;
mod remains;
mod services;
mod steps;

use std::path::Path;
use std::time::Duration;

use e2e::{Answer, Apart, Product, User};
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};

const WORDS: &str = "canary-of-what-was-said";
const NAME: &str = "canary.of.a.name";

/// Asks for an account to be deleted.
pub(super) async fn delete(user: &User, body: &Value) -> Answer {
    Answer::to(user.request("DELETE", "/api/account/").json(body)).await
}

/// The files in which any of the words are.
fn files_with(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, words));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let has = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
        let names = words.iter().filter(|word| has(word));
        found.extend(names.map(|word| format!("{}: {word}", path.display())));
    }
    found
}

/// Where any of the words are left: in which files, and in which columns of databases on a server.
async fn left_of(data: &Path, words: &[&str]) -> Vec<String> {
    let mut left = files_with(data, words);
    if scratch::server().is_some() {
        for name in ["auth", "chat"] {
            let database = scratch::connect_once(data, name).await;
            for word in words {
                left.extend(scratch::places_of(&database, word).await);
            }
        }
    }
    left
}

/// Waits until the auth service says that an account is gone everywhere.
async fn gone(auth: &mut e2e::Process) {
    auth.line_with("an account is deleted everywhere").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_leaves_nothing_and_its_name_is_nobodys() {
    let product = Product::start().await;
    let ada = product.register(NAME).await;
    let grace = product.register("grace").await;
    ada.say(WORDS).await;
    grace.say("words that stay").await;
    let wrong = delete(&ada, &json!({"password": "not this one"})).await;
    assert!(wrong.status == 400 && wrong.json()["password"].is_array(), "{}", wrong.text);
    assert_eq!(delete(&ada, &json!({})).await.status, 400);
    assert_eq!(ada.get("/api/account/").await.status, 200, "nothing has happened");

    let deleted = delete(&ada, &json!({"password": ada.password})).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(ada.get("/api/sessions/").await.says(), (401, "token_not_valid".into()));
    let body = json!({"username": ada.name, "password": ada.password});
    assert_eq!(product.post("/api/login/", &body).await.says().0, 401);
    for letter in ["c", "C", "ｃ"] {
        let name = ada.name.replacen('c', letter, 1);
        let body = json!({"username": name, "password": "a good new password"});
        let taken = product.post("/api/register/", &body).await;
        assert_eq!(taken.says(), (400, "username_taken".into()), "{name}");
    }
    let joan = product.register("joan").await;
    assert!(joan.id > grace.id && grace.id > ada.id, "numbers are never used again");
    assert_eq!(ada.get("/api/sessions/").await.status, 401);
    assert_eq!(grace.see("/api/search/?q=stay").await["results"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_deleted_though_the_services_die_on_the_way() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Echo);
    let apart = Apart::new(&stub.base_url());
    let mut gateway = apart.start("gateway");
    let mut chat = apart.start("chat-service");
    let mut auth = apart.start("auth-service");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register(NAME).await;
    for number in 0..5 {
        ada.say(&format!("{WORDS} {number}")).await;
    }
    // The chat service is away: the account is deleted all the same.
    chat.kill().await;
    assert_eq!(delete(&ada, &json!({"password": ada.password})).await.status, 204);
    auth.kill().await;
    let mut auth = apart.start("auth-service");
    auth.line_with("is not deleted elsewhere yet").await;
    auth.kill().await;
    let mut chat = apart.start("chat-service");
    let mut auth = apart.start("auth-service");
    gone(&mut auth).await;
    let body = json!({"username": NAME, "password": "a good new password"});
    let taken = product.post("/api/register/", &body).await;
    assert_eq!(taken.says(), (400, "username_taken".into()), "also when the name itself is gone");
    for process in [&mut gateway, &mut chat, &mut auth] {
        process.stop().await;
    }
    let left = left_of(apart.data(), &[WORDS, NAME]).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_somebody_who_is_deleted_is_written_nowhere() {
    let stub = Stub::start().await.unwrap();
    let (text, every) = (format!("{WORDS} ").repeat(200), Duration::from_millis(50));
    stub.always(Behaviour::TokenDelay { text, every });
    let apart = Apart::new(&stub.base_url());
    let (mut gateway, mut chat) = (apart.start("gateway"), apart.start("chat-service"));
    let mut auth = apart.start("auth-service");
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register(NAME).await;
    let mut reader = ada.stream("hello").await;
    stub.heard_at_least(1).await;
    let deleting = async {
        assert_eq!(delete(&ada, &json!({"password": ada.password})).await.status, 204);
        gone(&mut auth).await;
    };
    tokio::join!(reader.read_on(), deleting);
    for process in [&mut gateway, &mut chat, &mut auth] {
        process.stop().await;
    }
    let left = left_of(apart.data(), &[WORDS, NAME]).await;
    assert!(left.is_empty(), "{left:?}");
}
