//! `/.well-known/jwks.json`: the keys that access tokens are signed with, for services that verify them
//! by themselves. A JSON Web Key Set (RFC 7517), with Ed25519 keys as RFC 8037 writes them.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use serde::Serialize;

use crate::error::ApiError;
use crate::router::App;

/// Nobody's secret. A key is known for ten minutes before it signs: twice as long.
const CACHING: &str = "public, max-age=300";

#[derive(Serialize)]
struct KeySet {
    keys: Vec<Key>,
}

/// The public half of a key: there is no member for another one.
#[derive(Serialize)]
struct Key {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    kid: String,
    x: String,
}

/// The keys that are known here. Not before there are any: an empty set would be believed.
pub(crate) async fn show(State(app): State<App>) -> Result<Response, ApiError> {
    let known = app.verifier.public_keys();
    if known.is_empty() {
        return Err(ApiError::unavailable());
    }
    let keys = known.iter().map(|key| Key {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        purpose: "sig",
        kid: key.kid().to_owned(),
        x: key.x(),
    });
    Ok(([(CACHE_CONTROL, CACHING)], Json(KeySet { keys: keys.collect() })).into_response())
}
