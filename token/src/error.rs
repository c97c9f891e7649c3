//! Why a token was refused.

/// Why a token was refused. The texts are fixed: nothing of the token itself is ever in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Forged, expired, not yet valid, malformed, for somebody else: deliberately one answer.
    #[error("token is invalid or expired")]
    Invalid,
    /// An access token where a refresh token belongs, or the other way round.
    #[error("token has wrong type")]
    WrongType,
    /// Signed by us, but without an `exp` claim.
    #[error("token has no 'exp' claim")]
    NoExpiry,
    /// Signed by us, but without a `jti` claim.
    #[error("token has no id")]
    NoId,
    /// Signed by us, but without a `token_type` claim.
    #[error("token has no type")]
    NoType,
    /// Signed by us, but without a `user_id` claim.
    #[error("token contained no recognizable user identification")]
    NoUser,
    /// A key that cannot be used: wrong length or format.
    #[error("key is malformed")]
    Key,
    /// The operating system has no randomness to give.
    #[error("no randomness available")]
    Entropy,
    /// Claims could not be written; cannot happen with the claims of this crate.
    #[error("token could not be signed")]
    Signing,
}
