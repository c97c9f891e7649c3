//! Tokens whose claims are not those that we write, though signed with our key.

use e2e::Answer;
use serde_json::{Value, json};

use super::forger::{Forger, encode, sign};
use super::{LET_IN, REFUSED, Scene};
use crate::contract::tokens::{Key, part};

fn tokens(forger: &Forger, claims: &[(&str, Value)]) -> Vec<(String, String)> {
    let token = |(name, value): &(&str, Value)| {
        (format!("{name} {value}"), forger.with_claim(name, value.clone()))
    };
    claims.iter().map(token).collect()
}

/// C10
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_somebody_else_or_for_somebody_else_is_refused() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let issuer = forger.claims["iss"].clone();
    let audience = forger.claims["aud"].clone();
    let mut all = tokens(
        &forger,
        &[
            ("iss", json!("somebody else")),
            ("iss", json!(123)),
            ("iss", json!([issuer])),
            ("iss", json!(null)),
            ("iss", json!("")),
            ("aud", json!("somebody else")),
            ("aud", json!(123)),
            ("aud", json!([])),
            ("aud", json!([audience])),
            ("aud", json!([audience, "somebody else"])),
            ("aud", json!(null)),
        ],
    );
    for name in ["iss", "aud", "sub", "sid", "tv", "iat", "nbf", "exp", "jti", "token_type"] {
        all.push((format!("no {name}"), forger.without_claim(name)));
    }
    scene.refuses(all).await;
    scene.ends_unharmed().await;
}

/// C11
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_is_nobody_and_never_somebody_else() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let own = scene.ada.id;
    let mut all = tokens(
        &forger,
        &[
            ("user_id", json!(own.to_string())),
            ("user_id", json!(true)),
            ("user_id", json!(1.0)),
            ("user_id", json!([own])),
            ("user_id", json!({})),
            ("user_id", json!(0)),
            ("user_id", json!(-own)),
            ("user_id", json!((1_u64 << 53) + 1)),
            ("user_id", json!(u64::MAX)),
            ("user_id", json!("abc")),
            ("user_id", json!(null)),
            ("user_id", json!(bob.id)),
            ("sub", json!(bob.id.to_string())),
            ("sub", json!(own)),
            ("sub", json!(format!("0{own}"))),
            ("sub", json!(format!("{own} "))),
        ],
    );
    all.push(("none".into(), forger.without_claim("user_id")));
    let number = format!("\"user_id\":{own}");
    let claims = forger.claims.to_string();
    assert!(claims.contains(&number), "{claims}");
    for other in [format!("1{}", "0".repeat(30)), "1e0".into(), "1.0".into(), "-0".into()] {
        let claims = claims.replace(&number, &format!("\"user_id\":{other}"));
        all.push((other, forger.signed(&forger.header.to_string(), &claims)));
    }
    scene.refuses(all).await;
    scene.ends_unharmed().await;
}

/// C13: what was taken back stays taken back. Where a token names a login that never was, only the
/// auth service can tell: nobody but itself could have signed that.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_before_a_logout_everywhere_opens_no_door_and_an_unknown_login_is_none() {
    let scene = Scene::open().await;
    let bob = scene.product.register("bob").await;
    let forger = Forger::of(&scene.product, &bob.access);
    let foreign = Forger::of(&scene.product, &scene.ada.access).claims["sid"].clone();
    for sid in [foreign, json!("a login that never was"), json!("")] {
        let token = format!("Bearer {}", forger.with_claim("sid", sid));
        assert_eq!(scene.knock(&[&token]).await.2, REFUSED.2);
    }
    assert_eq!(bob.post("/api/logout/", &json!({"all": true})).await.status, 200);
    let before = forger.with_claim("sid", json!("another of those logins"));
    scene
        .refuses([("of that login".into(), bob.access.clone()), ("of another".into(), before)])
        .await;
    let ahead = format!("Bearer {}", forger.with_claim("tv", json!(99)));
    assert_eq!(scene.knock(&[&ahead]).await.2, REFUSED.2);
    scene.ends_unharmed().await;
}

/// B24: the clock is not turned, the times in the token are.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_between_its_times_only() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let now = forger.claims["iat"].as_i64().unwrap();
    let all = tokens(
        &forger,
        &[
            ("exp", json!(now - 1)),
            ("exp", json!(now)),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!(1e19)),
            ("exp", json!(u64::MAX)),
            ("exp", json!(i64::MAX)),
            ("exp", json!(now + 1801)),
            ("exp", json!((now + 1800).to_string())),
            ("exp", json!(null)),
            ("nbf", json!(now + 3600)),
            ("nbf", json!("0")),
            ("iat", json!(now + 3600)),
            ("iat", json!(-1)),
            ("iat", json!(0)),
        ],
    );
    scene.refuses(all).await;
    scene.ends_unharmed().await;
}

/// C16
#[tokio::test(flavor = "multi_thread")]
async fn claims_that_are_no_claims_break_nothing() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let (header, claims) = (forger.header.to_string(), forger.claims.to_string());
    let values = forger.claims.as_object().unwrap().values().cloned().collect::<Vec<_>>();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let end = claims.strip_suffix('}').unwrap();
    let many = (0..1_000).map(|number| format!(",\"c{number}\":0")).collect::<Vec<_>>().concat();
    let texts = [
        "[]".to_owned(),
        "\"x\"".to_owned(),
        "null".to_owned(),
        "1".to_owned(),
        "{}".to_owned(),
        String::new(),
        json!(values).to_string(),
        json!([forger.claims]).to_string(),
        deep.clone(),
        claims.replace("\"tv\":0", &format!("\"tv\":{deep}")),
        format!("{end}{many}}}"),
        format!("{claims}{claims}"),
        format!("\u{feff}{claims}"),
        end.to_owned(),
    ];
    let tokens = texts.map(|text| {
        let what = text.chars().take(40).collect();
        (what, forger.signed(&header, &text))
    });
    scene.refuses(tokens).await;
    // What we do not know is passed over, however deep it goes.
    let unknown = forger.signed(&header, &format!("{end},\"deep\":{deep}}}"));
    assert_eq!(scene.knock(&[&format!("Bearer {unknown}")]).await, LET_IN);
    // Too long for the headers of a call: the API alone is asked.
    let many = (0..10_000).map(|number| format!(",\"c{number}\":0")).collect::<Vec<_>>().concat();
    let token = forger.signed(&header, &format!("{end}{many}}}"));
    let request = scene.product.request("GET", "/api/sessions/").bearer_auth(token);
    let status = Answer::to(request).await.status;
    assert!(status == 401 || status == 431, "{status}");
    scene.ends_unharmed().await;
}

/// B02, B14, B15
#[tokio::test(flavor = "multi_thread")]
async fn neither_kind_of_token_is_taken_for_the_other_whoever_signed_it() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let refresh = &scene.ada.refresh;
    let (header, claims) = (part(refresh, 0).unwrap(), part(refresh, 1).unwrap());
    // The refresh token's words under the access key, and the other way round.
    let secret = Key::refresh(&scene.product);
    let crossed = sign(&secret, &forger.header.to_string(), &claims.to_string());
    let renamed = forger.with_claim("token_type", json!("refresh"));
    let bearers = [("refresh", refresh.clone()), ("crossed", crossed), ("renamed", renamed)];
    scene.refuses(bearers.map(|(what, token)| (what.to_owned(), token))).await;

    let public = forger.public();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&public)});
    let mut tokens = vec![scene.ada.access.clone()];
    for alg in ["EdDSA", "HS256"] {
        let mut header = header.clone();
        header["alg"] = json!(alg);
        tokens.push(forger.signed(&header.to_string(), &claims.to_string()));
        header["kid"] = forger.header["kid"].clone();
        tokens.push(forger.signed(&header.to_string(), &claims.to_string()));
    }
    for secret in [public, jwk.to_string().into(), Vec::new()] {
        let key = Key::Hmac(ring::hmac::HMAC_SHA256, secret);
        tokens.push(sign(&key, &header.to_string(), &claims.to_string()));
    }
    for token in tokens {
        let answer = scene.product.post("/api/refresh/", &json!({"refresh": token})).await;
        assert_eq!(answer.status, 401, "{token}: {}", answer.text);
    }
    scene.ends_unharmed().await;
}
