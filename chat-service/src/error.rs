//! What can go wrong, and the one table from that to gRPC codes and reasons.

use std::time::Duration;

use auth_client::TokenError;
use chassis::status::Failure;
use proto::chat::DOMAIN;
use proto::chat::v1::ErrorReason;
use sea_orm::DbErr;
use tonic::{Code, Status};

/// What can go wrong in the chat service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Caller(#[from] auth_client::Error),
    #[error("There is no text.")]
    TextRequired,
    #[error("The text is longer than {0} characters.")]
    TextTooLong(usize),
    #[error("no such session")]
    SessionNotFound,
    #[error("{0}")]
    PageInvalid(&'static str),
    #[error("the language model gave no answer")]
    ModelUnavailable { retry_after: Duration },
    #[error("the language model took too long")]
    ModelTimeout,
    #[error("too many turns are running")]
    Overloaded,
    #[error(transparent)]
    Storage(#[from] database::Error),
    #[error("a task did not survive: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Storage(error.into())
    }
}

/// What callers are asked to wait when there is no better answer.
const WAIT: Duration = Duration::from_secs(5);

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        use ErrorReason as Reason;
        let message = error.to_string();
        let (mut field, mut retry_after) = (None, None);
        let (code, reason) = match &error {
            Error::Caller(caller) => of_caller(caller),
            Error::TextRequired => {
                field = Some(("text", message.as_str()));
                (Code::InvalidArgument, Reason::TextRequired)
            }
            Error::TextTooLong(_) => {
                field = Some(("text", message.as_str()));
                (Code::InvalidArgument, Reason::TextTooLong)
            }
            Error::PageInvalid(_) => {
                field = Some(("page_token", message.as_str()));
                (Code::InvalidArgument, Reason::PageInvalid)
            }
            Error::SessionNotFound => (Code::NotFound, Reason::SessionNotFound),
            Error::ModelUnavailable { retry_after: wait } => {
                retry_after = Some(*wait);
                (Code::Unavailable, Reason::ModelUnavailable)
            }
            Error::ModelTimeout => (Code::DeadlineExceeded, Reason::ModelTimeout),
            Error::Overloaded
            | Error::Storage(database::Error::Overloaded | database::Error::Closed) => {
                (Code::Unavailable, Reason::Overloaded)
            }
            Error::Storage(_) | Error::Task(_) => (Code::Internal, Reason::Internal),
        };
        if matches!(code, Code::Unavailable | Code::DeadlineExceeded) {
            retry_after = retry_after.or(Some(WAIT));
        }
        if code == Code::Internal {
            tracing::error!(%error, "a call failed");
        }
        let message = if code == Code::Internal { "internal error" } else { &message };
        let reason = reason.as_reason();
        Failure { code, reason, domain: DOMAIN, message, retry_after, field }.into()
    }
}

fn of_caller(error: &auth_client::Error) -> (Code, ErrorReason) {
    use ErrorReason as Reason;
    let reason = match error {
        auth_client::Error::KeysUnavailable => return (Code::Unavailable, Reason::KeysUnavailable),
        auth_client::Error::Missing => Reason::TokenMissing,
        auth_client::Error::Malformed => Reason::TokenMalformed,
        auth_client::Error::Token(token) => match token {
            TokenError::WrongType => Reason::TokenWrongType,
            TokenError::NoExpiry => Reason::TokenWithoutExpiry,
            TokenError::NoId => Reason::TokenWithoutId,
            TokenError::NoType => Reason::TokenWithoutType,
            TokenError::NoUser => Reason::TokenWithoutUser,
            TokenError::Invalid | TokenError::Key | TokenError::Entropy | TokenError::Signing => {
                Reason::TokenInvalid
            }
        },
    };
    (Code::Unauthenticated, reason)
}
