//! What can go wrong, and the one table from that to gRPC codes and reasons.

use std::time::Duration;

use auth_client::TokenError;
use chassis::status::Failure;
use chassis::telemetry::room;
use proto::chat::DOMAIN;
use proto::chat::v1::ErrorReason;
use sea_orm::DbErr;
use tonic::{Code, Status};

use crate::limits::Allowance;
use crate::titles;

/// What can go wrong in the chat service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Caller(#[from] auth_client::Error),
    #[error("There is no text.")]
    TextRequired,
    #[error("The text is longer than {0} characters.")]
    TextTooLong(usize),
    #[error("only certain services may ask this")]
    NotAllowed,
    #[error("the account is deleted")]
    AccountDeleted,
    #[error("no such session")]
    SessionNotFound,
    #[error("no such turn")]
    TurnNotFound,
    #[error("no such message")]
    MessageNotFound,
    #[error("a request id has at most 255 visible ASCII characters")]
    RequestIdInvalid,
    #[error("the request id came before, with another request")]
    RequestIdReused,
    #[error("as many messages wait in this session as may")]
    SessionBusy,
    #[error("as many turns of this person are at work as may")]
    TooManyTurns(Allowance),
    #[error("this person has had all turns of today")]
    DailyLimit(Allowance),
    #[error("the person stopped the reply before its first word")]
    Cancelled,
    #[error("the turn did not fail")]
    NothingToRetry,
    #[error("the service stops; the turn goes on later")]
    Interrupted,
    /// Why there is no reply to a message that is stored.
    #[error("{why}")]
    Unanswered { turn_id: i64, session_id: i64, why: Box<Self> },
    #[error("the reply is not there yet")]
    ReplyPending,
    #[error("the turn has taken down every process that tried")]
    GivenUp,
    #[error("A title has at most {} characters.", titles::MOST_OWN)]
    TitleInvalid,
    #[error("{1}")]
    FeedbackInvalid(&'static str, &'static str),
    #[error("No country has this code.")]
    RegionInvalid,
    #[error("{0}")]
    QueryInvalid(&'static str),
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

impl database::Failure for Error {
    fn storage(&self) -> Option<&database::Error> {
        match self {
            Self::Storage(error) => Some(error),
            _ => None,
        }
    }
}

/// What callers are asked to wait when there is no better answer.
const WAIT: Duration = Duration::from_secs(5);
/// What they are asked to wait for a service that starts again.
const RESTART: Duration = Duration::from_secs(1);

impl Error {
    /// The one table. The last is the field that is wrong.
    fn verdict(&self) -> (Code, ErrorReason, Option<&'static str>) {
        use ErrorReason as Reason;
        let invalid = |field, reason| (Code::InvalidArgument, reason, Some(field));
        let (code, reason) = match self {
            Self::Unanswered { why, .. } => return why.verdict(),
            Self::TextRequired => return invalid("text", Reason::TextRequired),
            Self::TextTooLong(_) => return invalid("text", Reason::TextTooLong),
            Self::PageInvalid(_) => return invalid("page_token", Reason::PageInvalid),
            Self::RegionInvalid => return invalid("region", Reason::RegionInvalid),
            Self::TitleInvalid => return invalid("title", Reason::TitleInvalid),
            Self::FeedbackInvalid(field, _) => return invalid(field, Reason::FeedbackInvalid),
            Self::QueryInvalid(_) => return invalid("query", Reason::QueryInvalid),
            Self::RequestIdInvalid => (Code::InvalidArgument, Reason::RequestIdInvalid),
            Self::RequestIdReused => (Code::InvalidArgument, Reason::RequestIdReused),
            Self::Caller(caller) => of_caller(caller),
            Self::NotAllowed => (Code::PermissionDenied, Reason::NotAllowed),
            Self::AccountDeleted => (Code::Unauthenticated, Reason::AccountDeleted),
            Self::SessionNotFound => (Code::NotFound, Reason::SessionNotFound),
            Self::TurnNotFound => (Code::NotFound, Reason::TurnNotFound),
            Self::MessageNotFound => (Code::NotFound, Reason::MessageNotFound),
            Self::SessionBusy => (Code::ResourceExhausted, Reason::SessionBusy),
            Self::TooManyTurns(_) => (Code::ResourceExhausted, Reason::TooManyTurns),
            Self::DailyLimit(_) => (Code::ResourceExhausted, Reason::DailyLimit),
            Self::Cancelled => (Code::Aborted, Reason::Cancelled),
            Self::NothingToRetry => (Code::FailedPrecondition, Reason::NothingToRetry),
            Self::Interrupted => (Code::Unavailable, Reason::Interrupted),
            Self::ModelUnavailable { .. } => (Code::Unavailable, Reason::ModelUnavailable),
            Self::ModelTimeout => (Code::DeadlineExceeded, Reason::ModelTimeout),
            Self::ReplyPending => (Code::DeadlineExceeded, Reason::ReplyPending),
            Self::Overloaded => (Code::Unavailable, Reason::Overloaded),
            Self::Storage(error) if error.is_unavailable() => {
                (Code::Unavailable, Reason::Overloaded)
            }
            Self::GivenUp => (Code::Internal, Reason::GivenUp),
            Self::Storage(_) | Self::Task(_) => (Code::Internal, Reason::Internal),
        };
        (code, reason, None)
    }

    /// The reason, for an answer that has begun and can no longer be an error as a whole.
    pub(crate) fn reason(&self) -> ErrorReason {
        let (_, reason, _) = self.verdict();
        if reason == ErrorReason::Internal {
            tracing::error!(error = %self, "a reply could not be told");
        }
        reason
    }

    /// When it is worth trying again.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let passing = [Code::Unavailable, Code::DeadlineExceeded, Code::ResourceExhausted];
        match self {
            Self::Unanswered { why, .. } => why.retry_after(),
            Self::ModelUnavailable { retry_after } => Some(*retry_after),
            Self::DailyLimit(left) => left.reset.or(Some(WAIT)),
            Self::Interrupted => Some(RESTART),
            _ => passing.contains(&self.verdict().0).then_some(WAIT),
        }
    }

    /// Which turn it is about, or which limit was reached, for programs.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        if let Self::Unanswered { turn_id, session_id, .. } = self {
            return vec![("turn_id", turn_id.to_string()), ("session_id", session_id.to_string())];
        }
        let (Self::TooManyTurns(left) | Self::DailyLimit(left)) = self else { return Vec::new() };
        let mut metadata = vec![
            ("policy", left.policy.name().to_owned()),
            ("quota", left.quota.to_string()),
            ("remaining", left.remaining.to_string()),
        ];
        let reset = left.reset.map(|reset| reset.as_secs().to_string());
        metadata.extend(reset.map(|reset| ("reset", reset)));
        metadata
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let (code, reason, field) = error.verdict();
        let words = error.to_string();
        let is_ours = reason == ErrorReason::Internal;
        match error {
            Error::Overloaded => room::shed("turns"),
            Error::Storage(database::Error::Overloaded) => room::shed("database"),
            _ => {}
        }
        if is_ours {
            tracing::error!(%error, "a call failed");
        }
        Failure {
            code,
            reason: reason.as_reason(),
            domain: DOMAIN,
            message: if is_ours { "internal error" } else { &words },
            retry_after: error.retry_after(),
            field: field.map(|field| (field, words.as_str())),
            metadata: &error.metadata(),
        }
        .into()
    }
}

fn of_caller(error: &auth_client::Error) -> (Code, ErrorReason) {
    use ErrorReason as Reason;
    let reason = match error {
        auth_client::Error::Unavailable => return (Code::Unavailable, Reason::KeysUnavailable),
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
