//! The table: from what a service says to what the API answers.
//!
//! Decided by reason, never by the words of a message.

use std::time::Duration;

use auth_client::TokenError;
use prost::Message as _;
use proto::chat::v1::turn_event::Failed;
use proto::{auth, chat};
use tonic::{Code, Status, TimeoutExpired};

use super::ApiError;
use crate::limits::Limit;
use crate::views::Safety;

/// When to come back if the service did not say.
const WAIT: Duration = Duration::from_secs(5);

impl From<Status> for ApiError {
    fn from(status: Status) -> Self {
        let delay = chassis::status::retry_after(&status).unwrap_or(WAIT);
        let noticed = noticed(&status);
        let Some((domain, reason)) = chassis::status::reason(&status) else {
            return without_reason(&status).with_safety(noticed);
        };
        let known = match domain.as_str() {
            auth::DOMAIN => auth::v1::ErrorReason::from_reason(&reason)
                .map(|reason| of_auth(reason, &status, delay)),
            chat::DOMAIN => chat::v1::ErrorReason::from_reason(&reason)
                .map(|reason| of_chat(reason, Some(&status), delay)),
            _ => None,
        };
        let error = known.unwrap_or_else(|| without_reason(&status)).with_safety(noticed);
        let metadata = chassis::status::metadata(&status);
        let number = |name| metadata.get(name).and_then(|id| id.parse().ok());
        match (number("turn_id"), number("session_id")) {
            (Some(turn_id), Some(session_id)) => error.about_turn(turn_id, session_id),
            _ => error,
        }
    }
}

impl From<&Failed> for ApiError {
    fn from(failed: &Failed) -> Self {
        let delay = failed.retry_after.and_then(|delay| Duration::try_from(delay).ok());
        of_chat(failed.reason(), None, delay.unwrap_or(WAIT))
    }
}

impl ApiError {
    /// What a reason alone says.
    pub(crate) fn of_reason(reason: chat::v1::ErrorReason) -> Self {
        of_chat(reason, None, WAIT)
    }

    /// For a stream that ended before its end. Whatever it was that broke: the turn goes on.
    pub(crate) fn broken_off(status: Option<Status>) -> Self {
        match status {
            Some(status) if chassis::status::reason(&status).is_some() => status.into(),
            Some(status) => Self::unavailable().with_safety(noticed(&status)),
            None => Self::unavailable(),
        }
    }

    /// For a reply that goes on, though the gateway cannot wait for it because it stops itself.
    pub(crate) fn restarting() -> Self {
        Self::interrupted(WAIT)
    }
}

fn of_auth(reason: auth::v1::ErrorReason, status: &Status, delay: Duration) -> ApiError {
    use auth::v1::ErrorReason as Reason;
    match reason {
        Reason::UsernameInvalid | Reason::PasswordInvalid | Reason::PasswordWrong => {
            wrong_field(Some(status))
        }
        Reason::RequestIdInvalid => ApiError::idempotency_key_invalid(),
        Reason::RequestIdReused => ApiError::idempotency_key_reused(),
        Reason::UsernameTaken => ApiError::username_taken(),
        Reason::InvalidCredentials => {
            ApiError::no_active_account("No active account found with the given credentials")
        }
        Reason::AccountUnavailable => {
            ApiError::no_active_account("No active account found for the given token.")
        }
        Reason::TokenMissing
        | Reason::TokenInvalid
        | Reason::TokenWithoutExpiry
        | Reason::LoginEnded => ApiError::token_refused("Token is invalid or expired"),
        Reason::TokenWrongType => ApiError::token_refused("Token has wrong type"),
        Reason::TokenWithoutId => ApiError::token_refused("Token has no id"),
        Reason::TokenWithoutType => ApiError::token_refused("Token has no type"),
        Reason::TokenWithoutUser => ApiError::token_refused(NO_USER),
        Reason::TooManyTries => ApiError::too_many_tries(delay),
        Reason::Overloaded => ApiError::overloaded(delay),
        Reason::NotAllowed | Reason::Internal | Reason::Unspecified => ApiError::internal(),
    }
}

fn of_chat(reason: chat::v1::ErrorReason, status: Option<&Status>, delay: Duration) -> ApiError {
    use chat::v1::ErrorReason as Reason;
    let limit = || Limit::of_metadata(&chassis::status::metadata(status?));
    match reason {
        Reason::TokenMissing => auth_client::Error::Missing.into(),
        Reason::TokenMalformed => auth_client::Error::Malformed.into(),
        Reason::TokenInvalid | Reason::AccountDeleted => TokenError::Invalid.into(),
        Reason::TokenWrongType => TokenError::WrongType.into(),
        Reason::TokenWithoutExpiry => TokenError::NoExpiry.into(),
        Reason::TokenWithoutId => TokenError::NoId.into(),
        Reason::TokenWithoutType => TokenError::NoType.into(),
        Reason::TokenWithoutUser => TokenError::NoUser.into(),
        Reason::KeysUnavailable => auth_client::Error::Unavailable.into(),
        Reason::TextRequired => ApiError::text_required(),
        Reason::TextTooLong => wrong_field(status).unread(),
        Reason::PageInvalid
        | Reason::TitleInvalid
        | Reason::FeedbackInvalid
        | Reason::RegionInvalid => wrong_field(status),
        Reason::QueryInvalid => wrong_query(status),
        Reason::RequestIdInvalid => ApiError::idempotency_key_invalid(),
        Reason::RequestIdReused => ApiError::idempotency_key_reused(),
        Reason::SessionNotFound => ApiError::session_not_found(),
        Reason::TurnNotFound => ApiError::turn_not_found(),
        Reason::MessageNotFound => ApiError::message_not_found(),
        Reason::SessionBusy => ApiError::session_busy(delay).with_limit(limit()),
        Reason::TooManyTurns => ApiError::too_many_turns(delay).with_limit(limit()),
        Reason::DailyLimit => ApiError::daily_limit(delay).with_limit(limit()),
        Reason::Cancelled => ApiError::cancelled(),
        Reason::NothingToRetry => ApiError::nothing_to_retry(),
        Reason::Interrupted => ApiError::interrupted(delay),
        Reason::GivenUp => ApiError::given_up(),
        Reason::ModelUnavailable => ApiError::model_unavailable(delay),
        Reason::ModelTimeout => ApiError::model_timeout(delay),
        Reason::ReplyPending => ApiError::reply_pending(delay),
        Reason::Overloaded => ApiError::overloaded(delay),
        Reason::NotAllowed | Reason::Internal | Reason::Unspecified => ApiError::internal(),
    }
}

/// What the service noticed about a person whom it had to refuse.
fn noticed(status: &Status) -> Option<Safety> {
    let encoded = status.metadata().get_bin(chat::SAFETY_METADATA)?.to_bytes().ok();
    let safety = encoded.and_then(|encoded| chat::v1::Safety::decode(encoded).ok());
    if safety.is_none() {
        tracing::error!("what a service noticed cannot be read");
    }
    safety.and_then(Safety::of)
}

fn wrong_field(status: Option<&Status>) -> ApiError {
    status
        .and_then(chassis::status::field)
        .map_or_else(ApiError::internal, |field| ApiError::invalid_fields([field]))
}

/// What is searched for is called `q` here, whatever the service calls it.
fn wrong_query(status: Option<&Status>) -> ApiError {
    status
        .and_then(chassis::status::field)
        .map_or_else(ApiError::internal, |(_, problem)| ApiError::invalid_field("q", &problem))
}

/// What did not come from a service of ours, but from the transport on the way to it. tonic reports
/// its own timeouts as CANCELLED, and so what was about to be sent to a peer that died; one that died
/// later as UNKNOWN.
fn without_reason(status: &Status) -> ApiError {
    let is_late = status.message() == TimeoutExpired(()).to_string();
    match status.code() {
        Code::DeadlineExceeded => ApiError::timeout(),
        Code::Cancelled if is_late => ApiError::timeout(),
        Code::Unavailable | Code::Unknown | Code::ResourceExhausted | Code::Cancelled => {
            ApiError::unavailable()
        }
        code => {
            tracing::error!(?code, "a service gave an answer that makes no sense here");
            ApiError::internal()
        }
    }
}

const NO_USER: &str = "Token contained no recognizable user identification";

impl From<auth_client::Error> for ApiError {
    fn from(error: auth_client::Error) -> Self {
        match error {
            auth_client::Error::Missing => Self::not_authenticated(),
            auth_client::Error::Malformed => Self::bad_authorization_header(),
            auth_client::Error::Token(token) => token.into(),
            auth_client::Error::Unavailable => Self::unavailable(),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::WrongType => Self::access_refused("Token has wrong type"),
            TokenError::NoExpiry => Self::access_refused("Token has no 'exp' claim"),
            TokenError::NoId => Self::access_refused("Token has no id"),
            TokenError::NoType => Self::access_refused("Token has no type"),
            TokenError::NoUser => Self::token_refused(NO_USER),
            TokenError::Invalid | TokenError::Key | TokenError::Entropy | TokenError::Signing => {
                Self::access_refused("Token is invalid or expired")
            }
        }
    }
}
