//! What a token is: claims, strict parsing, signing and verification.
//!
//! Pure functions over bytes: no clock, no network, no file. The time is always an argument, in
//! seconds since the Unix epoch. Two kinds of token exist, and nothing that accepts one can accept
//! the other: an [`access`] token carries an Ed25519 signature that anybody with the public key
//! can check, a [`refresh`] token carries a MAC that only the auth service can check.

pub mod access;
pub mod bearer;
pub mod keys;
pub mod refresh;

mod claims;
mod envelope;
mod error;
mod provider;
mod times;

pub use claims::{Claims, Subject};
pub use error::Error;

/// The `iss` claim of every token.
pub const ISSUER: &str = "ai-buddy-auth";

/// Longest token that is looked at, in bytes. Ours are about 500; the limit keeps parsing cheap.
pub const MAX_BYTES: usize = 4096;

/// A fresh random identifier for `jti` and `sid`: 128 bits, base64url, 22 characters.
///
/// # Errors
/// [`Error::Entropy`] when the operating system has no randomness to give.
pub fn random_id() -> Result<String, Error> {
    let bytes: [u8; 16] = keys::random_bytes()?;
    Ok(envelope::base64url(&bytes))
}
