//! Refresh tokens: seven days of "give me another access token", accepted by the auth service alone.

use jsonwebtoken::Algorithm;

use crate::envelope::{self, Kind};
use crate::keys::RefreshKey;
use crate::{Claims, Error, Subject, access, claims};

/// Life of a refresh token in seconds: 7 days, as the documented API has it.
pub const LIFETIME: u64 = 7 * 24 * 3600;

pub(crate) const TYP: &str = "rt+jwt";
const KIND: Kind = Kind {
    algorithm: Algorithm::HS256,
    typ: TYP,
    other_typ: access::TYP,
    token_type: "refresh",
    audience: "ai-buddy-auth",
    lifetime: LIFETIME,
};

/// Issues a token that lives [`LIFETIME`] seconds from `now`.
pub fn issue(key: &RefreshKey, subject: &Subject, now: u64) -> Result<String, Error> {
    claims::issue(&KIND, key.kid(), &key.encoding, subject, None, now)
}

/// As [`issue`], for a login whose refresh tokens change with each use: the one of this number.
pub fn issue_generation(
    key: &RefreshKey,
    subject: &Subject,
    generation: u64,
    now: u64,
) -> Result<String, Error> {
    claims::issue(&KIND, key.kid(), &key.encoding, subject, Some(generation), now)
}

/// The name of the key a token says it was signed with; nothing is verified yet.
pub fn kid(token: &str) -> Result<String, Error> {
    envelope::kid(token, &KIND)
}

/// Verifies MAC, claims and times at `now`.
pub fn verify(key: &RefreshKey, token: &str, now: u64) -> Result<Claims, Error> {
    claims::verify(&KIND, key.kid(), &key.decoding, token, now)
}

/// As [`verify`], but a token that has expired will do: for ending its login.
pub fn verify_expired(key: &RefreshKey, token: &str, now: u64) -> Result<Claims, Error> {
    claims::verify_at(&KIND, key.kid(), &key.decoding, token, |exp| now.min(exp.saturating_sub(1)))
}
