//! The outside of a token: three parts, a strict header, a signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Error, MAX_BYTES};

/// What tells the two kinds of token apart.
pub(crate) struct Kind {
    /// `alg` of the header.
    pub(crate) algorithm: Algorithm,
    /// `typ` of the header.
    pub(crate) typ: &'static str,
    /// `typ` of the other kind, to say "wrong type" instead of "invalid".
    pub(crate) other_typ: &'static str,
    /// The `token_type` claim, as existing clients know it.
    pub(crate) token_type: &'static str,
    /// The `aud` claim.
    pub(crate) audience: &'static str,
    /// Longest life, in seconds.
    pub(crate) lifetime: u64,
}

/// The whole header. An unknown member (`crit`, `jku`, `jwk`, `x5u` …) refuses the token: RFC 8725 3.10.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Invalid)
}

/// The `kid` of a token of this kind, before anything about it has been verified.
pub(crate) fn kid(token: &str, kind: &Kind) -> Result<String, Error> {
    if token.len() > MAX_BYTES {
        return Err(Error::Invalid);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::Invalid);
    };
    let header: Header =
        serde_json::from_slice(&from_base64url(header)?).map_err(|_| Error::Invalid)?;
    if header.typ == kind.other_typ {
        return Err(Error::WrongType);
    }
    if header.typ != kind.typ || header.alg != format!("{:?}", kind.algorithm) {
        return Err(Error::Invalid);
    }
    Ok(header.kid)
}

/// Checks the signature and reads the claims. The caller judges the claims.
pub(crate) fn open<C: DeserializeOwned>(
    token: &str,
    kind: &Kind,
    key: &DecodingKey,
) -> Result<C, Error> {
    let mut validation = Validation::new(kind.algorithm);
    // Every rule about claims is ours: the crate's clock is not an argument and has a leeway.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<C>(token, key, &validation)
        .map(|data| data.claims)
        .map_err(|_| Error::Invalid)
}

/// Signs claims.
pub(crate) fn seal<C: Serialize>(
    claims: &C,
    kind: &Kind,
    key_id: &str,
    key: &EncodingKey,
) -> Result<String, Error> {
    let mut header = jsonwebtoken::Header::new(kind.algorithm);
    header.typ = Some(kind.typ.to_owned());
    header.kid = Some(key_id.to_owned());
    jsonwebtoken::encode(&header, claims, key).map_err(|_| Error::Signing)
}
