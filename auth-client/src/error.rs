//! Why a caller could not be identified.

/// Why a caller could not be identified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no token.
    #[error("no token")]
    Missing,
    /// The header is not `Bearer` and one token.
    #[error("authorization is not 'Bearer' and one token")]
    Malformed,
    /// There is a token, and it is refused.
    #[error(transparent)]
    Token(#[from] token::Error),
    /// The auth service could not be asked for its keys, or whether the token was taken back.
    #[error("the auth service cannot be asked about tokens")]
    Unavailable,
}
