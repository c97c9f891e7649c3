//! The answers that the API should give, by what a service said.

use proto::{auth, chat};
use serde_json::{Value, json};
use tonic::Code;

use super::answer::Answer;

/// One answer of the API, to the letter.
pub(crate) struct Expected {
    status: u16,
    code: &'static str,
    detail: &'static str,
    /// The keys beside the three that every error has.
    beside: Value,
    /// Empty for none.
    retry_after: &'static str,
}

pub(crate) const REQUEST_ID: &str = "the-tables-own";

fn expected(status: u16, code: &'static str, detail: &'static str) -> Expected {
    Expected { status, code, detail, beside: json!({}), retry_after: "" }
}

impl Expected {
    fn also_as_error(self) -> Self {
        Self { beside: json!({"error": self.detail}), ..self }
    }

    fn retry_after(self, retry_after: &'static str) -> Self {
        Self { retry_after, ..self }
    }

    pub(crate) fn is(&self, answer: &Answer, case: &str) {
        let mut body = self.beside.clone();
        body["detail"] = json!(self.detail);
        body["code"] = json!(self.code);
        body["request_id"] = json!(REQUEST_ID);
        assert_eq!((answer.status, answer.json()), (self.status, body), "{case}");
        assert_eq!(answer.header("retry-after"), self.retry_after, "{case}");
        let challenge = if self.status == 401 { "Bearer realm=\"api\"" } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge, "{case}");
        assert_eq!(answer.header("content-type"), "application/json", "{case}");
    }
}

fn invalid_field() -> Expected {
    let detail = "username: Too wonderful.";
    let beside = json!({"username": ["Too wonderful."]});
    Expected { beside, ..expected(400, "invalid", detail) }
}

/// The search words are called `q`, whatever the service calls them.
fn invalid_query() -> Expected {
    let beside = json!({"q": ["Too wonderful."]});
    Expected { beside, ..expected(400, "invalid", "q: Too wonderful.") }
}

fn key_invalid() -> Expected {
    let detail = "Idempotency-Key must be one value of 1 to 255 visible ASCII characters.";
    expected(400, "idempotency_key_invalid", detail)
}

fn key_reused() -> Expected {
    let detail = "This Idempotency-Key came before, with another request.";
    expected(422, "idempotency_key_reused", detail)
}

fn token_refused(detail: &'static str) -> Expected {
    expected(401, "token_not_valid", detail)
}

fn access_refused(why: &str) -> Expected {
    let message = json!({"token_class": "AccessToken", "token_type": "access", "message": why});
    let beside = json!({"messages": [message]});
    Expected { beside, ..token_refused("Given token not valid for any token type") }
}

fn no_active_account(detail: &'static str) -> Expected {
    expected(401, "no_active_account", detail)
}

fn overloaded(retry_after: &'static str) -> Expected {
    let detail = "We are very busy at the moment. Please try again shortly.";
    expected(503, "overloaded", detail).retry_after(retry_after)
}

fn throttled(wait: &'static str) -> Expected {
    let detail = match wait {
        "8" => "Request was throttled. Expected available in 8 seconds.",
        _ => "Request was throttled. Expected available in 5 seconds.",
    };
    expected(429, "throttled", detail).retry_after(wait)
}

fn unavailable() -> Expected {
    let detail = "Part of the service cannot be reached at the moment. Please try again shortly.";
    expected(503, "unavailable", detail).retry_after("2")
}

fn timeout() -> Expected {
    let detail = "This took too long. Please try again shortly.";
    expected(504, "timeout", detail).retry_after("5")
}

fn given_up() -> Expected {
    let detail = "Your message is saved, but something goes wrong on our side whenever we try to \
                  answer it.";
    expected(500, "given_up", detail)
}

pub(crate) fn internal() -> Expected {
    expected(500, "internal", "Something went wrong on our side.")
}

const INVALID: &str = "Token is invalid or expired";
const NO_USER: &str = "Token contained no recognizable user identification";

/// What becomes of a reason of the auth service that tells `wait`.
pub(crate) fn of_auth(reason: auth::v1::ErrorReason, wait: &'static str) -> Expected {
    use auth::v1::ErrorReason as Reason;
    match reason {
        Reason::UsernameInvalid | Reason::PasswordInvalid | Reason::PasswordWrong => {
            invalid_field()
        }
        Reason::RequestIdInvalid => key_invalid(),
        Reason::RequestIdReused => key_reused(),
        Reason::UsernameTaken => {
            expected(400, "username_taken", "Username already taken").also_as_error()
        }
        Reason::InvalidCredentials => {
            no_active_account("No active account found with the given credentials")
        }
        Reason::AccountUnavailable => {
            no_active_account("No active account found for the given token.")
        }
        Reason::TokenMissing
        | Reason::TokenInvalid
        | Reason::TokenWithoutExpiry
        | Reason::LoginEnded => token_refused(INVALID),
        Reason::TokenWrongType => token_refused("Token has wrong type"),
        Reason::TokenWithoutId => token_refused("Token has no id"),
        Reason::TokenWithoutType => token_refused("Token has no type"),
        Reason::TokenWithoutUser => token_refused(NO_USER),
        Reason::TooManyTries => throttled(wait),
        Reason::Overloaded => overloaded(wait),
        Reason::NotAllowed | Reason::Internal | Reason::Unspecified => internal(),
    }
}

/// What becomes of a reason of the chat service that tells `wait`.
pub(crate) fn of_chat(reason: chat::v1::ErrorReason, wait: &'static str) -> Expected {
    use chat::v1::ErrorReason as Reason;
    match reason {
        Reason::TokenMissing => {
            expected(401, "not_authenticated", "User must be logged in.").also_as_error()
        }
        Reason::TokenMalformed => expected(
            401,
            "bad_authorization_header",
            "Authorization header must contain two space-delimited values",
        ),
        Reason::TokenInvalid | Reason::AccountDeleted => access_refused(INVALID),
        Reason::TokenWrongType => access_refused("Token has wrong type"),
        Reason::TokenWithoutExpiry => access_refused("Token has no 'exp' claim"),
        Reason::TokenWithoutId => access_refused("Token has no id"),
        Reason::TokenWithoutType => access_refused("Token has no type"),
        Reason::TokenWithoutUser => token_refused(NO_USER),
        Reason::KeysUnavailable => unavailable(),
        Reason::TextRequired => {
            expected(400, "text_required", "Message text is required.").also_as_error()
        }
        Reason::TextTooLong
        | Reason::PageInvalid
        | Reason::TitleInvalid
        | Reason::FeedbackInvalid
        | Reason::RegionInvalid => invalid_field(),
        Reason::QueryInvalid => invalid_query(),
        Reason::RequestIdInvalid => key_invalid(),
        Reason::RequestIdReused => key_reused(),
        Reason::TurnNotFound => {
            expected(404, "turn_not_found", "Turn not found or not owned by user.")
        }
        Reason::MessageNotFound => {
            expected(404, "message_not_found", "Message not found or not owned by user.")
        }
        Reason::SessionBusy => expected(
            429,
            "session_busy",
            "Your earlier messages still wait for their answers. This one is not saved yet.",
        )
        .retry_after(wait),
        Reason::TooManyTurns => expected(
            429,
            "too_many_turns",
            "Replies to you are being written already. This message is not saved yet.",
        )
        .retry_after(wait),
        Reason::DailyLimit => expected(
            429,
            "daily_limit",
            "That was all we can answer for today. This message is not saved: keep it, and go on \
             tomorrow. Everything before it is kept.",
        )
        .retry_after(wait),
        Reason::Cancelled => {
            expected(409, "cancelled", "The reply was stopped before its first word.")
        }
        Reason::NothingToRetry => expected(
            409,
            "nothing_to_retry",
            "There is nothing to try again: this turn has not failed.",
        ),
        Reason::Interrupted => expected(
            503,
            "interrupted",
            "The service is being restarted; the reply goes on. Reconnect to read it.",
        )
        .retry_after(wait),
        Reason::GivenUp => given_up(),
        Reason::SessionNotFound => {
            expected(404, "session_not_found", "Session not found or not owned by user.")
                .also_as_error()
        }
        Reason::ModelUnavailable => expected(
            503,
            "model_unavailable",
            "Your message is saved, but the buddy cannot answer at the moment. Please try again \
             shortly.",
        )
        .retry_after(wait),
        Reason::ReplyPending => expected(
            504,
            "reply_pending",
            "Your message is saved and will be answered after those before it. Read the \
             conversation again shortly.",
        )
        .retry_after(wait),
        Reason::ModelTimeout => expected(
            504,
            "model_timeout",
            "Your message is saved, but the buddy took too long to answer. Please try again \
             shortly.",
        )
        .retry_after(wait),
        Reason::Overloaded => overloaded(wait),
        Reason::NotAllowed | Reason::Internal | Reason::Unspecified => internal(),
    }
}

/// What becomes of a status without a reason.
pub(crate) fn of_code(code: Code) -> Expected {
    match code {
        Code::Unavailable | Code::Unknown | Code::ResourceExhausted | Code::Cancelled => {
            unavailable()
        }
        Code::DeadlineExceeded => timeout(),
        _ => internal(),
    }
}
