//! Tokens signed with the product's own key that the product itself would never issue.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::Product;
use ring::signature::KeyPair as _;
use serde_json::Value;

use crate::contract::tokens::{Key, part};

/// Somebody who has the key, and a genuine token to change.
pub(super) struct Forger {
    pub(super) key: Key,
    pub(super) header: Value,
    pub(super) claims: Value,
}

impl Forger {
    pub(super) fn of(product: &Product, token: &str) -> Self {
        let (header, claims) = (part(token, 0).unwrap(), part(token, 1).unwrap());
        Self { key: Key::access(product), header, claims }
    }

    /// The public half of the key, as everybody can have it.
    pub(super) fn public(&self) -> Vec<u8> {
        match &self.key {
            Key::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Key::Hmac(..) | Key::None => Vec::new(),
        }
    }

    /// The genuine token with another member in its header.
    pub(super) fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.signed(&header.to_string(), &self.claims.to_string())
    }

    /// The genuine token with another claim.
    pub(super) fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    /// The genuine token without a claim.
    pub(super) fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    /// Any two texts, properly signed.
    pub(super) fn signed(&self, header: &str, claims: &str) -> String {
        sign(&self.key, header, claims)
    }
}

/// Two texts under a signature.
pub(super) fn sign(key: &Key, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", encode(signature))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
