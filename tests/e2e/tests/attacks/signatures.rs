//! Tokens with a signature that is none, or not of the key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};

use super::forger::{Forger, encode, sign};
use super::{LET_IN, REFUSED, Scene};
use crate::contract::tokens::Key;

/// The order of the group that Ed25519 signs in, smallest byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same token, for verifiers that do not ask whether the second half is below the order.
fn plus_order(signature: &[u8]) -> Vec<u8> {
    let mut other = signature.to_vec();
    let mut carry = 0;
    for (byte, order) in other[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    other
}

/// C01
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_says_it_needs_no_signature_is_refused() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let genuine = scene.ada.access.rsplit('.').next().unwrap().to_owned();
    let dummy = encode([7; 64]);
    let mut tokens = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let mut header = forger.header.clone();
        header["alg"] = json!(alg);
        let message =
            format!("{}.{}", encode(header.to_string()), encode(forger.claims.to_string()));
        for signature in ["", &dummy, &genuine] {
            tokens.push((format!("{alg:?} {signature}"), format!("{message}.{signature}")));
        }
        tokens.push((format!("{alg:?}, signed"), forger.with_header("alg", json!(alg))));
    }
    scene.refuses(tokens).await;
    scene.ends_unharmed().await;
}

/// C02
#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_is_no_secret_to_sign_with_in_any_spelling() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let public = forger.public();
    let der = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".as_slice(), &public].concat();
    let pem = |end: &str| {
        let body = STANDARD.encode(&der);
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----{end}")
    };
    let hex = public.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(&public)});
    let secrets = [
        public.clone(),
        STANDARD.encode(&public).into(),
        URL_SAFE_NO_PAD.encode(&public).into(),
        hex.into(),
        pem("").into(),
        pem("\n").into(),
        der.clone(),
        jwk.to_string().into(),
        Vec::new(),
    ];
    let algorithms =
        [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)];
    let mut tokens = Vec::new();
    for (position, secret) in secrets.into_iter().enumerate() {
        for (name, algorithm) in algorithms {
            for alg in [name, "EdDSA"] {
                let mut header = forger.header.clone();
                header["alg"] = json!(alg);
                let key = Key::Hmac(algorithm, secret.clone());
                let token = sign(&key, &header.to_string(), &forger.claims.to_string());
                tokens.push((format!("{name} as {alg} with secret {position}"), token));
            }
        }
    }
    scene.refuses(tokens).await;
    scene.ends_unharmed().await;
}

/// C02: with the secret of the refresh tokens.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_secret_of_the_product_opens_no_door() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    let key = Key::refresh(&scene.product);
    let mut tokens = Vec::new();
    for alg in ["EdDSA", "HS256"] {
        let mut header = forger.header.clone();
        header["alg"] = json!(alg);
        let token = sign(&key, &header.to_string(), &forger.claims.to_string());
        tokens.push((alg.to_owned(), token));
    }
    scene.refuses(tokens).await;
    scene.ends_unharmed().await;
}

/// C14
#[tokio::test(flavor = "multi_thread")]
async fn one_signature_has_one_spelling() {
    let scene = Scene::open().await;
    let forger = Forger::of(&scene.product, &scene.ada.access);
    // One whose signature looks different in the other alphabet.
    let token = (0..200)
        .map(|number| forger.with_claim("jti", json!(number.to_string())))
        .find(|token| token.rsplit('.').next().unwrap().contains(['-', '_']))
        .unwrap();
    assert_eq!(scene.knock(&[&format!("Bearer {token}")]).await, LET_IN);
    let (message, written) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(written).unwrap();
    let (last, letters) = (written.chars().next_back().unwrap(), &written[..written.len() - 1]);
    // The last letter has four bits that say nothing.
    let twin = char::from(u8::try_from(u32::from(last) + 1).unwrap());
    let halves = |first: &[u8], second: &[u8]| encode([first, second].concat());
    let zeros = [0; 32];
    let others = [
        ("a twin of the last letter", format!("{letters}{twin}")),
        ("padded", format!("{written}==")),
        ("the other alphabet", STANDARD_NO_PAD.encode(&signature)),
        ("cut", letters.to_owned()),
        ("a letter more", format!("{written}A")),
        ("63 bytes", encode(&signature[..63])),
        ("65 bytes", halves(&signature, &[0])),
        ("R is zero", halves(&zeros, &signature[32..])),
        ("S is zero", halves(&signature[..32], &zeros)),
        ("both are zero", halves(&zeros, &zeros)),
        ("S plus the order", encode(plus_order(&signature))),
        ("a space", format!("{letters} {last}")),
        ("a tab", format!("{letters}\t{last}")),
        ("a dot more", format!("{written}.")),
        ("percent", format!("{letters}%{last}")),
    ];
    let tokens = others.map(|(what, other)| {
        assert_ne!(other, written, "{what}");
        (what.to_owned(), format!("{message}.{other}"))
    });
    scene.refuses(tokens).await;
    scene.ends_unharmed().await;
}

/// C22
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_installation_is_refused() {
    let (scene, other) = (Scene::open().await, Scene::open().await);
    assert_eq!(scene.ada.id, other.ada.id, "it would be somebody's");
    let foreign = other.ada.access.clone();
    // With the name of a key that is known here, too.
    let mut header: Value = Forger::of(&other.product, &foreign).header;
    header["kid"] = Forger::of(&scene.product, &scene.ada.access).header["kid"].clone();
    let forger = Forger::of(&other.product, &foreign);
    let renamed = forger.signed(&header.to_string(), &forger.claims.to_string());
    scene.refuses([("foreign".into(), foreign), ("under our name".into(), renamed)]).await;
    assert_eq!(other.knock(&[&format!("Bearer {}", other.ada.access)]).await, LET_IN);
    assert_eq!(other.knock(&[&format!("Bearer {}", scene.ada.access)]).await, REFUSED);
    other.ends_unharmed().await;
    scene.ends_unharmed().await;
}
