//! Who may call.

use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat_service::BuddyConfig;
use proto::chat::v1::SendMessageRequest;
use token::Subject;
use token::keys::{RefreshKey, SigningKey};
use tonic::{Code, Request};

use super::harness::{Person, Service, config, now, refused};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_good_access_token_opens_the_door() {
    let service = Service::start(config(BuddyConfig::Offline)).await;
    let ada = Subject { user_id: 1, sid: "login".into(), token_version: 0 };
    let good = token::access::issue(&service.signing, &ada, now()).unwrap();
    assert!(service.bearer(&good).say_in(None, "hello").await.is_ok());

    let denied = Code::Unauthenticated;
    let bare = Request::new(SendMessageRequest::default());
    refused(service.client.clone().send_message(bare).await, denied, "TOKEN_MISSING");
    let clumsy = Person { authorization: "Bearer a b".into(), ..service.bearer(&good) };
    refused(clumsy.say_in(None, "hello").await, denied, "TOKEN_MALFORMED");

    let stranger = SigningKey::generate().unwrap();
    let refresh = RefreshKey::generate().unwrap();
    let (head, tail) = good.split_once('.').unwrap();
    let (payload, _) = tail.split_once('.').unwrap();
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt","kid":"x"}"#);
    for (token, reason) in [
        ("garbage".to_owned(), "TOKEN_INVALID"),
        (token::access::issue(&stranger, &ada, now()).unwrap(), "TOKEN_INVALID"),
        (token::access::issue(&service.signing, &ada, now() - 1800).unwrap(), "TOKEN_INVALID"),
        (token::access::issue(&service.signing, &ada, now() + 60).unwrap(), "TOKEN_INVALID"),
        (token::refresh::issue(&refresh, &ada, now()).unwrap(), "TOKEN_WRONG_TYPE"),
        (format!("{unsigned}.{payload}."), "TOKEN_INVALID"),
        (format!("{head}.{payload}."), "TOKEN_INVALID"),
    ] {
        refused(service.bearer(&token).say_in(None, "hello").await, denied, reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_keys_does_not_become_a_flood_of_fetches() {
    let service = Service::start(config(BuddyConfig::Offline)).await;
    service.person(1).say("hello").await;
    let before = service.key_fetches.load(Ordering::Relaxed);
    let ada = Subject { user_id: 1, sid: "login".into(), token_version: 0 };
    let strangers = (0..100).map(|_| {
        let key = SigningKey::generate().unwrap();
        let token = token::access::issue(&key, &ada, now()).unwrap();
        let person = service.bearer(&token);
        async move {
            refused(person.say_in(None, "x").await, Code::Unauthenticated, "TOKEN_INVALID");
        }
    });
    futures_util::future::join_all(strangers).await;
    assert!(service.key_fetches.load(Ordering::Relaxed) <= before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_nobody_is_let_in_and_nobody_is_called_a_forger() {
    let service = Service::start_alone(config(BuddyConfig::Offline)).await;
    let outcome = service.person(1).say_in(None, "hello").await;
    refused(outcome, Code::Unavailable, "KEYS_UNAVAILABLE");
}
