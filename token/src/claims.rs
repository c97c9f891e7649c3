//! The inside of a token: the claims, and the rules they are judged by.

use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

use crate::envelope::{self, Kind};
use crate::{Error, ISSUER, times};

/// Whom a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The account's number, above zero.
    pub user_id: i64,
    /// The login the token belongs to.
    pub sid: String,
    /// The account's token version when the token was issued; raising it ends all older tokens.
    pub token_version: i64,
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whom it speaks for.
    pub subject: Subject,
    /// The token's own id.
    pub jti: String,
    /// Which of its login's refresh tokens it is, where these change with each use; else 0.
    pub generation: u64,
    /// When it dies, in seconds since the epoch.
    pub expires_at: u64,
}

/// The claims as they are written. All optional on the way in, so that what is missing can be named.
#[derive(Serialize, Deserialize)]
struct Wire {
    token_type: Option<String>,
    user_id: Option<i64>,
    sub: Option<String>,
    iss: Option<String>,
    aud: Option<String>,
    iat: Option<u64>,
    nbf: Option<u64>,
    exp: Option<u64>,
    jti: Option<String>,
    sid: Option<String>,
    tv: Option<i64>,
    #[serde(rename = "gen", skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
}

pub(crate) fn issue(
    kind: &Kind,
    key_id: &str,
    key: &EncodingKey,
    subject: &Subject,
    generation: Option<u64>,
    now: u64,
) -> Result<String, Error> {
    let wire = Wire {
        token_type: Some(kind.token_type.to_owned()),
        user_id: Some(subject.user_id),
        sub: Some(subject.user_id.to_string()),
        iss: Some(ISSUER.to_owned()),
        aud: Some(kind.audience.to_owned()),
        iat: Some(now),
        nbf: Some(now),
        exp: Some(now.saturating_add(kind.lifetime)),
        jti: Some(crate::random_id()?),
        sid: Some(subject.sid.clone()),
        tv: Some(subject.token_version),
        generation,
    };
    envelope::seal(&wire, kind, key_id, key)
}

pub(crate) fn verify(
    kind: &Kind,
    key_id: &str,
    key: &DecodingKey,
    token: &str,
    now: u64,
) -> Result<Claims, Error> {
    verify_at(kind, key_id, key, token, |_exp| now)
}

/// As [`verify`], at a time that depends on when the token expires.
pub(crate) fn verify_at(
    kind: &Kind,
    key_id: &str,
    key: &DecodingKey,
    token: &str,
    now: impl FnOnce(u64) -> u64,
) -> Result<Claims, Error> {
    if envelope::kid(token, kind)? != key_id {
        return Err(Error::Invalid);
    }
    let wire: Wire = envelope::open(token, kind, key)?;
    match wire.token_type.as_deref() {
        Some(found) if found == kind.token_type => {}
        Some(_) => return Err(Error::WrongType),
        None => return Err(Error::NoType),
    }
    let expires_at = wire.exp.ok_or(Error::NoExpiry)?;
    times::check(wire.iat, wire.nbf, expires_at, kind.lifetime, now(expires_at))?;
    let jti = wire.jti.ok_or(Error::NoId)?;
    let user_id = wire.user_id.ok_or(Error::NoUser)?;
    let (Some(sid), Some(token_version)) = (wire.sid, wire.tv) else {
        return Err(Error::Invalid);
    };
    let ours = user_id > 0
        && wire.sub.as_deref() == Some(user_id.to_string().as_str())
        && wire.iss.as_deref() == Some(ISSUER)
        && wire.aud.as_deref() == Some(kind.audience);
    if !ours {
        return Err(Error::Invalid);
    }
    let generation = wire.generation.unwrap_or_default();
    Ok(Claims { subject: Subject { user_id, sid, token_version }, jti, generation, expires_at })
}
