//! What can go wrong, and the one table from that to gRPC codes and reasons.

use std::time::Duration;

use chassis::status::Failure;
use chassis::telemetry::room;
use proto::auth::DOMAIN;
use proto::auth::v1::ErrorReason;
use sea_orm::DbErr;
use tonic::{Code, Status};

/// What can go wrong in the auth service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("user name: {0}")]
    UsernameInvalid(&'static str),
    #[error("password: {0}")]
    PasswordInvalid(&'static str),
    #[error("new password: {0}")]
    NewPasswordInvalid(&'static str),
    #[error("the user name is taken")]
    UsernameTaken,
    #[error("a request id has 1 to 255 visible ASCII characters")]
    RequestIdInvalid,
    #[error("the request id came before, with another name or password")]
    RequestIdReused,
    #[error("no active account with these credentials")]
    InvalidCredentials,
    #[error("no token")]
    TokenMissing,
    #[error(transparent)]
    Token(#[from] token::Error),
    #[error("the token's account is gone, inactive, or ended its tokens")]
    AccountUnavailable,
    #[error("the login has ended")]
    LoginEnded,
    #[error("{0}: the password is another one")]
    PasswordWrong(&'static str),
    #[error("only certain services may ask this")]
    NotAllowed,
    #[error("too many tries for this account or from this address")]
    TooManyTries { retry_after: Duration },
    #[error("too many passwords are waiting to be hashed")]
    Overloaded,
    #[error("the chat service did not do it: {0}")]
    Neighbour(Code),
    #[error(transparent)]
    Storage(#[from] database::Error),
    #[error("bcrypt: {0}")]
    Hashing(#[from] bcrypt::BcryptError),
    #[error("a task did not survive: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Storage(error.into())
    }
}

impl database::Failure for Error {
    fn storage(&self) -> Option<&database::Error> {
        match self {
            Self::Storage(error) => Some(error),
            _ => None,
        }
    }
}

/// What an overloaded service asks its callers to wait: the queue is empty again by then.
const WAIT: Duration = Duration::from_secs(2);

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        use ErrorReason as Reason;
        let mut field = None;
        let (code, reason) = match &error {
            Error::UsernameInvalid(why) => {
                field = Some(("username", *why));
                (Code::InvalidArgument, Reason::UsernameInvalid)
            }
            Error::PasswordInvalid(why) => {
                field = Some(("password", *why));
                (Code::InvalidArgument, Reason::PasswordInvalid)
            }
            Error::NewPasswordInvalid(why) => {
                field = Some(("new_password", *why));
                (Code::InvalidArgument, Reason::PasswordInvalid)
            }
            Error::PasswordWrong(name) => {
                field = Some((*name, "This is not the account's password."));
                (Code::InvalidArgument, Reason::PasswordWrong)
            }
            Error::LoginEnded => (Code::Unauthenticated, Reason::LoginEnded),
            Error::NotAllowed => (Code::PermissionDenied, Reason::NotAllowed),
            Error::UsernameTaken => (Code::AlreadyExists, Reason::UsernameTaken),
            Error::RequestIdInvalid => (Code::InvalidArgument, Reason::RequestIdInvalid),
            Error::RequestIdReused => (Code::InvalidArgument, Reason::RequestIdReused),
            Error::InvalidCredentials => (Code::Unauthenticated, Reason::InvalidCredentials),
            Error::TokenMissing => (Code::Unauthenticated, Reason::TokenMissing),
            Error::AccountUnavailable => (Code::Unauthenticated, Reason::AccountUnavailable),
            Error::Token(token) => match token {
                token::Error::Invalid => (Code::Unauthenticated, Reason::TokenInvalid),
                token::Error::WrongType => (Code::Unauthenticated, Reason::TokenWrongType),
                token::Error::NoExpiry => (Code::Unauthenticated, Reason::TokenWithoutExpiry),
                token::Error::NoId => (Code::Unauthenticated, Reason::TokenWithoutId),
                token::Error::NoType => (Code::Unauthenticated, Reason::TokenWithoutType),
                token::Error::NoUser => (Code::Unauthenticated, Reason::TokenWithoutUser),
                token::Error::Key | token::Error::Entropy | token::Error::Signing => {
                    (Code::Internal, Reason::Internal)
                }
            },
            Error::TooManyTries { .. } => (Code::ResourceExhausted, Reason::TooManyTries),
            Error::Overloaded => (Code::Unavailable, Reason::Overloaded),
            Error::Storage(error) if error.is_unavailable() => {
                (Code::Unavailable, Reason::Overloaded)
            }
            Error::Neighbour(_) | Error::Storage(_) | Error::Hashing(_) | Error::Task(_) => {
                (Code::Internal, Reason::Internal)
            }
        };
        match &error {
            Error::Overloaded => room::shed("hashing"),
            Error::Storage(database::Error::Overloaded) => room::shed("database"),
            _ => {}
        }
        if code == Code::Internal {
            tracing::error!(%error, "a call failed");
        }
        let retry_after = match &error {
            Error::TooManyTries { retry_after } => Some(*retry_after),
            _ => (code == Code::Unavailable).then_some(WAIT),
        };
        let message =
            if code == Code::Internal { "internal error".into() } else { error.to_string() };
        Failure {
            code,
            reason: reason.as_reason(),
            domain: DOMAIN,
            message: &message,
            retry_after,
            field,
            metadata: &[],
        }
        .into()
    }
}
