//! Tokens that no login gives: signed with the product's own keys, or with somebody else's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::Product;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// What a token says, whoever signed it.
pub(crate) fn claims(token: &str) -> Option<Value> {
    part(token, 1)
}

pub(crate) fn part(token: &str, position: usize) -> Option<Value> {
    let part = token.split('.').nth(position)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// What a signature is made with.
pub(crate) enum Key {
    Ed25519(Box<Ed25519KeyPair>),
    Hmac(hmac::Algorithm, Vec<u8>),
    /// No signature at all.
    None,
}

impl Key {
    /// The product's key for access tokens.
    pub(crate) fn access(product: &Product) -> Self {
        Self::access_that_is(product, "active").1
    }

    /// The product's key for access tokens in another state, behind its name.
    pub(crate) fn access_that_is(product: &Product, state: &str) -> (String, Self) {
        let (kid, pkcs8) = key_of(product, "access", state);
        (kid, Self::Ed25519(Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap().into()))
    }

    /// The product's key for refresh tokens.
    pub(crate) fn refresh(product: &Product) -> Self {
        Self::Hmac(hmac::HMAC_SHA256, key_of(product, "refresh", "active").1)
    }

    /// The same kind of key, and not the same key.
    pub(super) fn another(&self) -> Self {
        match self {
            Self::Ed25519(_) => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
                Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap().into())
            }
            Self::Hmac(algorithm, _) => Self::Hmac(*algorithm, b"another secret".to_vec()),
            Self::None => Self::None,
        }
    }

    /// HMAC-SHA-512 with what a confused verifier would take for its secret.
    pub(super) fn as_hs512(&self) -> Self {
        let secret = match self {
            Self::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Self::Hmac(_, secret) => secret.clone(),
            Self::None => Vec::new(),
        };
        Self::Hmac(hmac::HMAC_SHA512, secret)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Hmac(algorithm, secret) => {
                hmac::sign(&hmac::Key::new(*algorithm, secret), message).as_ref().to_vec()
            }
            Self::None => Vec::new(),
        }
    }
}

/// The product's key of a kind in a state, behind its name.
fn key_of(product: &Product, kind: &str, state: &str) -> (String, Vec<u8>) {
    let folder = product.data().join("keys");
    let manifest = std::fs::read(folder.join("keys.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut keys = manifest["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["kind"] == kind && key["state"] == state).unwrap();
    let name = key["kid"].as_str().unwrap().to_owned();
    let bytes = std::fs::read(folder.join(format!("{kind}-{name}.key"))).unwrap();
    (name, bytes)
}

/// A real token, to be changed and signed again.
#[derive(Clone)]
pub(super) struct Draft {
    header: Value,
    claims: Value,
}

impl Draft {
    pub(super) fn of(token: &str) -> Self {
        Self { header: part(token, 0).unwrap(), claims: part(token, 1).unwrap() }
    }

    pub(super) fn alg(mut self, name: &str) -> Self {
        self.header["alg"] = json!(name);
        self
    }

    pub(super) fn with(mut self, claim: &str, value: Value) -> Self {
        self.claims[claim] = value;
        self
    }

    pub(super) fn without(mut self, claim: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(claim);
        self
    }

    /// For another account, as if it had been issued so.
    pub(super) fn speaking_for(self, user: i64) -> Self {
        self.with("user_id", json!(user)).with("sub", json!(user.to_string()))
    }

    /// Moves the times that are named by some seconds.
    pub(super) fn later(mut self, claims: &[&str], seconds: i64) -> Self {
        for claim in claims {
            let moved = self.claims[*claim].as_i64().unwrap() + seconds;
            self.claims[*claim] = json!(moved);
        }
        self
    }

    pub(super) fn signed(&self, key: &Key) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&self.header), encode(&self.claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes())))
    }
}

/// The token with another first letter in its signature.
pub(super) fn tampered(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{message}.{first}{}", signature.chars().skip(1).collect::<String>())
}

/// The claims of one token under the signature of another.
pub(super) fn swapped(token: &str, claims: &Draft) -> String {
    let signature = token.rsplit('.').next().unwrap();
    format!("{}{signature}", claims.signed(&Key::None))
}
