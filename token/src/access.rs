//! Access tokens: half an hour of "this is user 7", checked by anybody with the public key.

use jsonwebtoken::Algorithm;

use crate::envelope::{self, Kind};
use crate::keys::{PublicKey, SigningKey};
use crate::{Claims, Error, Subject, claims, refresh};

/// Life of an access token in seconds: 30 minutes, as the documented API has it.
pub const LIFETIME: u64 = 30 * 60;

pub(crate) const TYP: &str = "at+jwt";
const KIND: Kind = Kind {
    algorithm: Algorithm::EdDSA,
    typ: TYP,
    other_typ: refresh::TYP,
    token_type: "access",
    audience: "ai-buddy",
    lifetime: LIFETIME,
};

/// Issues a token that lives [`LIFETIME`] seconds from `now`.
pub fn issue(key: &SigningKey, subject: &Subject, now: u64) -> Result<String, Error> {
    claims::issue(&KIND, key.public().kid(), &key.encoding, subject, None, now)
}

/// The name of the key a token says it was signed with; nothing is verified yet.
pub fn kid(token: &str) -> Result<String, Error> {
    envelope::kid(token, &KIND)
}

/// Verifies signature, claims and times at `now`.
pub fn verify(key: &PublicKey, token: &str, now: u64) -> Result<Claims, Error> {
    claims::verify(&KIND, key.kid(), &key.decoding, token, now)
}
