//! Tokens whose header is not ours, though signed with our key; and headers with more than a token.

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::json;

use super::forger::{Forger, encode};
use super::{LET_IN, REFUSED, Scene};

/// C04
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_brings_its_own_key_or_says_where_one_is_moves_nobody() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys.json", listener.local_addr().unwrap());
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": encode(forger.public()),
    });
    let members = [
        ("jwk", jwk),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!([encode(forger.public())])),
        ("x5t", json!("a")),
        ("kid", json!(url)),
        ("kid", json!("../../../../etc/passwd")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!(null)),
        ("kid", json!("")),
    ];
    let tokens = members
        .map(|(name, value)| (format!("{name} {value}"), forger.with_header(name, value.clone())));
    scene.refuses(tokens).await;
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock, "somebody came for a key");
    scene.ends_unharmed().await;
}

/// C05, C08
#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_says_anything_else_refuses_its_token() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let members = [
        ("crit", json!(["exp"])),
        ("crit", json!(["foo"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("typ", json!("AT+JWT")),
        ("typ", json!("application/at+jwt")),
        ("typ", json!(1)),
        ("typ", json!(null)),
        ("alg", json!("Ed25519")),
        ("alg", json!("eddsa")),
        ("alg", json!(["EdDSA"])),
    ];
    let changed = members
        .map(|(name, value)| (format!("{name} {value}"), forger.with_header(name, value.clone())));
    let claims = forger.claims.to_string();
    let texts = ["alg", "typ", "kid"].map(|name| {
        let mut header = forger.header.clone();
        header.as_object_mut().unwrap().remove(name);
        header.to_string()
    });
    let odd = ["[]", "null", "\"EdDSA\"", "{}", "", "{"].map(str::to_owned);
    let others = texts.into_iter().chain(odd);
    let others = others.map(|header| (header.clone(), forger.signed(&header, &claims)));
    scene.refuses(changed.into_iter().chain(others)).await;
    scene.ends_unharmed().await;
}

/// C07
#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_a_thing_twice_is_not_believed_at_all() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let (header, claims) = (forger.header.to_string(), forger.claims.to_string());
    let twice = |text: &str, name: &str, other: &str| {
        let value = serde_json::from_str::<serde_json::Value>(text).unwrap()[name].clone();
        let inside = text.strip_prefix('{').unwrap();
        let end = text.strip_suffix('}').unwrap();
        [
            format!("{{\"{name}\":{other},{inside}"),
            format!("{end},\"{name}\":{other}}}"),
            format!("{end},\"{name}\":{value}}}"),
        ]
    };
    let mut tokens = Vec::new();
    for (name, other) in [("alg", "\"none\""), ("typ", "\"JWT\""), ("kid", "\"another\"")] {
        for text in twice(&header, name, other) {
            tokens.push((text.clone(), forger.signed(&text, &claims)));
        }
    }
    for (name, other) in [
        ("exp", "4000000000"),
        ("user_id", "2"),
        ("sub", "\"2\""),
        ("token_type", "\"refresh\""),
        ("aud", "\"another\""),
        ("tv", "7"),
    ] {
        for text in twice(&claims, name, other) {
            tokens.push((text.clone(), forger.signed(&header, &text)));
        }
    }
    scene.refuses(tokens).await;
    scene.ends_unharmed().await;
}

/// C17, F08
#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_are_none() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let [ada, bob] = [&scene.ada.access, &bob.access].map(|token| format!("Bearer {token}"));
    let (bad, joined) = ("Bearer a.b.c", format!("{ada}, {bob}"));
    assert_eq!(scene.knock(&[&ada]).await, LET_IN);
    for headers in [
        vec![ada.as_str(), bad],
        vec![bad, &ada],
        vec![&ada, &bob],
        vec![&ada, &ada],
        vec![&ada, ""],
        vec!["", &ada],
        vec!["Basic YTpi", &ada],
        vec![&joined],
        vec![&format!("{ada},")],
        vec![&format!("{ada}\t{ada}")],
        vec![&format!("Basic {}", &ada[7..])],
        vec![&format!("Bearer:{}", &ada[7..])],
        vec![&ada[7..]],
        vec![""],
    ] {
        assert_eq!(scene.knock(&headers).await, REFUSED, "{headers:?}");
    }
    scene.ends_unharmed().await;
}
