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
    /// The keys to judge the token with could not be fetched.
    #[error("the auth service's keys could not be fetched")]
    KeysUnavailable,
}
