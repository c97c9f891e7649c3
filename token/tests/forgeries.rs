//! What is accepted and, above all, what is not.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tokens should stop")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use ring::{hmac, signature};
use serde_json::{Value, json};
use token::keys::{RefreshKey, SigningKey};
use token::{Error, Subject, access, refresh};

const NOW: u64 = 1_800_000_000;

fn ada() -> Subject {
    Subject { user_id: 7, sid: "login".to_owned(), token_version: 0 }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Signs any header and claims with the real key: what only a bug of ours could produce.
fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let pair = signature::Ed25519KeyPair::from_pkcs8(key.pkcs8()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
}

fn maced(secret: &[u8], header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn header(key: &SigningKey) -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": key.public().kid()})
}

fn claims() -> Value {
    json!({
        "token_type": "access", "user_id": 7, "sub": "7", "iss": "ai-buddy-auth",
        "aud": "ai-buddy", "iat": NOW, "nbf": NOW, "exp": NOW + 1800, "jti": "a", "sid": "login",
        "tv": 0,
    })
}

fn with(mut base: Value, key: &str, value: Value) -> Value {
    base[key] = value;
    base
}

fn without(mut base: Value, key: &str) -> Value {
    base.as_object_mut().unwrap().remove(key);
    base
}

#[test]
fn an_expired_refresh_token_can_still_end_its_login_and_nothing_else() {
    let key = RefreshKey::generate().unwrap();
    let token = refresh::issue_generation(&key, &ada(), 3, NOW).unwrap();
    let late = NOW + 2 * refresh::LIFETIME;
    assert!(refresh::verify(&key, &token, late).is_err());
    let claims = refresh::verify_expired(&key, &token, late).unwrap();
    assert_eq!((claims.subject, claims.generation), (ada(), 3));
    assert!(refresh::verify_expired(&key, &token, NOW - 60).is_err(), "not issued yet");
    let other = RefreshKey::generate().unwrap();
    assert!(refresh::verify_expired(&other, &token, late).is_err());
}

#[test]
fn a_token_speaks_for_its_user_until_it_expires() {
    let key = SigningKey::generate().unwrap();
    let token = access::issue(&key, &ada(), NOW).unwrap();
    assert_eq!(access::kid(&token).unwrap(), key.public().kid());
    let claims = access::verify(key.public(), &token, NOW + 1799).unwrap();
    assert_eq!(claims.subject, ada());
    assert_eq!(claims.expires_at, NOW + 1800);
    assert_eq!(access::verify(key.public(), &token, NOW + 1800), Err(Error::Invalid));

    let key = RefreshKey::generate().unwrap();
    let token = refresh::issue(&key, &ada(), NOW).unwrap();
    assert_eq!(refresh::kid(&token).unwrap(), key.kid());
    assert_eq!(refresh::verify(&key, &token, NOW + 604_799).unwrap().subject, ada());
    assert_eq!(refresh::verify(&key, &token, NOW + 604_800), Err(Error::Invalid));
}

#[test]
fn the_two_kinds_are_never_taken_for_each_other() {
    let signing = SigningKey::generate().unwrap();
    let secret = RefreshKey::generate().unwrap();
    let access = access::issue(&signing, &ada(), NOW).unwrap();
    let refresh = refresh::issue(&secret, &ada(), NOW).unwrap();
    assert_eq!(access::verify(signing.public(), &refresh, NOW), Err(Error::WrongType));
    assert_eq!(refresh::verify(&secret, &access, NOW), Err(Error::WrongType));
}

#[test]
fn only_the_key_itself_can_sign() {
    let key = SigningKey::generate().unwrap();
    let other = SigningKey::generate().unwrap();
    let public = key.public();
    let refused = |token: &str| assert_eq!(access::verify(public, token, NOW), Err(Error::Invalid));
    refused(&access::issue(&other, &ada(), NOW).unwrap());
    // Another key under our key's name.
    refused(&signed(&other, &header(&key), &claims()));
    // No signature, with and without a name for that.
    let unsigned = format!("{}.{}.", encode(&header(&key)), encode(&claims()));
    refused(&unsigned);
    refused(&format!(
        "{}.{}.",
        encode(&with(header(&key), "alg", json!("none"))),
        encode(&claims())
    ));
    // The public key used as an HMAC secret.
    for alg in ["HS256", "EdDSA"] {
        refused(&maced(public.as_bytes(), &with(header(&key), "alg", json!(alg)), &claims()));
    }
    // Claims swapped under a good signature.
    let good = signed(&key, &header(&key), &claims());
    let signature = good.rsplit('.').next().unwrap();
    let swapped = with(claims(), "user_id", json!(8));
    refused(&format!("{}.{}.{signature}", encode(&header(&key)), encode(&swapped)));
}

#[test]
fn an_unexpected_header_member_refuses_the_token() {
    let key = SigningKey::generate().unwrap();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("jku", json!("http://127.0.0.1/keys")),
        ("jwk", json!({"kty": "OKP"})),
        ("x5u", json!("http://127.0.0.1/cert")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("typ", json!("JWT")),
        ("alg", json!("HS512")),
        ("kid", json!("../../etc/passwd")),
    ] {
        let token = signed(&key, &with(header(&key), name, value), &claims());
        assert_eq!(access::verify(key.public(), &token, NOW), Err(Error::Invalid), "{name}");
    }
    let token = signed(&key, &without(header(&key), "kid"), &claims());
    assert_eq!(access::verify(key.public(), &token, NOW), Err(Error::Invalid));
}

#[test]
fn a_missing_claim_is_named_and_a_wrong_one_is_refused() {
    let key = SigningKey::generate().unwrap();
    let verdict =
        |claims: &Value| access::verify(key.public(), &signed(&key, &header(&key), claims), NOW);
    assert!(verdict(&claims()).is_ok());
    for (name, error) in [
        ("exp", Error::NoExpiry),
        ("jti", Error::NoId),
        ("token_type", Error::NoType),
        ("user_id", Error::NoUser),
        ("sub", Error::Invalid),
        ("iss", Error::Invalid),
        ("aud", Error::Invalid),
        ("iat", Error::Invalid),
        ("nbf", Error::Invalid),
        ("sid", Error::Invalid),
        ("tv", Error::Invalid),
    ] {
        assert_eq!(verdict(&without(claims(), name)), Err(error), "{name}");
    }
    for (name, value) in [
        ("user_id", json!("7")),
        ("user_id", json!("abc")),
        ("user_id", json!(true)),
        ("user_id", json!(7.0)),
        ("user_id", json!([7])),
        ("user_id", json!(-7)),
        ("sub", json!("8")),
        ("sub", json!(7)),
        ("iss", json!("somebody-else")),
        ("iss", json!(["ai-buddy-auth"])),
        ("aud", json!("ai-buddy-auth")),
        ("aud", json!(["ai-buddy"])),
        ("aud", json!(123)),
        ("exp", json!((NOW + 1800).to_string())),
        ("exp", json!(1e18)),
        ("exp", json!(NOW)),
        ("iat", json!(NOW + 60)),
        ("nbf", json!(NOW + 60)),
        ("tv", json!("0")),
    ] {
        let what = format!("{name}={value}");
        assert_eq!(verdict(&with(claims(), name, value)), Err(Error::Invalid), "{what}");
    }
    let refresh = with(claims(), "token_type", json!("refresh"));
    assert_eq!(verdict(&refresh), Err(Error::WrongType));
}

proptest! {
    #[test]
    fn no_text_is_a_token_and_none_breaks_the_parser(text in "\\PC{0,300}") {
        let key = SigningKey::generate().unwrap();
        prop_assert!(access::verify(key.public(), &text, NOW).is_err());
        prop_assert!(access::kid(&text).is_err());
    }

    #[test]
    fn changing_any_character_breaks_the_token(position in 0usize..400, replacement in "[A-Za-z0-9_-]") {
        let key = SigningKey::generate().unwrap();
        let token = access::issue(&key, &ada(), NOW).unwrap();
        let position = position % token.len();
        let mut changed = token.clone();
        changed.replace_range(position..=position, &replacement);
        prop_assume!(changed != token);
        prop_assert!(access::verify(key.public(), &changed, NOW).is_err());
    }
}

#[test]
fn an_oversized_token_is_not_even_parsed() {
    let key = SigningKey::generate().unwrap();
    let token = signed(&key, &header(&key), &with(claims(), "extra", json!("x".repeat(5000))));
    assert_eq!(access::verify(key.public(), &token, NOW), Err(Error::Invalid));
    assert_eq!(access::kid(&token), Err(Error::Invalid));
}
